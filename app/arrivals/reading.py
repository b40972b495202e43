"""Raw bodies for a person to see: whose they are decides who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select

from app.arrivals.keeping import ArrivalState, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NotFound
from app.shipments.tables import shipments


@dataclass(frozen=True, slots=True)
class Reach:
    """What a caller may see: these shops' arrivals, and with `unowned` those that belong to no shipment (yet)."""

    company_id: UUID
    shop_ids: Sequence[UUID]
    unowned: bool


@dataclass(frozen=True, slots=True)
class Raw:
    """An arrival and its body; none once it is forgotten, or if it also tells of other shops' parcels."""

    row: Row[Any]
    body: bytes | None
    withheld: bool


async def get(db: Session, reach: Reach, arrival_id: UUID) -> Raw:
    """One arrival; NotFound for another's as for a missing one."""
    row = await db.first(_mine(reach).where(arrivals.c.id == arrival_id))
    if row is None:
        raise NotFound(f"No arrival {arrival_id}.")
    if await _shared(db, reach, row.body_hash):
        return Raw(row, None, withheld=True)
    return Raw(row, await read_body(db, reach.company_id, row.body_hash), withheld=False)


async def listed(
    db: Session, reach: Reach, state: ArrivalState | None, limit: int, before: UUID | None = None
) -> Sequence[Row[Any]]:
    """Arrivals in that state, newest first, older than `before` if given."""
    query = _mine(reach)
    if state is not None:
        query = query.where(arrivals.c.state == state.value)
    if before is not None:
        query = query.where(arrivals.c.id < before)
    return await db.all(query.order_by(arrivals.c.id.desc()).limit(limit))


def _mine(reach: Reach) -> Select[Any]:
    whose = shipments.c.shop_id.in_(reach.shop_ids)
    return (
        select(arrivals)
        .select_from(arrivals.outerjoin(shipments, _of_shipment()))
        .where(
            arrivals.c.company_id == reach.company_id,
            or_(whose, arrivals.c.shipment_id.is_(None)) if reach.unowned else whose,
        )
    )


async def _shared(db: Session, reach: Reach, digest: str) -> bool:
    """Whether the body also tells of parcels of shops beyond reach."""
    others = (
        select(arrivals.c.id)
        .join(shipments, _of_shipment())
        .where(
            arrivals.c.company_id == reach.company_id,
            arrivals.c.body_hash == digest,
            shipments.c.shop_id.not_in(reach.shop_ids),
        )
    )
    return await db.value(others.limit(1)) is not None


def _of_shipment() -> Any:
    return and_(shipments.c.company_id == arrivals.c.company_id, shipments.c.id == arrivals.c.shipment_id)
