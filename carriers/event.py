"""What every carrier's answer is reduced to: parcels, and the tracking events in them.

Named tuples: they are made by the million, in a quarter of the time that frozen dataclasses take.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from carriers.vocabulary import Status, SubStatus


class OffsetSource(StrEnum):
    """Where the offset of an event's time came from."""

    GIVEN = "given"  # the carrier printed it
    PLACE = "place"  # from the zone of the event's place
    CARRIER = "carrier"  # from the zone that the carrier is documented to use
    UNKNOWN = "unknown"  # the carrier says neither; read as UTC


class Moment(NamedTuple):
    """When something happened: an instant, and the wall time as the carrier printed it.

    `occurred_at` is aware UTC. `local_time` is normalised to `YYYY-MM-DDTHH:MM:SS`, or `YYYY-MM-DD` for a date
    alone: then `occurred_at` is the start of that local day and `until` its last second; otherwise `until` is none.
    """

    occurred_at: datetime
    local_time: str
    offset_source: OffsetSource
    until: datetime | None = None


made_moment = partial(tuple.__new__, Moment)
"""A moment of all its fields in their order, without the detour over a named tuple's own arguments."""


class Place(NamedTuple):
    """Where: every part as far as the carrier gives it; `country` is ISO 3166 alpha-2."""

    city: str = ""
    postcode: str = ""
    state: str = ""
    country: str = ""
    code: str = ""
    name: str = ""

    def __str__(self) -> str:
        """One line for people: name, town, state, country."""
        return ", ".join(part for part in (self.name, self.city, self.state, self.country) if part)

    def __bool__(self) -> bool:
        return any(self)


class TrackingEvent(NamedTuple):
    """One thing that a carrier said about one parcel.

    `status` is none when the event does not say where the parcel stands, or when no table lists its code; then
    `row` tells the two apart: none means unlisted. `weak` events may raise the status, never lower it; `doubtful`
    ones act but never reach a recipient. `id` is the carrier's own event id where it has a stable one, `sequence`
    its published order (0 if none), `revision` what makes one version of the same event newer than another (an ISO time
    or a zero-padded number: compared as text). `context` is what beside the code decided the meaning. `by_instant`: the
    event is known by the instant it happened, not by the time as it was printed; for senders who may write the same
    moment with any offset.
    """

    moment: Moment
    code: str = ""
    list: str = ""
    context: str = ""
    text: str = ""
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool = False
    doubtful: bool = False
    row: str | None = None
    place: Place | None = None
    id: str = ""
    sequence: int = 0
    revision: str = ""
    by_instant: bool = False

    @property
    def meaning(self) -> tuple[Status, SubStatus | None] | None:
        """The status and sub-status, or none when the event moves nothing."""
        return None if self.status is None else (self.status, self.sub_status)

    @property
    def known_time(self) -> str:
        """The time that the event is known by: as printed, or the instant in UTC."""
        moment = self.moment
        return f"{moment.occurred_at:%Y-%m-%dT%H:%M:%SZ}" if self.by_instant else moment.local_time

    @property
    def unmapped(self) -> bool:
        """Whether the carrier's code stands in no table."""
        return self.row is None and bool(self.code or self.text)


_new = tuple.__new__
made_event = partial(tuple.__new__, TrackingEvent)
"""An event of all its fields in their order, like `made_moment`."""


class Said(NamedTuple):
    """What an event says beside its time and place: the fields of `TrackingEvent` from `code` to `row`, in its order.

    The same words mean the same whenever and wherever they are said: an adapter makes it once (`remembered`).
    """

    code: str = ""
    list: str = ""
    context: str = ""
    text: str = ""
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool = False
    doubtful: bool = False
    row: str | None = None

    def at(self, moment: Moment, place: Place | None = None, sequence: int = 0) -> TrackingEvent:
        """The event that says it at this time and place."""
        return _new(TrackingEvent, (moment,) + self + (place, "", sequence, "", False))  # noqa: RUF005  (a star is slow)

    def placed(self, place: Place | None) -> "Told":
        """What it says there."""
        return Told((*self, place, "", 0, "", False))


class Told(tuple[object, ...]):
    """What an event says and where: the fields of `TrackingEvent` behind its time, in its order, to be remembered."""

    __slots__ = ()

    def at(self, moment: Moment) -> TrackingEvent:
        """The event that tells it at this time."""
        return _new(TrackingEvent, (moment,) + self)  # noqa: RUF005  (as above)


class Eta(NamedTuple):
    """The expected delivery: instants, or a day with both ends of it; `until` is none for an open end."""

    earliest: datetime | None = None
    latest: datetime | None = None
    day: date | None = None


class Parcel(NamedTuple):
    """One parcel's part of a carrier's answer.

    `number` is empty when the answer does not repeat it: then it is the number that was asked for. `withdrawn` holds
    ids of events that the carrier has voided. `aliases` are other numbers of the same parcel in the answer.
    `not_found` means that the carrier does not know the number (yet). `onward` is the number under which another
    carrier, which it does not name, has the parcel from now on.
    """

    number: str
    events: tuple[TrackingEvent, ...] = ()
    eta: Eta | None = None
    not_found: bool = False
    withdrawn: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    service: str = ""
    pickup_point: str = ""
    note: str = ""
    onward: str = ""


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def event_key(carrier: str, number: str, event: TrackingEvent, nth: int = 0) -> str:
    """The identity of an event, the same by whatever path it comes; 32 hexadecimal digits.

    The carrier's own id if it has one, else what it printed: time, code, place code, and its place among identical
    ones. Never the text, the language or the path. A shop's own event without code is known by its status, and by the
    instant whatever the offset it was given with.
    """
    if event.id:
        return _digest(carrier, number, "id", event.id)
    code = event.code or "/".join(part for part in (event.status, event.sub_status) if part)
    place = event.place.code if event.place else ""
    return _digest(carrier, number, event.known_time, event.list, code, place, str(nth))


def keyed(carrier: str, number: str, events: tuple[TrackingEvent, ...]) -> Iterator[tuple[str, TrackingEvent]]:
    """Each event with its key. Identical ones in one answer count apart, unless they bear the carrier's own id."""
    known: dict[str, TrackingEvent] = {}
    again: Counter[str] = Counter()
    for event in events:
        key = event_key(carrier, number, event)
        if key not in known:
            known[key] = event
            yield key, event
        elif not event.id or event._replace(sequence=known[key].sequence) != known[key]:
            again[key] += 1
            yield event_key(carrier, number, event._replace(id=""), again[key]), event


def withdrawn_key(carrier: str, number: str, event_id: str) -> str:
    """The key of an event that the carrier names by its id when it voids it."""
    return _digest(carrier, number, "id", event_id)
