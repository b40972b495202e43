"""The shop corrects a shipment's carrier or number: a clean history under the new one, the old one kept beside it.

Page link, order, recipient and the shop's own events stay. Nobody is told anything of the past by it.
"""

from app.database import Session
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.claiming import claim
from app.intake.numbering import checked, generation
from app.intake.posting import change
from app.intake.refusing import refuse_change
from app.intake.renaming import become, rewrite
from app.intake.scheduling import with_account
from app.intake.settling import settle
from app.outbox.putting import listeners
from app.shipments import history
from app.shipments.posting import AmendedShipment
from app.shipments.recording import Recorded
from app.shipments.shipment import Identity, Shipment
from app.shops import Shop


async def amend(
    installation: Installation, db: Session, shop: Shop, before: Shipment, posted: AmendedShipment
) -> Shipment:
    """The shipment with what the shop has changed, its carrier and number among it. The row must be locked.

    Conflict if another shipment of the company goes by that number, InvalidInput if the carrier can have no such.
    """
    if posted.carrier is None and before.tracking_number is None:
        return await change(installation, db, shop, before, posted, number=posted.tracking_number)
    carrier, number = posted.carrier or before.carrier, posted.tracking_number or before.tracking_number
    if number is not None:
        number = checked(number, carrier)
    corrected = before
    if (carrier, number) != (before.carrier, before.tracking_number) or (
        posted.carrier is not None and before.identity is Identity.UNSETTLED
    ):
        corrected = await _correct(installation, db, before, posted, (carrier, number))
    return await change(installation, db, shop, corrected, posted)


async def _correct(
    installation: Installation, db: Session, before: Shipment, posted: AmendedShipment, name: tuple[str, str | None]
) -> Shipment:
    carrier, number = name
    await refuse_change(installation, db, before._replace(carrier=carrier), posted, number=number)
    if number is None and before.sender_reference is None:
        message = "there is no number: send a tracking_number, too"
        raise InvalidInput(f"tracking_number: {message}", [FieldError("tracking_number", message)])
    now = 1 if number is None else await generation(db, before, carrier, number, of_company=True)
    known = await history.of(db, before)
    after = await become(db, before, carrier, number, generation=now, why="named by the shop")
    after = await with_account(installation, db, after)
    await rewrite(db, before, after)
    events = await history.of(db, after)
    back, lost = events.keys() - known.keys(), known.keys() - events.keys()
    recorded = Recorded(events, (), tuple(sorted(back)), tuple(sorted(lost)))
    to = await listeners(db, after.company_id, after.shop_id)
    settled = await settle(installation, db, to, after, recorded, replay=True)
    return await claim(installation, db, settled)
