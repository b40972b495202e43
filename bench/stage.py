"""Where goals are measured: a database, the service and the bare service on it, both with stored events."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import copies, processes
from bench.databases import Kind, connected
from bench.load import Address, get, load
from bench.rounds import Measure, Rounds, in_turn
from bench.shop import NOWHERE, Shop, open_shop, ship

EVENTS = 10
"""Stored for each shipment."""
FRESH = 3000
"""Shipments without events, for which pushes come."""
PING = get("/ping")
QUIET = (
    "UPDATE messages SET state = 'sent' WHERE state = 'due'",
    "UPDATE shipments SET next_poll_at = NULL WHERE next_poll_at IS NOT NULL",
)
"""Nothing is sent that was left over, and no carrier is asked: it could not be reached from here."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, on how many stored events, and how long each measurement takes; `load_seconds` for the long one."""

    folder: Path
    kind: Kind
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
        await self.rest()
        await copies.copy(self.url, first, name, self.shop.accounts, count)
        await self.kind.bare.add_empty(self.bare_url, name, count)

    async def some(self, count: int) -> list[str]:
        """Shipments with stored events, by their ids."""
        found = "SELECT id FROM shipments WHERE tracking_number LIKE 'OLD%' ORDER BY page_hash LIMIT $1"
        async with connected(self.url) as connection:
            return [str(row[0]) for row in await connection.fetch(found, count)]

    async def quiet(self) -> None:
        """Leave a worker nothing to do."""
        async with connected(self.url) as connection:
            for statement in QUIET:
                await connection.execute(statement)
            await connection.settle()

    async def rest(self) -> None:
        """The same where the service is the worker, too: what one load left is no part of the next measurement."""
        if self.kind.works:
            await self.quiet()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker, if it is not the service itself."""
        async with AsyncExitStack() as stack:
            if not self.kind.works:
                await stack.enter_async_context(processes.nove("worker", self.environ, self.folder))
            yield


@asynccontextmanager
async def staged(
    folder: Path, kind: Kind, *, stored: int, rounds: int, seconds: float, load_seconds: int
) -> AsyncIterator[Stage]:
    """A stage with so many stored events on either side."""
    shipments = stored // EVENTS
    async with AsyncExitStack() as stack:
        server = stack.enter_context(kind.server(folder))
        url, bare_url = server.format("nove"), server.format("bare")
        environ = processes.environment(url)
        processes.run(["migrate"], environ, folder)
        await kind.bare.fill(bare_url, shipments)
        bare_environ = environ | {"BARE_DATABASE_URL": bare_url}
        bare = await stack.enter_async_context(processes.uvicorn("bench.limits.service:app", bare_environ, folder))
        ours, _ = await stack.enter_async_context(processes.nove(kind.half, environ, folder))
        shop = await open_shop(url, ours, NOWHERE)
        sizes = stored, rounds, seconds, load_seconds
        stage = Stage(folder, kind, url, bare_url, ours, bare, shop, environ, *sizes)
        first = await ship(shop, ours, "OLDTEMPLATE", EVENTS)
        await stage.rest()
        await copies.copy(url, first, "OLD", shop.accounts, shipments)
        yield stage
