"""SQLite's connections: how often their threads are called, and what a read without a thread sees."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from app.columns import new_id
from app.database import Database, Session
from app.errors import NotFound, Unavailable
from app.shipments import reading
from app.shipments.tables import shipments
from app.shops import companies
from app.sqlite_driver import Near, Threaded
from carriers.vocabulary import Status
from tests.building import build, event
from tests.test_bulk_sqlite import ADD, BY_ID

on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


async def _add(database: Database, *names: str) -> list[Any]:
    ids = [new_id() for _ in names]
    async with database.transaction() as db:
        await ADD(db, [(id_, name, db.now) for id_, name in zip(ids, names, strict=True)])
    return ids


async def _names(db: Session, ids: list[Any]) -> list[str]:
    return sorted(await BY_ID(db, (), {"ids": ids}))


def _files(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often a connection's thread was called."""
    counted: Counter[str] = Counter()
    called: Any = Threaded._execute

    async def call(self: Threaded, *work: Any, **more: Any) -> Any:
        counted["calls"] += 1
        return await called(self, *work, **more)

    monkeypatch.setattr(Threaded, "_execute", call)
    yield counted


@on_sqlite
async def test_a_query_calls_the_thread_once(database: Database, calls: Counter[str]) -> None:
    """To begin and to end a reading takes no time."""
    async with database.reading() as db:
        await db.all(select(companies))
    calls.clear()
    async with database.reading() as db:
        await db.all(select(companies))
        await BY_ID(db, (), {"ids": [uuid4()]})
    assert calls["calls"] == 2


@on_sqlite
async def test_reading_one_shipment_calls_no_thread(database: Database, calls: Counter[str]) -> None:
    """Neither whole nor for its tag."""
    world = await build(database)
    shipment = await world.ship()
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now))
    calls.clear()
    place = shipment.company_id, (shipment.shop_id,), shipment.id
    async with database.glancing() as db:
        found = await reading.find(db, *place, with_events=True)
        tag = await reading.tag(db, *place)
    assert calls["calls"] == 0
    assert (len(found.events), found.tag(db.now)) == (1, tag)


@on_sqlite
async def test_a_group_of_arrivals_calls_the_thread_to_begin_and_to_end(
    database: Database, calls: Counter[str]
) -> None:
    """What it reads and writes in between is found by keys."""
    async with database.transaction():
        pass
    calls.clear()
    async with database.transaction(by_key=True) as db:
        await ADD(db, [(id_ := new_id(), "First", db.now)])
        await db.all(select(companies))
        async with db.nested():
            assert await _names(db, [id_]) == ["First"]
    async with database.transaction() as db:
        begun = calls["calls"]
        assert await _names(db, [id_]) == ["First"]
        asked = calls["calls"]
    assert (begun, asked) == (2 + 1, 2 + 2)


@on_sqlite
async def test_the_tag_changes_with_every_column(database: Database) -> None:
    """Whatever is written to the row."""
    world = await build(database)
    shipment = await world.ship()
    place = shipment.company_id, (shipment.shop_id,), shipment.id

    async def tag() -> str:
        async with database.glancing() as db:
            return await reading.tag(db, *place)

    tags = [await tag()]
    for column, value in (("late", True), ("parcel_count", 7), ("recipient", {"name": "Anna"}), ("decided_by", "ab")):
        async with database.transaction() as db:
            await db.run(update(shipments).values({column: value}))
        tags.append(await tag())
    assert len(set(tags)) == 5
    assert tags[-1] == await tag()


@on_sqlite
async def test_what_is_found_by_a_glance_is_what_a_reading_finds(database: Database) -> None:
    """To the last field, with the order and the events."""
    world = await build(database)
    shipment = await world.ship(order={"reference": "R1"})
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now), event(Status.DELIVERED, at=world.now))
    place = shipment.company_id, (shipment.shop_id,), shipment.id
    async with database.glancing() as db:
        glanced = await reading.find(db, *place, with_events=True)
    async with database.reading() as db:
        found = await reading.find(db, *place, with_events=True)
    assert glanced == found


@on_sqlite
async def test_a_glance_sees_one_state(database: Database) -> None:
    """What is committed meanwhile is seen by the next."""
    [first] = await _add(database, "First")
    async with database.glancing() as db:
        before = await _names(db, [first])
        async with database.transaction() as other:
            await ADD(other, [(second := new_id(), "Second", other.now)])
        during = await _names(db, [first, second])
    async with database.glancing() as db:
        after = await _names(db, [first, second])
    assert (before, during, after) == (["First"], ["First"], ["First", "Second"])


@on_sqlite
async def test_glances_beside_each_other_do_not_mix(database: Database) -> None:
    """Each has a connection for as long as it lasts."""
    ids = await _add(database, "One")
    async with database.glancing() as one, database.glancing() as two:
        assert one.sqlite is not two.sqlite
        assert [*await asyncio.gather(_names(one, ids), _names(two, ids))] == [["One"], ["One"]]
    async with database.glancing() as again:
        assert again.sqlite in (one.sqlite, two.sqlite)


@on_sqlite
async def test_a_glance_that_fails_leaves_nothing_open(database: Database) -> None:
    """The next one sees what has been written since."""
    with pytest.raises(NotFound):
        async with database.glancing() as db:
            await reading.find(db, uuid4(), [uuid4()], uuid4())
    ids = await _add(database, "Later")
    async with database.glancing() as db:
        assert await _names(db, ids) == ["Later"]


@on_sqlite
async def test_a_glance_cannot_write(database: Database) -> None:
    """Nor does it wait for whoever writes."""
    async with database.transaction(), database.glancing() as db:
        assert await _names(db, [uuid4()]) == []
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await db.sqlite.fetch("DELETE FROM companies", ())
        await _names(db, [uuid4()])


async def test_a_file_that_another_program_has_locked(tmp_path: Path) -> None:
    """It is told as such, and soon."""
    with closing(sqlite3.connect(tmp_path / "nove.db")) as other:
        other.execute("CREATE TABLE companies (company_id TEXT, name TEXT)")
        other.execute("BEGIN EXCLUSIVE")
        database = Database(f"sqlite:///{tmp_path}/nove.db")
        with pytest.raises(Unavailable):
            async with database.glancing() as db:
                await _names(db, [uuid4()])


async def test_closing_leaves_one_file(tmp_path: Path, sqlite_template: Path) -> None:
    """What was written is in it, and nobody holds the log that it was in."""
    shutil.copy(sqlite_template, tmp_path / "nove.db")
    database = Database(f"sqlite:///{tmp_path}/nove.db")
    ids = await _add(database, "Here")
    async with database.glancing() as db:
        await _names(db, ids)
    await database.close()
    assert _files(tmp_path) == ["nove.db"]


async def test_who_waits_for_too_long_to_write_is_told(tmp_path: Path, sqlite_template: Path) -> None:
    """It is not left to wait behind all the others; who comes later has its turn."""
    shutil.copy(sqlite_template, tmp_path / "nove.db")
    database = Database(f"sqlite:///{tmp_path}/nove.db", seconds=0.2)
    async with database.transaction():
        told = await asyncio.gather(_add(database, "A"), _add(database, "B"), return_exceptions=True)
    ids = await _add(database, "C")
    async with database.reading() as db:
        assert await _names(db, ids) == ["C"]
    await database.close()
    assert [type(each) for each in told] == [Unavailable] * 2


@on_sqlite
async def test_a_connection_that_is_cut_off_goes_on_with_what_it_was_told(database: Database) -> None:
    """Whoever gives up waiting leaves nothing half done: the transaction ends, and the next one begins."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), database.transaction() as db:
            await ADD(db, [(new_id(), "Gone", db.now)])
            await db.sqlite.fetch(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) SELECT max(n) FROM n",
                (3_000_000,),
            )
    ids = await _add(database, "Here")
    async with database.reading() as db:
        assert [row.name for row in await db.all(select(companies.c.name))] == ["Here"]
        assert await _names(db, ids) == ["Here"]


def test_a_connection_without_a_thread_is_closed(tmp_path: Path) -> None:
    """It is of no use afterwards."""
    near = Near(tmp_path / "nove.db")
    near.close()
    with pytest.raises(sqlite3.ProgrammingError):
        near.run("BEGIN")
