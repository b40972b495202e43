"""Goals 13 and 14: what an event costs at ten million stored events, in time and on the disk.

A second database on the same server holds ten million; the same pushes go to both in turn.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import asyncpg

from bench import copies, processes
from bench.goals.ingest import Requests, hooked, hooks
from bench.shop import NOWHERE, open_shop, ship
from bench.stage import EVENTS, Stage
from bench.table import Line, line

TIMES = 10
"""As many stored events as on the stage: ten millions beside one."""
BARE_BYTES = 239
"""A stored event with its index in the leanest table."""


@asynccontextmanager
async def _large(stage: Stage) -> AsyncIterator[Stage]:
    """The same service with ten times as many stored events."""
    connection = await asyncpg.connect(stage.bare_url)
    await connection.execute("CREATE DATABASE large")
    await connection.close()
    url = stage.bare_url.replace("/bare?", "/large?")
    environ = processes.environment(url)
    async with AsyncExitStack() as stack:
        processes.run(["migrate"], environ, stage.folder)
        ours, _ = await stack.enter_async_context(processes.nove("api", environ, stage.folder))
        shop = await open_shop(url, ours, NOWHERE)
        first = await ship(shop, ours, "OLDTEMPLATE", EVENTS)
        await copies.copy(url, first, "OLD", shop.accounts, TIMES * stage.stored // EVENTS)
        yield replace(stage, url=url, ours=ours, shop=shop, environ=environ)


async def grown(stage: Stage) -> list[Line]:
    """Both goals."""
    async with _large(stage) as large:
        await stage.fresh("GROWN")
        await large.fresh("LARGE")
        small_pushes, large_pushes = hooks(stage, "GROWN"), hooks(large, "LARGE")

        async def cost(place: Stage, pushes: Requests) -> float:
            return 1000 / (await hooked(place, pushes, place.seconds)).rate

        found = await stage.measured(lambda: cost(large, large_pushes), lambda: cost(stage, small_pushes))
        connection = await asyncpg.connect(large.url)
        size = await connection.fetchval("SELECT pg_total_relation_size('events')::float8 / count(*) FROM events")
        await connection.close()
    note = f"{TIMES * stage.stored:,} stored events, copied inside the database, against {stage.stored:,}"
    what = f"an event at {TIMES * stage.stored / 1e6:g} M / at {stage.stored / 1e6:g} M stored"
    return [
        line(what, found, 13, unit="ms", note=note),
        Line("disk of a stored event", 14, size, BARE_BYTES, (size / BARE_BYTES,), "bytes"),
    ]
