"""Sending what is due: claimed in a transaction, sent outside of it, recorded with what ended meanwhile in another."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from app import failpoints
from app.channels.base import Channel, Outcome, Outgoing
from app.channels.email import EmailChannel
from app.channels.webhook import WebhookChannel
from app.errors import NoveError
from app.gathering import Gatherer
from app.installation import Installation
from app.outbound import poster
from app.outbox import endpoints, health
from app.outbox.claiming import LEASE, Room, Target, claim_in
from app.outbox.lanes import Lanes
from app.outbox.leasing import Claimed
from app.outbox.outcomes import Done, record, release, set_aside
from app.outbox.preparing import Aside, letter

IN_FLIGHT = 64
"""Messages of a process that are sent and not yet recorded; as many could be sent twice if it were killed."""

HELD = 256
"""Messages that a process has claimed."""

GATHERED, GATHER_SECONDS = 16, 0.005
"""Fewer attempts than that wait so long for others that end meanwhile, to be recorded with them."""

STOP_SECONDS = 17.0

log = structlog.get_logger()


class Sender:
    """Sends due messages of every shop; one for each process that works."""

    def __init__(self, installation: Installation, *, lease: timedelta = LEASE) -> None:
        self._installation, self._lease = installation, lease
        settings = installation.settings
        self._http = poster(settings.outbound_allow)
        self._webhooks = WebhookChannel(self._http, now=lambda: installation.database.now().timestamp())
        smtp = settings.smtp_url
        self._mail: Channel | None = EmailChannel(smtp.get_secret_value()) if smtp else None
        self._secrets = endpoints.Secrets(installation.sealer)
        self._lanes = Lanes()
        self._under_way: set[UUID] = set()
        self._slots = IN_FLIGHT
        self._done: list[Done] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._asides = Gatherer(installation.database, set_aside)
        self._claiming = asyncio.Lock()
        self._recording = False
        self._enough = asyncio.Event()
        """Set once so many attempts have ended that they are recorded without waiting for others."""
        self._more = False
        self._away = False
        """Whether the database did not take the last outcomes: what were sent then could not be recorded either."""
        self._stopping = False

    async def send_due(self) -> int:
        """Claim what is due and begin to send it; the number claimed. A slow receiver holds up nobody else.

        What there was no room for is claimed as soon as there is.
        """
        async with self._claiming:
            await self._see_database()
            waiting = self._lanes.waiting
            free = max(0, self._slots - waiting)
            total = HELD - (IN_FLIGHT - self._slots) - waiting
            room = Room(total, free, self._lanes.held(), self._lanes.most(), self._under_way)
            if self._stopping or room.total <= 0:
                return 0
            claimed = await claim_in(self._installation.database, room, self._lease)
            self._more = claimed.more or bool(claimed.rows)  # once sent, they may let others go
            # Later than that an attempt could outlast the lease.
            until = time.monotonic() + self._lease.total_seconds() / 2
            if claimed.rows:
                failpoints.reach(failpoints.MESSAGES_CLAIMED)
            self._under_way.update(row.id for row in claimed.rows)
            for row in claimed.rows:
                if row.endpoint_id is None:
                    self._slots -= 1
                    self._begin(self._post_letter(row))
                else:
                    self._lanes.add(row, claimed.targets[row.endpoint_id], until)
            self._pump()
            return len(claimed.rows)

    async def _see_database(self) -> None:
        """Go on with what waits once the database answers again; Unavailable until then."""
        if self._away:
            async with self._installation.database.reading() as db:
                await db.value(select(1))
            self._away = False
            self._pump()

    async def warn(self) -> int:
        """Tell shops of endpoints that have failed for a day; how many."""
        async with self._installation.database.transaction() as db:
            return await health.warn(db)

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Claim no more; let what is being sent finish, or give it back."""
        self._stopping = True
        async with self._claiming:  # what is being claimed just now is sent, too
            pass
        await self._give_back(list(self._lanes.clear()))
        ends = time.monotonic() + STOP_SECONDS
        while self._tasks and time.monotonic() < ends:
            await asyncio.wait(self._tasks, timeout=ends - time.monotonic())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, context=Context())  # named in the log for itself alone
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pump(self) -> None:
        """Send what has its turn, as long as there are slots."""
        while self._slots > 0 and not self._away and (turn := self._lanes.next()):
            self._slots -= 1
            self._begin(self._post_webhook(*turn))

    async def _post_webhook(self, row: Claimed, target: Target, until: float) -> None:
        _name_in_log(row)
        begun = time.monotonic()
        outcome: Outcome | None = None
        try:
            if begun < until:
                secrets = self._secrets.of(target, self._installation.database.now())
                outcome = await self._webhooks.send(Outgoing(row.id, target.url, row.payload, secrets))
        finally:
            seconds = time.monotonic() - begun
            self._lanes.landed(target.id, sent=outcome is not None and outcome.state == "sent", seconds=seconds)
            if outcome is None:  # cut off, or too late to begin
                self._free(row)
                await self._give_back([row])
        if outcome is not None:
            self._ended(Done(row, outcome, seconds, target.well))
            if not self._stopping:
                self._pump()

    async def _post_letter(self, row: Claimed) -> None:
        """Cut off, it is not given back: it may have been handed over, which its lease says when it runs out."""
        _name_in_log(row)
        database, mail = self._installation.database, self._mail
        try:
            async with database.reading() as db:
                prepared = await letter(self._installation, db, row, mail=mail is not None)
            if isinstance(prepared, Aside):
                await self._asides.put((row, prepared))
                self._free(row)
                return
        except NoveError as error:  # the lease runs out
            log.warning("message not prepared", message_id=str(row.id), error=str(error))
            self._free(row)
            return
        assert mail is not None  # nothing is prepared without
        begun = time.monotonic()
        outcome = await mail.send(prepared)
        self._ended(Done(row, outcome, time.monotonic() - begun))

    def _ended(self, done: Done) -> None:
        """An attempt has ended; it is recorded together with those that end meanwhile."""
        failpoints.reach(failpoints.MESSAGE_SENT)
        self._done.append(done)
        if len(self._done) >= GATHERED or not self._others_under_way():
            self._enough.set()
        if not self._recording:
            self._recording = True
            self._begin(self._record())

    def _others_under_way(self) -> bool:
        """Whether attempts may end yet that could be recorded together with those that have."""
        return self._slots < IN_FLIGHT - len(self._done)

    async def _record(self) -> None:
        try:
            while self._done:
                if not self._enough.is_set() and not self._stopping:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._enough.wait(), GATHER_SECONDS)
                together, self._done = self._done, []
                self._enough.clear()
                try:
                    await self._write(together)
                finally:
                    for done in together:
                        self._free(done.row)
                if self._stopping:
                    continue
                self._pump()
                hungry = any(self._lanes.hungry(done.row.endpoint_id) for done in together)
                if self._more and hungry and not self._claiming.locked():
                    self._begin(self._refill())
        finally:
            self._recording = False

    async def _write(self, together: list[Done]) -> None:
        """Write the outcomes; if that fails, each by itself, so that none fails its neighbours."""
        database = self._installation.database
        try:
            async with database.transaction() as db:
                written = await record(db, together, self._installation.settings.drain_per_second)
                db.committed.append(partial(self._count, written, db.now))
                failpoints.reach(failpoints.MESSAGE_MARKING)
            failpoints.reach(failpoints.MESSAGE_MARKED)
        except NoveError as error:  # the leases run out, and the messages are claimed again
            self._away = True
            log.warning("messages not recorded", messages=len(together), error=str(error))
        except Exception:
            log.exception("messages not recorded", message_ids=[str(done.row.id) for done in together])
            if len(together) > 1:
                for done in together:
                    await self._write([done])
        else:
            if len(written) < len(together):
                log.warning("messages taken over by another worker", messages=len(together) - len(written))

    async def _refill(self) -> None:
        try:
            await self.send_due()
        except NoveError as error:  # the next tick tries again
            log.warning("no messages claimed", error=str(error))

    async def _give_back(self, rows: list[Claimed]) -> None:
        try:
            async with self._installation.database.transaction() as db:
                await release(db, rows)
        except NoveError as error:  # the leases run out
            log.warning("messages not given back", messages=len(rows), error=str(error))

    def _free(self, row: Claimed) -> None:
        self._slots += 1
        self._under_way.discard(row.id)
        if row.endpoint_id is not None:
            self._lanes.recorded(row.endpoint_id)

    def _count(self, written: list[Done], now: datetime) -> None:
        metrics = self._installation.metrics
        for done in written:
            metrics.sends.add(done.row.channel, done.outcome.state)
            metrics.send_seconds.add(done.row.channel, values=(done.seconds,))
            again = done.row.attempts_before > 0
            if done.outcome.state == "sent" and done.row.decided_at is not None and not again:
                lag = max(0.0, (now - done.row.decided_at).total_seconds())
                metrics.told_lag.add(done.row.channel, values=(lag,))


def _name_in_log(row: Claimed) -> None:
    """Let every line that this task writes say which message it is about."""
    structlog.contextvars.bind_contextvars(message_id=str(row.id), shipment=str(row.shipment_id))
