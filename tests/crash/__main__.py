"""`make crash ARGS="--cycles 10 --database both"`: break it in every way we know, and see that nothing is lost."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import orjson

from tests.crash.client import Client
from tests.crash.faults import Stage, walk
from tests.crash.invariants import Verdict, check, check_stored, under_way
from tests.crash.journal import Journal
from tests.crash.places import Cluster, Disk, cluster, small_disk
from tests.crash.processes import COMMANDS, Processes
from tests.crash.receiver import Letters, Receiver

ENDPOINTS = ("first", "second")
QUIET_SECONDS = 120.0
"""How long the outbox may take to be quiet after the load."""

COLUMNS = (
    "database",
    "cycles",
    "deaths",
    "acknowledged",
    "stored",
    "lost",
    "webhooks",
    "letters",
    "take-over",
    "seconds",
)
ROW = "{:<10}  {:>6}  {:>6}  {:>12}  {:>6}  {:>4}  {:>8}  {:>7}  {:>9}  {:>7}"


async def crash(
    kind: str, url: str, folder: Path, cycles: int, where: tuple[Cluster | None, Disk | None]
) -> tuple[Verdict, Stage]:
    """Every fault once, then random kills, on a fresh database; the database is looked at after each."""
    journals = [Journal(folder / f"{name}.jsonl") for name in ("acknowledged", "deliveries", "letters")]
    acknowledged, deliveries, letters = journals
    async with AsyncExitStack() as stack:
        for journal in journals:
            stack.callback(journal.close)
        receiver = Receiver(deliveries)
        hears = await stack.enter_async_context(receiver.listening())
        smtp_url = await stack.enter_async_context(Letters(letters).listening())
        processes = Processes(kind, url, folder, smtp_url)
        stack.callback(processes.close)
        processes.run("migrate")
        mail = ("--mail-from", "shop@example.com", "--staff-mail", "staff@example.com")
        key = orjson.loads(processes.run("shop", "create", "Crash", "--live", *mail))["api_key"]
        await processes.start(processes.names)

        client = Client(processes.address, key, acknowledged)
        stack.push_async_callback(client.close)
        secrets = await client.listen_at([f"{hears}/{name}" for name in ENDPOINTS])
        receiver.secrets.update(zip(ENDPOINTS, secrets, strict=True))
        await client.push_as_sandbox()
        stage = Stage(kind, url, folder, processes, client, *where)
        client.begin()
        for what, step in walk(stage, cycles):
            await step(stage)
            wrong = [*stage.wrong, *(await check_stored(url, folder))[0].wrong]
            if wrong:  # the next fault would only blur what this one has done
                stage.wrong = [f"after {what}: {each}" for each in wrong]
                break
        await stage.whole()
        await client.end()

        left = await _left(url)
        stage.wrong += await processes.stop()
        verdict = await check(url, folder, stage.faults, processes.late())
    if left:
        verdict.wrong.append(f"{left} messages, arrivals or shipments are under way {QUIET_SECONDS:g} s after the load")
    verdict.wrong += [*stage.wrong, *client.wrong]
    verdict.need_none("errors in the logs", processes.complaints())
    return verdict, stage


async def _left(url: str) -> int:
    """What is under way when the outbox is quiet (0), or when the time for that has passed."""
    deadline = time.monotonic() + QUIET_SECONDS
    left = await under_way(url)
    while left and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        left = await under_way(url)
    return left


def run(kind: str, cycles: int) -> bool:
    """Run on one kind of database and print its row; whether all was well."""
    folder, began = Path(tempfile.mkdtemp(prefix="nove-crash-")), time.monotonic()
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder))
        server = stack.enter_context(cluster(folder, disk)) if kind == "postgresql" else None
        url = server.url if server else f"sqlite:///{(disk.path if disk else folder)}/nove.db"
        try:
            verdict, stage = asyncio.run(crash(kind, url, folder, cycles, (server, disk)))
            if verdict.wrong and disk and server is None:  # it is looked at afterwards, and the disk is no more then
                for each in disk.path.glob("nove.db*"):
                    shutil.copy(each, folder)
        except RuntimeError as error:  # a process that does not start, an answer that must not be
            print(f"{kind}: {error}\n  logs: {folder}", flush=True)
            return False
    counted = (verdict.acknowledged, verdict.stored, verdict.lost, verdict.webhooks, verdict.letters)
    deaths = sum(fault.deaths for fault in stage.faults)
    took = f"{stage.take_over:.1f} s", round(time.monotonic() - began)
    print(ROW.format(kind, cycles, deaths, *counted, *took), flush=True)
    print(f"  faults: {_listed(Counter(fault.kind for fault in stage.faults))}")
    print(f"  webhooks that came again, by the fault before: {_listed(verdict.duplicates)}")
    if disk is None:
        print("  no disk was filled: this user may not mount one")
    for wrong in verdict.wrong:
        print(f"  wrong: {wrong}")
    if verdict.wrong:
        print(f"  logs: {folder}", flush=True)
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items())) or "none"


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=10, help="random kills for each database, after each fault (10)")
    parser.add_argument("--database", choices=(*COMMANDS, "both"), default="both")
    asked = parser.parse_args()
    print(ROW.format(*COLUMNS), flush=True)
    kinds = COMMANDS if asked.database == "both" else [asked.database]
    good = [run(kind, asked.cycles) for kind in kinds]  # each, also after one that fails
    return 0 if all(good) else 1


sys.exit(main())
