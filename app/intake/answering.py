"""Where is my order? Everything about each parcel that fits, and the answer in a sentence."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app import orders, shops
from app.database import Session
from app.installation import Installation
from app.intake.change import tracking_page
from app.locales import choose, phrase
from app.orders import Order
from app.outbox.shown import shown
from app.shipments import answer, finding, history
from app.shipments.beside import beside, travelled
from app.shipments.finding import Sought
from app.shipments.reading import order_part
from app.shipments.saying import in_a_sentence
from app.shipments.shipment import Shipment
from app.shops import Shop

AT_MOST = 20


async def look_up(
    installation: Installation,
    db: Session,
    company_id: UUID,
    shop_ids: Sequence[UUID],
    sought: Sought,
    *,
    locale: str | None = None,
) -> list[dict[str, Any]]:
    """Each match, newest first: the shipment whole, its order, its messages, and the answer."""
    found, unshipped = await finding.find(db, company_id, shop_ids, sought, AT_MOST)
    mine = {shop.id: shop for shop in await shops.of_company(db, company_id)}
    matches = [await _match(installation, db, mine[each.shop_id], each, locale) for each in found]
    return matches + [_unshipped(each, choose(locale, mine[each.shop_id].locale)) for each in unshipped]


async def _match(
    installation: Installation, db: Session, shop: Shop, shipment: Shipment, locale: str | None
) -> dict[str, Any]:
    chosen = choose(locale, shop.locale)
    events, found = await history.of(db, shipment), await beside(db, shipment)
    order = await orders.by_id(db, shipment.company_id, shipment.order_id) if shipment.order_id else None
    whole = answer.whole(shipment, events, db.now, tracking_page(installation, shipment), chosen, found=found)
    whole = installation.silences.marked(whole)
    part = order_part(order) if order else None
    return {
        "answer": in_a_sentence(shipment, travelled(shipment, events, found), chosen, shop.timezone, db.now),
        "shipment": {**whole, "order": part or whole["order"]},
        "order": part,
        "messages": await shown(db, shipment.company_id, shipment.id),
    }


def _unshipped(order: Order, locale: str) -> dict[str, Any]:
    said = phrase("lookup_no_parcel", locale, order=order.reference)
    return {"answer": said, "shipment": None, "order": order_part(order), "messages": []}
