"""A replay's lots: a body is opened once and holds nobody up, shipments are written a few at a time, by one worker."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Database
from app.intake import mending, opening, take_in
from app.intake.mending import mend_due
from app.intake.previewing import Proposal, of_shops, preview
from app.intake.replaying import reread
from app.intake.stepping import Choice
from app.mappings import Mapping, replays
from app.mappings.known import REFRESH_SECONDS
from app.shipments.shipment import Shipment
from app.shipments.tables import transitions
from carriers import carriers
from carriers.event import Parcel
from carriers.sandbox import Sandbox
from carriers.vocabulary import Status
from tests.building import World, build
from tests.mending import BEAMED, give, hear, meant, replay

ALL = Choice()


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


async def hear_together(world: World, number: int) -> list[Shipment]:
    """Shipments of which one body says that they were beamed."""
    parcels = [await world.ship(f"SANDBOX-HELD-{n}", "sandbox") for n in range(number)]
    events = [{"code": "beamed", "time": world.now.isoformat(), "text": "beamed"}]
    said = [{"number": each.number, "events": events} for each in parcels]
    body = orjson.dumps({"carrier": "sandbox", "parcels": said})
    company_id = world.shop.company_id
    async with world.database.transaction() as db:
        for parcel in carriers()["sandbox"].parse(body):
            arrived = Arrived(company_id, "sandbox", ArrivalSource.HOOK, body, world.now, parcel=parcel)
            await take_in(world.installation, db, [arrived])
    return parcels


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that the sandbox's adapter has parsed."""
    parse, bodies = Sandbox.parse, list[bytes]()

    def counting(carrier: Sandbox, body: bytes) -> list[Parcel]:
        bodies.append(body)
        return parse(carrier, body)

    monkeypatch.setattr(Sandbox, "parse", counting)
    return bodies


def before_writing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]) -> None:
    """Let this happen between a lot's reading and its writing, and between the transactions of that."""
    write = mending._write

    async def later(*given: Any) -> replays.Claim | None:
        async with asyncio.timeout(20):
            await happens()
        return await write(*given)

    monkeypatch.setattr(mending, "_write", later)


async def corrections(world: World) -> dict[object, int]:
    """How often each shipment was corrected."""
    async with world.database.reading() as db:
        found = [row.shipment_id for row in await db.all(select(transitions).where(transitions.c.correction))]
    return {each: found.count(each) for each in found}


async def ask(world: World) -> Mapping:
    """A row, the replay of which is due."""
    row = await give(world, BEAMED)
    async with world.database.transaction() as db:
        await replays.ask(db, row, "Test")
    world.pass_time(seconds=REFRESH_SECONDS + 1)
    return row


async def test_a_body_of_many_parcels_is_parsed_once(world: World, parsed: list[bytes]) -> None:
    """By a preview, by a replay of a row and by one of everything, however many transactions these take."""
    parcels = await hear_together(world, 45)
    parsed.clear()
    async with world.database.reading() as db:
        whose = of_shops(world.shop.company_id, [world.shop.id])
        shown = await preview(db, whose, Proposal("sandbox", [BEAMED]), None, limit=100)
    previewed = len(parsed)
    come = await replay(world, await give(world, BEAMED))
    replayed = len(parsed) - previewed
    step = await reread(world.installation, ALL, None, apply=True)
    again = len(parsed) - previewed - replayed

    assert (previewed, replayed, again) == (1, 1, 1)
    assert (len(shown.changes), come.looked_at, come.changed, step.looked_at, step.changes) == (45, 45, 45, 45, ())
    assert await corrections(world) == {each.id: 1 for each in parcels}


@pytest.mark.parametrize("how", ["row", "everything"])
async def test_others_write_while_bodies_are_parsed(world: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Nothing is locked, and the event loop goes on."""
    await hear_together(world, 2)
    await ask(world)
    parse, begun, written = Sandbox.parse, asyncio.Event(), threading.Event()
    loop, waited = asyncio.get_running_loop(), list[bool]()

    def slow(carrier: Sandbox, body: bytes) -> list[Parcel]:
        loop.call_soon_threadsafe(begun.set)
        waited.append(written.wait(20))
        return parse(carrier, body)

    monkeypatch.setattr(Sandbox, "parse", slow)
    work = mend_due(world.installation) if how == "row" else reread(world.installation, ALL, None, apply=True)
    working = asyncio.ensure_future(work)
    async with asyncio.timeout(20):
        await begun.wait()
        other = await world.ship("OWN-1")
        written.set()
        await working

    assert (waited, (await world.look(other)).status) == ([True], Status.PENDING)


async def test_others_write_between_the_transactions_of_a_lot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lot's shipments are written a few at a time."""
    monkeypatch.setattr(mending, "AT_ONCE", 2)
    await hear_together(world, 5)
    row = await ask(world)
    come: list[tuple[int, int]] = []

    async def write() -> None:
        await world.ship(f"OWN-{len(come)}")
        async with world.database.reading() as db:
            so_far = await replays.latest(db, row)
        assert so_far is not None
        come.append((so_far.looked_at, so_far.changed))

    before_writing(monkeypatch, write)

    assert (await mend_due(world.installation), come) == (1, [(0, 0), (2, 2), (4, 4)])
    assert await mend_due(world.installation) == 0


async def test_a_lot_of_heavy_bodies_is_a_short_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the shipment whose bodies have made it heavy; previews and replays of everything, too."""
    monkeypatch.setattr(opening, "HEAVY", 1)
    monkeypatch.setattr("app.intake.previewing.HEAVY", 1)
    parcels = [await world.ship(f"SANDBOX-HELD-{n}", "sandbox") for n in range(3)]
    for each in parcels:
        await hear(world, each.number, ("beamed", world.now))
    async with world.database.reading() as db:
        whose = of_shops(world.shop.company_id, [world.shop.id])
        shown = await preview(db, whose, Proposal("sandbox", [BEAMED]), None, limit=100)
    step = await reread(world.installation, ALL, None, apply=False)
    row = await give(world, BEAMED)
    first, done = await replay(world, row, lots=1), await replay(world, row)

    assert (shown.looked_at, len(shown.changes), shown.next) == (1, 1, (parcels[0].company_id, parcels[0].id))
    assert (step.looked_at, step.next) == (1, (parcels[0].company_id, parcels[0].id))
    assert [(each.state, each.looked_at, each.changed) for each in (first, done)] == [("due", 1, 1), ("done", 3, 3)]


async def test_what_comes_while_bodies_are_read_stands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is newer than what they say: its events stay, and so does when the parcel is expected."""
    [shipment] = await hear_together(world, 1)
    await ask(world)
    late = world.now + timedelta(minutes=1)
    before_writing(monkeypatch, lambda: hear(world, shipment.number, ("collected", late), ("delivered", late)))

    await mend_due(world.installation)

    said = {code: status for code, status, _ in await meant(world, shipment)}
    assert said == {"beamed": Status.OUT_FOR_DELIVERY, "collected": Status.IN_TRANSIT, "delivered": Status.DELIVERED}
    assert (await world.look(shipment)).status == Status.DELIVERED


async def test_a_worker_that_has_lost_its_claim_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another has done the lot meanwhile: each shipment is corrected once."""
    parcels = await hear_together(world, 3)
    row = await ask(world)

    async def another() -> None:
        monkeypatch.undo()
        world.pass_time(seconds=world.installation.settings.lease_seconds + 1)
        await mend_due(world.installation)

    before_writing(monkeypatch, another)
    await mend_due(world.installation)

    async with world.database.reading() as db:
        come = await replays.latest(db, row)
    assert come is not None
    assert (come.state, come.looked_at, come.changed) == ("done", 3, 3)
    assert await corrections(world) == {each.id: 1 for each in parcels}


async def test_what_a_killed_worker_had_claimed_is_done_later(world: World) -> None:
    """Once its lease has run out."""
    await hear_together(world, 1)
    await ask(world)
    lease = timedelta(seconds=world.installation.settings.lease_seconds)
    async with world.database.transaction() as db:
        await replays.claim(db, lease)
    at_once = await mend_due(world.installation)
    world.pass_time(seconds=lease.total_seconds() + 1)

    assert (at_once, await mend_due(world.installation), await mend_due(world.installation)) == (0, 1, 0)
