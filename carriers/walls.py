"""Local times that stand beside the instant that holds: they are kept as they were printed."""

from datetime import datetime

from carriers.reading import Json
from carriers.times import YEARS


def wall_of(printed: Json) -> str:
    """A time of the usual form, YYYY-MM-DDTHH:MM:SS or with a space, as it is kept; empty for any other, and for none.

    What is empty here may still be a time for `iso_moment`, which makes a whole moment of each.
    """
    if type(printed) is not str or len(printed) != 19 or not printed[13] == printed[16] == ":" or printed[7] != "-":
        return ""
    try:
        if datetime.fromisoformat(printed).year not in YEARS:
            return ""
    except ValueError:
        return ""
    if printed[10] == "T":
        return printed
    return f"{printed[:10]}T{printed[11:]}" if printed[10] == " " else ""
