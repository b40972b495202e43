"""Reading history again, after an adapter or a table has been mended: from the raw bodies, as long as they are kept.

Each shipment's bodies are parsed anew and its events take the meaning they have now; what an adapter no longer reads
out of a body is withdrawn. Events whose body is gone take the meaning that their table row, or their code, has now.
A shop's own events are its own words and stay. Machines hear of what changes as of any correction; people are not
told again (the ledger says `replay`). What was quarantined and can be read now is taken in like any other arrival.

A dry run does all this in a transaction that is rolled back, so it shows exactly what would be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, delete, select, tuple_

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.intake.settling import settle
from app.intake.taking import take_in
from app.lifecycle import Source
from app.outbox.putting import Listeners, listeners
from app.shipments import history
from app.shipments.history import StoredEvent, stored
from app.shipments.recording import record, write
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers import Carrier, carriers
from carriers.base import mapped
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent, keyed, withdrawn_key

Cursor = tuple[UUID, UUID]
"""Where to go on: the company and the row that were last looked at."""

AT_ONCE = 50

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read again: of one carrier, one shipment, what has changed or come since a time; none for all."""

    carrier: str | None = None
    shipment: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading a shipment again changes; statuses are (status, sub-status), counts are of events."""

    shipment_id: UUID
    carrier: str
    number: str
    before: tuple[str, str | None]
    after: tuple[str, str | None]
    new: int
    remapped: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Released:
    """A quarantined body that can be read now, and what becomes of each parcel in it."""

    arrival_id: UUID
    carrier: str
    parcels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a replay: how many rows were looked at, what changes, and where to go on (none at the end)."""

    looked_at: int
    changes: tuple[Reread, ...] | tuple[Released, ...]
    next: Cursor | None


class _Undone(Exception):
    """Ends the transaction of a dry run."""


async def reread(installation: Installation, choice: Choice, after: Cursor | None, *, apply: bool) -> Step:
    """Read the next shipments again, in one transaction; without `apply` it is rolled back."""
    place = (shipments.c.company_id, shipments.c.id)
    wanted: list[ColumnElement[bool]] = [tuple_(*place) > tuple_(*after)] if after else []
    if choice.carrier:
        wanted.append(shipments.c.carrier == choice.carrier)
    if choice.shipment:
        wanted.append(shipments.c.id == choice.shipment)
    if choice.since:
        wanted.append(shipments.c.updated_at >= choice.since)
    changes: list[Reread] = []
    rows: Sequence[Any] = ()
    told: dict[tuple[UUID, UUID], Listeners] = {}
    try:
        async with installation.database.transaction() as db:
            query = select(shipments).where(*wanted).order_by(*place).limit(AT_ONCE).with_for_update()
            rows = await db.all(query)
            for shipment in map(Shipment.of, rows):
                shop = shipment.company_id, shipment.shop_id
                if shop not in told:
                    told[shop] = await listeners(db, *shop)
                if change := await _reread_one(installation, db, told[shop], shipment):
                    changes.append(change)
            if not apply:
                raise _Undone
    except _Undone:
        pass
    return Step(len(rows), tuple(changes), _next(rows))


async def release(installation: Installation, choice: Choice, after: Cursor | None, *, apply: bool) -> Step:
    """Try the next quarantined bodies again, in one transaction; without `apply` it is rolled back."""
    place = (arrivals.c.company_id, arrivals.c.id)
    wanted: list[ColumnElement[bool]] = [
        arrivals.c.state.in_((ArrivalState.QUARANTINED.value, ArrivalState.FAILED.value)),
        arrivals.c.next_try_at.is_(None),  # a worker still tries the others by itself
    ]
    if after:
        wanted.append(tuple_(*place) > tuple_(*after))
    if choice.carrier:
        wanted.append(arrivals.c.carrier == choice.carrier)
    if choice.since:
        wanted.append(arrivals.c.received_at >= choice.since)
    async with installation.database.reading() as db:
        rows = await db.all(select(*place).where(*wanted).order_by(*place).limit(AT_ONCE))
    changes = [await _release_one(installation, row.company_id, row.id, apply=apply) for row in rows]
    return Step(len(rows), tuple(change for change in changes if change), _next(rows))


def remapped(event: StoredEvent, carrier: Carrier) -> StoredEvent:
    """The event with the meaning that the table gives it now: by its row if that is still there, else by its code."""
    by_name = next((row for row in carrier.table.values() if row.name == event.row), None) if event.row else None
    said = TrackingEvent(
        Moment(event.occurred_at, event.local_time, OffsetSource(event.offset_source), event.until_at),
        code=event.code,
        list=event.list,
        context=event.context,
        text=event.text,
        place=Place(**event.place) if event.place else None,
        sequence=event.sequence,
        revision=event.revision,
    )
    now = mapped(said, by_name or carrier.table.find(event.code, within=event.list))
    return stored(
        now,
        event.key,
        source=event.source,
        author=event.author,
        received_at=event.received_at,
        arrival_id=event.arrival_id,
    )


async def _reread_one(installation: Installation, db: Session, to: Listeners, shipment: Shipment) -> Reread | None:
    carrier = carriers().get(shipment.carrier)
    if carrier is None:
        return None
    known = await history.of(db, shipment)
    told = await _told(db, shipment, carrier)
    said, withdrawn = dict(told.events), list(told.withdrawn)
    for key, event in known.items():
        if event.source is not Source.CARRIER:
            said.pop(key, None)
        elif event.arrival_id not in told.read:
            said[key] = _winner(said.get(key), remapped(event, carrier))
        elif key not in said and not event.gone:
            withdrawn.append(key)  # the adapter no longer reads it out of its body
    recorded = record(known, said.values(), withdrawn=withdrawn, remap=True)
    await write(db, [(shipment, recorded)])
    if not recorded.changed:
        return None
    after = await settle(installation, db, to, shipment, recorded, replay=True)
    return Reread(
        shipment.id,
        shipment.carrier,
        shipment.number,
        (shipment.status, shipment.sub_status),
        (after.status, after.sub_status),
        len(recorded.new),
        len(recorded.corrected),
        len(recorded.withdrawn),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a shipment's kept bodies say now: events by key, voided keys, and the arrivals whose body was read."""

    events: dict[str, StoredEvent]
    withdrawn: tuple[str, ...]
    read: frozenset[UUID]


async def _told(db: Session, shipment: Shipment, carrier: Carrier) -> _Told:
    rows = await db.all(
        select(arrivals)
        .where(
            arrivals.c.company_id == shipment.company_id,
            arrivals.c.shipment_id == shipment.id,
            arrivals.c.state == ArrivalState.TAKEN.value,
            arrivals.c.source != ArrivalSource.SHOP.value,
        )
        .order_by(arrivals.c.id)
    )
    events: dict[str, StoredEvent] = {}
    withdrawn: list[str] = []
    read: set[UUID] = set()
    for row in rows:
        parcels = await _parcels(db, row)
        if parcels is None:
            continue
        read.add(row.id)
        for parcel in parcels:
            withdrawn.extend(withdrawn_key(carrier.slug, shipment.number, id_) for id_ in parcel.withdrawn)
            for key, event in keyed(carrier.slug, shipment.number, parcel.events):
                made = stored(event, key, source=Source.CARRIER, received_at=row.received_at, arrival_id=row.id)
                events[key] = _winner(events.get(key), made)
    return _Told(events, tuple(withdrawn), frozenset(read))


async def _release_one(
    installation: Installation, company_id: UUID, arrival_id: UUID, *, apply: bool
) -> Released | None:
    this = arrivals.c.company_id == company_id, arrivals.c.id == arrival_id
    released: Released | None = None
    try:
        async with installation.database.transaction() as db:
            row = await db.first(select(arrivals).where(*this).with_for_update())
            parcels = await _parcels(db, row) if row is not None else None
            if row is None or not parcels:
                return None
            body = await read_body(db, company_id, row.body_hash) or b""
            taken = await take_in(installation, db, [_arrived(row, body, parcel) for parcel in parcels])
            await db.run(delete(arrivals).where(*this))
            states = [str(each.state or "forgotten") for each in taken]
            outcomes = tuple(zip((parcel.number for parcel in parcels), states, strict=True))
            released = Released(arrival_id, row.carrier, outcomes)
            if not apply:
                raise _Undone
    except _Undone:
        pass
    except NoveError:
        raise
    except Exception:  # it was set aside for this: the others are tried
        log.exception("still not to be taken in", arrival=str(arrival_id))
        return None
    return released


def _arrived(row: Row[Any], body: bytes, parcel: Parcel) -> Arrived:
    return Arrived(
        row.company_id,
        row.carrier,
        ArrivalSource(row.source),
        body,
        row.received_at,
        account_id=row.account_id,
        parcel=parcel,
        shipment_id=row.shipment_id,
    )


async def _parcels(db: Session, row: Row[Any]) -> list[Parcel] | None:
    """The parcels in an arrival's part of its body; none if the body is gone, or still cannot be read."""
    carrier, body = carriers().get(row.carrier), await read_body(db, row.company_id, row.body_hash)
    if carrier is None or body is None:
        return None
    try:
        parcels = carrier.parse(body)
    except Exception as error:  # whatever an adapter trips over, the other bodies are read
        log.info("still unreadable", carrier=row.carrier, arrival=str(row.id), error=type(error).__name__)
        return None
    return [each for each in parcels if not row.tracking_number or each.number == row.tracking_number]


def _winner(one: StoredEvent | None, other: StoredEvent) -> StoredEvent:
    """Of two versions of an event the one that would stand had both come by the usual way."""
    if one is None or (other.revision, other.content) > (one.revision, one.content):
        return other
    return one


def _next(rows: Sequence[Any]) -> Cursor | None:
    return (rows[-1].company_id, rows[-1].id) if len(rows) == AT_ONCE else None
