"""Reading one shipment: with its order and its events, and with the tag that changes whenever the answer would."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from app import orders
from app.database import Session
from app.errors import NotFound
from app.orders import Order
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments, transitions
from app.shops import shops

Json = dict[str, Any]

_UNSEEN = frozenset({"lease_until", "lease_number"})
_SEEN = tuple(field.name for field in fields(Shipment) if field.name not in _UNSEEN)


@dataclass(frozen=True, slots=True)
class Found:
    """A shipment, the language of its shop, and when its order was last changed (none without order)."""

    shipment: Shipment
    locale: str
    order_updated_at: datetime | None

    def tag(self, locale: str, now: datetime) -> str:
        """The ETag of the answer at this time: over every column that shows, and over what time alone has moved.

        An event dated ahead falls due by time; then a worker folds anew, but a reader may come first.
        """
        shipment = self.shipment
        due = shipment.refold_at is not None and shipment.refold_at <= now
        seen = repr([getattr(shipment, name) for name in _SEEN])
        shown = "\x1f".join((seen, locale, str(self.order_updated_at), str(due)))
        return f'"{blake2b(shown.encode("utf-8", "replace"), digest_size=16).hexdigest()}"'


_FIND = (
    select(shipments, shops.c.locale.label("shop_locale"), orders.orders.c.updated_at.label("order_updated_at"))
    .select_from(
        shipments.join(
            shops, and_(shops.c.company_id == shipments.c.company_id, shops.c.id == shipments.c.shop_id)
        ).outerjoin(
            orders.orders,
            and_(orders.orders.c.company_id == shipments.c.company_id, orders.orders.c.id == shipments.c.order_id),
        )
    )
    .where(
        shipments.c.company_id == bindparam("company"),
        shipments.c.id == bindparam("id"),
        shipments.c.shop_id.in_(bindparam("shop_ids", expanding=True)),
    )
)
# Made once: to describe a statement of so many columns takes longer than to run it.


async def find(db: Session, company_id: UUID, shop_ids: Sequence[UUID], id_: UUID) -> Found:
    """One shipment of these shops; NotFound for another's as for a missing one."""
    row = await db.first(_FIND, {"company": company_id, "id": id_, "shop_ids": list(shop_ids)})
    if row is None:
        raise NotFound(f"No shipment {id_}.")
    return Found(Shipment.of(row), row.shop_locale, row.order_updated_at)


async def whole(db: Session, shipment: Shipment, tracking_page: str, locale: str) -> Json:
    """The shipment with its events, its explanation and its order."""
    events = await history.of(db, shipment)
    told = answer.whole(shipment, events, db.now, tracking_page, locale)
    if shipment.order_id is not None:
        order = await orders.by_id(db, shipment.company_id, shipment.order_id)
        told["order"] = order_part(order) if order else told["order"]
    return told


def order_part(order: Order) -> Json:
    """An order as its shipments show it."""
    return {
        "reference": order.reference,
        "placed_at": order.placed_at,
        "platform": order.platform,
        "total": order.total,
        "items": order.items,
    }


async def steps(db: Session, shipment: Shipment) -> list[Json]:
    """Every change of the shipment's status, oldest first."""
    rows = await db.all(
        select(transitions)
        .where(transitions.c.company_id == shipment.company_id, transitions.c.shipment_id == shipment.id)
        .order_by(transitions.c.version)
    )
    return [step(row) for row in rows]


def step(row: Any) -> Json:
    """A change of status as it is answered."""
    return {
        "id": row.id,
        "version": row.version,
        "from": {"status": row.from_status, "sub_status": row.from_sub_status},
        "to": {"status": row.status, "sub_status": row.sub_status},
        "event_key": row.event_key,
        "occurred_at": row.occurred_at,
        "created_at": row.created_at,
        "correction": row.correction,
        "imported": row.imported,
    }
