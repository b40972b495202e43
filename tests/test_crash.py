"""The crash suite's checker: it finds nothing wrong where nothing is, and each kind of damage by its name."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from app.database import Database
from app.outbox.tables import messages
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments, transitions
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.crash.invariants import Verdict, check, check_stored, under_way
from tests.crash.journal import Fault, Journal, lines
from tests.crash.receiver import digest

LOGS = ("acknowledged", "deliveries", "letters")


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop with one endpoint."""
    world = await build(database)
    await world.listen()
    return world


@pytest.fixture
async def shipment(world: World, tmp_path: Path) -> Shipment:
    """A shipment of two events, all told and logged as it should be."""
    shipment = await world.ship("CRASH-1")
    for hours, status in ((3, Status.IN_TRANSIT), (2, Status.DELIVERED)):
        shipment = await world.say(shipment, event(status, at=world.now - timedelta(hours=hours)))
    acknowledged, deliveries, letters = (Journal(tmp_path / f"{name}.jsonl") for name in LOGS)
    acknowledged.write(shipment="CRASH-1")
    async with world.database.transaction() as db:
        for row in await db.all(select(events)):
            acknowledged.write(shipment="CRASH-1", event=row.text)
        await db.run(update(messages).where(messages.c.state == "due").values(state="sent"))
        for row in await db.all(select(messages).where(messages.c.state == "sent")):
            if row.channel == "email":
                letters.write(id=str(row.id), to=[])
            else:
                told = {"type": row.type, "shipment": str(row.shipment_id), "version": row.version}
                deliveries.write(at=1.0, id=str(row.id), **told, body=digest(row.payload["body"].encode()))
    for journal in (acknowledged, deliveries, letters):
        journal.close()
    return shipment


async def wrong(url: str, folder: Path, *faults: Fault) -> list[str]:
    """The kinds of things that are found wrong, without their examples."""
    verdict: Verdict = await check(url, folder, faults)
    return [each.partition(":")[0] for each in verdict.wrong]


async def test_nothing_is_wrong(database_url: str, shipment: Shipment, tmp_path: Path) -> None:
    """A sound database and whole logs: everything is counted, nothing told."""
    verdict = await check(database_url, tmp_path, ())

    assert await under_way(database_url) == 0
    assert verdict == Verdict(acknowledged=3, stored=3, lost=0, webhooks=3, duplicates={}, letters=verdict.letters)
    assert verdict.letters > 0


DAMAGE = {
    "an event is gone": (
        delete(events).where(events.c.status == Status.DELIVERED),
        ["1 acknowledged and lost", "1 shipments whose status is not the fold of their events"],
    ),
    "a status is not its events'": (
        update(shipments).values(failed_attempts=7),
        ["1 shipments whose status is not the fold of their events"],
    ),
    "a transition is gone": (
        delete(transitions).where(transitions.c.version == 1),
        [
            "1 shipments with a gap in their versions",
            "1 shipments whose transitions do not follow each other",
            "1 messages without their transition",
        ],
    ),
    "a message is gone": (
        delete(messages).where(messages.c.channel == "webhook", messages.c.version == 2),
        ["1 transitions without their message", "1 webhooks received that are not in the outbox"],
    ),
    "a message was never sent": (
        update(messages).where(messages.c.channel == "webhook", messages.c.version == 2).values(state="due"),
        ["1 webhooks that were not sent"],
    ),
    "a message says another thing": (
        update(messages).where(messages.c.channel == "webhook", messages.c.version == 2).values(payload={"body": "x"}),
        ["1 deliveries that differ from the outbox"],
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_found(
    what: str, database_url: str, database: Database, shipment: Shipment, tmp_path: Path
) -> None:
    """Each kind in its own words."""
    statement, told = DAMAGE[what]
    async with database.transaction() as db:
        await db.run(statement)

    assert await wrong(database_url, tmp_path) == told


async def test_what_was_seen_outside_counts(database_url: str, shipment: Shipment, tmp_path: Path) -> None:
    """A delivery may come again only after a fault that explains it, a letter never."""
    [again, *_] = lines(tmp_path / "deliveries.jsonl")
    [letter, *_] = lines(tmp_path / "letters.jsonl")
    for name, line in (("deliveries", again), ("letters", letter)):
        journal = Journal(tmp_path / f"{name}.jsonl")
        journal.write(**line | {"at": 3.0})
        journal.close()

    assert await wrong(database_url, tmp_path, Fault("kill", 2.0, 2.1)) == ["1 letters sent twice"]
    for other in (Fault("kill", 4.0, 4.1), Fault("kill", 0.1, 0.2), Fault("stop", 2.0, 2.1)):
        assert await wrong(database_url, tmp_path, other) == [
            "1 deliveries came again without a fault in between",
            "1 letters sent twice",
        ]
    assert (await check(database_url, tmp_path, (), late=1)).wrong == [f"1 letters sent twice: {letter['id']}"]


async def test_a_claim_that_nobody_takes_up_is_found(database_url: str, world: World, tmp_path: Path) -> None:
    """Due, claimed long ago, and its worker gone; what is no longer due may keep its lease."""
    shipment = await world.ship("CRASH-2")
    for name in LOGS:
        Journal(tmp_path / f"{name}.jsonl").close()
    long_ago = world.now - timedelta(minutes=5)
    found = []
    for due in (long_ago, world.now + timedelta(hours=1)):
        async with world.database.transaction() as db:
            await db.run(update(shipments).values(next_poll_at=due, lease_until=long_ago))
        found.append((await check_stored(database_url, tmp_path, quiet=True))[0].wrong)

    assert found == [[f"1 shipments claimed by nobody who lives: {shipment.id}"], []]
