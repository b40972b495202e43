"""Which version of an event stays, when its carrier tells of it more than once."""

from datetime import timedelta
from itertools import permutations

import pytest

from app.database import Database
from app.shipments import history
from carriers.vocabulary import Status
from tests.building import World, build, event


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


@pytest.mark.parametrize("hours", (-1, 1))
async def test_the_newest_revision_stays_even_if_it_says_what_the_oldest_said(hours: int, world: World) -> None:
    """Two versions of one revision and a newer one that repeats the first: six orders, one history."""
    first = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2), id="e1")
    other = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2 + hours), id="e1")
    newest = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2), id="e1", revision="2")
    kept = set()
    for nth, order in enumerate(permutations((first, other, newest))):
        shipment = await world.ship(f"REVISED-{nth}")
        for said in order:
            await world.say(shipment, said)
        async with world.database.reading() as db:
            [stored] = (await history.of(db, shipment)).values()
        kept.add((stored.revision, stored.occurred_at))

    assert kept == {("2", newest.moment.occurred_at)}
