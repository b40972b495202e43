"""What an arrival means for a shipment that has, or may have, several names: which of them it is about.

Only shipments that are marked so (`Shipment.identity`) come here. Of a candidate it is evidence: the first that can be
this parcel's settles which carrier it is. Of a leg it is kept under that, and a later leg that has the parcel becomes
the one that the shipment is shown and polled by.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import exists, literal_column, select

from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Session
from app.errors import Conflict
from app.installation import Installation
from app.intake.announcing import announced, confirmed
from app.intake.beginning import begun
from app.intake.concerning import numbers_of
from app.intake.handing import hand_over
from app.intake.numbering import generation
from app.intake.renaming import carriers_word, move, rewrite
from app.intake.scheduling import with_account
from app.intake.searching import evidence, settle_on, unsettled
from app.shipments import names
from app.shipments.beside import Beside, travelled
from app.shipments.names import Name, Role, same_name
from app.shipments.recording import Recorded
from app.shipments.shipment import Identity, Shipment
from app.shipments.tables import shipments
from carriers.event import Parcel


@dataclass(slots=True)
class Recognised:
    """`found` are the shipments of each arrival, a leg as the shipment that bears its name.

    `unheard` are arrivals that are kept and move nothing; `leaders`, the shipment of each bearer by that one's id;
    `legs`, the names of those whose events count together; `awaited`, legs for which pushes may have been waiting.
    """

    found: list[list[Shipment]]
    unheard: set[int] = field(default_factory=set)
    leaders: dict[UUID, Shipment] = field(default_factory=dict)
    legs: dict[UUID, list[Name]] = field(default_factory=dict)
    awaited: list[Name] = field(default_factory=list)

    def also(self) -> list[Shipment]:
        """What is to be read beside the shipments found: those that legs belong to, and their legs."""
        leaders = {each.id: each for each in self.leaders.values()}
        bearers = [leg.borne(leaders[id_]) for id_, known in self.legs.items() for leg in known]
        return [*leaders.values(), *(each for each in bearers if each.id in self.leaders)]

    def travels(self, shipment: Shipment) -> bool:
        """Whether it is one of several legs, or has them: what was before the one may be of the other."""
        return shipment.id in self.legs or self.leaders.get(shipment.id, shipment).id != shipment.id

    def together(self, leader: Shipment, recorded: Mapping[UUID, Recorded]) -> Recorded:
        """What was recorded of the shipment and of its legs, as one."""
        mine, legs = recorded[leader.id], self.legs.get(leader.id, [])
        kept = {leg.id: recorded[leg.id] for leg in legs if leg.id in recorded}
        if not kept:
            return mine
        beside = Beside(legs, {id_: each.events for id_, each in kept.items()})
        every = [mine, *kept.values()]
        return Recorded(
            dict(travelled(leader, mine.events, beside)),
            tuple(key for each in every for key in each.new),
            tuple(key for each in every for key in each.corrected),
            tuple(key for each in every for key in each.withdrawn),
        )


async def recognise(
    installation: Installation, db: Session, arrivals: Sequence[Arrived], found: list[list[Shipment]]
) -> Recognised:
    """Each arrival's shipments as its name makes them; candidates are settled, legs handed over."""
    now = {each.id: each for mine in found for each in mine}
    known: dict[UUID, Sequence[Name]] = {**await names.of_many(db, now.values())}
    seen = Recognised([])
    for n, (arrived, mine) in enumerate(zip(arrivals, found, strict=True)):
        its: list[Shipment] = []
        for each in mine:
            leader = now[each.id]
            name = _named(known.get(leader.id, ()), leader, arrived)
            if name is None or arrived.source is ArrivalSource.SHOP:
                its.append(leader)
            elif name.role is Role.CANDIDATE:
                leader, heard = await _weigh(installation, db, leader, name, arrived.parcel or Parcel(""))
                now[leader.id] = leader
                if not heard:
                    seen.unheard.add(n)
                    if arrived.source is not ArrivalSource.POLL and not unsettled(leader):
                        continue  # it stays unclaimed, for whoever finds that this is the carrier after all
                its.append(leader if heard or name.is_of(leader) else name.borne(leader))
                seen.leaders[its[-1].id] = leader
            else:
                if name.settled_at is None:
                    settled = await confirmed(db, leader, known[leader.id], name, arrived.parcel or Parcel(""))
                    if settled is None:
                        seen.unheard.add(n)
                        if arrived.source is ArrivalSource.POLL:
                            its.append(name.borne(leader))
                            seen.leaders[name.id] = leader
                        continue
                    known[leader.id] = settled
                    seen.awaited.append(name)
                if _has_it(known[leader.id], leader, name, arrived):
                    with suppress(Conflict):
                        now[leader.id] = leader = await hand_over(installation, db, leader, known[leader.id], name)
                its.append(leader if name.is_of(leader) else name.borne(leader))
            if arrived.parcel is not None and arrived.parcel.onward and n not in seen.unheard:
                before = known.get(leader.id, ())
                onward = arrived.parcel.onward
                now[leader.id], known[leader.id] = await announced(installation, db, leader, before, onward)
                seen.awaited += known[leader.id][len(before) :]
        seen.found.append(its)
    _gather_legs(seen, now, known)
    seen.found = [[now.get(each.id, each) for each in mine] for mine in seen.found]
    return seen


def _gather_legs(seen: Recognised, now: Mapping[UUID, Shipment], known: Mapping[UUID, Sequence[Name]]) -> None:
    seen.leaders = {id_: now[each.id] for id_, each in seen.leaders.items()}
    for id_, its in known.items():
        legs = [each for each in its if each.role is Role.LEG]
        if legs:
            leader = now[id_]
            seen.legs[id_] = legs
            seen.leaders[id_] = leader
            seen.leaders |= {leg.id: leader for leg in legs if not leg.is_of(leader)}


def _named(known: Sequence[Name], leader: Shipment, arrived: Arrived) -> Name | None:
    """The name that the arrival is about, if it is a candidate or a leg."""
    going_by = names.going_by(known)
    if arrived.shipment_id == leader.id:
        return next((each for each in going_by if each.is_of(leader)), None)
    if arrived.shipment_id is not None:
        return next((each for each in going_by if each.id == arrived.shipment_id), None)
    numbers = numbers_of(arrived)
    mine = (each for each in going_by if each.carrier == arrived.carrier and each.tracking_number in numbers)
    return next(mine, None)


async def _weigh(
    installation: Installation, db: Session, leader: Shipment, name: Name, parcel: Parcel
) -> tuple[Shipment, bool]:
    """The shipment, settled if this is evidence; and whether what was said is said of it."""
    fits, words = evidence(leader, parcel, db.now)
    if not unsettled(leader):
        if name.is_of(leader):
            return leader, True
        await names.note(db, name, f"{words}; set aside, as it is settled that it is with another carrier")
        return leader, False
    if not fits or name.tracking_number is None:
        await names.note(db, name, words)
        return leader, False
    try:
        nth = await generation(db, leader, name.carrier, name.tracking_number)
    except Conflict as error:
        await names.note(db, name, f"{words}; {error.detail}")
        return leader, False
    left = [each for each in await names.of(db, leader) if each.role is Role.FORMER and same_name(each, name)]
    await settle_on(db, name, words, *left)
    after = leader._replace(identity=Identity.NAMED)
    if not name.is_of(leader):
        after = await _bearing(installation, db, after, name, nth)
    bounds = [after.begins_after, *(each.begins_after for each in left)]
    after = after._replace(begins_after=max((each for each in bounds if each is not None), default=None))
    await rewrite(db, leader, after)
    for each in left:  # what was said of it before the search began anew is its history again
        await move(db, leader.company_id, each.id, leader.id)
        await names.drop(db, each)
    return after, True


async def take_up(installation: Installation, db: Session, company_id: UUID, carrier: str, most: int) -> int:
    """Shipments about whose carrier nobody can be asked bear this candidate from now on, which can; how many."""
    candidate = exists().where(
        names.names.c.company_id == shipments.c.company_id,
        names.names.c.shipment_id == shipments.c.id,
        names.names.c.role == Role.CANDIDATE,
        names.names.c.carrier == carrier,
    )
    waiting = shipments.c.identity == literal_column("'unsettled'"), shipments.c.next_poll_at.is_(None)
    query = select(shipments).where(shipments.c.company_id == company_id, *waiting, candidate)
    rows = await db.all(query.order_by(shipments.c.id).limit(most).with_for_update(skip_locked=True))
    taken = 0
    for leader in map(Shipment.of, rows):
        name = next(each for each in await names.of(db, leader) if each.carrier == carrier)
        with suppress(Conflict):
            nth = await generation(db, leader, carrier, leader.tracking_number or "")
            after = await _bearing(installation, db, leader, name, nth)
            if after.next_poll_at is not None:
                await rewrite(db, leader, after._replace(revision=leader.revision + 1))
                taken += 1
    return taken


async def _bearing(installation: Installation, db: Session, leader: Shipment, name: Name, nth: int) -> Shipment:
    """The shipment with this candidate as the one that its row bears."""
    for before in await names.of(db, leader):
        if before.role is Role.CANDIDATE and before.is_of(leader):
            await move(db, leader.company_id, leader.id, before.id)
    after = leader._replace(carrier=name.carrier, generation=nth, account_id=None, **carriers_word(leader))
    return await with_account(installation, db, await begun(db, after))


def _has_it(known: Sequence[Name], leader: Shipment, name: Name, arrived: Arrived) -> bool:
    """Whether a later leg than the shipment's present one says that it has the parcel in its hands."""
    now = next((each for each in known if each.role is Role.LEG and each.is_of(leader)), None)
    later = now is None or name.position > now.position
    events = arrived.parcel.events if arrived.parcel else ()
    return later and any(event.status is not None and not event.weak for event in events)
