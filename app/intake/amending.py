"""What a shop changes of a shipment: the fields that it gives, its carrier and its number among them."""

from app.database import Session
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.correcting import correct
from app.intake.numbering import checked
from app.intake.posting import change
from app.intake.referring import refer
from app.intake.reopening import reopen
from app.shipments import names
from app.shipments.amended import AmendedShipment
from app.shipments.names import Role
from app.shipments.shipment import Identity, Shipment
from app.shops import Shop


async def amend(
    installation: Installation, db: Session, shop: Shop, before: Shipment, posted: AmendedShipment
) -> Shipment:
    """The shipment with what the shop has changed. The row must be locked.

    Conflict if another shipment of the company goes by that number, InvalidInput if the carrier can have no such.
    """
    if posted.sender_reference:
        carrier = posted.carrier or next(iter(posted.carriers), None)
        before = await refer(installation, db, before, posted.sender_reference, carrier)
    if any(each.role is Role.LEG for each in await names.of(db, before)):
        return await _amend_journey(installation, db, shop, before, posted)
    if not posted.carrier and not posted.carriers and before.tracking_number is None:
        return await change(installation, db, shop, before, posted, number=posted.tracking_number or None)
    if len(posted.carriers) > 1:
        before = await reopen(installation, db, before, posted, posted.carriers)
        return await change(installation, db, shop, before, posted)
    named = posted.carrier or next(iter(posted.carriers), None)
    carrier, number = named or before.carrier, posted.tracking_number or before.tracking_number
    if number is not None:
        number = checked(number, carrier)
    chosen = bool(named) and before.identity is Identity.UNSETTLED
    if chosen or (carrier, number) != (before.carrier, before.tracking_number):
        before = await correct(installation, db, before, posted, (carrier, number))
    return await change(installation, db, shop, before, posted)


async def _amend_journey(
    installation: Installation, db: Session, shop: Shop, before: Shipment, posted: AmendedShipment
) -> Shipment:
    """The same for a shipment with legs: beside `legs` the first one is meant, without them it could be any."""
    if len(posted.carriers) > 1:
        await reopen(installation, db, before, posted, posted.carriers)  # which refuses it, and says why
    carrier, number = posted.carrier or next(iter(posted.carriers), ""), posted.tracking_number
    if "legs" in posted.model_fields_set:
        first = next(each for each in await names.of(db, before) if each.role is Role.LEG)
        carrier, number = carrier or first.carrier, number or first.tracking_number or ""
        return await change(installation, db, shop, before, posted, first=(carrier, checked(number, carrier)))
    if carrier not in ("", before.carrier) or (number and checked(number, before.carrier) != before.tracking_number):
        field = "carrier" if carrier not in ("", before.carrier) else "tracking_number"
        message = (
            "this shipment has several legs, and it is not clear which of them is meant. Send `legs` as they are to be "
            "after the first one, and beside them `carrier` and `tracking_number` of the first one, where those are "
            'wrong; {"legs": []} takes the later ones away'
        )
        raise InvalidInput(f"{field}: {message}", [FieldError(field, message)])
    return await change(installation, db, shop, before, posted)
