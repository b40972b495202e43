"""The carrier without an adapter: the shop itself posts what happens, in our own words.

Bulk form, an object or a list of them; unknown fields are refused, so that a misspelt one is not lost in silence:

    {"tracking_number": "ABC-123", "events": [
        {"occurred_at": "2026-03-02T09:30:00+01:00", "status": "in_transit", "sub_status": "departed",
         "text": "Left the workshop", "place": "Milano", "code": "L1", "key": "our-id-17"}]}
"""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from carriers.base import Carrier, UnreadablePayload, mapped
from carriers.event import Parcel, Place, TrackingEvent
from carriers.reading import json_of, text_of
from carriers.tables import Says, table
from carriers.times import given_moment
from carriers.vocabulary import SUB_STATUSES, Status

NUMBER = "a tracking number has 4 to 40 letters, digits and hyphens"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

Line = Annotated[str, StringConstraints(max_length=500)]
Name = Annotated[str, StringConstraints(max_length=100)]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Event(_Posted):
    occurred_at: Name
    status: Name
    sub_status: Name | None = None
    text: Line | None = None
    place: Line | None = None
    code: Name | None = None
    key: Name | None = None


class _Parcel(_Posted):
    tracking_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$")]
    events: Annotated[list[_Event], Field(min_length=1)]


_BODY: TypeAdapter[list[_Parcel]] = TypeAdapter(list[_Parcel])

MEANINGS: dict[str | tuple[str, str], Says] = {
    f"{status}/{sub_status}" if sub_status else str(status): Says(status, sub_status)
    for status, sub_statuses in SUB_STATUSES.items()
    if status is not Status.PENDING
    for sub_status in (None, *sorted(sub_statuses))
}
"""The vocabulary itself."""


class Own(Carrier):
    """The shop's own events; strong, save those whose sub-status is weak. Never detected: any number may be one."""

    slug = "own"
    name = "Own carrier"
    confidence = "high"
    unsaid = (
        ("not_found", "the shop posts facts"),
        ("error", "the shop posts facts"),
        ("unlisted_code", "the shop posts in the vocabulary's own words"),
    )
    table = table(MEANINGS)

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of a body in the bulk form; UnreadablePayload names the field that does not fit."""
        value = json_of(body)
        try:
            posted = _BODY.validate_python(value) if isinstance(value, list) else [_Parcel.model_validate(value)]
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            words = NUMBER if first["loc"][-1:] == ("tracking_number",) and "ctx" in first else first["msg"]
            raise UnreadablePayload(f"{'.'.join(map(str, first['loc']))}: {words}") from error
        return [
            Parcel(parcel.tracking_number, tuple(self._event(event, nth) for nth, event in enumerate(parcel.events)))
            for parcel in posted
        ]

    def _event(self, posted: _Event, nth: int) -> TrackingEvent:
        field = f"events.{nth}"
        if not RFC_3339.fullmatch(posted.occurred_at):
            raise UnreadablePayload(f"{field}.occurred_at: not an RFC 3339 time with offset")
        try:
            moment = given_moment(datetime.fromisoformat(posted.occurred_at.upper()))
        except ValueError as error:
            raise UnreadablePayload(f"{field}.occurred_at: {error}") from error
        if (plain := self.table.find(posted.status)) is None or plain.sub_status:
            raise UnreadablePayload(f"{field}.status: {posted.status!r} is no status of an event")
        row = self.table.find(f"{posted.status}/{posted.sub_status}") if posted.sub_status else plain
        if row is None:
            raise UnreadablePayload(f"{field}.sub_status: {posted.sub_status!r} is none of {posted.status}")
        event = TrackingEvent(
            moment,
            code=text_of(posted.code),
            text=text_of(posted.text),
            place=Place(name=text_of(posted.place)) if text_of(posted.place) else None,
            id=text_of(posted.key),
            by_instant=True,
        )
        return mapped(event, row)
