"""Where goals are measured: one PostgreSQL server, the service and the bare service on it, both with stored events."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench import copies, processes
from bench.limits import postgres as bare_tables
from bench.load import Address, get, load
from bench.rounds import Measure, Rounds, in_turn
from bench.shop import Shop, open_shop, ship

EVENTS = 10
"""Stored for each shipment."""
FRESH = 3000
"""Shipments without events, for which pushes come."""
NOWHERE = "http://127.0.0.1:9/"
PING = get("/ping")


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, on how many stored events, and how long each measurement takes; `load_seconds` for the long one."""

    folder: Path
    url: str
    bare_url: str
    ours: Address
    bare: Address
    shop: Shop
    environ: dict[str, str]
    stored: int
    rounds: int
    seconds: float
    load_seconds: int

    async def measured(self, ours: Measure, limit: Measure) -> Rounds:
        """Both sides in turn, beside `ping`."""
        return await in_turn(self.rounds, ours, limit, self.ping)

    async def ping(self, seconds: float = 1.0) -> float:
        """Requests a second of the barest answer."""
        return (await load(self.bare, lambda: PING, seconds)).rate

    async def fresh(self, name: str, count: int = FRESH) -> None:
        """Shipments without events on both sides, of numbers that begin with the name."""
        first = await ship(self.shop, self.ours, f"{name}TEMPLATE")
        await copies.copy(self.url, first, name, self.shop.accounts, count)
        await bare_tables.add_empty(self.bare_url, name, count)

    async def some(self, count: int) -> list[str]:
        """Shipments with stored events, by their ids."""
        connection = await asyncpg.connect(self.url)
        try:
            found = "SELECT id::text FROM shipments WHERE tracking_number LIKE 'OLD%' ORDER BY page_hash LIMIT $1"
            return [row["id"] for row in await connection.fetch(found, count)]
        finally:
            await connection.close()


@asynccontextmanager
async def staged(folder: Path, *, stored: int, rounds: int, seconds: float, load_seconds: int) -> AsyncIterator[Stage]:
    """A stage with so many stored events on either side."""
    shipments = stored // EVENTS
    async with AsyncExitStack() as stack:
        server = stack.enter_context(processes.postgres(folder))
        url, bare_url = server.format("nove"), server.format("bare")
        environ = processes.environment(url)
        processes.run(["migrate"], environ, folder)
        await bare_tables.fill(bare_url, shipments)
        bare_environ = environ | {"BARE_DATABASE_URL": bare_url}
        bare = await stack.enter_async_context(processes.uvicorn("bench.limits.service:app", bare_environ, folder))
        ours, _ = await stack.enter_async_context(processes.nove("api", environ, folder))
        shop = await open_shop(url, ours, NOWHERE)
        await copies.copy(url, await ship(shop, ours, "OLDTEMPLATE", EVENTS), "OLD", shop.accounts, shipments)
        yield Stage(folder, url, bare_url, ours, bare, shop, environ, stored, rounds, seconds, load_seconds)
