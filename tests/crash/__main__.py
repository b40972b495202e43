"""`make crash ARGS="--cycles 10 --database both"`: kill, start again, go on, and see that nothing is lost."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import orjson

from tests.crash.client import Client
from tests.crash.invariants import Verdict, check, under_way
from tests.crash.journal import Journal
from tests.crash.processes import COMMANDS, Processes, postgres
from tests.crash.receiver import Letters, Receiver

ENDPOINTS = ("first", "second")
QUIET_SECONDS = 240.0
"""How long the outbox may take to be quiet after the load: a lease of 30 s, and what has gathered."""

ROW = "{:<10}  {:>6}  {:>5}  {:>12}  {:>6}  {:>4}  {:>8}  {:>10}  {:>7}  {:>7}"
HEAD = ("database", "cycles", "kills", "acknowledged", "stored", "lost", "webhooks", "duplicates", "letters", "seconds")


async def crash(kind: str, url: str, folder: Path, cycles: int) -> tuple[Verdict, int]:
    """Run the cycles on a fresh database, then look; the verdict, and how many processes were killed."""
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
        secrets = await client.listen_at([f"{hears}/{name}" for name in ENDPOINTS])
        receiver.secrets.update(zip(ENDPOINTS, secrets, strict=True))
        await client.push_as_sandbox()
        client.begin()
        for _ in range(cycles):
            await client.answered()
            await asyncio.sleep(random.uniform(0.5, 2.0))
            struck = processes.names if random.random() < 0.25 else [random.choice(processes.names)]
            processes.kill(struck)
            await processes.start(struck)
        await client.end()

        left = await _left(url)
        stopped = await processes.stop()
        verdict = await check(url, folder, processes.kills)
    if left:
        verdict.wrong.append(f"{left} messages or arrivals are under way {QUIET_SECONDS:g} s after the load")
    verdict.wrong += [*stopped, *client.wrong]
    verdict.need_none("errors in the logs", processes.complaints())
    return verdict, processes.kills


async def _left(url: str) -> int:
    """What is under way when the outbox is quiet (0), or when the time for that has passed."""
    deadline = time.monotonic() + QUIET_SECONDS
    left = await under_way(url)
    while left and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        left = await under_way(url)
    return left


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=10, help="kills in a row for each database (10)")
    parser.add_argument("--database", choices=(*COMMANDS, "both"), default="both")
    asked = parser.parse_args()
    failed = False
    print(ROW.format(*HEAD), flush=True)
    for kind in COMMANDS if asked.database == "both" else [asked.database]:
        folder, began = Path(tempfile.mkdtemp(prefix="nove-crash-")), time.monotonic()
        with ExitStack() as stack:
            postgresql = kind == "postgresql"
            url = stack.enter_context(postgres(folder)) if postgresql else f"sqlite:///{folder}/nove.db"
            try:
                verdict, kills = asyncio.run(crash(kind, url, folder, asked.cycles))
            except RuntimeError as error:  # a process that does not start, an answer that must not be
                verdict, kills = Verdict(wrong=[str(error)]), 0
        counted = (verdict.acknowledged, verdict.stored, verdict.lost, verdict.webhooks, verdict.duplicates)
        seconds = round(time.monotonic() - began)
        print(ROW.format(kind, asked.cycles, kills, *counted, verdict.letters, seconds), flush=True)
        for wrong in verdict.wrong:
            print(f"  wrong: {wrong}", flush=True)
        if verdict.wrong:
            print(f"  logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        failed = failed or bool(verdict.wrong)
    return 1 if failed else 0


sys.exit(main())
