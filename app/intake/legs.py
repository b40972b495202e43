"""One journey in several legs: each with a carrier and a number of its own, all of one history.

They are posted with the shipment, or a carrier's answer names the number under which the next one has the parcel. The
events of all legs count; where one that is not the last says delivered, it has handed the parcel over.
"""

from collections.abc import Sequence

from app import accounts
from app.database import Session, new_id
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.concerning import hold_number
from app.intake.recognising import hand_over
from app.intake.renaming import move, rewrite
from app.intake.searching import unsettled
from app.shipments import names
from app.shipments.names import Name, Role, same_name
from app.shipments.posting import NUMBER, PostedLeg
from app.shipments.shipment import Identity, Shipment
from carriers import candidates, carriers

ALIKE = 3
"""Carriers that are asked about an announced number whose carrier is not said."""


async def travel(
    installation: Installation, db: Session, shipment: Shipment, following: Sequence[PostedLeg]
) -> Shipment:
    """The shipment, whose row is locked, with these legs after its first one, in the place of those it had.

    A leg that is left out is kept as a former name. If nobody can be asked about the first, the next is followed.
    """
    every = await names.of(db, shipment)
    known = [each for each in every if each.role is Role.LEG]
    first = known[0] if known else _leg(db, shipment, shipment.carrier, shipment.tracking_number, 0)
    if following:
        _refuse(shipment, first, following)
    if not following and not known:
        return shipment
    legs = [first]
    for nth, each in enumerate(following, 1):
        await hold_number(db, shipment.company_id, each.carrier, each.tracking_number)
        leg = next(
            (one for one in known if (one.carrier, one.tracking_number) == (each.carrier, each.tracking_number)), None
        )
        leg = leg or await _again(db, every, _leg(db, shipment, each.carrier, each.tracking_number, nth))
        legs.append(leg._replace(position=nth))
    for leg in legs:
        await names.put(db, leg)
    for left in known:
        if all(left.id != leg.id for leg in legs):
            await names.put(db, left._replace(role=Role.FORMER, until=db.now))
    # A worker folds anew: events of another leg may count by now, or count no more.
    after = shipment._replace(identity=Identity.NAMED, refold_at=db.now)
    await rewrite(db, shipment, after)
    if not any(same_name(leg, after) for leg in legs):  # it was with a leg that is none any more
        return await hand_over(installation, db, after, known, first)
    return await _asked_about(installation, db, after, legs)


async def announced(db: Session, shipment: Shipment, number: str) -> None:
    """The carrier says under which number the next one has the parcel: a leg for each that it can be.

    Those are carriers with which the company has a contract and whose numbers look like it; the first that says that it
    has the parcel is shown.
    """
    number = number.replace(" ", "").upper()
    known = await names.of(db, shipment)
    if not NUMBER.fullmatch(number) or shipment.tracking_number is None or number == shipment.tracking_number:
        return
    if any(each.tracking_number == number for each in known):
        return
    mine = {each.carrier for each in await accounts.of_company(db, shipment.company_id)} - {shipment.carrier}
    alike = [each.carrier.slug for each in candidates(number) if each.possible]
    next_ones = [slug for slug in alike if slug in mine][:ALIKE]
    if not next_ones:
        return
    legs = [each for each in known if each.role is Role.LEG]
    if not legs:
        legs = [_leg(db, shipment, shipment.carrier, shipment.tracking_number, 0)]
        await names.put(db, legs[0])
    for slug in next_ones:
        await names.put(db, _leg(db, shipment, slug, number, legs[-1].position + 1))
    await rewrite(db, shipment, shipment._replace(identity=shipment.identity or Identity.NAMED))


async def _asked_about(installation: Installation, db: Session, shipment: Shipment, legs: Sequence[Name]) -> Shipment:
    if shipment.next_poll_at is not None or shipment.status.final:
        return shipment
    mine = {each.carrier for each in await accounts.of_company(db, shipment.company_id)}
    askable = (leg for leg in legs if leg.carrier in mine and carriers()[leg.carrier].polls)
    leg = next(askable, None)
    return shipment if leg is None or leg.is_of(shipment) else await hand_over(installation, db, shipment, legs, leg)


def _refuse(shipment: Shipment, first: Name, following: Sequence[PostedLeg]) -> None:
    message = ""
    if any((each.carrier, each.tracking_number) == (first.carrier, first.tracking_number) for each in following):
        message = "these are the legs after the first one, which is the shipment's carrier and number: leave it out"
    elif first.tracking_number is None:
        message = "the first leg has no tracking_number yet: send that first"
    elif unsettled(shipment):
        message = "it is not settled yet which carrier has the first leg: send that as `carrier` first"
    if message:
        raise InvalidInput(f"legs: {message}", [FieldError("legs", message)])


async def _again(db: Session, known: Sequence[Name], leg: Name) -> Name:
    """The leg with what was said under the same name before it was given up: that counts again, and once."""
    for before in known:
        if before.role is not Role.LEG and before.until is not None and same_name(before, leg):
            await move(db, leg.company_id, before.id, leg.id)
            if before.role is Role.FORMER:
                await names.drop(db, before)
    return leg


def _leg(db: Session, shipment: Shipment, carrier: str, number: str | None, position: int) -> Name:
    return Name(shipment.company_id, new_id(), shipment.id, Role.LEG, position, carrier, number, db.now)
