"""A parcel goes from one leg of its journey to another: that one is shown and polled; the events of all count."""

from collections.abc import Sequence

from app import accounts
from app.database import Session
from app.installation import Installation
from app.intake.numbering import generation
from app.intake.renaming import carriers_word, move, rewrite
from app.intake.scheduling import with_account
from app.shipments.names import Name, Role
from app.shipments.shipment import Shipment
from carriers import carriers


async def hand_over(
    installation: Installation, db: Session, leader: Shipment, known: Sequence[Name], to: Name
) -> Shipment:
    """The shipment, whose row is locked, with another of its legs as the one that its row bears.

    Conflict if another shipment goes by that.
    """
    nth = await generation(db, leader, to.carrier, to.tracking_number or "")
    before = next((each for each in known if each.role is Role.LEG and each.is_of(leader)), None)
    if before is not None:
        await move(db, leader.company_id, leader.id, before.id)
    await move(db, leader.company_id, to.id, leader.id)
    after = leader._replace(
        carrier=to.carrier, tracking_number=to.tracking_number, generation=nth, account_id=None, **carriers_word(leader)
    )
    after = await with_account(installation, db, after)
    await rewrite(db, leader, after)
    return after


async def askable(db: Session, shipment: Shipment, legs: Sequence[Name]) -> list[Name]:
    """Those of the legs about which the company can ask."""
    mine = {each.carrier for each in await accounts.of_company(db, shipment.company_id)}
    return [leg for leg in legs if leg.carrier in mine and carriers()[leg.carrier].polls]
