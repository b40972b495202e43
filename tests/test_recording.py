"""Which version of an event stays, when its carrier tells of it more than once."""

from datetime import timedelta
from itertools import permutations

import pytest

from app.database import Database
from app.lifecycle import Reason, Source
from app.shipments import answer, history
from app.shipments.recording import record
from carriers.event import Parcel, TrackingEvent
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


async def test_a_withdrawal_holds_in_whatever_order_it_comes(world: World) -> None:
    """Two versions of a delivery, what was before it, and the withdrawal: 24 orders, together or one by one."""
    moving = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=3), id="e1")
    delivered = event(Status.DELIVERED, at=world.now - timedelta(hours=1), id="e2")
    newer = event(Status.DELIVERED, at=world.now - timedelta(hours=2), id="e2", revision="2")
    withdrawal: tuple[TrackingEvent, ...] = ()
    kept = set()
    for nth, order in enumerate(permutations(((moving,), (delivered,), (newer,), withdrawal))):
        for together in (False, True):
            shipment = await world.ship(f"VOID-{nth}-{together}")
            parcels = [Parcel(shipment.number, said, withdrawn=() if said else ("e2",)) for said in order]
            for batch in [parcels] if together else [[each] for each in parcels]:
                await world.take_all(shipment, batch)
            now = await world.look(shipment)
            async with world.database.reading() as db:
                events = await history.of(db, now)
                shown = answer.whole(now, events, world.now, "", "en")["events"]
            stored = sorted((each.revision, each.occurred_at, each.withdrawn) for each in events.values())
            kept.add((now.status, now.decided_at, *stored, *((each["status"], each["set_aside"]) for each in shown)))

    assert kept == {
        (
            Status.IN_TRANSIT,
            moving.moment.occurred_at,
            ("", moving.moment.occurred_at, False),
            ("2", newer.moment.occurred_at, True),
            (Status.DELIVERED, Reason.WITHDRAWN),
            (Status.IN_TRANSIT, None),
        )
    }


async def test_a_withdrawal_that_came_first_is_not_shown_and_its_event_not_told(world: World) -> None:
    """Until the event comes there is nothing to see; then it stands in the history, set aside, and no one is told."""
    shipment = await world.ship()
    waiting = await world.say(shipment, withdrawn=("e1",))
    async with world.database.reading() as db:
        before = answer.whole(waiting, await history.of(db, shipment), world.now, "", "en")
    after = await world.say(shipment, event(Status.DELIVERED, at=world.now, id="e1"))
    async with world.database.reading() as db:
        then = answer.whole(after, await history.of(db, shipment), world.now, "", "en")

    assert (waiting.revision, before["events"], before["explanation"]["set_aside"]) == (shipment.revision, [], [])
    assert (after.status, after.version, after.revision) == (Status.PENDING, 0, shipment.revision + 1)
    assert [(each["status"], each["set_aside"]) for each in then["events"]] == [(Status.DELIVERED, Reason.WITHDRAWN)]
    assert await world.ledger(after) == await world.ledger(shipment)
    assert await world.ledger(after, "webhook") == []


async def test_the_same_words_are_known_again_by_those_stored_with_longer_digests(world: World) -> None:
    """Neither a newer revision nor a table that is read again makes a correction of them."""
    said = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2), id="e1")
    again = event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2), id="e1", revision="2")
    before = made(said, world)
    known = {"e1": before._replace(content=before.content + "0123456789abcdef")}

    for remap in (False, True):
        recorded = record(known, [made(again, world)], at=world.now, remap=remap)

        assert (recorded.new, recorded.corrected) == ((), ())
        assert recorded.events["e1"].revision == "2"


def made(said: TrackingEvent, world: World) -> history.StoredEvent:
    return history.stored(said, "e1", source=Source.CARRIER, received_at=world.now, arrival_id=None)
