"""Looking which accounts are silent, disabled or short of calls, every few seconds, for as long as a process answers
questions about shipments.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, or_, select

from app.accounts import carrier_accounts
from app.errors import NoveError
from app.installation import Installation
from app.ration import ration_of
from app.silence import Known, Ration, Silence, StandIn
from app.standing_in import standing_in
from carriers import carriers

SILENT_AFTER = 3
"""Failures in a row: one or two are a moment's matter."""

LOOK_SECONDS = 5.0

log = structlog.get_logger()


async def look(installation: Installation) -> None:
    """Know the silent, disabled and rationed accounts as they are now."""
    account = carrier_accounts.c
    async with installation.database.reading() as db:
        concerned = or_(
            account.failures >= SILENT_AFTER, account.disabled_at.is_not(None), account.rationed_until > db.now
        )
        rows = await db.all(select(carrier_accounts).where(concerned, account.removed_at.is_(None)))
        disabled = any(row.disabled_at is not None for row in rows)
        instead = await standing_in(db, installation.sealer) if disabled else {}
    stand_ins: dict[UUID, dict[str, StandIn]] = {}
    for (account_id, slug), other in instead.items():
        stand_in = StandIn(other.id, other.carrier, carriers()[other.carrier].name)
        stand_ins.setdefault(account_id, {})[slug] = stand_in
    installation.silences.know(
        {
            row.id: Known(row.company_id, _silence(row), stand_ins.get(row.id, {}), _ration(row, db.now))
            for row in rows
            if row.carrier in carriers()
        }
    )


def _silence(row: Row[Any]) -> Silence | None:
    if row.disabled_at is None and row.failures < SILENT_AFTER:
        return None
    return Silence(row.last_success_at, row.disabled_at, row.disabled_reason or row.last_error)


def _ration(row: Row[Any], now: datetime) -> Ration | None:
    ration = ration_of(row, carriers()[row.carrier], now)
    until = row.rationed_until
    return Ration(ration.quota, until) if ration is not None and until is not None and until > now else None


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
