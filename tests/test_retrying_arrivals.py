"""Arrivals that failed are tried again, and what has been kept for long enough is forgotten."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, keep
from app.arrivals.tables import arrivals, bodies, pushes
from app.database import Database, new_id
from app.idempotency import idempotency_keys
from app.intake import retrying
from app.intake.forgetting import forget_old
from app.intake.retrying import retry_failed
from carriers.event import Parcel
from carriers.sandbox import Sandbox
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build

S, U = Status, SubStatus


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """A live shop with an endpoint for everything."""
    world = await build(database)
    await world.listen()
    yield world


def body(number: str, at: datetime) -> bytes:
    """A push of the sandbox: the parcel was collected."""
    collected = {"id": f"{number}.1", "time": at.isoformat(), "code": "collected", "text": "", "town": "Milano"}
    return orjson.dumps({"carrier": "sandbox", "parcels": [{"number": number, "found": True, "events": [collected]}]})


async def failed(world: World, raw: bytes, **known: Any) -> None:
    """An arrival that could not be taken in."""
    arrived = Arrived(world.shop.company_id, "sandbox", ArrivalSource.HOOK, raw, world.database.now())
    async with world.database.transaction() as db:
        await keep(db, arrived, ArrivalState.FAILED, reason="surprise", next_try_at=db.now, **known)


async def states(world: World) -> list[tuple[str, int, str]]:
    """State, tries and reason of every arrival."""
    async with world.database.reading() as db:
        rows = await db.all(select(arrivals.c.state, arrivals.c.attempts, arrivals.c.reason).order_by(arrivals.c.id))
    return [(row.state, row.attempts, row.reason) for row in rows]


async def test_a_failed_arrival_is_taken_in_when_it_can_be(world: World) -> None:
    """The push whose taking broke moves the shipment after all, and stands once in the archive."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    await failed(world, body(shipment.number, world.now))

    tried = await retry_failed(world.installation)

    assert (tried, (await world.look(shipment)).status) == (1, S.IN_TRANSIT)
    assert await states(world) == [("taken", 0, "")]
    assert await retry_failed(world.installation) == 0


async def test_a_failed_part_is_taken_in_for_its_shipment_alone(world: World) -> None:
    """Two parcels in one body, one of which failed: the other is not taken in twice."""
    first, second = await world.ship("SANDBOX-LOST-1", "sandbox"), await world.ship("SANDBOX-LOST-2", "sandbox")
    both = [orjson.loads(body(each.number, world.now))["parcels"][0] for each in (first, second)]
    raw = orjson.dumps({"carrier": "sandbox", "parcels": both})
    await failed(world, raw, number=first.number, shipment_id=first.id)

    await retry_failed(world.installation)

    assert [(await world.look(each)).status for each in (first, second)] == [S.IN_TRANSIT, S.PENDING]


async def test_after_three_tries_an_arrival_is_left_for_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, after a minute, after ten; then quarantined with the reason."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    await failed(world, body(shipment.number, world.now))

    def broken(self: Sandbox, raw: bytes) -> list[Parcel]:
        raise KeyError("surprise")

    monkeypatch.setattr(Sandbox, "parse", broken)
    tries = []
    for wait in (0, 0.5, 0.6, 9, 1.1, 60):
        world.pass_time(minutes=wait)
        tries.append(await retry_failed(world.installation))

    assert tries == [1, 0, 1, 0, 1, 0]
    assert await states(world) == [("quarantined", 3, "it could not be taken in: KeyError")]


async def test_a_body_that_turns_out_unreadable_is_not_tried_again(world: World) -> None:
    """Quarantined at the first try."""
    await failed(world, b"<html>")

    await retry_failed(world.installation)

    [(state, attempts, reason)] = await states(world)
    assert (state, attempts, bool(reason)) == ("quarantined", 1, True)


async def test_a_try_that_kills_its_worker_counts(world: World) -> None:
    """Three claims without a result: quarantined before a fourth worker dies of it."""
    await failed(world, body("SANDBOX-LOST-1", world.now))
    for minutes in (0, 1.1, 10.1):
        world.pass_time(minutes=minutes)
        async with world.database.transaction() as db:
            assert len(await retrying._claim(db)) == 1
    world.pass_time(minutes=11)

    tried = await retry_failed(world.installation)

    assert (tried, await states(world)) == (0, [("quarantined", 3, "its worker died while taking it in")])


async def test_what_was_kept_for_long_enough_is_forgotten(world: World) -> None:
    """Unclaimed pushes and push ids after thirty days, idempotency keys after three; what is younger stays."""

    async def push(number: str) -> None:
        arrived = Arrived(
            world.shop.company_id,
            "sandbox",
            ArrivalSource.HOOK,
            body(number, world.now),
            world.database.now(),
        )
        key = {"fingerprint": "00", "status": 200, "content_type": "", "body": b""}
        async with world.database.transaction() as db:
            await keep(db, arrived, ArrivalState.UNCLAIMED, number=number)
            await db.run(
                pushes.insert().values(
                    company_id=arrived.company_id, account_id=new_id(), message_id=number, received_at=db.now
                )
            )
            await db.run(
                idempotency_keys.insert().values(
                    company_id=arrived.company_id, scope=number.encode().hex(), created_at=db.now, **key
                )
            )

    async def left() -> list[int]:
        async with world.database.reading() as db:
            counted = [arrivals, bodies, pushes, idempotency_keys]
            return [await db.value(select(func.count()).select_from(table)) for table in counted]

    await push("SANDBOX-LOST-1")
    world.pass_time(days=29.9)
    await push("SANDBOX-LOST-2")
    keys = await forget_old(world.installation), await left()
    world.pass_time(days=0.2)
    month = await forget_old(world.installation), await left()

    assert keys == (1, [2, 2, 2, 1])
    assert month == (2, [1, 1, 1, 1])
    assert await forget_old(world.installation) == 0
