"""The poller of a process: it claims, and calls while other calls are still under way; it stops without loose ends."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from app import failpoints, leases
from app.errors import NoveError
from app.installation import Installation
from app.leases import LEASE
from app.outbound import carrier_client
from app.polling.asking import ask_about
from app.polling.calling import CALL_SECONDS
from app.polling.claiming import Batch, claim, due_accounts, due_elsewhere, give_back_calls
from app.polling.others import ask_others
from app.polling.resolving import find_number
from app.polling.taking import Answers
from app.shipments.tables import shipments
from app.standing_in import Place

CALLS = 64
PER_ACCOUNT = 16
"""Calls under way or booked, of the process and of one account: a slow carrier takes no more than its part."""
TOGETHER = 4
"""Calls that an account must have room for before it is claimed from: a claim costs the same for one and for many."""

LOOK_SECONDS = 1.0
"""How often it is looked which accounts have something due, while there is something to claim."""

STOP_SECONDS = 17.0

Account = tuple[UUID, UUID]
"""Company and id."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Line:
    """What this process has under way for an account; `shut` by a failure, for those whose turn has not come."""

    busy: int = 0
    shut: bool = False


class Poller:
    """Asks about what is due; one for each process that works."""

    def __init__(
        self, installation: Installation, *, lease: timedelta = LEASE, call_seconds: float = CALL_SECONDS
    ) -> None:
        self._installation, self._answers = installation, Answers(installation)
        self._http = carrier_client(seconds=call_seconds)
        self._lease, self._call_seconds = lease, call_seconds
        self._lines: defaultdict[UUID, _Line] = defaultdict(_Line)
        self._calls = asyncio.Semaphore(CALLS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._room, self._stop = asyncio.Event(), asyncio.Event()

    async def tick(self) -> int:
        """Claim until nothing is left that may be asked now; how many batches. Their calls go on by themselves."""
        total, due, looked = 0, dict[Account, Sequence[Place]](), float("-inf")
        while not self._stop.is_set():
            self._room.clear()
            if time.monotonic() - looked >= LOOK_SECONDS:
                due, looked = await self._due(), time.monotonic()
            claimed, full = await self._claim(due)
            total += claimed
            if not claimed and not full:
                break
            if not claimed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._room.wait(), 1)
        return total

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Claim no more; let calls under way finish within 17 s, give back what has not been asked about."""
        self._stop.set()
        self._room.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._http.aclose()

    async def _due(self) -> dict[Account, Sequence[Place]]:
        """The accounts to claim from, each with the disabled ones in whose place it asks."""
        async with self._installation.database.reading() as db:
            found: dict[Account, Sequence[Place]] = dict.fromkeys(await due_accounts(db), ())
            return found | dict(await due_elsewhere(db, self._installation.sealer))

    async def _claim(self, due: dict[Account, Sequence[Place]]) -> tuple[int, bool]:
        """How many batches were claimed, and whether some account has as many under way as it may have.

        Of the accounts `due`, those are dropped that have nothing to claim.
        """
        database, claimed, full = self._installation.database, 0, False
        hours = self._installation.settings.poll_hours
        for (company_id, account_id), also in list(due.items()):
            busy = self._lines[account_id].busy if account_id in self._lines else 0
            room = PER_ACCOUNT - busy
            if room < TOGETHER:
                full = True
                continue
            if self._stop.is_set():
                break
            async with database.transaction() as db:
                batches = await claim(db, company_id, account_id, room, self._lease, hours=hours, also=also)
            if batches:
                failpoints.reach(failpoints.POLLS_CLAIMED)
            else:
                del due[company_id, account_id]
            for batch in batches:
                line = self._lines[account_id]
                line.shut = False  # it may ask: the database says so
                line.busy += 1
                task = asyncio.create_task(self._work(batch, line))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            claimed += len(batches)
        return claimed, full

    async def _work(self, batch: Batch, line: _Line) -> None:
        named = {"shipment": str(batch.shipments[0].id)} if len(batch.shipments) == 1 else {}
        structlog.contextvars.bind_contextvars(account_id=str(batch.account.id), **named)
        try:
            async with leases.renewed(self._installation.database, shipments, batch.shipments, self._lease):
                await self._wait(batch)
                async with self._calls:
                    if self._stop.is_set() or line.shut:
                        await self._give_back(batch)
                    elif not await self._ask(batch):
                        line.shut = True
        except asyncio.CancelledError:
            await self._give_back(batch)
            raise
        except NoveError as error:  # the leases run out, and the shipments are claimed again
            log.warning("a poll was not written down", carrier=batch.account.carrier, error=str(error))
        except Exception:
            log.exception("a poll failed", carrier=batch.account.carrier)
        finally:
            await self._settle(batch)
            line.busy -= 1
            if line.busy <= PER_ACCOUNT - TOGETHER:
                self._room.set()
            if not line.busy:
                del self._lines[batch.account.id]

    async def _settle(self, batch: Batch) -> None:
        """Give back to the account's ration what was not sent."""
        if batch.spent > batch.requests.sent:
            with suppress(NoveError):  # then they count as spent
                async with self._installation.database.transaction() as db:
                    await give_back_calls(db, batch)

    async def _ask(self, batch: Batch) -> bool:
        if batch.shipments[0].tracking_number:
            goes_on = await ask_about(self._installation, self._http, batch, self._answers, self._call_seconds)
            if any(shipment.identity is not None for shipment in batch.shipments):
                await ask_others(self._installation, self._http, batch, self._call_seconds)
            return goes_on
        return await find_number(self._installation, self._http, batch, self._call_seconds)

    async def _wait(self, batch: Batch) -> None:
        """Until the call's time has come, or the stop."""
        wait = (batch.at - self._installation.database.now()).total_seconds()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait)

    async def _give_back(self, batch: Batch) -> None:
        async with self._installation.database.transaction() as db:
            await leases.release(db, shipments, batch.shipments)
