"""Orders: posted with their parcels in one call, or as they come; read with all of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import Field

from app import orders, shops
from app.api.access import Here, OneShop, Reader, Shops, Writer
from app.api.routing import api, told
from app.api.shapes import Output
from app.api.shipment_shapes import MoneyOut, ShipmentSummary
from app.api.writing import Write
from app.database import Session
from app.installation import Installation
from app.intake import tracking_page
from app.intake.ordering import PostedWholeOrder, post_order
from app.orders import Order
from app.shipments import answer, store
from app.shipments.shipment import Shipment

router = api("orders")


class OrderOut(Output):
    """An order with its items, who gets it, and its parcels."""

    id: UUID
    shop_id: UUID
    reference: str = Field(examples=["1001"])
    platform: str
    placed_at: datetime | None
    promised_on: date | None
    total: MoneyOut | None
    items: list[dict[str, Any]]
    recipient: dict[str, Any] | None
    buyer: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    shipments: list[ShipmentSummary]


@router.post(
    "/v1/orders",
    response_model=OrderOut,
    status_code=201,
    responses={200: {"model": OrderOut, "description": "The reference was known: the order as it is now"}},
)
async def add(given: PostedWholeOrder, caller: Writer, shop_id: OneShop, here: Here, write: Write) -> Response:
    """Hand over an order, or bring a known one up to date, with any of its parcels; they share its recipient."""

    async def effect(db: Session) -> Response:
        shop = await shops.get(db, caller.company_id, shop_id)
        result = await post_order(here, db, shop, given)
        return _shown(here, result.order, result.shipments, shop.locale, 201 if result.created else 200)

    return await write.once(effect, shop_id)


@router.get("/v1/orders/{reference:path}", response_model=OrderOut)
async def read(reference: str, caller: Reader, reach: Shops, here: Here) -> Response:
    """One order with its parcels. Encode what an address cannot hold: `#1001` is `%231001`."""
    async with here.database.reading() as db:
        order = await orders.get(db, caller.company_id, list(reach), reference)
        parcels = await store.of_order(db, caller.company_id, order.id)
        locale = (await shops.get(db, caller.company_id, order.shop_id)).locale
    return _shown(here, order, parcels, locale)


def _shown(here: Installation, order: Order, parcels: list[Shipment], locale: str, status: int = 200) -> Response:
    summaries = [here.silences.marked(answer.summary(each, tracking_page(here, each), locale)) for each in parcels]
    fields = {name: getattr(order, name) for name in OrderOut.model_fields if name != "shipments"}
    return told({**fields, "shipments": summaries}, status)
