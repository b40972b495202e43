"""What history says when it is read again: of shipments whose bodies were opened before; nothing is written.

Events of an opened body take the meaning they have now; what its adapter no longer reads out of it is withdrawn. Those
whose body is gone, or has come since the others were opened, take the meaning that their table row or code has now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.database import Session
from app.intake.expecting import expected
from app.intake.opening import Opened, told_of
from app.lifecycle import Source
from app.mappings import Overrides
from app.shipments import history
from app.shipments.history import StoredEvent, stored
from app.shipments.recording import Recorded, record
from app.shipments.shipment import Shipment
from carriers import Carrier, carriers, told_by
from carriers.base import mapped
from carriers.event import Eta, Moment, OffsetSource, Place, TrackingEvent, keyed, withdrawn_key
from carriers.vocabulary import Status, SubStatus


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


async def read_again(
    db: Session, shipments: Sequence[Shipment], opened: Opened, mended: Callable[[Shipment], Overrides]
) -> dict[UUID, Reading]:
    """Those of the shipments whose adapter is there, by their id: read by it and these rows as they are now."""
    known, told = await history.of_many(db, shipments), await told_of(db, shipments)
    found: dict[UUID, Reading] = {}
    for shipment in shipments:
        carrier = carriers().get(shipment.carrier)
        if carrier is not None:
            said = _told(shipment, told.get(shipment.id, ()), opened, carrier, mended(shipment))
            recorded = _recorded(known[shipment.id], said, carrier, mended(shipment), db)
            found[shipment.id] = Reading(shipment, recorded, expected(shipment, said.eta))
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    """What a shipment's kept bodies say now: events by key, voided keys, the arrivals whose body was read.

    `eta` is the newest estimate in them; bodies go oldest first, so none that is gone had a newer one.
    """

    events: dict[str, StoredEvent]
    withdrawn: tuple[str, ...]
    read: frozenset[UUID]
    eta: Eta | None


def _told(shipment: Shipment, rows: Sequence[Row[Any]], opened: Opened, carrier: Carrier, mended: Overrides) -> _Told:
    events: dict[str, StoredEvent] = {}
    withdrawn: list[str] = []
    read: set[UUID] = set()
    eta: Eta | None = None
    for row in rows:
        if row.id not in opened.parcels:
            eta = None  # it has come since, and by it the shipment says when it is expected
            continue
        parcels = opened.parcels[row.id]
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


def _recorded(
    known: Mapping[str, StoredEvent], told: _Told, carrier: Carrier, mended: Overrides, db: Session
) -> Recorded:
    """What that changes of the events that are known."""
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
    return record(known, said.values(), at=db.now, withdrawn=withdrawn, remap=True)


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


def _winner(one: StoredEvent | None, other: StoredEvent) -> StoredEvent:
    """Of two versions of an event the one that would stand had both come by the usual way."""
    if one is None or (other.revision, other.content) > (one.revision, one.content):
        return other
    return one
