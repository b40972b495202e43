"""Orders, as a shop posts them: a reference, its items, and the shipments that carry them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Index, Table, Text, UniqueConstraint, select, text, update

from app.database import Id, Instant, Json, Session, metadata, new_id
from app.errors import NotFound
from app.shops import Shop

orders = Table(
    "orders",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    Column("reference", Text, nullable=False),
    Column("platform", Text, nullable=False, server_default=""),
    Column("placed_at", Instant),
    Column("promised_on", Date),
    Column("total", Json),
    Column("items", Json, nullable=False),
    Column("recipient", Json),
    Column("recipient_email", Text),
    Column("buyer", Json),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("company_id", "shop_id", "reference"),
    Index("ix_orders_reference", "company_id", "reference"),
    Index("ix_orders_email", "company_id", "recipient_email"),
    Index(
        "ix_orders_known",
        "company_id",
        "shop_id",
        "updated_at",
        postgresql_where=text("recipient IS NOT NULL OR buyer IS NOT NULL"),
        sqlite_where=text("recipient IS NOT NULL OR buyer IS NOT NULL"),
    ),
)


@dataclass(frozen=True, slots=True)
class Order:
    """An order: fields are the columns of `orders`."""

    company_id: UUID
    id: UUID
    shop_id: UUID
    reference: str
    platform: str
    placed_at: datetime | None
    promised_on: date | None
    total: dict[str, Any] | None
    items: list[dict[str, Any]]
    recipient: dict[str, Any] | None
    recipient_email: str | None
    buyer: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


async def put(db: Session, shop: Shop, reference: str, values: dict[str, Any]) -> tuple[Order, bool]:
    """The shop's order of that reference with these columns, and whether it is new; others stay as they are."""
    mine = orders.c.company_id == shop.company_id, orders.c.shop_id == shop.id, orders.c.reference == reference
    changed = await db.run(update(orders).where(*mine).values(**values, updated_at=db.now))
    if not changed:
        insert = db.insert(orders).values(
            company_id=shop.company_id,
            id=new_id(),
            shop_id=shop.id,
            reference=reference,
            **{"items": [], **values},
            created_at=db.now,
            updated_at=db.now,
        )
        # Another process may have made it meanwhile: then ours is a change.
        await db.run(
            insert.on_conflict_do_update(
                index_elements=["company_id", "shop_id", "reference"], set_={**values, "updated_at": db.now}
            )
        )
    row = await db.first(select(orders).where(*mine))
    if row is None:
        raise NotFound(f"No order {reference!r}.")
    return Order(**row._mapping), not changed


async def get(db: Session, company_id: UUID, shop_ids: list[UUID], reference: str) -> Order:
    """The order of a reference in one of these shops; NotFound otherwise."""
    row = await db.first(
        select(orders)
        .where(orders.c.company_id == company_id, orders.c.shop_id.in_(shop_ids), orders.c.reference == reference)
        .order_by(orders.c.id)
    )
    if row is None:
        raise NotFound(f"No order {reference!r}.")
    return Order(**row._mapping)


async def by_id(db: Session, company_id: UUID, order_id: UUID) -> Order | None:
    """One order; none if it is gone."""
    row = await db.first(select(orders).where(orders.c.company_id == company_id, orders.c.id == order_id))
    return None if row is None else Order(**row._mapping)
