"""Forgetting what is short-lived: pushes that nobody claimed, bodies nobody could read, ids of pushes, answers."""

from datetime import timedelta

from sqlalchemy import delete, exists, select, tuple_

from app import failpoints, idempotency
from app.arrivals.keeping import ArrivalState
from app.arrivals.tables import arrivals, bodies, pushes
from app.database import Session
from app.idempotency import idempotency_keys
from app.installation import Installation
from app.intake.waiting import UNCLAIMED_FOR
from app.purging import purge

PUSHES_FOR = timedelta(days=30)
BATCH = 1000


async def forget_old(installation: Installation) -> int:
    """Forget a bounded lot of it; how many rows. Call it again until there is none."""
    async with installation.database.transaction(patient=True) as db:
        forgotten = (
            await _unclaimed(db)
            + await purge(db, pushes, pushes.c.received_at, db.now - PUSHES_FOR)
            + await purge(db, idempotency_keys, idempotency_keys.c.created_at, db.now - idempotency.KEPT)
        )
        failpoints.reach(failpoints.FORGOTTEN)
        return forgotten


async def _unclaimed(db: Session) -> int:
    """Unclaimed and unreadable arrivals, with the bodies that no other arrival needs."""
    rows = await db.all(
        select(arrivals.c.company_id, arrivals.c.id, arrivals.c.body_hash)
        .where(arrivals.c.state != ArrivalState.TAKEN.value, arrivals.c.received_at < db.now - UNCLAIMED_FOR)
        .order_by(arrivals.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    if not rows:
        return 0
    identity = tuple_(arrivals.c.company_id, arrivals.c.id)
    await db.run(delete(arrivals).where(identity.in_([(row.company_id, row.id) for row in rows])))
    needed = exists().where(arrivals.c.company_id == bodies.c.company_id, arrivals.c.body_hash == bodies.c.hash)
    theirs = tuple_(bodies.c.company_id, bodies.c.hash).in_([(row.company_id, row.body_hash) for row in rows])
    await db.run(delete(bodies).where(theirs, ~needed))
    return len(rows)
