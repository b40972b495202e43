"""A shipment's events, as they are stored and read."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, tuple_

from app.bulk import Fetch, names_of, reader
from app.database import Session
from app.lifecycle import LIMIT, Fact, Source, made_fact
from app.shipments.shipment import Shipment
from app.shipments.tables import events
from carriers.event import Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus

AT_ONCE = 2_000
"""Shipments in one statement: databases bound the values that it may have."""

WITHDRAWN_AFTER = timedelta(hours=1)
"""Complete answers without an event, at least this far apart, withdraw it."""


class StoredEvent(NamedTuple):
    """An event as its row says it: its fields are the columns, in this order. `_replace` changes some."""

    key: str
    occurred_at: datetime
    until_at: datetime | None
    local_time: str
    offset_source: str
    code: str
    list: str
    context: str
    text: str
    status: Status | None
    sub_status: SubStatus | None
    weak: bool
    doubtful: bool
    row: str | None
    place: dict[str, str] | None
    sequence: int
    revision: str
    content: str
    source: Source
    author: str
    arrival_id: UUID | None
    received_at: datetime
    withdrawn: bool
    seen_at: datetime | None
    absent_from: datetime | None
    absent_to: datetime | None

    @property
    def gone(self) -> bool:
        """Whether the carrier has taken it back, in words or by leaving it out of complete answers."""
        if self.withdrawn or self.absent_from is None or self.absent_to is None:
            return self.withdrawn
        return self.absent_to - self.absent_from >= WITHDRAWN_AFTER

    @property
    def unheard(self) -> bool:
        """Whether the carrier has taken it back before it came: a withdrawal that waits, and nothing to be shown."""
        return not self.content

    def fact(self) -> Fact:
        """What the fold needs of it."""
        return made_fact(
            (
                self.key,
                self.occurred_at,
                self.until_at,
                self.status,
                self.sub_status,
                self.weak,
                self.doubtful,
                self.sequence,
                self.source,
                self.gone,
            )
        )


CONTENT_DIGITS = 16
"""Of the digest of an event's words: enough to tell versions of one event apart, and a row less of each page."""

NAMES = StoredEvent._fields
_PARTS = Place._fields
COLUMNS = tuple(events.c[name] for name in NAMES)
_read = reader(COLUMNS)


def stored(
    event: TrackingEvent, key: str, *, source: Source, author: str = "", received_at: datetime, arrival_id: UUID | None
) -> StoredEvent:
    """A parsed event as it will be stored."""
    moment, said = event.moment, event[1:10]  # from its code to its row
    code, list_, context, text, status, sub_status, weak, doubtful, _row = said
    place = _filled(event.place) if event.place else None
    words = moment, code, list_, context, text, _meaning_in_words(status, sub_status), weak, doubtful, place
    told = "\x1f".join(map(str, words)).encode("utf-8", "replace")
    content = blake2b(told, digest_size=16).hexdigest()[:CONTENT_DIGITS]
    return _made(
        (
            *(key, moment.occurred_at, moment.until, moment.local_time, moment.offset_source, *said, place),
            *(event.sequence, event.revision, content, source, author, arrival_id, received_at),
            *(False, None, None, None),  # not withdrawn, nor ever left out
        )
    )


_made = partial(tuple.__new__, StoredEvent)


@lru_cache(maxsize=256)
def _meaning_in_words(status: Status | None, sub_status: SubStatus | None) -> str:
    return str(None if status is None else (status, sub_status))


def unheard(key: str, at: datetime) -> StoredEvent:
    """The withdrawal, which came at that time, of an event that is not known yet."""
    return StoredEvent(
        key=key,
        occurred_at=at,
        until_at=None,
        local_time="",
        offset_source="",
        code="",
        list="",
        context="",
        text="",
        status=None,
        sub_status=None,
        weak=False,
        doubtful=False,
        row=None,
        place=None,
        sequence=0,
        revision="",
        content="",
        source=Source.CARRIER,
        author="",
        arrival_id=None,
        received_at=at,
        withdrawn=True,
        seen_at=None,
        absent_from=None,
        absent_to=None,
    )


def _filled(place: Place) -> dict[str, str]:
    """The parts of a place that are known."""
    return {name: value for name in _PARTS if (value := getattr(place, name))}


async def of(db: Session, shipment: Shipment) -> dict[str, StoredEvent]:
    """The shipment's events by key, newest first; at most a little more than the fold looks at."""
    place = shipment.company_id, shipment.id
    return {event.key: event for event in await _ONE(db, place, {"company": place[0], "shipment": place[1]})}


async def of_many(db: Session, shipments: Sequence[Shipment]) -> dict[UUID, dict[str, StoredEvent]]:
    """The events of several shipments, each newest first."""
    found: dict[UUID, dict[str, StoredEvent]] = {shipment.id: {} for shipment in shipments}
    for start in range(0, len(shipments), AT_ONCE):
        ids = [(each.company_id, each.id) for each in shipments[start : start + AT_ONCE]]
        sort(found, await MANY(db, list(zip(*ids, strict=True)), {"ids": ids}))
    return found


def sort(found: dict[UUID, dict[str, StoredEvent]], rows: Iterable[tuple[UUID, StoredEvent]]) -> None:
    """Add what MANY finds to the events by shipment and key."""
    for shipment_id, event in rows:
        found[shipment_id][event.key] = event


READ = LIMIT + 100
"""Events of a shipment that are read: more than the fold takes, since its order is a finer one."""

_NEWEST = f'ORDER BY "occurred_at" DESC, "key" LIMIT {READ}'

_ONE = Fetch(
    COLUMNS,
    StoredEvent,
    f"SELECT {names_of(COLUMNS)} FROM events WHERE company_id = $1 AND shipment_id = $2 {_NEWEST}",  # noqa: S608
    select(*COLUMNS)
    .where(events.c.company_id == bindparam("company"), events.c.shipment_id == bindparam("shipment"))
    .order_by(events.c.occurred_at.desc(), events.c.key)
    .limit(READ),
)


def rows_of(shipment: str) -> str:
    """PostgreSQL: a query of the newest events' rows, for the shipment that an outer query names so."""
    return f"""
        SELECT ROW({names_of(COLUMNS)}) FROM events
        WHERE events.company_id = {shipment}.company_id AND events.shipment_id = {shipment}.id {_NEWEST}
    """  # noqa: S608


def of_rows(rows: Iterable[Sequence[Any]]) -> dict[str, StoredEvent]:
    """The events of such rows, by key."""
    return {event.key: event for event in (StoredEvent(*values) for values in _read(rows))}


def _several() -> Select[Any]:
    nth = func.row_number().over(
        partition_by=(events.c.company_id, events.c.shipment_id), order_by=(events.c.occurred_at.desc(), events.c.key)
    )
    mine = tuple_(events.c.company_id, events.c.shipment_id).in_(bindparam("ids", expanding=True))
    counted = select(events.c.shipment_id, *COLUMNS, nth.label("nth")).where(mine).subquery()
    columns = [counted.c[name] for name in NAMES]
    return select(counted.c.shipment_id, *columns).where(counted.c.nth <= READ).order_by(counted.c.nth)


MANY = Fetch(
    (events.c.shipment_id, *COLUMNS),
    lambda shipment_id, *values: (cast(UUID, shipment_id), StoredEvent(*values)),
    f"""
    SELECT wanted.shipment, {names_of(COLUMNS, "newest.")}
    FROM unnest($1::uuid[], $2::uuid[]) AS wanted(company, shipment)
    CROSS JOIN LATERAL (
        SELECT {names_of(COLUMNS)} FROM events
        WHERE company_id = wanted.company AND shipment_id = wanted.shipment {_NEWEST}
    ) AS newest
    """,  # noqa: S608
    _several(),
)
"""The newest events of shipments, by two arrays: their companies, their ids."""
