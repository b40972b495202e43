"""What a person had erased is not taken again from the shop: see `app.tombstones`."""

from app.database import Session
from app.installation import Installation
from app.shipments.posting import ChangedShipment, PostedOrder, PostedShipment
from app.shipments.shipment import Shipment
from app.shops import Shop
from app.tombstones import number_mark, order_mark, reference_mark, refuse_erased


async def refuse_shipment(installation: Installation, db: Session, shop: Shop, posted: PostedShipment) -> None:
    """Gone if the parcel was erased, or the order that it names."""
    moments = (posted.shipped_at, posted.order.placed_at if posted.order else None)
    await refuse_erased(db, installation.sealer, shop.company_id, marks_of(shop, posted, posted.carrier), moments)


def marks_of(shop: Shop, posted: PostedShipment, carrier: str) -> list[str]:
    """By what the parcel goes with this carrier that may be erased, and the order that it names."""
    texts = [order_mark(shop.id, posted.order.reference)] if posted.order else []
    texts += [number_mark(carrier, posted.tracking_number)] if posted.tracking_number else []
    texts += [reference_mark(carrier, posted.sender_reference)] if posted.sender_reference else []
    return texts


async def refuse_change(
    installation: Installation, db: Session, before: Shipment, posted: ChangedShipment, *, number: str | None
) -> None:
    """Gone if the order that a shipment is to carry was erased, or the number that it is to get."""
    order = posted.order if posted.order and posted.order.reference != before.order_reference else None
    texts = [order_mark(before.shop_id, order.reference)] if order else []
    texts += [number_mark(before.carrier, number)] if number else []
    moments = (posted.shipped_at or before.shipped_at, order.placed_at if order else None)
    await refuse_erased(db, installation.sealer, before.company_id, texts, moments)


async def refuse_reference(
    installation: Installation, db: Session, before: Shipment, carrier: str, reference: str
) -> None:
    """Gone if a parcel that the sender called so was erased."""
    texts = [reference_mark(carrier, reference)]
    await refuse_erased(db, installation.sealer, before.company_id, texts, [before.shipped_at])


async def refuse_order(installation: Installation, db: Session, shop: Shop, posted: PostedOrder) -> None:
    """Gone if the order was erased."""
    texts = [order_mark(shop.id, posted.reference)]
    await refuse_erased(db, installation.sealer, shop.company_id, texts, [posted.placed_at])
