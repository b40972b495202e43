"""Deleting what is old, a lot at a time."""

from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from app.database import Session

BATCH = 500


async def purge(db: Session, table: Table, at: ColumnElement[datetime], before: datetime) -> int:
    """Delete the oldest rows from before then that nobody else has locked, a lot at most; how many."""
    identity = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(at < before).order_by(at).limit(BATCH)
    rows = await db.all(some.with_for_update(skip_locked=True))
    return await db.run(delete(table).where(identity.in_([tuple(row) for row in rows]))) if rows else 0
