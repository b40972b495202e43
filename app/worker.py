"""The worker: a schedule of ticks, and nothing else. What there is to do stands in the database.

Every tick claims until nothing is left. What goes wrong is logged; the next tick tries again, also after the database
was away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.carrier_calls import write_down
from app.engines import COUNTED_FOR
from app.erasures.working import erase_due
from app.errors import Unavailable
from app.installation import Installation
from app.intake.mending import mend_due
from app.intake.retrying import retry_failed
from app.intake.shadowing import shadow
from app.intake.timed import settle_due
from app.outbox.sending import Sender
from app.polling.adopting import Adopter
from app.polling.enlisting import Enlister
from app.polling.poller import Poller
from app.polling.sandbox_pushes import SandboxPushes
from app.polling.subscribing import Subscriber
from app.retention import forget_old

STOP_SECONDS = 19.0
"""After this, what has neither finished nor been given back is cut off."""

SECONDS = {
    "poll": 1.0,
    "send": 0.25,
    "endpoints": 60.0,
    "timed": 1.0,
    "failed": 5.0,
    "accounts": 5.0,
    "sandbox": 1.0,
    "calls": 5.0,
    "subscribe": 5.0,
    "enlist": 5.0,
    "clocks": 60.0,
    "count": COUNTED_FOR,
    "forget": 3600.0,
    "erase": 5.0,
    "mend": 2.0,
    "shadow": 10.0,
}
"""How often each job ticks, by its id."""

SOON_SECONDS = 0.05
"""After messages were found, more are looked for so soon."""

log = structlog.get_logger()


class Worker:
    """The jobs of one process. Jobs of other processes on the same database do the same work, each piece once."""

    def __init__(self, installation: Installation) -> None:
        lease = timedelta(seconds=installation.settings.lease_seconds)
        self.poller = Poller(installation, lease=lease)
        self.sender = Sender(installation, lease=lease)
        self.sandbox = SandboxPushes(installation)
        self.subscriber = Subscriber(installation)
        enlister = Enlister(installation)
        self._stopping = asyncio.Event()
        self._ticks: set[asyncio.Task[None]] = set()
        self.jobs: dict[str, Callable[[], Awaitable[object]]] = {
            "poll": self.poller.tick,
            "send": self._send,
            "endpoints": lambda: self._until_none(self.sender.warn),
            "timed": lambda: self._until_none(lambda: settle_due(installation)),
            "failed": lambda: self._until_none(lambda: retry_failed(installation)),
            "accounts": Adopter(installation).tick,
            "sandbox": self.sandbox.tick,
            "subscribe": lambda: self._until_none(self.subscriber.tick),
            "enlist": lambda: self._until_none(enlister.tick),
            "calls": lambda: write_down(installation),
            "clocks": installation.database.compare_clocks,
            "count": installation.database.count,
            "forget": lambda: self._until_none(lambda: forget_old(installation)),
            "erase": lambda: self._until_none(lambda: erase_due(installation)),
            "mend": lambda: self._until_none(lambda: mend_due(installation)),
            "shadow": lambda: self._until_none(lambda: shadow(installation)),
        }
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        for name, seconds in SECONDS.items():
            self.scheduler.add_job(
                self.tick,
                "interval",
                args=(name,),
                seconds=seconds,
                id=name,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        # At once too, or a process that is started again within the hour would never forget, or count, anything.
        for name in ("forget", "count"):
            self.scheduler.modify_job(name, next_run_time=installation.database.now())

    async def tick(self, name: str) -> None:
        """Run a job once. It never raises: a schedule goes on."""
        if self._stopping.is_set():
            return
        task = asyncio.create_task(self._run(name))
        self._ticks.add(task)
        task.add_done_callback(self._ticks.discard)
        await asyncio.wait([task])

    def start(self) -> None:
        """Begin to tick."""
        # That a tick is still at work when the next is due is how it should be.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self.scheduler.start()

    async def stop(self) -> None:
        """Claim nothing more; let what is under way finish or give it back, within 20 s."""
        self._stopping.set()
        self.scheduler.pause()
        closing = {asyncio.create_task(each.close()) for each in (self.poller, self.sender)}
        _, late = await asyncio.wait(closing | self._ticks, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self.sandbox.close()
        await self.subscriber.close()
        await self._run("calls")
        self.scheduler.shutdown(wait=False)

    async def _run(self, name: str) -> None:
        try:
            await self.jobs[name]()
        except Unavailable as error:
            log.warning("the database is away", job=name, error=str(error))
        except Exception:
            log.exception("a job failed", job=name)

    async def _send(self) -> None:
        """News comes in company: where something was due, the next look follows sooner."""
        while await self._until_none(self.sender.send_due):  # noqa: ASYNC110 - what comes, comes from elsewhere
            await asyncio.sleep(SOON_SECONDS)

    async def _until_none(self, work: Callable[[], Awaitable[int]]) -> int:
        """Work until there is none left; how much there was."""
        done = 0
        while not self._stopping.is_set() and (number := await work()):
            done += number
        return done


@asynccontextmanager
async def working(installation: Installation) -> AsyncIterator[Worker]:
    """A worker at work for as long as the block lasts."""
    worker = Worker(installation)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()
