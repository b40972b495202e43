"""USPS's times: a local one without zone, at times with a false `Z`, and the instant in GMT beside it."""

import re
from datetime import datetime

from carriers.event import Moment, OffsetSource, Place
from carriers.reading import Json, text_of
from carriers.times import iso_moment, offset
from carriers.zones import country_zone, state_zone

FARTHEST = 14
"""Hours that a zone is off GMT at most: a larger number means minutes."""


def moment_of(local: Json, gmt: Json, ahead: Json, place: Place | None) -> Moment | None:
    """The instant in GMT, as it was printed where it happened."""
    printed = iso_moment(text_of(local).removesuffix("Z"))
    instant = iso_moment(gmt)
    if instant is None or printed is None or printed.until:
        found = _with_offset(printed, text_of(ahead)) if printed else instant
        return there(found, place) if found else None
    return Moment(instant.occurred_at, printed.local_time, OffsetSource.GIVEN)


def _with_offset(printed: Moment, ahead: str) -> Moment:
    """A local time with the offset that stands in a field of its own, in hours or in minutes."""
    if printed.until or not ahead:
        return printed
    if re.fullmatch(r"[+-]?\d{1,3}", ahead):
        count = int(ahead)
        where = offset(count * 60 if abs(count) <= FARTHEST else count)
        stamp = datetime.fromisoformat(printed.local_time).replace(tzinfo=where).isoformat()
        return iso_moment(stamp) or printed
    return iso_moment(printed.local_time + ahead) or printed


def there(printed: Moment, place: Place | None) -> Moment:
    """A time without zone in that of its place, if it is known."""
    if place is None or printed.offset_source is not OffsetSource.UNKNOWN:
        return printed
    where = state_zone(place.state, place.postcode) if place.country == "US" else country_zone(place.country)
    return iso_moment(printed.local_time, where, OffsetSource.PLACE) or printed if where else printed
