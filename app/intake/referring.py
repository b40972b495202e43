"""The sender's reference of a shipment that waits for its number was wrong: the carrier is asked by the right one."""

from sqlalchemy import select

from app.database import Session
from app.errors import Conflict
from app.installation import Installation
from app.intake.refusing import refuse_reference
from app.intake.renaming import carriers_word, rewrite
from app.intake.scheduling import with_account
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments


async def refer(
    installation: Installation, db: Session, before: Shipment, reference: str, carrier: str | None = None
) -> Shipment:
    """The shipment, whose row is locked, with this reference; the carrier, if that is corrected with it.

    Conflict once it has its number, which nobody looks for any more, or if the reference is another shipment's.
    """
    if reference == before.sender_reference:
        return before
    if before.tracking_number is not None:
        raise Conflict(
            f"The shipment has its number, {before.tracking_number}, and is followed by that: its sender_reference is "
            "looked for no more. If that is another parcel's number, PATCH the right tracking_number.",
            code="number_known",
        )
    carrier = carrier or before.carrier
    await refuse_reference(installation, db, before, carrier, reference)
    other = await db.value(
        select(shipments.c.id)
        .where(
            shipments.c.company_id == before.company_id,
            shipments.c.shop_id == before.shop_id,
            shipments.c.carrier == carrier,
            shipments.c.direction == before.direction,
            shipments.c.sender_reference == reference,
            shipments.c.tracking_number.is_(None),
        )
        .limit(1)
    )
    if other is not None:
        raise Conflict(
            f"The sender_reference {reference} is that of shipment {other} already, which waits for its number, too. "
            "Both stay as they are: delete the one that is not needed (DELETE /v1/shipments/…).",
            code="reference_taken",
        )
    after = before._replace(
        sender_reference=reference, revision=before.revision + 1, updated_at=db.now, **carriers_word(before)
    )
    after = await with_account(installation, db, after)
    await rewrite(db, before, after)
    return after
