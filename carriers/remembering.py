"""Remembering what short texts were read as: carriers say the same towns, codes, days and sentences again and again."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

REMEMBERED = 2048
"""Answers kept by each function; when there are more, all are forgotten and it begins anew."""
SHORT = 128
"""Characters up to which a text is kept, so that what is kept has a bound too."""

Asked = ParamSpec("Asked")
Read = TypeVar("Read")


def remembered(function: Callable[Asked, Read]) -> Callable[Asked, Read]:
    """A pure function of raw values, asked by position, that remembers what it made of short texts.

    Only texts and none are kept, for 1, 1.0 and true are equal but not the same; anything else is read as ever.
    """
    known: dict[tuple[object, ...], Read] = {}

    @wraps(function)
    def asked(*values: object) -> Read:
        try:
            return known[values]
        except (KeyError, TypeError):  # not met yet; or a list or an object, which has no hash
            made = cast(Callable[..., Read], function)(*values)
        if all(value is None or (type(value) is str and len(value) <= SHORT) for value in values):
            if len(known) >= REMEMBERED:
                known.clear()
            known[values] = made
        return made

    return cast(Callable[Asked, Read], asked)
