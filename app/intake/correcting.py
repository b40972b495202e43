"""The shop corrects a shipment's carrier or number: a clean history under the new one, the old one kept beside it.

Page link, order, recipient and the shop's own events stay. Nobody is told anything of the past by it.
"""

from collections.abc import Mapping

from app.database import Session
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.beginning import begun
from app.intake.claiming import claim
from app.intake.numbering import generation
from app.intake.refolding import refold
from app.intake.refusing import refuse_change
from app.intake.renaming import become, rewrite
from app.intake.scheduling import with_account
from app.shipments import history
from app.shipments.history import StoredEvent
from app.shipments.posting import ChangedShipment
from app.shipments.shipment import Shipment


async def correct(
    installation: Installation, db: Session, before: Shipment, posted: ChangedShipment, name: tuple[str, str | None]
) -> Shipment:
    """The shipment, whose row is locked, under another carrier and number; `posted` is what else is changed with it.

    Conflict if another shipment of the company goes by that.
    """
    carrier, number = name
    await refuse_change(installation, db, before._replace(carrier=carrier), posted, number=number)
    if number is None and before.sender_reference is None:
        message = "there is no number: send a tracking_number, too"
        raise InvalidInput(f"tracking_number: {message}", [FieldError("tracking_number", message)])
    nth = 1 if number is None else await generation(db, before, carrier, number, of_company=True)
    known = await history.of(db, before)
    after = await become(db, before, carrier, number, generation=nth, why="named by the shop")
    return await begin_anew(installation, db, before, after, known)


async def begin_anew(
    installation: Installation, db: Session, before: Shipment, after: Shipment, known: Mapping[str, StoredEvent]
) -> Shipment:
    """The shipment, asked about by its new name, with the status that is left; `known` were its events."""
    after = await with_account(installation, db, await begun(db, after, after.begins_after))
    await rewrite(db, before, after)
    events = await history.of(db, after)
    settled = await refold(installation, db, after, known, events)
    return await claim(installation, db, settled)
