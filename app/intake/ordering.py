"""Taking an order from a shop: with its recipient and its parcels, in one call or as they come."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field, field_validator, model_validator

from app import orders
from app.database import Session
from app.installation import Installation
from app.intake.beginning import begin_with_order
from app.intake.foreseeing import foresee
from app.intake.posting import change, post
from app.intake.refusing import refuse_order
from app.orders import Order
from app.shipments import store
from app.shipments.columns import order_columns, recipient_columns
from app.shipments.posting import Buyer, ChangedShipment, PostedOrder, PostedShipment, Recipient
from app.shipments.shipment import Shipment
from app.shipments.written import Day
from app.shops import Shop

PARCELS = 100
SHARED = ("recipient", "buyer", "promised_on")
"""What parcels have from their order, unless they say otherwise."""


class PostedWholeOrder(PostedOrder):
    """An order with what its parcels share, and its parcels; they name no `order` of their own."""

    recipient: Recipient | None = None
    buyer: Buyer | None = None
    promised_on: Day | None = None
    shipments: list[PostedShipment] = Field([], max_length=PARCELS)

    @field_validator("shipments")
    @classmethod
    def _of_this_order(cls, value: list[PostedShipment]) -> list[PostedShipment]:
        if any(each.order is not None for each in value):
            raise ValueError("leave `order` out of the shipments: they belong to this one")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [
            (each.carrier, each.tracking_number or each.sender_reference, each.direction) for each in self.shipments
        ]
        if len(set(names)) < len(names):
            raise ValueError("shipments: the same parcel is there twice")
        return self


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The order as it is now, whether it is new, and all its shipments."""

    order: Order
    created: bool
    shipments: list[Shipment]


async def post_order(installation: Installation, db: Session, shop: Shop, posted: PostedWholeOrder) -> OrderResult:
    """Make the order or bring it up to date, then its parcels; earlier ones get what they lack of what is shared."""
    await refuse_order(installation, db, shop, posted)
    values = _columns(posted)
    await foresee(installation, db, shop, posted.shipments)
    order, created = await orders.put(db, shop, posted.reference, values)
    shared = {name: getattr(posted, name) for name in SHARED if getattr(posted, name) is not None}
    for parcel in posted.shipments:
        lacking = {name: value for name, value in shared.items() if name not in parcel.model_fields_set}
        named = {"order": PostedOrder(reference=posted.reference)}
        await post(installation, db, shop, parcel.model_copy(update=lacking | named))
    for before in await store.of_order(db, shop.company_id, order.id, lock=True):
        lacking = {name: value for name, value in shared.items() if getattr(before, name) is None}
        after = await change(installation, db, shop, before, ChangedShipment(**lacking)) if lacking else before
        await begin_with_order(db, after, order)
    if posted.shipments:  # a parcel with a recipient of its own has written it to the order
        order, _ = await orders.put(db, shop, posted.reference, values)
    return OrderResult(order, created, await store.of_order(db, shop.company_id, order.id))


def _columns(posted: PostedWholeOrder) -> dict[str, object]:
    given = posted.model_fields_set
    plain = PostedOrder.model_validate(posted.model_dump(include=set(PostedOrder.model_fields) & given))
    values: dict[str, object] = dict(order_columns(plain))
    if "recipient" in given:
        columns = recipient_columns(posted.recipient)
        values |= {name: columns[name] for name in ("recipient", "recipient_email")}
    if "buyer" in given:
        values["buyer"] = None if posted.buyer is None else posted.buyer.model_dump(mode="json", exclude_none=True)
    if "promised_on" in given:
        values["promised_on"] = posted.promised_on
    return values
