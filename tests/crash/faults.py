"""What is done to the service under load; each fault ends with the service whole again."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from app import failpoints
from app.database import Database
from tests.crash.client import Client
from tests.crash.invariants import claims
from tests.crash.journal import Fault
from tests.crash.places import Cluster, Disk
from tests.crash.processes import LEASE_SECONDS, Processes

TAKE_OVER_SECONDS = LEASE_SECONDS + 5
"""What is promised is 35 s with leases of 30 s."""

DIES_WITHIN = 120.0
BACK_WITHIN = 5.0
DOWN_SECONDS = 2.0
SHIFT_SECONDS = 600.0

COMMITS = (failpoints.BEFORE_COMMIT, failpoints.AFTER_COMMIT)
GROUPS = (failpoints.GROUP_WRITTEN, failpoints.GROUP_COMMITTED)
WORK = tuple(name for name in failpoints.MEANINGS if name not in (*COMMITS, *GROUPS))
TIMES = dict.fromkeys((*COMMITS, *GROUPS), 20) | {name: 5 for name in WORK if name.startswith("message")}
"""How often some are soon passed: the process dies at any of these times."""

HOLDS = (failpoints.MESSAGES_CLAIMED, failpoints.MESSAGE_SENT, failpoints.POLLS_CLAIMED, failpoints.POLL_ANSWERED)
"""Whoever dies there leaves work claimed."""

Leases = dict[tuple[str, object], int]


@dataclass
class Stage:
    """The service under load, what was done to it, and what was wrong."""

    kind: str
    url: str
    folder: Path
    processes: Processes
    client: Client
    cluster: Cluster | None
    disk: Disk | None
    faults: list[Fault] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    take_over: float = 0.0

    @property
    def workers(self) -> list[str]:
        """The processes that do due work."""
        return [name for name in self.processes.names if name != "api"]

    async def whole(self) -> None:
        """Let every process live, and the service answer."""
        await self.revive()
        await self.client.answered()

    async def revive(self, but: str = "") -> None:
        """Start what is dead, one aside."""
        await self.processes.start(sorted(self.down - {but}))
        self.down &= {but}

    def note(self, kind: str, began: float, deaths: int = 1) -> None:
        """A fault that ends now."""
        self.faults.append(Fault(kind, began, time.monotonic(), deaths))

    async def leased(self) -> Leases:
        """What is claimed just now, by table and row, with the claim's number."""
        found: Leases = {}
        database = Database(self.url)
        async with database.reading() as db:
            for table, claimed in claims(db.now).items():
                for row in await db.all(select(table.c.id, table.c.lease_number).where(claimed)):
                    found[table.name, row.id] = row.lease_number
        await database.close()
        return found


async def failpoint(stage: Stage, name: str, process: str) -> None:
    """Start the process anew, let it die at the failpoint; what it held is taken over in time.

    It is left dead, for the next failpoint or for `whole`.
    """
    times = random.randint(1, TIMES.get(name, 1))
    await stage.revive(but=process)
    if process not in stage.down:
        stage.processes.kill([process])
        stage.note("kill", time.monotonic())
    stage.processes.begin(process, failpoint=f"{name}:{times}")
    if not await stage.processes.died(process, DIES_WITHIN):
        stage.wrong.append(f"{process} did not come to {name} {times} times within {DIES_WITHIN:g} s")
        stage.processes.kill([process])
    stage.note("failpoint", time.monotonic())
    stage.down.add(process)
    if name in HOLDS:
        if len(stage.workers) == 1:
            await stage.whole()
        await taken_over(stage, time.monotonic())


async def taken_over(stage: Stage, since: float) -> None:
    """Measure how long what is claimed just now stays so: a live worker is soon done, a dead one is taken over."""
    held = await stage.leased()
    while held:
        now = await stage.leased()
        held = {row: number for row, number in held.items() if now.get(row) == number}
        took = time.monotonic() - since
        if held and took > TAKE_OVER_SECONDS:
            stage.wrong.append(f"{len(held)} rows were not taken over within {TAKE_OVER_SECONDS:g} s: {list(held)[:3]}")
            stage.wrong.append(f"claimed in all just then: {len(now)}")
            return
        stage.take_over = max(stage.take_over, took)
        await asyncio.sleep(0.05)


async def kill(stage: Stage) -> None:
    """Kill one of the processes, or all at once, at any moment."""
    await asyncio.sleep(random.uniform(0.2, 1.0))
    names = stage.processes.names
    struck = names if random.random() < 0.25 else [random.choice(names)]
    began = time.monotonic()
    stage.processes.kill(struck)
    stage.note("kill", began, len(struck))
    await stage.processes.start(struck)


async def stop(stage: Stage) -> None:
    """Ask every worker to end: in time, with 0, and with nothing left claimed."""
    began = time.monotonic()
    stage.wrong += await stage.processes.stop(stage.workers)
    if held := await stage.leased():
        stage.wrong.append(f"{len(held)} rows are still claimed after a clean stop: {list(held)[:3]}")
    stage.note("stop", began, 0)
    await stage.processes.start(stage.workers)


async def freeze(stage: Stage) -> None:
    """Stop a worker in mid-step for two leases, and let it go on: it finds its work taken over."""
    began, name = time.monotonic(), random.choice(stage.workers)
    stage.processes.send([name], signal.SIGSTOP)
    await asyncio.sleep(2 * LEASE_SECONDS)
    stage.processes.send([name], signal.SIGCONT)
    await asyncio.sleep(0.5)
    stage.note("freeze", began)


async def clocks(stage: Stage) -> None:
    """One worker ten minutes ahead, one as much behind."""
    began, (ahead, behind) = time.monotonic(), stage.workers
    stage.wrong += await stage.processes.stop(stage.workers)
    await stage.processes.start([ahead], shift=SHIFT_SECONDS)
    await stage.processes.start([behind], shift=-SHIFT_SECONDS)
    await asyncio.sleep(2 * LEASE_SECONDS)
    stage.wrong += await stage.processes.stop(stage.workers)
    stage.note("clock", began, 0)
    await stage.processes.start(stage.workers)


async def database(stage: Stage) -> None:
    """Kill the database server; the service is itself again soon after the server is."""
    assert stage.cluster is not None
    began = time.monotonic()
    await asyncio.to_thread(stage.cluster.kill)
    await asyncio.sleep(DOWN_SECONDS)
    await asyncio.to_thread(stage.cluster.start)
    await _back(stage, "the database was back")
    stage.note("database", began)


async def disk(stage: Stage) -> None:
    """Fill the disk: writes are refused, reads go on; once there is room, all goes on by itself."""
    assert stage.disk is not None
    began, refused = time.monotonic(), stage.client.refused
    stage.disk.fill()
    while stage.client.refused == refused and time.monotonic() - began < DIES_WITHIN:
        await asyncio.sleep(0.1)
        stage.disk.fill()  # what a checkpoint or a deletion has given back
    if stage.client.refused == refused:
        stage.wrong.append("no write was refused while the disk was full")
    if not await stage.client.reads():
        stage.wrong.append("a read was not answered while the disk was full")
    await asyncio.sleep(DOWN_SECONDS)
    stage.disk.free()
    await _back(stage, "there was room again")
    stage.note("disk", began)


async def _back(stage: Stage, when: str) -> None:
    """A read and a write are answered within five seconds."""
    began, before = time.monotonic(), stage.client.acknowledged
    while not (stage.client.acknowledged > before and await stage.client.reads()):
        if time.monotonic() - began > BACK_WITHIN:
            stage.wrong.append(f"nothing was acknowledged within {BACK_WITHIN:g} s after {when}")
            await stage.client.answered()
            return
        await asyncio.sleep(0.05)


Step = Callable[[Stage], Awaitable[None]]


def _on_the_whole(step: Step) -> Step:
    """The step, with every process alive before it."""

    async def done(stage: Stage) -> None:
        await stage.whole()
        await step(stage)

    return done


def walk(stage: Stage, cycles: int) -> Sequence[tuple[str, Step]]:
    """Each failpoint once and each kind of fault, then random kills, with their names."""

    def at(name: str, process: str) -> tuple[str, Step]:
        return f"{name} of {process}", lambda stage: failpoint(stage, name, process)

    intake, worker = stage.processes.names[0], stage.workers[0]
    steps = [at(name, intake) for name in (*COMMITS, *GROUPS)]
    steps += [at(name, worker) for name in (*(COMMITS if worker != intake else ()), *WORK)]
    then: list[tuple[str, Step]] = [("SIGSTOP and SIGCONT", freeze), ("SIGTERM", stop)]
    if stage.cluster is not None:
        then += [("the database is killed", database), ("clocks are off", clocks)]
    if stage.disk is not None:
        then.append(("the disk is full", disk))
    return [*steps, *((what, _on_the_whole(step)) for what, step in [*then, *[("kill -9", kill)] * cycles])]
