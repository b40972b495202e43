"""What a posted shipment points at must be there: its account, and the shipment that it belongs to."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from app import accounts
from app.database import Session
from app.errors import FieldError, InvalidInput
from app.shipments.posting import ChangedShipment, PostedShipment
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.shops import Shop
from carriers.vocabulary import Direction


async def check_links(
    db: Session, shop: Shop, posted: ChangedShipment, carrier: str, before: Shipment | None = None
) -> None:
    """InvalidInput if the account is not one of this carrier's, or the parent is none; the parent is marked as one."""
    if posted.account_id is not None:
        mine = await db.beforehand.once(accounts.of_company, db, shop.company_id, carrier)
        if posted.account_id not in [account.id for account in mine]:
            raise _wrong(
                "account_id", f"no account {posted.account_id} of carrier {carrier}; GET /v1/accounts lists them"
            )
    if posted.parent_id is not None and (before is None or posted.parent_id != before.parent_id):
        await _check_parent(db, shop, posted, posted.parent_id, before)


async def _check_parent(
    db: Session, shop: Shop, posted: ChangedShipment, parent_id: UUID, before: Shipment | None
) -> None:
    name, direction = "parent_id", before.direction if before else Direction.OUTBOUND
    if isinstance(posted, PostedShipment):
        name, direction = "return_of" if posted.return_of else name, posted.direction
    parent = await _parent(db, shop, parent_id)
    if parent is None:
        raise _wrong(name, f"no shipment {parent_id} in this shop")
    if before is not None and before.id in (parent.id, parent.parent_id):
        raise _wrong(name, "a shipment does not belong to itself, nor to one that belongs to it")
    if direction is Direction.RETURN and parent.direction is Direction.RETURN:
        raise _wrong(name, f"{parent_id} is a return itself: name the outbound shipment that comes back")
    if not parent.linked:
        this = shipments.c.company_id == shop.company_id, shipments.c.id == parent_id
        await db.run(update(shipments).where(*this).values(linked=True, revision=shipments.c.revision + 1))


async def _parent(db: Session, shop: Shop, parent_id: UUID) -> Row[Any] | None:
    columns = shipments.c.id, shipments.c.parent_id, shipments.c.direction, shipments.c.linked
    return await db.first(
        select(*columns).where(
            shipments.c.company_id == shop.company_id, shipments.c.shop_id == shop.id, shipments.c.id == parent_id
        )
    )


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}", [FieldError(field, message)])
