"""A shipment's events, as they are stored and read."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, select, tuple_

from app.database import Session
from app.lifecycle import LIMIT, Fact, Source
from app.shipments.shipment import Shipment
from app.shipments.tables import events
from carriers.event import TrackingEvent
from carriers.vocabulary import Status, SubStatus

AT_ONCE = 2_000
"""Shipments in one statement: databases bound the values that it may have."""

WITHDRAWN_AFTER = timedelta(hours=1)
"""Complete answers without an event, at least this far apart, withdraw it."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as its row says it."""

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

    def fact(self) -> Fact:
        """What the fold needs of it."""
        return Fact(
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


_NAMES = tuple(field.name for field in fields(StoredEvent))
COLUMNS = tuple(events.c[name] for name in _NAMES)


def stored(
    event: TrackingEvent, key: str, *, source: Source, author: str = "", received_at: datetime, arrival_id: UUID | None
) -> StoredEvent:
    """A parsed event as it will be stored."""
    moment = event.moment
    place = {name: value for name, value in asdict(event.place).items() if value} if event.place else None
    content = blake2b(
        "\x1f".join(
            str(part)
            for part in (
                moment,
                event.code,
                event.list,
                event.context,
                event.text,
                event.meaning,
                event.weak,
                event.doubtful,
                place,
            )
        ).encode("utf-8", "replace"),
        digest_size=16,
    ).hexdigest()
    return StoredEvent(
        key=key,
        occurred_at=moment.occurred_at,
        until_at=moment.until,
        local_time=moment.local_time,
        offset_source=moment.offset_source,
        code=event.code,
        list=event.list,
        context=event.context,
        text=event.text,
        status=event.status,
        sub_status=event.sub_status,
        weak=event.weak,
        doubtful=event.doubtful,
        row=event.row,
        place=place,
        sequence=event.sequence,
        revision=event.revision,
        content=content,
        source=source,
        author=author,
        arrival_id=arrival_id,
        received_at=received_at,
        withdrawn=False,
        seen_at=None,
        absent_from=None,
        absent_to=None,
    )


async def of(db: Session, shipment: Shipment) -> dict[str, StoredEvent]:
    """The shipment's events by key, newest first; at most a little more than the fold looks at."""
    rows = await db.all(_ONE, {"company": shipment.company_id, "shipment": shipment.id})
    return {event.key: event for event in map(_event, rows)}


async def of_many(db: Session, shipments: Sequence[Shipment]) -> dict[UUID, dict[str, StoredEvent]]:
    """The events of several shipments, each newest first."""
    found: dict[UUID, dict[str, StoredEvent]] = {shipment.id: {} for shipment in shipments}
    for start in range(0, len(shipments), AT_ONCE):
        ids = [(each.company_id, each.id) for each in shipments[start : start + AT_ONCE]]
        for row in await db.all(_MANY, {"ids": ids}):
            event = _event(row)
            found[row.shipment_id][event.key] = event
    return found


def _event(row: Row[Any]) -> StoredEvent:
    values = row._mapping
    return StoredEvent(**{name: values[name] for name in _NAMES})


def _many() -> Select[Any]:
    nth = func.row_number().over(
        partition_by=(events.c.company_id, events.c.shipment_id), order_by=(events.c.occurred_at.desc(), events.c.key)
    )
    mine = tuple_(events.c.company_id, events.c.shipment_id).in_(bindparam("ids", expanding=True))
    counted = select(events.c.shipment_id, *COLUMNS, nth.label("nth")).where(mine).subquery()
    columns = [counted.c[name] for name in _NAMES]
    return select(counted.c.shipment_id, *columns).where(counted.c.nth <= READ).order_by(counted.c.nth)


READ = LIMIT + 100
"""Events of a shipment that are read: more than the fold takes, since its order is a finer one."""

# Made once: to describe a statement of so many columns takes longer than to run it.
_ONE = (
    select(*COLUMNS)
    .where(events.c.company_id == bindparam("company"), events.c.shipment_id == bindparam("shipment"))
    .order_by(events.c.occurred_at.desc(), events.c.key)
    .limit(READ)
)
_MANY = _many()
