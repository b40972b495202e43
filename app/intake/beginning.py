"""From when on a carrier's words can be about this parcel, where the shop has not said when it was shipped.

Numbers are used again, and a carrier tells of the parcel that had the number before as if it were this one. Bounds are
the order's date, what the shop's earlier shipment of the number has been told, and a polled history that was over long
before the shipment was posted. Events up to the bound are stored, shown as set aside, and move nothing; with
`shipped_at` the shop overrules all but the earlier shipment. A shop's own events always count, and so does whatever
was imported.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app import orders
from app.database import Session
from app.intake.numbering import NEW_AFTER_FINAL
from app.intake.recycling import inherit
from app.intake.renaming import rewrite
from app.lifecycle import BEFORE_SHIPMENT, Source, ended_before
from app.orders import Order
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment


def before_order(order: Order | None, shipped_at: datetime | None) -> datetime | None:
    """What is as old as this was said before there was anything to send, seven days' grace included."""
    if order is None or order.placed_at is None or shipped_at is not None:
        return None
    return order.placed_at - BEFORE_SHIPMENT


async def begun(db: Session, shipment: Shipment, known: datetime | None = None) -> Shipment:
    """The shipment with its bound anew, by its order, its generation, and what was `known` of its number before."""
    order = None
    if shipment.shipped_at is None and shipment.order_id is not None:
        order = await orders.by_id(db, shipment.company_id, shipment.order_id)
    mine = [before_order(order, shipment.shipped_at), known if shipment.shipped_at is None else None]
    after = shipment._replace(begins_after=max((each for each in mine if each is not None), default=None))
    return await inherit(db, after)


async def begin_with_order(db: Session, before: Shipment, order: Order) -> None:
    """The order's date is known by now, or is another: a worker folds anew what this brings in or sets aside."""
    placed = before_order(order, before.shipped_at)
    if placed is None or placed == before.begins_after:
        return
    after = await begun(db, before)
    if after.begins_after != before.begins_after:
        after = after._replace(refold_at=db.now, recycled_at=None)
        await rewrite(db, before, after._replace(revision=before.revision + 1, updated_at=db.now))


def over_before(
    shipment: Shipment, told: Sequence[StoredEvent], known: Mapping[str, StoredEvent], now: datetime
) -> datetime | None:
    """Until when a carrier's answer tells of a parcel whose journey ended over 30 days before this one was posted.

    None where it may be this one all the same: the shop imported it, or has said itself what happened then.
    """
    bound = shipment.created_at - NEW_AFTER_FINAL
    if shipment.shipped_at is not None or shipment.imported or all(each.occurred_at >= bound for each in told):
        return None
    end = ended_before((each.fact() for each in told), bound, now=now, direction=shipment.direction)
    if end is None or (shipment.begins_after is not None and end <= shipment.begins_after):
        return None
    of_then = any(each.source is not Source.CARRIER and each.occurred_at < bound for each in known.values())
    return None if of_then else end


async def begin_after(db: Session, shipment: Shipment, end: datetime) -> Shipment:
    """The shipment, whose row is locked, with this bound; as it is if its order's date says what is too old."""
    if shipment.order_id is not None:
        order = await orders.by_id(db, shipment.company_id, shipment.order_id)
        if order is not None and order.placed_at is not None:
            return shipment
    after = shipment._replace(begins_after=end)
    await rewrite(db, shipment, after)
    return after
