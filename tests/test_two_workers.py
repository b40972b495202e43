"""P5: two workers that handle two answers about one shipment at once end where one worker does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.database import Database
from app.installation import Installation
from app.outbox import endpoints
from app.outbox.tables import messages
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from app.shipments.tables import transitions
from carriers.vocabulary import Status
from tests.building import World, build, event

SAID = st.tuples(
    st.integers(-90, 30),
    st.sampled_from([status for status in Status if status is not Status.PENDING]),
    st.integers(0, 5),
    st.sampled_from(("", "1", "2")),
)
ANSWER = st.tuples(st.lists(SAID, min_size=1, max_size=3), st.lists(st.integers(0, 5), max_size=1))
ANSWERS = st.lists(ANSWER, min_size=2, max_size=4)
FEW, MANY = (
    settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    for examples in (10, 500)
)


@pytest.fixture
async def other(database: Database, database_url: str, database_kind: str) -> AsyncIterator[Database]:
    """The database as another process has it; on SQLite there is only one."""
    if database_kind == "sqlite":
        yield database
        return
    other = Database(database_url)
    yield other
    await other.close()


async def say(world: World, shipment: Shipment, at: datetime, said: tuple[Sequence[Any], Sequence[int]]) -> None:
    """One answer, about so many hours from that time; what it takes back may be told of later."""
    told = [
        event(status, at=at + timedelta(hours=hours), id=f"e{id_}", revision=revision)
        for hours, status, id_, revision in said[0]
    ]
    await world.say(shipment, *told, withdrawn=tuple(f"e{id_}" for id_ in said[1]))


async def standing(world: World, shipment: Shipment) -> dict[str, Any]:
    """Where it stands and by what; and that versions and messages are sound whatever order it came about in."""
    now = await world.look(shipment)
    async with world.database.reading() as db:
        events = await history.of(db, now)
        of_it = transitions.c.shipment_id == shipment.id
        steps = await db.all(select(transitions.c.version).where(of_it).order_by(transitions.c.version))
        mine = messages.c.shipment_id == shipment.id, messages.c.type == "shipment.status_changed"
        told = await db.all(select(messages.c.version).where(*mine))
    assert [row.version for row in steps] == list(range(1, now.version + 1))
    assert Counter(row.version for row in told) == Counter(row.version for row in steps)
    state = answer.explained(now, events, world.database.now())
    return {
        "status": (now.status, now.sub_status, now.decided_by, now.decided_at, now.failed_attempts),
        "timeline": state.timeline,
        "events": sorted((key, each.content, each.withdrawn) for key, each in events.items()),
    }


async def listening(database: Database) -> World:
    """A live shop whose system hears of every change."""
    world = await build(database)
    async with database.transaction() as db:
        whose = world.shop.company_id, world.shop.id
        await endpoints.create(
            db, world.installation.sealer, *whose, url="https://a.example.com/x", types=["shipment.status_changed"]
        )
    return world


async def _two_are_one(database: Database, other: Database, answers: Sequence[Any]) -> None:
    alone, together = await listening(database), await listening(database)
    one, many = await alone.ship("PAIR-0001"), await together.ship("PAIR-0001")
    here, at = together.installation, alone.now
    second = World(Installation(here.settings, other, here.sealer), together.shop)
    for each in answers:
        await say(alone, one, at, each)
    await asyncio.gather(*(say((together, second)[nth % 2], many, at, each) for nth, each in enumerate(answers)))

    expected = await standing(alone, one)
    found = await standing(together, many)
    assert found == expected


@FEW
@given(answers=ANSWERS)
async def test_two_workers_are_one(database: Database, other: Database, answers: Sequence[Any]) -> None:
    """Answers that come at once by two processes (on SQLite by two tasks), and one after the other by one."""
    await _two_are_one(database, other, answers)


@pytest.mark.long
@MANY
@given(answers=ANSWERS)
async def test_two_workers_are_one_at_length(database: Database, other: Database, answers: Sequence[Any]) -> None:
    """More of them."""
    await _two_are_one(database, other, answers)
