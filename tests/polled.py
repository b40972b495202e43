"""A world whose carriers are polled: stand-ins on real servers that keep the service's time, and a poller."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app import accounts
from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalSource
from app.arrivals.tables import arrivals
from app.database import Database
from app.demo.journeys import JOURNEYS, Happened, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.sandbox import Told, answer, tell
from app.demo.stand_ins.ups import UpsStandIn
from app.polling import Poller
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from tests.building import World, build


class SandboxStandIn(StandIn):
    """The sandbox's interface and our hooks, on the service's clock.

    `says` holds what is told of a number instead of its journey; `raw`, if set, is the whole body; while `gate` is
    closed, nobody is answered. `pushed` is what came to the hooks: address, headers, body.
    """

    slug = "sandbox"

    def __init__(self, database: Database) -> None:
        super().__init__(lambda _number: None)
        self.database = database
        self.says: dict[str, Told] = {}
        self.raw: bytes | None = None
        self.pushed: list[tuple[str, dict[str, str], bytes]] = []
        self.hook_status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/sandbox/track", self._track),
            Route("/hooks/sandbox/{token}", self._take, methods=["POST"]),
        ]

    async def _take(self, request: Request) -> Response:
        self.pushed.append((str(request.url), dict(request.headers), await request.body()))
        return Response(status_code=self.hook_status)

    async def _track(self, request: Request) -> Response:
        self.asked.set()
        await self.gate.wait()
        if self.raw is not None:
            return Response(self.raw)
        query, now = request.query_params, self.database.now()
        asked = zip(query.getlist("number"), query.getlist("start"), strict=True)
        told = [tell(number, datetime.fromisoformat(start), float(query["speed"]), now) for number, start in asked]
        return Response(answer([self.says.get(each["number"], each) for each in told]))


MONDAY = 0


@dataclass(frozen=True, slots=True)
class Polled:
    """A world, the sandbox's and UPS's servers, and a poller."""

    world: World
    sandbox: SandboxStandIn
    ups: UpsStandIn
    ups_url: str
    poller: Poller

    async def poll(self, **after: float) -> None:
        """Let time pass, then ask about everything that is due, to the end."""
        self.world.pass_time(**after)
        await self.poller.tick()
        await self.poller.idle()

    async def ship(self, number: str = "SANDBOX-DELIVERED-1", **posted: Any) -> Shipment:
        """A shipment with the sandbox."""
        return await self.world.ship(number, "sandbox", **posted)

    async def ups_account(self) -> UUID:
        """A contract with UPS, whose server is the stand-in."""
        async with self.world.database.transaction() as db:
            added = await accounts.add(
                db,
                self.world.installation.sealer,
                self.world.shop.company_id,
                "ups",
                public_url="https://nove.example",
                credentials=self.ups.credentials,
                base_url=self.ups_url,
            )
        return added.account.id

    async def ups_asked(self) -> None:
        """Wait until UPS has been asked about a parcel."""
        while not any("/details/" in request for request in self.ups.requests):  # noqa: ASYNC110  (a server's log)
            await asyncio.sleep(0.01)

    async def account(self, carrier: str = "sandbox") -> Row[Any]:
        """The account with a carrier, as its row says it."""
        async with self.world.database.reading() as db:
            row = await db.first(select(carrier_accounts).where(carrier_accounts.c.carrier == carrier))
        assert row is not None
        return row

    async def polls_kept(self, shipment: Shipment) -> list[tuple[str, str]]:
        """State and reason of the answers kept about a shipment."""
        async with self.world.database.reading() as db:
            rows = await db.all(
                select(arrivals.c.state, arrivals.c.reason)
                .where(arrivals.c.shipment_id == shipment.id, arrivals.c.source == ArrivalSource.POLL.value)
                .order_by(arrivals.c.id)
            )
        return [(row.state, row.reason) for row in rows]

    async def kept(self) -> int:
        """How many answers are kept in all."""
        async with self.world.database.reading() as db:
            count: int = await db.value(select(func.count()).select_from(arrivals))
        return count

    async def set(self, shipment: Shipment, **values: Any) -> None:
        """Change columns of a shipment behind everybody's back."""
        async with self.world.database.transaction() as db:
            await db.run(update(shipments).where(shipments.c.id == shipment.id).values(values))


def journey(database: Database, started: datetime, name: str = "DELIVERED") -> list[Happened]:
    """What has happened by now on a journey."""
    return so_far(JOURNEYS[name], started, 1, database.now())


@asynccontextmanager
async def polled(database: Database, *, call_seconds: float = 5, **poller: Any) -> AsyncIterator[Polled]:
    """A world on the database, its carriers served. It begins on a morning when everybody works."""
    today = database.now()
    ahead = timedelta(days=7 + (MONDAY - today.weekday()) % 7)
    database.clock_offset += (today + ahead).replace(hour=9, minute=0) - today
    started = database.now()
    sandbox = SandboxStandIn(database)
    ups = UpsStandIn(lambda number: None if "UNKNOWN" in number else journey(database, started))
    async with serving(sandbox.app()) as sandbox_url, serving(ups.app()) as ups_url:
        world = await build(database, settings={"public_url": sandbox_url})
        asker = Poller(world.installation, call_seconds=call_seconds, **poller)
        try:
            yield Polled(world, sandbox, ups, ups_url, asker)
        finally:
            sandbox.gate.set()
            await asker.close()


@asynccontextmanager
async def contract(desk: Polled, kind: type[StandIn], **credentials: str) -> AsyncIterator[StandIn]:
    """An account with a carrier whose server is a stand-in."""
    started = desk.world.now
    stand_in = kind(lambda _number: journey(desk.world.database, started))
    async with serving(stand_in.app()) as base_url:
        async with desk.world.database.transaction() as db:
            await accounts.add(
                db,
                desk.world.installation.sealer,
                desk.world.shop.company_id,
                kind.slug,
                public_url="https://nove.example",
                credentials={**stand_in.credentials, **credentials},
                base_url=base_url,
            )
        yield stand_in


def told(number: str, *steps: tuple[str, datetime], found: bool = True) -> Told:
    """What the sandbox is made to say of a number: codes and times."""
    return {
        "number": number,
        "found": found,
        "expected_on": None,
        "events": [
            {"id": f"{number}.{code}", "time": at.isoformat(), "code": code, "text": code, "town": "Milano"}
            for code, at in steps
        ],
    }


def hours(number: float) -> timedelta:
    """So many."""
    return timedelta(hours=number)
