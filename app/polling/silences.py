"""Looking which accounts are silent, every few seconds, for as long as a process answers questions about shipments."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy import or_, select

from app.accounts import carrier_accounts
from app.errors import NoveError
from app.installation import Installation
from app.silence import Silence

SILENT_AFTER = 3
"""Failures in a row: one or two are a moment's matter."""

LOOK_SECONDS = 5.0

log = structlog.get_logger()


async def look(installation: Installation) -> None:
    """Know the silent accounts as they are now."""
    silent = or_(carrier_accounts.c.failures >= SILENT_AFTER, carrier_accounts.c.disabled_at.is_not(None))
    async with installation.database.reading() as db:
        rows = await db.all(select(carrier_accounts).where(silent, carrier_accounts.c.removed_at.is_(None)))
    installation.silences.know(
        {
            row.id: Silence(
                row.company_id,
                row.last_success_at,
                row.disabled_at is not None,
                row.disabled_reason or row.last_error,
            )
            for row in rows
        }
    )


@asynccontextmanager
async def watched(installation: Installation) -> AsyncIterator[None]:
    """The silent accounts are known for as long as the block lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(_watch(installation, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def _watch(installation: Installation, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        try:
            if not stop.is_set():
                await look(installation)
        except NoveError:
            log.debug("silent accounts are not looked for: the database is away")
        except Exception:
            log.exception("silent accounts could not be looked for")
