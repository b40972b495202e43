"""The sandbox pushing: half of its numbers are told of by real HTTP with a signature, besides being polled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import structlog
from httpx import AsyncClient, HTTPError
from sqlalchemy import Row, func, select

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
        self._looked = installation.database.now()

    async def tick(self) -> int:
        """Push what is due; how many."""
        now = self._installation.database.now()
        async with self._installation.database.reading() as db:
            due = [each for account in await _accounts(db) for each in await self._of_account(db, account, now)]
        self._looked = now
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
        url = hook_url(installation.sealer, account, installation.settings.public_url)
        began = func.coalesce(shipments.c.shipped_at, shipments.c.created_at)
        rows = await db.all(
            select(shipments.c.tracking_number, shipments.c.shipped_at, shipments.c.created_at).where(
                shipments.c.company_id == account.company_id,
                shipments.c.account_id == account.id,
                shipments.c.tracking_number.is_not(None),
                began > self._looked - LONGEST / credentials.speed,
            )
        )
        return [_Due(url, push) for row in rows for push in self._of_number(row, credentials.speed, now, secrets[0])]

    def _of_number(self, row: Row[Any], speed: float, now: datetime, secret: str) -> Iterator[Push]:
        number, start = row.tracking_number, row.shipped_at or row.created_at
        if crc32(number.encode()) % 2:
            return
        newest = sandbox_push(number, start, speed, now, secret)
        before = sandbox_push(number, start, speed, self._looked, secret)
        if newest and (before is None or before.headers["sandbox-id"] != newest.headers["sandbox-id"]):
            yield newest


async def _accounts(db: Session) -> list[CarrierAccount]:
    query = select(carrier_accounts).where(
        carrier_accounts.c.carrier == Sandbox.slug, carrier_accounts.c.removed_at.is_(None)
    )
    return [CarrierAccount(**row._mapping) for row in await db.all(query)]
