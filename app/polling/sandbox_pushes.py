"""The sandbox pushing: half of its numbers are told of by real HTTP with a signature, besides being polled."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import structlog
from httpx import AsyncClient, HTTPError
from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from app.accounts import CarrierAccount, carrier_accounts, hook_url, opened, secrets_of
from app.database import Session
from app.demo.journeys import JOURNEYS
from app.demo.stand_ins.base import Push
from app.demo.stand_ins.sandbox import LATEST, sandbox_push
from app.installation import Installation
from app.outbound import carrier_client
from app.shipments.tables import shipments
from carriers.sandbox import Sandbox, SandboxCredentials

LONGEST = timedelta(hours=LATEST + 1 + max(legs[-1].hours for legs in JOURNEYS.values()))
"""After this, divided by the account's speed, nothing happens to a sandbox parcel any more."""

STEPS = sorted({leg.hours for legs in JOURNEYS.values() for leg in legs})
"""Hours of a journey at which something happens on one or another."""

PATIENCE = timedelta(minutes=1)
"""How late a push may be, divided by the account's speed: no real carrier is quicker, and looking costs a query."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    """A push and where it goes."""

    url: str
    push: Push


class SandboxPushes:
    """Pushes the steps that fell due since it last looked; a step that several workers push is taken in once."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._http: AsyncClient = carrier_client()
        self._ticked = installation.database.now()
        self._looked: dict[UUID, datetime] = {}

    async def tick(self) -> int:
        """Push what is due; how many."""
        now, due = self._installation.database.now(), []
        async with self._installation.database.reading() as db:
            for account in await _accounts(db):
                with suppress(OverflowError):  # so slow that no step comes before the calendar's end
                    due += await self._of_account(db, account, now)
        self._ticked = now
        for each in due:
            try:
                answer = await self._http.post(each.url, content=each.push.body, headers=dict(each.push.headers))
            except HTTPError as error:  # a poll tells the step in its time
                log.warning("the sandbox could not push", error=type(error).__name__)
            else:
                if not answer.is_success:
                    log.warning("a push of the sandbox was refused", status=answer.status_code)
        return len(due)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def _of_account(self, db: Session, account: CarrierAccount, now: datetime) -> list[_Due]:
        installation = self._installation
        credentials = opened(installation.sealer, account).credentials
        assert isinstance(credentials, SandboxCredentials)
        secrets = secrets_of(installation.sealer, account)
        if not secrets:
            return []
        since, speed, secret = self._looked.setdefault(account.id, self._ticked), credentials.speed, secrets[0]
        if now - since < PATIENCE / speed:
            return []
        url = hook_url(installation.sealer, account, installation.settings.public_url)
        rows = await db.all(
            select(shipments.c.tracking_number, shipments.c.shipped_at, shipments.c.created_at).where(
                shipments.c.company_id == account.company_id,
                shipments.c.account_id == account.id,
                shipments.c.tracking_number.is_not(None),
                shipments.c.next_poll_at.is_not(None),  # those that are polled, too: they have an index
                _stepped(since, now, speed),
            )
        )
        self._looked[account.id] = now
        return [_Due(url, push) for row in rows for push in self._of_number(row, speed, since, now, secret)]

    def _of_number(self, row: Row[Any], speed: float, since: datetime, now: datetime, secret: str) -> Iterator[Push]:
        number, start = row.tracking_number, row.shipped_at or row.created_at
        if crc32(number.encode()) % 2:
            return
        newest = sandbox_push(number, start, speed, now, secret)
        before = sandbox_push(number, start, speed, since, secret)
        if newest and (before is None or before.headers["sandbox-id"] != newest.headers["sandbox-id"]):
            yield newest


def _stepped(since: datetime, now: datetime, speed: float) -> ColumnElement[bool]:
    """Whether a shipment's journey may have taken a step between the two times, or one may be told late."""
    began = func.coalesce(shipments.c.shipped_at, shipments.c.created_at)
    spans = [timedelta(hours=hours) / speed for hours in STEPS]
    late = shipments.c.tracking_number.startswith("SANDBOX-DISORDER-")
    return or_(
        *(and_(began > since - span, began <= now - span) for span in spans),
        and_(late, began > since - LONGEST / speed),
    )


async def _accounts(db: Session) -> list[CarrierAccount]:
    query = select(carrier_accounts).where(
        carrier_accounts.c.carrier == Sandbox.slug, carrier_accounts.c.removed_at.is_(None)
    )
    return [CarrierAccount(**row._mapping) for row in await db.all(query)]
