"""Taking arrivals in: whose they are, what in them is new, and what follows from it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, count_unmapped, keep
from app.database import Session
from app.erasing import erased
from app.installation import Installation
from app.intake.settling import settle
from app.lifecycle import Source
from app.outbox.putting import Listeners, listeners
from app.shipments import history
from app.shipments.history import StoredEvent, stored
from app.shipments.posting import normal_number
from app.shipments.recording import Recorded, record
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers import carriers
from carriers.event import Parcel, keyed, withdrawn_key


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one arrival (state none: it was forgotten on purpose, nothing is kept).

    `shipments` are those it is about, as they are now; `new` are the keys of events not known before.
    """

    state: ArrivalState | None
    arrival_id: UUID | None = None
    shipments: tuple[Shipment, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """What the arrivals of one shipment bring together."""

    recorded: Recorded
    said: dict[str, Any] = field(default_factory=dict)


async def take_in(installation: Installation, db: Session, arrivals: Sequence[Arrived]) -> list[Taken]:
    """Keep what arrived, record what is new, settle each shipment concerned once; an answer for each arrival, in order.

    Taking the same arrivals in twice changes nothing: carriers repeat themselves.
    """
    concerned = await _concerned(db, arrivals)
    gathered: dict[UUID, _Gathered] = {}
    outcomes: list[tuple[ArrivalState | None, UUID | None, list[Shipment], tuple[str, ...]]] = []
    for arrived, mine in zip(arrivals, concerned, strict=True):
        if arrived.parcel is None:
            kept = await keep(db, arrived, ArrivalState.QUARANTINED, reason=arrived.reason)
            outcomes.append((ArrivalState.QUARANTINED, kept, [], ()))
        elif not mine:
            outcomes.append((*await _unclaimed(db, arrived, arrived.parcel), [], ()))
        else:
            new: list[str] = []
            kept = None
            for shipment in mine:
                kept = await keep(
                    db, arrived, ArrivalState.TAKEN, number=arrived.parcel.number, shipment_id=shipment.id
                )
                before = gathered.get(shipment.id)
                known = before.recorded.events if before else await history.of(db, shipment)
                now = await _record(db, shipment, known, arrived, kept)
                new.extend(now.recorded.new)
                gathered[shipment.id] = _merged(before, now) if before else now
            outcomes.append((ArrivalState.TAKEN, kept, mine, tuple(new)))
    after = await _settle_all(installation, db, {each.id: each for mine in concerned for each in mine}, gathered)
    return [
        Taken(state, kept, tuple(after[shipment.id] for shipment in mine), new) for state, kept, mine, new in outcomes
    ]


async def _concerned(db: Session, arrivals: Sequence[Arrived]) -> list[list[Shipment]]:
    """The locked shipments of each arrival. Numbers that nobody has posted are held against being posted meanwhile."""
    concerned = await _locked(db, arrivals)
    strangers = [index for index, mine in enumerate(concerned) if not mine and arrivals[index].shipment_id is None]
    if not strangers:
        return concerned
    unknown = {
        (arrivals[index].company_id, arrivals[index].carrier, number)
        for index in strangers
        for number in numbers_of(arrivals[index])
    }
    for company_id, carrier, number in sorted(unknown):
        await hold_number(db, company_id, carrier, number)
    again = await _locked(db, [arrivals[index] for index in strangers])
    for index, mine in zip(strangers, again, strict=True):
        concerned[index] = mine
    return concerned


async def hold_number(db: Session, company_id: UUID, carrier: str, number: str) -> None:
    """Between a push for a number that nobody has posted and its shipment being posted, one comes after the other."""
    await db.lock("number", company_id, carrier, number)


async def _locked(db: Session, arrivals: Sequence[Arrived]) -> list[list[Shipment]]:
    """The shipments of each arrival, locked in one order, so that two groups never wait for each other."""
    wanted: list[Any] = []
    numbers: list[frozenset[str]] = []
    for arrived in arrivals:
        numbers.append(numbers_of(arrived))
        if arrived.shipment_id is not None:
            wanted.append(and_(shipments.c.company_id == arrived.company_id, shipments.c.id == arrived.shipment_id))
        elif numbers[-1]:
            wanted.append(
                and_(
                    shipments.c.company_id == arrived.company_id,
                    shipments.c.carrier == arrived.carrier,
                    shipments.c.tracking_number.in_(numbers[-1]),
                )
            )
    if not wanted:
        return [[] for _ in arrivals]
    rows = await db.all(
        select(shipments).where(or_(*wanted)).order_by(shipments.c.company_id, shipments.c.id).with_for_update()
    )
    newest: dict[tuple[Any, ...], Shipment] = {}
    by_id = {}
    for row in rows:
        shipment = by_id[row.id] = Shipment.of(row)
        place = (shipment.company_id, shipment.shop_id, shipment.carrier, shipment.tracking_number, shipment.direction)
        if place not in newest or newest[place].generation < shipment.generation:
            newest[place] = shipment
    by_number: defaultdict[tuple[UUID, str, str | None], list[Shipment]] = defaultdict(list)
    for shipment in newest.values():
        by_number[shipment.company_id, shipment.carrier, shipment.tracking_number].append(shipment)
    return [
        [by_id[arrived.shipment_id]]
        if arrived.shipment_id in by_id
        else []
        if arrived.shipment_id is not None
        else [each for name in sorted(mine) for each in by_number[arrived.company_id, arrived.carrier, name]]
        for arrived, mine in zip(arrivals, numbers, strict=True)
    ]


def numbers_of(arrived: Arrived) -> frozenset[str]:
    """The numbers that a parcel goes by, as shipments are stored under them."""
    if arrived.parcel is None:
        return frozenset()
    found = set()
    for number in (arrived.parcel.number, *arrived.parcel.aliases):
        try:
            found.add(normal_number(number, arrived.carrier))
        except ValueError:
            continue
    return frozenset(found)


async def _unclaimed(db: Session, arrived: Arrived, parcel: Parcel) -> tuple[ArrivalState | None, UUID | None]:
    """Keep a parcel that nobody has posted yet, under each of its numbers; nothing of one that was erased."""
    kept = None
    for number in sorted(numbers_of(arrived)):
        if await erased(db, arrived.company_id, arrived.carrier, number):
            return None, None
        kept = await keep(db, arrived, ArrivalState.UNCLAIMED, number=number)
    if kept is None:
        kept = await keep(db, arrived, ArrivalState.QUARANTINED, reason=f"no tracking number: {parcel.number!r}")
        return ArrivalState.QUARANTINED, kept
    return ArrivalState.UNCLAIMED, kept


async def _record(
    db: Session, shipment: Shipment, known: dict[str, StoredEvent], arrived: Arrived, arrival_id: UUID
) -> _Gathered:
    parcel = arrived.parcel or Parcel("")
    source = Source.OVERRIDE if arrived.override else Source.SHOP if arrived.source is ArrivalSource.SHOP else None
    said = [
        stored(
            event,
            key,
            source=source or Source.CARRIER,
            author=arrived.author,
            received_at=arrived.received_at,
            arrival_id=arrival_id,
        )
        for key, event in keyed(shipment.carrier, shipment.number, parcel.events)
    ]
    snapshot = arrived.source is ArrivalSource.POLL and carriers()[arrived.carrier].complete_history
    recorded = await record(
        db,
        shipment,
        known,
        said,
        withdrawn=[withdrawn_key(shipment.carrier, shipment.number, id_) for id_ in parcel.withdrawn],
        snapshot_at=arrived.received_at if snapshot else None,
    )
    strangers = [each for key in recorded.new if (each := recorded.events[key]).row is None and each.status is None]
    if strangers and source is None:
        await count_unmapped(db, shipment.company_id, shipment.carrier, strangers)
    return _Gathered(recorded, _said(shipment, parcel))


def _said(shipment: Shipment, parcel: Parcel) -> dict[str, Any]:
    """What an answer says beside its events; the estimate stays when an answer has none."""
    said: dict[str, Any] = {"not_found": parcel.not_found}
    if parcel.eta is not None:
        said["eta_from"] = parcel.eta.earliest
        said["eta_to"] = parcel.eta.latest or parcel.eta.earliest
        said["eta_day"] = None if said["eta_to"] else parcel.eta.day
        said["eta_source"] = "carrier"
    if parcel.service:
        said["carrier_service"] = parcel.service
    if parcel.pickup_point:
        said["carrier_pickup_point"] = parcel.pickup_point
    return {name: value for name, value in said.items() if getattr(shipment, name) != value}


def _merged(before: _Gathered, now: _Gathered) -> _Gathered:
    return _Gathered(
        Recorded(
            now.recorded.events,
            (*before.recorded.new, *now.recorded.new),
            (*before.recorded.corrected, *now.recorded.corrected),
            (*before.recorded.withdrawn, *now.recorded.withdrawn),
        ),
        {**before.said, **now.said},
    )


async def _settle_all(
    installation: Installation, db: Session, shipments_: dict[UUID, Shipment], gathered: dict[UUID, _Gathered]
) -> dict[UUID, Shipment]:
    told: dict[tuple[UUID, UUID], Listeners] = {}
    after = dict(shipments_)
    for id_, brought in gathered.items():
        shipment = shipments_[id_]
        if not brought.recorded.changed and not brought.said:
            continue
        place = shipment.company_id, shipment.shop_id
        if place not in told:
            told[place] = await listeners(db, *place)
        after[id_] = await settle(installation, db, told[place], shipment, brought.recorded, said=brought.said)
    return after
