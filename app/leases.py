"""Leases: a row that one worker at a time works on, for as long as that worker lives.

A claim sets `lease_until` and raises `lease_number`; while the work runs the lease is renewed; whoever writes back
checks the number. A worker that was taken for dead finds another number there, and writes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Table, and_, or_, select, tuple_, update

from app.database import Database, Session
from app.errors import Unavailable

LEASE = timedelta(seconds=30)
RENEWALS = 3
"""A lease is renewed whenever this part of it has passed."""

log = structlog.get_logger()


class Leased(Protocol):
    """A claimed row, with the number that its claim gave it."""

    @property
    def company_id(self) -> UUID:
        """The tenant."""

    @property
    def id(self) -> UUID:
        """The row."""

    @property
    def lease_number(self) -> int:
        """The claim."""


def free(table: Table, now: datetime) -> ColumnElement[bool]:
    """Rows that nobody works on, or only somebody who has not been heard of."""
    return or_(table.c.lease_until.is_(None), table.c.lease_until <= now)


def claimed(table: Table, now: datetime, lease: timedelta = LEASE) -> dict[str, Any]:
    """What a claim writes into a row that is locked and free."""
    return {"lease_until": now + lease, "lease_number": table.c.lease_number + 1}


def held(table: Table, rows: Sequence[Leased]) -> ColumnElement[bool]:
    """Those of the claimed rows, all of one company, that no other worker has claimed since."""
    return and_(
        table.c.company_id == rows[0].company_id,
        tuple_(table.c.id, table.c.lease_number).in_([(row.id, row.lease_number) for row in rows]),
    )


async def release(db: Session, table: Table, rows: Sequence[Leased], **values: Any) -> None:
    """Give claimed rows back, with these values, as far as they are still ours."""
    if not rows:
        return
    # Locked in the one order that everybody locks rows in, so that nobody waits in a circle.
    ours = await db.all(select(table.c.id).where(held(table, rows)).order_by(table.c.id).with_for_update())
    await db.run(
        update(table)
        .where(table.c.company_id == rows[0].company_id, table.c.id.in_([row.id for row in ours]))
        .values(lease_until=None, **values)
    )


@asynccontextmanager
async def renewed(
    database: Database, table: Table, rows: Sequence[Leased], lease: timedelta = LEASE
) -> AsyncIterator[None]:
    """Keep the leases alive while the block runs; that one was lost shows when the block writes back."""
    task = asyncio.create_task(_renew(database, table, rows, lease))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _renew(database: Database, table: Table, rows: Sequence[Leased], lease: timedelta) -> None:
    while True:
        await asyncio.sleep(lease.total_seconds() / RENEWALS)
        # A row that is locked is being written back, and one without lease has been.
        ours = select(table.c.id).where(held(table, rows), table.c.lease_until.is_not(None))
        try:
            async with database.transaction() as db:
                ids = [row.id for row in await db.all(ours.with_for_update(skip_locked=True))]
                mine = table.c.company_id == rows[0].company_id, table.c.id.in_(ids)
                await db.run(update(table).where(*mine).values(lease_until=db.now + lease))
        except Unavailable:
            log.warning("leases not renewed: the database is away", table=table.name, rows=len(rows))
