"""The worker ticks; what there is to do stands in the database, and no error stops the ticking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import structlog

from app.database import Database
from app.errors import Unavailable
from app.installation import Installation
from app.worker import SECONDS, Worker, working
from carriers.vocabulary import Status
from tests.polled import Polled

S = Status


@pytest.fixture
async def worker(desk: Polled) -> AsyncIterator[Worker]:
    """A worker that has not begun to tick by itself."""
    worker = Worker(desk.world.installation)
    worker.scheduler.start(paused=True)
    yield worker
    await worker.stop()


async def soon(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so, ten seconds at most."""
    async with asyncio.timeout(10):
        while not await is_so():  # noqa: ASYNC110  (what it waits for is a row)
            await asyncio.sleep(0.05)


async def test_every_job_ticks_under_a_fixed_name_and_none_is_skipped_or_doubled(worker: Worker) -> None:
    """What APScheduler's defaults would drop or multiply is set, for every job."""
    jobs = {job.id: job for job in worker.scheduler.get_jobs()}

    assert {name: job.trigger.interval for name, job in jobs.items()} == {
        "poll": timedelta(seconds=1),
        "send": timedelta(seconds=0.25),
        "endpoints": timedelta(seconds=60),
        "timed": timedelta(seconds=1),
        "failed": timedelta(seconds=5),
        "accounts": timedelta(seconds=5),
        "sandbox": timedelta(seconds=1),
        "calls": timedelta(seconds=5),
        "subscribe": timedelta(seconds=5),
        "enlist": timedelta(seconds=5),
        "clocks": timedelta(seconds=60),
        "count": timedelta(minutes=10),
        "forget": timedelta(hours=1),
        "erase": timedelta(seconds=5),
        "mend": timedelta(seconds=2),
        "shadow": timedelta(seconds=10),
    }
    assert {(job.coalesce, job.max_instances, job.misfire_grace_time) for job in jobs.values()} == {(True, 1, None)}
    assert set(worker.jobs) == set(SECONDS)


async def test_a_parcel_is_polled_and_its_messages_are_seen_to(desk: Polled) -> None:
    """From a row that is due to a settled shipment and a decided message, with nobody calling anything."""
    start = desk.world.now - timedelta(hours=31)
    shipment = await desk.ship(shipped_at=start.isoformat())

    async def done() -> bool:
        delivered = (await desk.world.look(shipment)).status is S.DELIVERED
        return delivered and all(state != "due" for _, state, _ in await desk.world.ledger(shipment))

    async with working(desk.world.installation):
        await soon(done)

    assert (await desk.world.look(shipment)).lease_until is None
    told = [row for row in await desk.world.ledger(shipment) if row[0] == "delivered"]
    assert told == [("delivered", "skipped", "no_mail_server")]


async def test_several_workers_poll_each_parcel_once(desk: Polled, database_kind: str, database_url: str) -> None:
    """On PostgreSQL two workers share the work; a batch is asked about by one of them."""
    parcels = [await desk.ship(f"SANDBOX-STALE-{number}") for number in range(45)]
    world = desk.world.installation
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(working(world))
        if database_kind == "postgresql":
            other = Database(database_url)
            stack.push_async_callback(other.close)
            await stack.enter_async_context(working(Installation(world.settings, other, world.sealer)))

        async def done() -> bool:
            return all([(await desk.world.look(each)).last_polled_at is not None for each in parcels])

        await soon(done)

    asked = [number for request in desk.sandbox.requests for number in request.split("number=")[1:]]
    assert len(asked) == len({number.partition("&")[0] for number in asked}) == 45
    assert {(await desk.world.look(each)).lease_number for each in parcels} == {1}


async def test_an_error_in_a_job_is_logged_and_the_next_tick_goes_on(worker: Worker) -> None:
    """A defect, or a database that is away: neither ends the schedule."""
    calls = []

    async def broken() -> None:
        calls.append("broken")
        raise Unavailable("The database is away.", 2) if len(calls) == 1 else KeyError("surprise")

    worker.jobs["poll"] = broken
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await worker.tick("poll")

    assert calls == ["broken"] * 3
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("the database is away", "warning"),
        ("a job failed", "error"),
        ("a job failed", "error"),
    ]


async def test_a_tick_claims_until_nothing_is_left(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three claims and an empty one; then it looks again soon, since news comes in company."""
    left = [64, 64, 3, 0, 1, 0, 0, 7]

    async def send_due() -> int:
        return left.pop(0)

    monkeypatch.setattr(worker.sender, "send_due", send_due)
    await worker.tick("send")

    assert left == [7]


async def test_a_stopped_worker_finishes_its_calls_and_claims_nothing(desk: Polled) -> None:
    """The call under way is written down; what comes afterwards stays in the database."""
    first = await desk.ship("SANDBOX-DELIVERED-1")
    desk.world.pass_time(hours=1)
    desk.sandbox.gate.clear()
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(working(desk.world.installation))
        await desk.sandbox.asked.wait()
        stopping = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0.1)
        desk.sandbox.gate.set()
        await stopping
    second = await desk.ship("SANDBOX-DELIVERED-2")
    await worker.tick("poll")

    done, left = await desk.world.look(first), await desk.world.look(second)
    assert (done.status, done.lease_until) == (S.AWAITING_PICKUP, None)
    assert (left.lease_number, left.last_polled_at) == (0, None)
    assert not worker.scheduler.running


async def test_a_lease_that_a_dead_worker_left_is_taken_over(desk: Polled) -> None:
    """Claimed and never written: when the lease has run out, the next worker polls it."""
    shipment = await desk.ship(shipped_at=(desk.world.now - timedelta(hours=31)).isoformat())
    await desk.set(shipment, lease_until=desk.world.database.now() + timedelta(seconds=2), lease_number=1)

    async def done() -> bool:
        return (await desk.world.look(shipment)).status is S.DELIVERED

    async with working(desk.world.installation):
        await soon(done)

    assert (await desk.world.look(shipment)).lease_number == 2
