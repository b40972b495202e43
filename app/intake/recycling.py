"""A number is used again: what was set aside of the old shipment as another parcel's is the new one's, the rest is not.

Carriers tell a parcel's whole history at every poll. So the new shipment begins after the last word that the old one
has kept (`Shipment.begins_after`): whatever is that old is about the old parcel, also where nobody had heard it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update

from app.database import Session
from app.lifecycle import Reason, Source
from app.shipments import answer, history
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments

NO_WORD = frozenset({Reason.RECYCLED, Reason.NO_STATUS, Reason.WITHDRAWN, Reason.WAITING, Reason.TOO_FAR_AHEAD})
"""Events that do not tell how long the old parcel was heard of."""


async def inherit(db: Session, shipment: Shipment) -> Shipment:
    """The new generation's shipment, with the events that the one before it could not have been meant by, and no other.

    Of another generation than the first, or without a number, it stays as it is.
    """
    if shipment.generation == 1 or shipment.tracking_number is None:
        return shipment
    row = await db.first(
        select(shipments)
        .where(
            shipments.c.company_id == shipment.company_id,
            shipments.c.shop_id == shipment.shop_id,
            shipments.c.carrier == shipment.carrier,
            shipments.c.tracking_number == shipment.tracking_number,
            shipments.c.direction == shipment.direction,
            shipments.c.generation < shipment.generation,
        )
        .order_by(shipments.c.generation.desc())
        .limit(1)
    )
    if row is None:
        return shipment
    before = Shipment.of(row)
    known = await history.of(db, before)
    aside = answer.explained(before, known, db.now).set_aside
    ends = [each for each in (shipment.begins_after, before.begins_after, _last_word(known, aside)) if each is not None]
    after = shipment._replace(begins_after=max(ends, default=None))
    if before.recycled_at is not None:
        theirs = [key for key, reason in aside.items() if reason is Reason.RECYCLED]
        of_before = events.c.company_id == before.company_id, events.c.shipment_id == before.id
        await db.run(update(events).where(*of_before, events.c.key.in_(theirs)).values(shipment_id=shipment.id))
        mine = shipments.c.company_id == before.company_id, shipments.c.id == before.id
        await db.run(update(shipments).where(*mine).values(recycled_at=None, revision=shipments.c.revision + 1))
        after = after._replace(refold_at=db.now)  # a worker folds what it has got
    if after != shipment:
        mine = shipments.c.company_id == after.company_id, shipments.c.id == after.id
        values = {"begins_after": after.begins_after, "refold_at": after.refold_at}
        await db.run(update(shipments).where(*mine).values(values))
    return after


def _last_word(known: Mapping[str, StoredEvent], aside: Mapping[str, Reason]) -> datetime | None:
    """When the carrier last told of this parcel, and not of another one under its number."""
    said = (each for key, each in known.items() if each.source is Source.CARRIER and aside.get(key) not in NO_WORD)
    return max((each.occurred_at for each in said if not each.unheard), default=None)
