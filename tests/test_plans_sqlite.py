"""On a SQLite file, too, what is taken in, claimed, listed and looked up is found by the indexes made for it."""

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, tuple_

from app.arrivals.keeping import ArrivalSource, Arrived
from app.arrivals.tables import arrivals
from app.database import Database
from app.intake import take_in
from app.intake.answering import look_up
from app.intake.forgetting import forget_old
from app.intake.retrying import retry_failed
from app.intake.several import post_each
from app.intake.timed import settle_due
from app.outbox.claiming import Room
from app.outbox.claiming import claim as claim_messages
from app.outbox.sending import Sender
from app.polling.claiming import claim as claim_polls
from app.polling.claiming import due_accounts
from app.shipments.listing import Filters, listed
from carriers.event import Parcel
from carriers.vocabulary import Status
from tests.building import RECIPIENT, World, build, event
from tests.heard import heard
from tests.test_plans import LISTS, LOOKUPS

BIG = "shipments|names|events|transitions|messages|attempts|arrivals|bodies|orders|pushes"
WALK = re.compile(rf"SCAN ({BIG})\b(?! USING (COVERING )?INDEX ix_)|SEARCH ({BIG}) .*\(company_id=\?\)$")
"""A table read through, or all that a company has in it; not an index of few rows, or one in its order."""


@pytest.fixture
async def world(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A shop with some hundred shipments, on a file that has been counted."""
    shutil.copy(sqlite_template, tmp_path / "nove.db")
    database = Database(f"sqlite:///{tmp_path}/nove.db")
    world = await build(database)
    await world.listen()
    async with database.transaction() as db:
        for row in await post_each(world.installation, db, world.shop, [posted(f"OLD{n:05}", n) for n in range(300)]):
            assert row["status"] == 201, row
    await database.count()
    await database.close()  # opened anew, it knows
    yield world
    await database.close()


def posted(number: str, order: int = 0) -> dict[str, Any]:
    return {
        "carrier": "own",
        "tracking_number": number,
        "recipient": {**RECIPIENT, "email": f"{number}@example.com"},
        "order": {"reference": f"R{order}"},
    }


async def walks(world: World, job: Callable[[], Awaitable[object]]) -> list[tuple[str, str]]:
    """What a job reads through: the step of the plan, and its statement."""
    database = world.database
    with heard(database._reader, database._writer) as said:
        await job()
    assert said
    found = []
    async with database.reading() as db:
        for statement, parameters in dict(said_once(said)).items():
            plan = await db.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [(row.detail, statement) for row in plan.all() if WALK.search(row.detail)]
    return found


def said_once(said: Any) -> list[tuple[str, Any]]:
    return [(statement, many[0] if isinstance(many, list) else many) for statement, many in said]


async def test_what_carriers_push(world: World) -> None:
    """Parcels that are known, twice in one group, and one that nobody has posted yet."""
    known = [await world.ship(f"PUSHED{n}") for n in range(3)]
    told = [
        Arrived(
            known[0].company_id,
            "own",
            ArrivalSource.HOOK,
            number.encode(),
            world.now,
            parcel=Parcel(number, (event(Status.IN_TRANSIT, at=world.now),)),
        )
        for number in (*(each.number for each in known), "NOBODYS", "PUSHED0")
    ]

    async def push() -> None:
        async with world.database.transaction() as db:
            await take_in(world.installation, db, told)

    assert await walks(world, push) == []


async def test_what_shops_post(world: World) -> None:
    """One by itself, and several together."""
    rows = [posted(f"POSTED{n}") for n in range(3)]

    async def post() -> None:
        await world.ship("ALONE")
        async with world.database.transaction() as db:
            assert [each["status"] for each in await post_each(world.installation, db, world.shop, rows)] == [201] * 3

    assert await walks(world, post) == []


async def test_what_is_claimed(world: World) -> None:
    """Messages and polls; and messages are sent."""
    shipment = await world.ship()
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now))

    async def work() -> None:
        async with world.database.transaction() as db:
            for account in await due_accounts(db):
                await claim_polls(db, *account, 16)
            await claim_messages(db, Room(64, 64))

    assert await walks(world, work) == []
    sender = Sender(world.installation)
    assert await walks(world, sender.send_due) == []
    await sender.close()


@pytest.mark.parametrize("job", [retry_failed, settle_due, forget_old])
async def test_what_time_brings(job: Any, world: World) -> None:
    """Retries, late shipments, what is old."""
    await world.ship()

    assert await walks(world, lambda: job(world.installation)) == []


@pytest.mark.parametrize("name", LISTS)
async def test_a_list(name: str, world: World) -> None:
    """Newest first, by an index."""

    async def read() -> None:
        async with world.database.reading() as db:
            filters = Filters.model_validate(LISTS[name][0])
            await listed(db, world.shop.company_id, [world.shop.id], filters, limit=50)

    assert await walks(world, read) == []


@pytest.mark.parametrize("name", LOOKUPS)
async def test_a_look_up(name: str, world: World) -> None:
    """By the index of what is known."""

    async def read() -> None:
        async with world.database.reading() as db:
            await look_up(world.installation, db, world.shop.company_id, [world.shop.id], LOOKUPS[name][0])

    assert await walks(world, read) == []


async def test_rows_are_found_by_keys_of_several_columns(world: World) -> None:
    """In any number, and none where a part of the key is another one's."""
    one, other = await world.ship("FIRST1"), await world.ship("SECOND2")
    await world.say(one, event(Status.IN_TRANSIT, at=world.now))
    await world.say(other, event(Status.IN_TRANSIT, at=world.now))
    key = tuple_(arrivals.c.company_id, arrivals.c.tracking_number, arrivals.c.shipment_id)

    async def found(*keys: tuple[Any, ...]) -> list[str]:
        async with world.database.reading() as db:
            rows = await db.all(select(arrivals.c.tracking_number).where(key.in_(keys)))
            return sorted(row.tracking_number for row in rows)

    first, second = (one.company_id, "FIRST1", one.id), (one.company_id, "SECOND2", other.id)
    assert await found(first, second, first) == ["FIRST1", "SECOND2"]
    assert await found((one.company_id, "SECOND2", one.id)) == []
    assert await found() == []


async def test_small_tables_are_not_counted(world: World) -> None:
    """What has but a few rows, SQLite would read through, and go on so while it grows."""
    async with world.database.reading() as db:
        counted = {row.tbl for row in await db.all(text("SELECT tbl FROM sqlite_stat1"))}

    assert {"shipments", "orders"} <= counted
    assert not {"shops", "endpoints", "rules"} & counted


async def test_what_no_index_serves_would_be_told(world: World) -> None:
    """Or the others would say nothing."""

    async def read() -> None:
        async with world.database.reading() as db:
            await db.all(select(arrivals.c.id).where(arrivals.c.reason == "x"))

    assert [step for step, _ in await walks(world, read)] == ["SCAN arrivals"]
