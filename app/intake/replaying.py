"""Reading history again, after an adapter or a table has been mended: from the raw bodies, as long as they are kept.

Each shipment's bodies are parsed anew and its events take the meaning they have now; what an adapter no longer reads
out of a body is withdrawn. Events whose body is gone take the meaning that their table row, or their code, has now.
When it is expected is what the newest body that tells it says now. A shop's own events are its own words and stay.
Machines hear of what changes as of any correction; people are not told again (the ledger says `replay`).

A dry run does all this in a transaction that is rolled back, so it shows exactly what would be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from app.arrivals.keeping import ArrivalSource, ArrivalState
from app.arrivals.tables import arrivals
from app.database import Session
from app.installation import Installation
from app.intake.expecting import expected
from app.intake.settling import settle
from app.intake.stepping import AT_ONCE, Choice, Cursor, Step, Undone, following, parcels_of
from app.lifecycle import Source
from app.mappings import Overrides
from app.outbox.putting import Listeners, listeners
from app.shipments import history, names
from app.shipments.beside import with_legs
from app.shipments.history import StoredEvent, stored
from app.shipments.names import Role
from app.shipments.recording import Recorded, record, write
from app.shipments.shipment import Identity, Shipment
from app.shipments.tables import shipments
from carriers import Carrier, carriers, told_by
from carriers.base import mapped
from carriers.event import Eta, Moment, OffsetSource, Place, TrackingEvent, keyed, withdrawn_key
from carriers.vocabulary import Status, SubStatus

NOTHING_MENDED = Overrides(())


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading a shipment again changes; statuses are (status, sub-status), counts are of events.

    `eta`: whether it is expected at another time than before.
    """

    shipment_id: UUID
    carrier: str
    number: str
    before: tuple[str, str | None]
    after: tuple[str, str | None]
    new: int
    remapped: int
    withdrawn: int
    eta: bool = False


async def reread(installation: Installation, choice: Choice, after: Cursor | None, *, apply: bool) -> Step[Reread]:
    """Read the next shipments again, in one transaction; without `apply` it is rolled back."""
    place = (shipments.c.company_id, shipments.c.id)
    # Of a forgotten recipient's parcel the words are gone that a meaning may hang on.
    wanted: list[ColumnElement[bool]] = [shipments.c.forgotten_at.is_(None)]
    # What candidates said before one was settled on is kept, and was no word on this parcel.
    wanted.append(shipments.c.identity.is_distinct_from(Identity.UNSETTLED))
    wanted += [tuple_(*place) > tuple_(*after)] if after else []
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
        async with installation.database.transaction(patient=True) as db:
            await installation.mappings.refresh(db, at_once=True)
            query = select(shipments).where(*wanted).order_by(*place).limit(AT_ONCE).with_for_update()
            rows = await db.all(query)
            for shipment in map(Shipment.of, rows):
                shop = shipment.company_id, shipment.shop_id
                if shop not in told:
                    told[shop] = await listeners(db, *shop)
                if change := await reread_one(installation, db, told[shop], shipment):
                    changes.append(change)
            if not apply:
                raise Undone
    except Undone:
        pass
    return Step(len(rows), tuple(changes), following(rows))


def remapped(event: StoredEvent, carrier: Carrier, mended: Overrides) -> StoredEvent:
    """The event with the meaning that it has now: by a mended row, by its own if that is still there, by its code."""
    table = carriers()[told_by(carrier.slug, event.list)].table
    by_name = next((row for row in table.values() if row.name == event.row), None) if event.row else None
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
    now = mapped(said, mended.find(said) or by_name or table.find(event.code, within=event.list))
    return stored(
        now,
        event.key,
        source=event.source,
        author=event.author,
        received_at=event.received_at,
        arrival_id=event.arrival_id,
    )


async def reread_one(installation: Installation, db: Session, to: Listeners, shipment: Shipment) -> Reread | None:
    """Read a locked shipment again; what changes, or none."""
    mended = installation.mappings.of(shipment.company_id, shipment.carrier) or NOTHING_MENDED
    reading = await read_again(db, shipment, mended)
    if reading is None:
        return None
    recorded = reading.recorded
    await write(db, [(shipment, recorded)])
    legs = await _reread_legs(installation, db, shipment)
    if not recorded.changed and not reading.eta and not legs:
        return None
    whole = await with_legs(db, shipment, recorded)
    after = await settle(installation, db, to, shipment, whole, said=reading.eta, replay=True)
    return reading.change(after.status, after.sub_status)


async def _reread_legs(installation: Installation, db: Session, shipment: Shipment) -> bool:
    """The same for what is kept under its other legs; whether any of it has changed."""
    changed = False
    for name, bearer in await names.bearers(db, [shipment]):
        if name.role is Role.LEG and not name.is_of(shipment):
            mended = installation.mappings.of(bearer.company_id, bearer.carrier) or NOTHING_MENDED
            reading = await read_again(db, bearer, mended)
            if reading is not None:
                await write(db, [(bearer, reading.recorded)])
                changed |= reading.recorded.changed
    return changed


@dataclass(frozen=True, slots=True)
class Reading:
    """What a shipment's history is when it is read again; `eta`, columns of the shipment that change."""

    shipment: Shipment
    recorded: Recorded
    eta: dict[str, Any]

    def change(self, status: Status, sub_status: SubStatus | None) -> Reread:
        """It in numbers, with the status that follows from it."""
        before, recorded = self.shipment, self.recorded
        return Reread(
            before.id,
            before.carrier,
            before.number,
            (before.status, before.sub_status),
            (status, sub_status),
            len(recorded.new),
            len(recorded.corrected),
            len(recorded.withdrawn),
            bool(self.eta),
        )


async def read_again(db: Session, shipment: Shipment, mended: Overrides) -> Reading | None:
    """Read it by the adapter and these rows as they are now; none without an adapter. Nothing is written."""
    carrier = carriers().get(shipment.carrier)
    if carrier is None:
        return None
    known = await history.of(db, shipment)
    told = await _told(db, shipment, carrier, mended)
    said, withdrawn = dict(told.events), list(told.withdrawn)
    for key, event in known.items():
        if event.source is not Source.CARRIER:
            said.pop(key, None)
        elif event.unheard:
            continue  # only its withdrawal has come, and that stays
        elif event.arrival_id not in told.read:
            said[key] = _winner(said.get(key), remapped(event, carrier, mended))
        elif key not in said and not event.gone:
            withdrawn.append(key)  # the adapter no longer reads it out of its body
    recorded = record(known, said.values(), at=db.now, withdrawn=withdrawn, remap=True)
    return Reading(shipment, recorded, expected(shipment, told.eta))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a shipment's kept bodies say now: events by key, voided keys, the arrivals whose body was read.

    `eta` is the newest estimate in them; bodies go oldest first, so none that is gone had a newer one.
    """

    events: dict[str, StoredEvent]
    withdrawn: tuple[str, ...]
    read: frozenset[UUID]
    eta: Eta | None


async def _told(db: Session, shipment: Shipment, carrier: Carrier, mended: Overrides) -> _Told:
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
    eta: Eta | None = None
    for row in rows:
        parcels = await parcels_of(db, row)
        if parcels is None:
            continue
        read.add(row.id)
        for parcel in parcels:
            eta = parcel.eta or eta
            withdrawn.extend(withdrawn_key(carrier.slug, shipment.number, id_) for id_ in parcel.withdrawn)
            for key, event in keyed(carrier.slug, shipment.number, parcel.events):
                meant = mended.meant(event)
                made = stored(meant, key, source=Source.CARRIER, received_at=row.received_at, arrival_id=row.id)
                events[key] = _winner(events.get(key), made)
    return _Told(events, tuple(withdrawn), frozenset(read), eta)


def _winner(one: StoredEvent | None, other: StoredEvent) -> StoredEvent:
    """Of two versions of an event the one that would stand had both come by the usual way."""
    if one is None or (other.revision, other.content) > (one.revision, one.content):
        return other
    return one
