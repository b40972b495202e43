"""The digest of a run of imports: one notice to the shop that says where everything is that the run has brought.

A run is known by an id that its batches share. Its digest is put with its first batch and leaves once the run has
ended, or has brought nothing for a while: so a run that was cut off has its digest as well, and one that is repeated
under the same id has no second one. What it says is read when it leaves, after the carriers have been asked.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from app.database import Session
from app.installation import Installation
from app.outbox.leasing import Claimed
from app.outbox.notices import Notice, row_of
from app.outbox.tables import imported, messages
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.shops import Shop
from carriers import carriers
from carriers.vocabulary import Status

IDLE = timedelta(minutes=10)
"""A run that has brought nothing for so long has ended."""

PATIENCE = timedelta(hours=2)
"""How long after its beginning a digest waits for what the carriers have not yet been asked about."""

WAIT = timedelta(minutes=1)
LISTED = 50


async def note(db: Session, shop: Shop, run_id: UUID, shipment_ids: Iterable[UUID]) -> None:
    """A batch of the run has brought these shipments; the digest waits for the next one."""
    rows = [
        {"company_id": shop.company_id, "run_id": run_id, "shipment_id": each, "created_at": db.now}
        for each in dict.fromkeys(shipment_ids)
    ]
    if rows:
        await db.run(db.insert(imported).on_conflict_do_nothing(), rows)
    await _put(db, shop, run_id, IDLE)


async def end(db: Session, shop: Shop, run_id: UUID, failed: int) -> None:
    """The run has ended, with so many rows refused: its digest leaves."""
    await _put(db, shop, run_id, timedelta(), failed)


async def _put(db: Session, shop: Shop, run_id: UUID, wait: timedelta, failed: int = 0) -> None:
    row = row_of(db, shop, Notice("import_digest", run_id, "run", {"failed": failed}))
    if row["due_at"]:
        row["due_at"] += wait
    insert = db.insert(messages).values(row)
    await db.run(
        insert.on_conflict_do_update(
            index_elements=["company_id", "shipment_id", "target", "cause"],
            set_={"due_at": insert.excluded.due_at, "payload": insert.excluded.payload},
            where=and_(messages.c.state == "due", messages.c.attempts == 0),
        )
    )


async def contents(here: Installation, db: Session, row: Claimed) -> dict[str, Any] | None:
    """What the digest says now; none while carriers have still to be asked for the first time."""
    run = and_(imported.c.company_id == row.company_id, imported.c.run_id == row.shipment_id)
    mine = shipments.join(
        imported, and_(imported.c.company_id == shipments.c.company_id, imported.c.shipment_id == shipments.c.id)
    )
    unasked = and_(
        shipments.c.status == Status.PENDING,
        shipments.c.next_poll_at.is_not(None),
        shipments.c.last_polled_at.is_(None),
    )
    counted = await db.all(
        select(shipments.c.status, func.count().label("number"), func.count().filter(unasked).label("unasked"))
        .select_from(mine)
        .where(run)
        .group_by(shipments.c.status)
    )
    if any(each.unasked for each in counted) and db.now - row.created_at < PATIENCE:
        return None
    counts = {each.status: each.number for each in counted}
    first = await db.all(
        select(shipments)
        .select_from(mine)
        .where(run)
        .order_by(shipments.c.problem.desc(), shipments.c.id)
        .limit(LISTED)
    )
    return {
        "counts": [(status.value, counts[status]) for status in Status if status in counts],
        "listed": [_listed(here, Shipment.of(each)) for each in first],
    }


def _listed(here: Installation, shipment: Shipment) -> dict[str, Any]:
    token = here.sealer.known_token("page", shipment.id, shipment.page_generation, shipment.page_hash)
    return {
        "carrier_name": carriers()[shipment.carrier].name,
        "number": shipment.number,
        "status": shipment.status,
        "sub_status": shipment.sub_status,
        "direction": shipment.direction,
        "order_reference": shipment.order_reference or "",
        "page": f"{here.settings.pages}/t/{token}",
    }
