"""A number is used again: what was set aside of the old shipment as another parcel's is the new one's."""

from sqlalchemy import select, update

from app.database import Session
from app.lifecycle import Reason
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments


async def inherit(db: Session, shipment: Shipment) -> Shipment:
    """The new generation's shipment, with the events that the one before it could not have been meant by."""
    if shipment.generation == 1 or shipment.tracking_number is None:
        return shipment
    row = await db.first(
        select(shipments).where(
            shipments.c.company_id == shipment.company_id,
            shipments.c.shop_id == shipment.shop_id,
            shipments.c.carrier == shipment.carrier,
            shipments.c.tracking_number == shipment.tracking_number,
            shipments.c.direction == shipment.direction,
            shipments.c.generation == shipment.generation - 1,
        )
    )
    if row is None or row.recycled_at is None:
        return shipment
    before = Shipment.of(row)
    aside = answer.explained(before, await history.of(db, before), db.now).set_aside
    theirs = [key for key, reason in aside.items() if reason is Reason.RECYCLED]
    of_before = events.c.company_id == before.company_id, events.c.shipment_id == before.id
    await db.run(update(events).where(*of_before, events.c.key.in_(theirs)).values(shipment_id=shipment.id))
    mine = shipments.c.company_id == before.company_id, shipments.c.id == before.id
    await db.run(update(shipments).where(*mine).values(recycled_at=None, revision=shipments.c.revision + 1))
    # A worker folds what it has got.
    after = shipment._replace(refold_at=db.now)
    mine = shipments.c.company_id == after.company_id, shipments.c.id == after.id
    await db.run(update(shipments).where(*mine).values(refold_at=db.now))
    return after
