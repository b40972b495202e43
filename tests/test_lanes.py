"""What is under way at once: four messages to an endpoint, 64 in all, one of a shipment; the next follow at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from app.database import Database, new_id
from app.demo.serving import serving
from app.errors import Unavailable
from app.outbox.claiming import PER_ENDPOINT
from app.outbox.endpoints import of_shop
from app.outbox.sending import IN_FLIGHT, Sender
from app.outbox.tables import messages
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.receivers import Receiver, add_endpoint, send

LOOPBACK = {"outbound_allow": "127.0.0.0/8"}


@dataclass
class Watching(Receiver):
    """A receiver that takes its time and counts what is under way to each of its paths."""

    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    doubled: int = 0

    async def take(self, request: Request) -> Response:
        """One delivery."""
        shipment = str(orjson.loads(await request.body())["data"]["shipment"])
        self.doubled += self.now[shipment] > 0
        for name in ("all", shipment):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        await asyncio.sleep(0.01)
        self.now.subtract(("all", shipment))
        return await super().take(request)


async def put(world: World, number: int, shipments: int) -> None:
    """As many due messages to each endpoint, about so many shipments."""
    ids = [new_id() for _ in range(shipments)]
    async with world.database.transaction() as db:
        for endpoint in await of_shop(db, world.shop.company_id, world.shop.id):
            rows = [
                {
                    "company_id": world.shop.company_id,
                    "id": new_id(),
                    "shop_id": world.shop.id,
                    "shipment_id": ids[n % shipments],
                    "target": f"endpoint:{endpoint.id}",
                    "cause": str(n),
                    "channel": "webhook",
                    "audience": "machine",
                    "type": "shipment.status_changed",
                    "endpoint_id": endpoint.id,
                    "version": n,
                    "state": "due",
                    "payload": {"body": orjson.dumps({"data": {"shipment": n % shipments, "version": n}}).decode()},
                    "due_at": db.now,
                    "created_at": db.now,
                }
                for n in range(number)
            ]
            await db.run(messages.insert(), rows)


async def left(world: World) -> int:
    async with world.database.reading() as db:
        count: int = await db.value(select(func.count()).select_from(messages).where(messages.c.state != "sent"))
        return count


async def test_the_next_follow_without_a_tick(database: Database) -> None:
    """What is due to one endpoint leaves after one claim has begun it, four at a time, those of a shipment in order."""
    world, receiver = await build(database, settings=LOOPBACK), Watching()
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await put(world, 150, 50)
        await send(world)

    versions: dict[int, list[int]] = {}
    for version in receiver.versions:
        versions.setdefault(version % 50, []).append(version)
    assert (len(receiver.got), await left(world)) == (150, 0)
    assert (receiver.most["all"], receiver.doubled) == (4, 0)
    assert all(each == sorted(each) for each in versions.values())


async def test_no_more_than_64_are_under_way(database: Database) -> None:
    """However many endpoints there are."""
    world, receiver = await build(database, settings=LOOPBACK), Watching()
    async with serving(receiver.app()) as url:
        for _ in range(20):
            await add_endpoint(world, f"{url}/hook")
        await put(world, 10, 10)
        sender = Sender(world.installation)
        await sender.send_due()
        await sender.idle()
        await sender.close()

    assert (len(receiver.got), await left(world)) == (200, 0)
    assert 4 < receiver.most["all"] <= IN_FLIGHT


async def test_a_full_endpoint_hides_nobody_behind_it(database: Database) -> None:
    """Thousands due to an endpoint that rests or is slow do not keep another's from being claimed."""
    world, receiver = await build(database, settings=LOOPBACK), Receiver()
    async with serving(receiver.app()) as url:
        await add_endpoint(world, "http://127.0.0.1:9/hook")
        await put(world, 500, 500)
        await add_endpoint(world, f"{url}/hook")
        await world.say(await world.ship(), event(Status.IN_TRANSIT, at=world.now))
        await send(world)

    assert len(receiver.got) == 1


@dataclass
class Slow(Receiver):
    """A receiver that answers once it is let go."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        """One delivery."""
        self.asked.set()
        await self.go.wait()
        return await super().take(request)


async def test_what_is_under_way_here_is_not_begun_again(database: Database) -> None:
    """Its lease has run out, since the machine is slow; its own worker knows that it is not dead."""
    world, receiver = await build(database, settings=LOOPBACK), Slow()
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await put(world, 1, 1)
        sender = Sender(world.installation)
        first = await sender.send_due()
        await receiver.asked.wait()
        world.pass_time(seconds=31)
        again = await sender.send_due()
        receiver.go.set()
        await sender.idle()
        await sender.close()

    assert (first, again, len(receiver.got), await left(world)) == (1, 0, 1, 0)


@dataclass
class Ending(Receiver):
    """A receiver that ends something with its hundredth delivery."""

    end: Callable[[], None] = lambda: None

    async def take(self, request: Request) -> Response:
        """One delivery."""
        if len(self.got) == 99:
            self.end()
        return await super().take(request)


async def test_while_outcomes_cannot_be_recorded_no_more_are_sent(database: Database) -> None:
    """What could not be marked comes again; what had waited behind it goes on once the database answers."""
    world, receiver = await build(database, settings=LOOPBACK), Ending()
    stranger = Database("postgresql://nobody@127.0.0.1:1/nothing")
    away = pytest.MonkeyPatch()

    def end() -> None:
        for way in ("transaction", "reading"):
            away.setattr(database, way, getattr(stranger, way))

    receiver.end = end
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await put(world, 400, 400)
        sender = Sender(world.installation)
        await sender.send_due()
        await sender.idle()
        with pytest.raises(Unavailable):
            await sender.send_due()
        sent = len(receiver.got)
        away.undo()
        await sender.send_due()
        await sender.idle()
        world.pass_time(seconds=31)
        await sender.send_due()
        await sender.idle()
        await sender.close()
    await stranger.close()

    ids = {headers["webhook-id"] for headers, _ in receiver.got}
    few = 4 * PER_ENDPOINT  # under way just then, or waiting to be recorded together
    assert (sent <= 99 + few, len(ids), len(receiver.got) - len(ids) <= few, await left(world)) == (True, 400, True, 0)
