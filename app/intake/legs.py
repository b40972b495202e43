"""One journey in several legs: each with a carrier and a number of its own, all of one history.

They are posted with the shipment, sent later, or announced by a carrier (`app.intake.announcing`). The events of all
legs count; where one that is not the last says that the parcel is on its last mile, or delivered, it hands it over.
"""

from collections.abc import Sequence

from app.database import Session
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.handing import askable, hand_over
from app.intake.numbering import generation
from app.intake.refolding import refold
from app.intake.renaming import move, rewrite
from app.intake.searching import unsettled
from app.shipments import history, names
from app.shipments.beside import journey
from app.shipments.names import Name, Role
from app.shipments.posting import PostedLeg
from app.shipments.shipment import Identity, Shipment

Called = tuple[str, str | None]
"""A carrier and a number."""


async def travel(
    installation: Installation,
    db: Session,
    shipment: Shipment,
    following: Sequence[PostedLeg],
    first: Called | None = None,
) -> Shipment:
    """The shipment, whose row is locked, with these legs after its first one, in the place of those it had.

    `first` names another first one. A leg that is left out is kept as a former name, and has its events again when it
    is given again. The last leg that has had the parcel is shown; if nobody can be asked about that, the next is
    followed. Conflict if another shipment of the company goes by one of them.
    """
    every = await names.of(db, shipment)
    known = [each for each in every if each.role is Role.LEG]
    if not following and not known:
        return shipment
    first = first or _called(known[0] if known else shipment)
    _refuse(shipment, first, following)
    before = await journey(db, shipment)
    legs = []
    for nth, called in enumerate([first, *((each.carrier, each.tracking_number) for each in following)]):
        leg = await _leg(db, shipment, every, called)
        legs.append(leg._replace(position=nth, until=None, settled_at=leg.settled_at or db.now))
    for left in known:
        if all(left.id != leg.id for leg in legs):
            await names.put(db, left._replace(role=Role.FORMER, until=db.now))
    for leg in legs:
        await names.put(db, leg)
    after = shipment._replace(identity=Identity.NAMED)
    await rewrite(db, shipment, after)
    after = await _shown(installation, db, after, known, legs)
    if not following:  # what it goes by alone is no leg
        await names.drop(db, legs[0])
    now = await journey(db, after)
    return after if now == before else await refold(installation, db, after, before, now)


async def _leg(db: Session, shipment: Shipment, every: Sequence[Name], called: Called) -> Name:
    """The leg of this name: one that there is, one that there was with what was said of it, or a new one."""
    carrier, number = called
    mine = [each for each in every if _called(each) == called]
    found = next((each for each in mine if each.role is Role.LEG), None)
    if found is None and called != _called(shipment):
        await generation(db, shipment, carrier, number or "", of_company=True)
    left = [each for each in mine if each.role is Role.FORMER]
    known = [each for each in mine if each.role is not Role.LEG and each.until is not None]
    leg = found or (left[0]._replace(role=Role.LEG) if left else names.leg(shipment, carrier, number, 0, db.now))
    bearer = shipment.id if called == _called(shipment) else leg.id
    for each in known:
        if each.id != bearer:
            await move(db, shipment.company_id, each.id, bearer)
        if each.role is Role.FORMER and each.id != leg.id:
            await names.drop(db, each)
    return leg


async def _shown(
    installation: Installation, db: Session, shipment: Shipment, before: Sequence[Name], legs: Sequence[Name]
) -> Shipment:
    """The shipment, borne by the last leg that has had the parcel, or by the first that can be asked."""
    bearers = [shipment if leg.is_of(shipment) else leg.borne(shipment) for leg in legs]
    said = await history.of_many(db, bearers)
    had = [
        leg
        for leg, bearer in zip(legs, bearers, strict=True)
        if any(each.status is not None and not each.weak and not each.gone for each in said[bearer.id].values())
    ]
    here = next((leg for leg in legs if leg.is_of(shipment)), None)
    to = had[-1] if had else here or legs[0]
    known = [*(each for each in before if each.is_of(shipment)), *legs]
    if not to.is_of(shipment):
        shipment = await hand_over(installation, db, shipment, known, to)
    if shipment.next_poll_at is not None or shipment.status.final:
        return shipment
    follow = next(iter(await askable(db, shipment, legs[to.position :])), None)
    if follow is None or follow.is_of(shipment):
        return shipment
    return await hand_over(installation, db, shipment, known, follow)


def _called(name: Name | Shipment) -> Called:
    return name.carrier, name.tracking_number


def _refuse(shipment: Shipment, first: Called, following: Sequence[PostedLeg]) -> None:
    message = ""
    if any((each.carrier, each.tracking_number) == first for each in following):
        message = "these are the legs after the first one, which is the shipment's carrier and number: leave it out"
    elif first[1] is None:
        message = "the first leg has no tracking_number yet: send that first"
    elif unsettled(shipment):
        message = "it is not settled yet which carrier has the first leg: send that as `carrier` first"
    if message and following:
        raise InvalidInput(f"legs: {message}", [FieldError("legs", message)])
