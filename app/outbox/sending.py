"""Sending what is due: claimed in a transaction, sent outside of it, recorded in another."""

import asyncio
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, select

from app import failpoints
from app.channels.base import Channel, Outcome, Outgoing
from app.channels.email import EmailChannel
from app.channels.webhook import WebhookChannel
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.outbound import guarded_client
from app.outbox import endpoints
from app.outbox.claiming import LEASE, claim
from app.outbox.outcomes import record, release, set_aside
from app.outbox.preparing import Aside, letter
from app.outbox.reasons import NotDelivered
from app.outbox.tables import endpoints as endpoints_table

IN_FLIGHT = 64
STOP_SECONDS = 17.0

log = structlog.get_logger()


class Sender:
    """Sends due messages of every shop; one for each process that works."""

    def __init__(self, installation: Installation, *, lease: timedelta = LEASE) -> None:
        self._installation, self._lease = installation, lease
        settings = installation.settings
        self._http = guarded_client(settings.outbound_allow)
        self._webhooks: Channel = WebhookChannel(self._http, now=lambda: installation.database.now().timestamp())
        smtp = settings.smtp_url
        self._mail: Channel | None = EmailChannel(smtp.get_secret_value()) if smtp else None
        self._busy: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._stopping = False

    async def send_due(self) -> int:
        """Claim what is due and begin to send it; the number claimed. A slow receiver holds up nobody else."""
        async with self._claiming:
            room = IN_FLIGHT - len(self._tasks)
            if self._stopping or room <= 0:
                return 0
            async with self._installation.database.transaction() as db:
                rows = await claim(db, room, self._busy, self._lease)
            if rows:
                failpoints.reach(failpoints.MESSAGES_CLAIMED)
            for row in rows:
                if row.endpoint_id is not None:
                    self._busy[row.endpoint_id] += 1
                task = asyncio.create_task(self._deliver(row))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return len(rows)

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Claim no more; let what is being sent finish, or give it back."""
        self._stopping = True
        async with self._claiming:  # what is being claimed just now is sent, too
            pass
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._http.aclose()

    async def _deliver(self, row: Row[Any]) -> None:
        database = self._installation.database
        try:
            async with database.reading() as db:
                outgoing = await self._prepared(db, row)
            if isinstance(outgoing, Aside):
                async with database.transaction() as db:
                    await set_aside(db, row, outgoing)
                return
            channel = self._channel(row)
            begun = time.monotonic()
            outcome: Outcome = await channel.send(outgoing)
            seconds = time.monotonic() - begun
            failpoints.reach(failpoints.MESSAGE_SENT)
            async with database.transaction() as db:
                if not await record(db, row, outcome, seconds):
                    log.warning("message taken over by another worker", message_id=str(row.id))
                db.committed.append(partial(self._count, row, outcome, seconds, db.now))
                failpoints.reach(failpoints.MESSAGE_MARKING)
            failpoints.reach(failpoints.MESSAGE_MARKED)
        except asyncio.CancelledError:
            if row.endpoint_id is not None:  # a letter may have been handed over: its lease says so when it runs out
                async with database.transaction() as db:
                    await release(db, row)
            raise
        except NoveError as error:
            # The lease runs out and the message is claimed again.
            log.warning("message not sent", message_id=str(row.id), error=str(error))
        finally:
            if row.endpoint_id is not None:
                self._busy[row.endpoint_id] -= 1
                if not self._busy[row.endpoint_id]:
                    del self._busy[row.endpoint_id]

    def _count(self, row: Row[Any], outcome: Outcome, seconds: float, now: datetime) -> None:
        metrics = self._installation.metrics
        metrics.sends.add(row.channel, outcome.state)
        metrics.send_seconds.add(row.channel, values=(seconds,))
        if outcome.state == "sent" and row.decided_at is not None:
            metrics.told_lag.add(row.channel, values=(max(0.0, (now - row.decided_at).total_seconds()),))

    def _channel(self, row: Row[Any]) -> Channel:
        if row.endpoint_id is not None:
            return self._webhooks
        assert self._mail is not None  # a letter is not prepared without
        return self._mail

    async def _prepared(self, db: Session, row: Row[Any]) -> Outgoing | Aside:
        if row.endpoint_id is None:
            return await letter(self._installation, db, row, mail=self._mail is not None)
        found = await db.first(
            select(endpoints_table).where(
                endpoints_table.c.company_id == row.company_id, endpoints_table.c.id == row.endpoint_id
            )
        )
        if found is None:
            return Aside("cancelled", NotDelivered.ENDPOINT_REMOVED)
        secrets = endpoints.secrets_of(self._installation.sealer, found, db.now)
        return Outgoing(row.id, found.url, row.payload, secrets, attempt=row.attempts + 1)
