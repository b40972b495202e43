"""Goals 10 to 12: one `nove worker`: how much it polls, and what memory it takes.

10: the sandbox, whose allowance is 50 calls of 20 numbers a second, with more shipments due than that. What a worker
sustains over what the allowance gives is the same ratio whatever the pace of polling.
11: resident memory before and after there are 100,000 active shipments more, none of them due.
12: resident memory after ten minutes of a hundred events a second and their webhooks.
"""

import asyncio
from pathlib import Path

import asyncpg
import httpx

from bench import copies, processes
from bench.goals.ingest import hooks
from bench.openly import offered
from bench.shop import ship
from bench.stage import Stage
from bench.table import Line
from carriers import carriers

MIB = 1024 * 1024
ACTIVE = 100_000
SETTLES = 30
LAP_SECONDS = 60
OFFERED = 100
PEER_MIB = 178
"""A worker of Karrio's server after its own load, as the sheet of performance has it."""
QUIET = "UPDATE shipments SET next_poll_at = NULL WHERE next_poll_at IS NOT NULL"
SENT = "UPDATE messages SET state = 'sent' WHERE state = 'due'"


def _resident(pid: int) -> float:
    """The process's resident memory, in MiB."""
    [line] = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


async def polling(stage: Stage) -> list[Line]:
    """Goal 10."""
    sandbox = carriers()["sandbox"]
    allowed = sandbox.rate.calls / sandbox.rate.seconds * sandbox.batch_size
    async with httpx.AsyncClient(base_url=stage.ours.url, headers={"authorization": stage.shop.bearer}) as http:
        posted = {"carrier": "sandbox", "tracking_number": "SANDBOX-STALE-TEMPLATE"}
        made = (await http.post("/v1/shipments", json=posted)).raise_for_status().json()
    database = await asyncpg.connect(stage.url)
    environ = processes.environment(stage.url, PUBLIC_URL=stage.ours.url)
    ratios = []
    try:
        await database.execute(QUIET)
        await database.execute(SENT)
        count = int(allowed * stage.seconds * (stage.rounds + 3))
        await copies.copy(stage.url, made["id"], "SANDBOX-STALE-", [made["account_id"]], count)
        await database.execute("UPDATE shipments SET next_poll_at = now() WHERE carrier = 'sandbox'")
        polled = "SELECT count(*) FROM shipments WHERE carrier = 'sandbox' AND last_polled_at IS NOT NULL"
        async with processes.nove("worker", environ, stage.folder):
            while not await database.fetchval(polled):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            for _ in range(stage.rounds):
                before, began = await database.fetchval(polled), asyncio.get_running_loop().time()
                await asyncio.sleep(stage.seconds)
                after, took = await database.fetchval(polled), asyncio.get_running_loop().time() - began
                ratios.append((after - before) / took / allowed)
        await database.execute(QUIET)
    finally:
        await database.close()
    ratio = sorted(ratios)[len(ratios) // 2]
    note = "polls of the sandbox, whose stand-in runs in `nove api` on the same cores"
    return [Line("polls of a worker / the allowance", 10, ratio * allowed, allowed, tuple(ratios), "/s", note)]


async def memory(stage: Stage) -> list[Line]:
    """Goal 11."""
    database = await asyncpg.connect(stage.url)
    try:
        await database.execute(QUIET)
        await database.execute(SENT)
        async with processes.nove("worker", stage.environ, stage.folder) as (_, pid):
            await asyncio.sleep(SETTLES)
            before = _resident(pid)
            first = await ship(stage.shop, stage.ours, "ACTIVETEMPLATE", 3)
            await database.execute("UPDATE shipments SET next_poll_at = now() + interval '1 day' WHERE id = $1", first)
            await copies.copy(stage.url, first, "ACTIVE", stage.shop.accounts, ACTIVE)
            await asyncio.sleep(SETTLES)
            grown = max(0.0, _resident(pid) - before)
        await database.execute(QUIET)
    finally:
        await database.close()
    return [Line(f"memory of {ACTIVE:,} active shipments", 11, grown, None, (grown,), "MiB")]


async def loaded(stage: Stage) -> list[Line]:
    """Goal 12."""
    database = await asyncpg.connect(stage.url)
    try:
        await stage.fresh("LOADED")
        await database.execute(QUIET)
        await database.execute(SENT)
        pushes = hooks(stage, "LOADED")
        async with (
            processes.sink(stage.environ, stage.folder) as sink,
            processes.nove("worker", stage.environ, stage.folder) as (_, pid),
        ):
            address = {"url": f"{sink.url}/changes", "enabled": True}
            async with httpx.AsyncClient(base_url=stage.ours.url, headers={"authorization": stage.shop.bearer}) as http:
                (await http.patch(f"/v1/endpoints/{stage.shop.endpoint}", json=address)).raise_for_status()
            for _ in range(0, stage.load_seconds, LAP_SECONDS):
                await offered(stage.ours, pushes, OFFERED, LAP_SECONDS)
            resident = _resident(pid)
    finally:
        await database.close()
    note = f"{stage.load_seconds} s of {OFFERED} events a second and their webhooks; the limit is the sheet's figure"
    return [Line("a worker's memory / Karrio's", 12, resident, PEER_MIB, (resident / PEER_MIB,), "MiB", note)]
