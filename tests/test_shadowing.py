"""Shadows read what comes beside what is in force: every difference is counted, and nothing is changed by it."""

from datetime import timedelta

import pytest

from app import accounts
from app.arrivals.keeping import ArrivalSource
from app.database import Database
from app.intake import shadowing
from app.intake.shadowing import shadow
from app.mappings import Meaning, rows, shadows
from carriers import carriers
from carriers.event import Parcel
from carriers.sandbox import Sandbox
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build
from tests.mending import BEAMED, give, hear, meant

S, U = Status, SubStatus
HELD = "SANDBOX-HELD-1"
COLLECTED = Meaning("sandbox", "collected", status=S.EXCEPTION, sub_status=U.HELD)


class Next(Sandbox):
    """A version of the adapter to be: it reads one code as another."""

    slug = "sandbox_next"

    def parse(self, body: bytes) -> list[Parcel]:
        """What it reads."""
        return Sandbox().parse(body.replace(b'"code":"collected"', b'"code":"arrived"'))


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop that has a parcel of the sandbox."""
    world = await build(database)
    await world.ship(HELD, "sandbox")
    return world


async def watch(world: World) -> int:
    """Let what has come settle, and compare it; how many arrivals."""
    world.pass_time(seconds=shadowing.SETTLED.total_seconds() + 1)
    return await shadow(world.installation)


async def found(world: World) -> list[tuple[str, str, str, str, int]]:
    """Code, meaning now and then, by what, and how often; of all companies, which here is the one."""
    async with world.database.reading() as db:
        names, slugs = await shadows.named(db, (), world.installation.settings.shadow_adapters)
        own = await shadows.of_company(db, world.shop.company_id, names, 100)
        every = await shadows.of_everybody(db, names)
        assert {each.arrival_id is None for each in own} <= {False}
        assert [(each.key, each.count) for each in own] == [(each.key, each.count) for each in every]
        compared = await shadows.watched(db, (world.shop.company_id,), slugs)
    assert all(each.compared >= 1 for each in compared if own)
    return [(each.code, each.now, each.then, each.by, each.count) for each in own]


async def test_a_row_in_shadow_is_counted_and_does_nothing(world: World) -> None:
    """From when it was taken on; what it agrees with is no difference. Switched on, it acts."""
    await hear(world, HELD, ("beamed", world.now - timedelta(hours=9)))
    beamed, collected = await give(world, BEAMED, shadow=True), await give(world, COLLECTED, shadow=True)
    assert await watch(world) == 0
    await hear(world, HELD, ("beamed", world.now - timedelta(hours=2)), ("collected", world.now - timedelta(hours=3)))
    await hear(world, HELD, ("beamed", world.now), source=ArrivalSource.POLL)
    await hear(world, HELD, ("arrived", world.now))
    counts = [await watch(world), await watch(world)]
    differences = await found(world)
    async with world.database.transaction() as db:
        await rows.switch_on(db, beamed)
        await rows.withdraw(db, collected, author="Test", reason="")
    world.installation.mappings.forget()
    await hear(world, HELD, ("beamed", world.now))

    assert counts == [3, 0]
    assert differences == [
        ("beamed", "", "out_for_delivery", beamed.name, 2),
        ("collected", "in_transit/picked_up", "exception/held", collected.name, 1),
    ]
    assert await found(world) == []
    [shipment] = [await world.ship(HELD, "sandbox")]
    assert [status for code, status, _ in await meant(world, shipment) if code == "beamed"][-1] == S.OUT_FOR_DELIVERY


async def test_a_shadow_adapter_reads_the_same_bodies(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it reads otherwise, and what only one of the two reads, is told by its slug."""
    monkeypatch.setattr(shadowing, "carriers", lambda: {**carriers(), Next.slug: Next()})
    monkeypatch.setitem(world.installation.settings.shadow_adapters, "sandbox", Next.slug)
    async with world.database.transaction() as db:
        sealer, company_id = world.installation.sealer, world.shop.company_id
        await accounts.add(db, sealer, company_id, "sandbox", public_url="https://nove.example")
    await watch(world)
    await hear(world, HELD, ("collected", world.now), ("delivered", world.now))

    assert await watch(world) == 1
    assert await found(world) == [
        ("arrived", "unread", "in_transit/arrived", "sandbox_next", 1),
        ("collected", "in_transit/picked_up", "unread", "sandbox_next", 1),
    ]


async def test_two_workers_count_once(world: World) -> None:
    """The one that comes second finds that the stretch has been noted."""
    await give(world, BEAMED, shadow=True)
    await watch(world)
    await hear(world, HELD, ("beamed", world.now))
    place = world.shop.company_id, "sandbox"
    async with world.database.reading() as db:
        before = (await shadows.come_to(db))[place]
    first = await watch(world)
    async with world.database.transaction() as db:
        second = await shadows.note(db, place, (before, before), 1, {})

    assert (first, second, [each[-1] for each in await found(world)]) == (1, False, [1])


async def test_without_a_shadow_nothing_is_read(world: World) -> None:
    """Nor is anything noted."""
    await give(world, BEAMED)
    await hear(world, HELD, ("beamed", world.now))

    assert await watch(world) == 0
    async with world.database.reading() as db:
        assert await shadows.come_to(db) == {}
