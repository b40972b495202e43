"""Pages of lists: a limit, and an opaque cursor that says after which row the next page begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
from fastapi import Query

from app.errors import FieldError, InvalidInput

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before")]
DEFAULT = 50


def cursor_of(*key: str | int) -> str:
    """The cursor that stands for a row's place in the list's order."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def place_of(cursor: str | None, *kinds: type[str] | type[int]) -> list[str | int] | None:
    """The place that a cursor stands for, its parts of these kinds; InvalidInput if it is not ours."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _not_ours() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise _not_ours()
    return key


def id_after(cursor: str | None) -> UUID | None:
    """The id after which a list in order of ids goes on."""
    place = place_of(cursor, str)
    try:
        return UUID(str(place[0])) if place else None
    except ValueError:
        raise _not_ours() from None


def page(rows: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """Of `limit` + 1 rows asked for: those of this page, and whether there are more."""
    return rows[:limit], len(rows) > limit


def _not_ours() -> InvalidInput:
    message = "Send `next_cursor` of the page before as it was, or leave `cursor` out to begin anew."
    return InvalidInput(message, [FieldError("cursor", message)], code="invalid_cursor")
