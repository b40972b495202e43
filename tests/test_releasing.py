"""Letting bodies out of quarantine: what can be read now is taken in once, what cannot stays."""

from datetime import datetime

import orjson
import pytest
from sqlalchemy import select, update

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived
from app.arrivals.tables import arrivals
from app.database import Database
from app.intake import take_in
from app.intake.releasing import Released, release
from app.intake.stepping import Choice
from carriers import carriers
from carriers.event import Parcel
from carriers.vocabulary import Status
from tests.building import World, build

ALL = Choice()
PARCEL_SIGNS = "\N{PACKAGE}" * 30


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def body(number: str, *said: tuple[str, datetime], also: tuple[str, ...] = ()) -> bytes:
    """An answer of the sandbox with these codes, for this number and others."""
    events = [{"code": code, "time": at.isoformat(), "text": code} for code, at in said]
    parcels = [{"number": each, "events": events} for each in (number, *also)]
    return orjson.dumps({"carrier": "sandbox", "parcels": parcels})


async def arrive(world: World, content: bytes, parcel: Parcel | None, reason: str = "") -> None:
    company_id = world.shop.company_id
    arrived = Arrived(company_id, "sandbox", ArrivalSource.HOOK, content, world.now, parcel=parcel, reason=reason)
    async with world.database.transaction() as db:
        await take_in(world.installation, db, [arrived])


async def states(world: World) -> list[tuple[str, str]]:
    """State and number of every arrival."""
    async with world.database.reading() as db:
        rows = await db.all(select(arrivals.c.state, arrivals.c.tracking_number))
    return sorted((row.state, row.tracking_number) for row in rows)


async def test_a_quarantined_body_that_can_be_read_now(world: World) -> None:
    """It is taken in as it would have been, and its row leaves the quarantine."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    content = body("SANDBOX-LOST-1", ("collected", world.now))
    await arrive(world, content, None, "not an answer of the sandbox")
    await arrive(world, b"{", None, "not JSON")

    shown = await release(world.installation, ALL, None, apply=False)
    untouched = await world.look(shipment)
    done = await release(world.installation, ALL, None, apply=True)

    [change] = shown.changes
    assert isinstance(change, Released)
    assert (change.carrier, change.parcels) == ("sandbox", (("SANDBOX-LOST-1", "taken"),))
    assert (shown.looked_at, done.looked_at, len(done.changes)) == (2, 2, 1)
    assert untouched == shipment
    assert (await world.look(shipment)).status is Status.IN_TRANSIT
    assert [state for state, _ in await states(world)] == ["quarantined", "taken"]


async def test_a_worker_is_left_to_its_own(world: World) -> None:
    """What a worker still tries again by itself is not taken from it."""
    await arrive(world, body("SANDBOX-LOST-1", ("collected", world.now)), None, "later")
    async with world.database.transaction() as db:
        await db.run(update(arrivals).values(state=ArrivalState.FAILED.value, next_try_at=db.now))

    assert (await release(world.installation, ALL, None, apply=True)).looked_at == 0


async def test_a_number_that_cannot_be_one(world: World) -> None:
    """Its body can be read, yet whose it is cannot be told: it stays, and the replay says that nothing changes."""
    content = body(PARCEL_SIGNS, ("collected", world.now))
    [parcel] = carriers()["sandbox"].parse(content)
    await arrive(world, content, parcel)
    before = await states(world)

    for apply in (False, True, True):
        step = await release(world.installation, ALL, None, apply=apply)
        assert (step.looked_at, step.changes) == (1, ())
    assert before == await states(world) == [("quarantined", "")]


async def test_such_a_number_beside_good_ones(world: World) -> None:
    """The others of the body are taken in once; what cannot be stays, and the second replay changes nothing."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    await arrive(world, body("SANDBOX-LOST-1", ("collected", world.now), also=(PARCEL_SIGNS,)), None, "not read")
    first = await release(world.installation, ALL, None, apply=True)
    again = await release(world.installation, ALL, None, apply=True)

    assert [each.parcels for each in first.changes] == [(("SANDBOX-LOST-1", "taken"),)]
    assert again.changes == ()
    assert (await world.look(shipment)).status is Status.IN_TRANSIT
    assert await states(world) == [("quarantined", ""), ("taken", "SANDBOX-LOST-1")]
