"""Finding shipments: one by its id, by its page, locked for a change."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.database import Session
from app.errors import NotFound
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments


async def get(db: Session, company_id: UUID, shop_ids: Sequence[UUID], id_: UUID, *, lock: bool = False) -> Shipment:
    """One shipment of these shops; NotFound for another's as for a missing one."""
    query = select(shipments).where(
        shipments.c.company_id == company_id, shipments.c.id == id_, shipments.c.shop_id.in_(shop_ids)
    )
    row = await db.first(query.with_for_update() if lock else query)
    if row is None:
        raise missing(id_)
    return Shipment.of(row)


def missing(id_: UUID) -> NotFound:
    """Said of another's shipment as of one that is not there."""
    return NotFound(f"No shipment {id_}.")


async def others_use(db: Session, company_id: UUID, account_id: UUID, shop_id: UUID) -> bool:
    """Whether shipments of the company's other shops go by this contract."""
    theirs = select(shipments.c.id).where(
        shipments.c.company_id == company_id, shipments.c.account_id == account_id, shipments.c.shop_id != shop_id
    )
    return await db.value(theirs.limit(1)) is not None


async def others_ship(db: Session, company_id: UUID, carrier: str, shop_id: UUID) -> bool:
    """Whether the company's other shops have shipments of this carrier."""
    theirs = select(shipments.c.id).where(
        shipments.c.company_id == company_id, shipments.c.carrier == carrier, shipments.c.shop_id != shop_id
    )
    return await db.value(theirs.limit(1)) is not None


async def by_page(db: Session, page_hash: str) -> Shipment | None:
    """The shipment whose tracking page has this token's hash."""
    row = await db.first(select(shipments).where(shipments.c.page_hash == page_hash))
    return None if row is None else Shipment.of(row)


async def of_order(db: Session, company_id: UUID, order_id: UUID, *, lock: bool = False) -> list[Shipment]:
    """The shipments that carry an order, oldest first."""
    query = (
        select(shipments)
        .where(shipments.c.company_id == company_id, shipments.c.order_id == order_id)
        .order_by(shipments.c.id)
    )
    rows = await db.all(query.with_for_update() if lock else query)
    return [Shipment.of(row) for row in rows]
