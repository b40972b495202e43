"""Taking arrivals in: whose they are, what in them is new, and what follows from it."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, Part, body_hash, keep_all
from app.arrivals.sighting import count_unmapped
from app.cutting import cut
from app.database import Session
from app.installation import Installation
from app.intake import counting
from app.intake.beginning import begin_after, over_before
from app.intake.concerning import concerned, numbers_of
from app.intake.expecting import expected
from app.intake.knowing import Known, known_of
from app.intake.recognising import Recognised, recognise
from app.intake.settling import Settlement, settle_all
from app.intake.waiting import waiting_for
from app.lifecycle import Source
from app.shipments.history import StoredEvent, stored
from app.shipments.recording import Recorded, record, write
from app.shipments.shipment import Shipment
from app.tombstones import body_name, erased
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

    before: Shipment
    recorded: Recorded
    said: dict[str, Any] = field(default_factory=dict)
    over: datetime | None = None
    """Until when a polled history is an earlier parcel's, which had the number before."""


@dataclass(slots=True)
class _Outcome:
    """What is to be told of one arrival once its shipments are settled."""

    state: ArrivalState | None
    arrival_id: UUID | None = None
    mine: Sequence[Shipment] = ()
    new: list[str] = field(default_factory=list)


async def take_in(installation: Installation, db: Session, arrivals: Sequence[Arrived]) -> list[Taken]:
    """Keep what arrived, record what is new, settle each shipment concerned once; an answer for each arrival, in order.

    Taking the same arrivals in twice changes nothing: carriers repeat themselves. The number of statements does not
    grow with the number of arrivals.
    """
    await installation.mappings.refresh(db)
    found, seen = await concerned(db, arrivals), None
    if _named(arrivals, found):
        seen = await recognise(installation, db, arrivals, found)
        found = seen.found
    mine = {shipment.id: shipment for each in found for shipment in each}
    if seen is not None:
        mine |= {shipment.id: shipment for shipment in seen.also()}
    known = await known_of(db, list(mine.values()))
    gathered = {id_: _Gathered(shipment, Recorded(known.events[id_], (), (), ())) for id_, shipment in mine.items()}
    forgotten = await erased(db, installation.sealer, _unknown(arrivals, found))
    if forgotten:
        arrivals = [without(arrived, forgotten) for arrived in arrivals]
    parts: list[Part] = []
    outcomes = []
    for n, (arrived, its) in enumerate(zip(arrivals, found, strict=True)):
        kept, outcome = _kept(arrived, its, forgotten)
        parts += kept
        outcomes.append(outcome)
        if seen is not None and n in seen.unheard:
            continue
        for part, shipment in zip(kept, its, strict=False):
            outcome.new += _record(installation, gathered[shipment.id], arrived, part.id, db.now)
    for each in gathered.values():
        if each.over is not None and (seen is None or not seen.travels(each.before)):
            each.before = await begin_after(db, each.before, each.over)
    after = await _settled(installation, db, known, gathered, seen)
    await keep_all(db, parts)
    await write(db, [(each.before, each.recorded) for each in gathered.values()])
    await count_unmapped(db, [(_bearer(each.before, seen), _strangers(each.recorded)) for each in gathered.values()])
    if seen is not None and seen.awaited:
        after = await _awaited(installation, db, seen, after)
    states = [each.state for each in outcomes]
    recorded = [(each.before, each.recorded) for each in gathered.values()]
    db.committed.append(lambda: counting.taken(installation.metrics, arrivals, states, recorded, db.now))
    return [
        Taken(each.state, each.arrival_id, tuple(after[shipment.id] for shipment in each.mine), tuple(each.new))
        for each in outcomes
    ]


def _named(arrivals: Sequence[Arrived], found: Sequence[Sequence[Shipment]]) -> bool:
    """Whether any of the shipments has other names, or gets one by what is said of it."""
    if any(shipment.identity is not None for each in found for shipment in each):
        return True
    return any(arrived.parcel is not None and arrived.parcel.onward for arrived in arrivals)


async def _awaited(
    installation: Installation, db: Session, seen: Recognised, after: Mapping[UUID, Shipment]
) -> dict[UUID, Shipment]:
    """The shipments with what had been pushed for their legs before these were known."""
    now = {each.id: each for each in after.values()}
    for leg in seen.awaited:
        leader = now[leg.shipment_id]
        if found := await waiting_for(db, leader if leg.is_of(leader) else leg.borne(leader)):
            now |= {each.id: each for one in await take_in(installation, db, found) for each in one.shipments}
    return {id_: now[each.id] for id_, each in after.items()}


def _unknown(arrivals: Sequence[Arrived], found: Sequence[Sequence[Shipment]]) -> list[tuple[UUID, str, str]]:
    """Company, carrier and number of parcels that no shipment is known of; of what tells of no parcel, the body's."""
    return [
        (arrived.company_id, arrived.carrier, number)
        for arrived, mine in zip(arrivals, found, strict=True)
        if not mine
        for number in (numbers_of(arrived) if arrived.parcel is not None else [body_name(body_hash(arrived.body))])
    ]


def _kept(
    arrived: Arrived, mine: Sequence[Shipment], forgotten: Container[tuple[UUID, str, str]]
) -> tuple[list[Part], _Outcome]:
    """The rows of an arrival, one for each shipment or number that it is about, and what became of it."""
    if arrived.parcel is None:
        if (arrived.company_id, arrived.carrier, body_name(body_hash(arrived.body))) in forgotten:
            return [], _Outcome(None)
        parts = [Part(arrived, ArrivalState.QUARANTINED, reason=arrived.reason)]
    elif mine:
        parts = [Part(arrived, ArrivalState.TAKEN, arrived.parcel.number, shipment.id) for shipment in mine]
    else:
        numbers = sorted(numbers_of(arrived))
        if any((arrived.company_id, arrived.carrier, number) in forgotten for number in numbers):
            return [], _Outcome(None)
        parts = [Part(arrived, ArrivalState.UNCLAIMED, number) for number in numbers] or [
            Part(arrived, ArrivalState.QUARANTINED, reason=f"no tracking number: {arrived.parcel.number!r}")
        ]
    return parts, _Outcome(parts[-1].state, parts[-1].id, mine)


def without(arrived: Arrived, forgotten: Collection[tuple[UUID, str, str]]) -> Arrived:
    """The same without what its body tells of erased parcels; without any body, if that cannot be cut out."""
    told_of_any = bool(carriers()[arrived.carrier].couriers)  # an aggregator's body is about parcels of any carrier
    gone = [
        number
        for company_id, slug, number in forgotten
        if company_id == arrived.company_id and (slug == arrived.carrier or told_of_any)
    ]
    told = arrived.body.decode("utf-8", "replace").upper()
    if not any(number.upper() in told for number in gone):
        return arrived
    return replace(arrived, body=cut(carriers()[arrived.carrier], arrived.body, gone) or b"")


def _record(
    installation: Installation, gathered: _Gathered, arrived: Arrived, arrival_id: UUID, now: datetime
) -> tuple[str, ...]:
    """Add what an arrival says of a shipment; the keys of events that are new by it."""
    shipment, parcel = gathered.before, arrived.parcel or Parcel("")
    source = Source.OVERRIDE if arrived.override else Source.SHOP if _by_the_shop(arrived) else Source.CARRIER
    mended = None if _by_the_shop(arrived) else installation.mappings.of(shipment.company_id, shipment.carrier)
    said = [
        stored(
            event if mended is None else mended.meant(event),
            key,
            source=source,
            author=arrived.author,
            received_at=arrived.received_at,
            arrival_id=arrival_id,
        )
        for key, event in keyed(shipment.carrier, shipment.number, parcel.events)
    ]
    if shipment.forgotten_at is not None:  # whose parcel it was has been forgotten: late words name nobody again
        said = [each._replace(text="", author="") for each in said]
    polled = arrived.source is ArrivalSource.POLL
    if polled and (over := over_before(shipment, said, gathered.recorded.events, now)) is not None:
        gathered.over = over
    snapshot = polled and carriers()[arrived.carrier].complete_history
    recorded = record(
        gathered.recorded.events,
        said,
        at=arrived.received_at,
        withdrawn=[withdrawn_key(shipment.carrier, shipment.number, id_) for id_ in parcel.withdrawn],
        snapshot_at=arrived.received_at if snapshot else None,
    )
    gathered.recorded = gathered.recorded.then(recorded)
    gathered.said |= _said(shipment, parcel)
    return recorded.new


def _by_the_shop(arrived: Arrived) -> bool:
    return arrived.source is ArrivalSource.SHOP


def _bearer(shipment: Shipment, seen: Recognised | None) -> Shipment:
    """The shipment whose leg it is, by the leg's carrier."""
    leader = seen.leaders.get(shipment.id) if seen is not None else None
    return shipment if leader is None else shipment._replace(id=leader.id)


def _strangers(recorded: Recorded) -> list[StoredEvent]:
    """New events of a carrier whose code stands in no table."""
    new = (recorded.events[key] for key in recorded.new)
    return [each for each in new if each.row is None and each.status is None and each.source is Source.CARRIER]


def _said(shipment: Shipment, parcel: Parcel) -> dict[str, Any]:
    """What an answer says beside its events; the estimate stays when an answer has none."""
    said: dict[str, Any] = {"not_found": parcel.not_found}
    if parcel.service:
        said["carrier_service"] = parcel.service
    if parcel.pickup_point and shipment.forgotten_at is None:
        said["carrier_pickup_point"] = parcel.pickup_point
    changed = {name: value for name, value in said.items() if getattr(shipment, name) != value}
    return changed | expected(shipment, parcel.eta)


async def _settled(
    installation: Installation,
    db: Session,
    known: Known,
    gathered: Mapping[UUID, _Gathered],
    seen: Recognised | None,
) -> dict[UUID, Shipment]:
    """Every shipment as it is now; those are settled of which something was said."""
    settlements = [
        Settlement(await known.listeners(db, each.before), each.before, each.recorded, each.said)
        for each in (gathered.values() if seen is None else _led(gathered, seen))
        if each.recorded.changed or each.said or each.over is not None
    ]
    after = {id_: each.before for id_, each in gathered.items()}
    settled = await settle_all(installation, db, settlements, known.past)
    after |= {shipment.id: shipment for shipment in settled}
    if seen is not None:
        after |= {id_: after[leader.id] for id_, leader in seen.leaders.items()}
    return after


def _led(gathered: Mapping[UUID, _Gathered], seen: Recognised) -> list[_Gathered]:
    """What is to be settled of shipments with several names: each once, with what was recorded of its legs."""
    recorded = {id_: each.recorded for id_, each in gathered.items()}
    led = [each for id_, each in gathered.items() if id_ not in seen.leaders or seen.leaders[id_].id == id_]
    return [
        replace(each, recorded=seen.together(each.before, recorded)) if each.before.id in seen.legs else each
        for each in led
    ]
