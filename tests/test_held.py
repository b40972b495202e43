"""Writes that wait for one another: nobody can tell, but by the number of statements."""

from typing import Any

import orjson
import pytest
from asyncpg import Connection
from sqlalchemy import select

from app.bulk import Insert, Update, _at_once
from app.database import Database, Session, new_id
from app.intake import knowing
from app.shops import companies
from carriers.event import Parcel
from carriers.vocabulary import Status
from tests.building import build, event
from tests.planning import nodes

ADD = Insert(companies)
CALL = Update(companies, ("company_id",), ("name",))
IDS = [new_id() for _ in range(3)]


def _row(n: int, db: Session) -> tuple[object, ...]:
    return IDS[n], f"Company {n}", db.now


async def _names(db: Session) -> list[str]:
    return [row.name for row in await db.all(select(companies.c.name).order_by(companies.c.company_id))]


async def test_whoever_reads_sees_what_was_written_before(database: Database) -> None:
    """A read writes first what waits; so does the end of the transaction."""
    async with database.transaction() as db:
        await ADD(db, [_row(0, db)])
        before = await _names(db)
        await ADD(db, [_row(1, db)])
    async with database.reading() as db:
        after = await _names(db)
    assert (before, after) == (["Company 0"], ["Company 0", "Company 1"])


async def test_what_is_changed_twice_is_as_it_was_changed_last(database: Database) -> None:
    """One statement changes a row once, and does not see what another part of it adds: these come one by one."""
    async with database.transaction() as db:
        await ADD(db, [_row(0, db), _row(1, db)])
        await CALL(db, [(IDS[0], "Once")])
        await CALL(db, [(IDS[0], "Twice")])
        await ADD(db, [_row(2, db)])
    async with database.reading() as db:
        assert await _names(db) == ["Twice", "Company 1", "Company 2"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_group_of_pushes_is_written_by_one_statement(database: Database) -> None:
    """Into the six tables that it goes to, however many shipments it tells of."""
    world = await build(database)
    await world.listen()
    ships = [await world.ship(f"ABC00000{n}") for n in range(3)]
    written: list[str] = []

    async def execute(driver: Connection, statement: str, *values: Any) -> Any:
        written.append(statement)
        return await executed(driver, statement, *values)

    executed, Connection.execute = Connection.execute, execute
    try:
        moved = event(Status.IN_TRANSIT, at=world.now)
        await world.take_all(ships[0], [Parcel(each.number, (moved,)) for each in ships])
    finally:
        Connection.execute = executed
    [statement] = [each for each in written if "INSERT" in each]
    tables = ("bodies", "arrivals", "events", "transitions", "messages")
    assert [table for table in tables if f'INSERT INTO "{table}"' in statement] == list(tables)
    assert 'UPDATE "shipments"' in statement


async def test_what_is_undone_alone_takes_its_own_writes_with_it(database: Database) -> None:
    """Those of before stay."""
    async with database.transaction() as db:
        await ADD(db, [_row(0, db)])
        with pytest.raises(LookupError):
            async with db.nested():
                await ADD(db, [_row(1, db)])
                raise LookupError
        await ADD(db, [_row(2, db)])
    async with database.reading() as db:
        assert await _names(db) == ["Company 0", "Company 2"]


async def test_a_write_that_cannot_be_done_undoes_the_transaction(database: Database) -> None:
    """Also if it waited until the end."""
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        async with database.transaction() as db:
            await ADD(db, [_row(0, db)])
            await ADD(db, [_row(1, db), _row(1, db)])
    async with database.reading() as db:
        assert await _names(db) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_what_is_read_of_shipments_goes_by_key_though_tables_were_empty_when_it_was_planned(
    database: Database,
) -> None:
    """They grow, and the plan stays for some minutes."""
    async with database.transaction(by_key=True) as db:
        await db.driver.execute(f"PREPARE known AS {_at_once(knowing._PARTS)}")
        [[told]] = await db.driver.fetch("EXPLAIN (FORMAT JSON) EXECUTE known(NULL, NULL)")
    [plan] = orjson.loads(told) if isinstance(told, str) else told
    scans = [each for each in nodes(plan["Plan"]) if "Index Name" in each or each["Node Type"] == "Seq Scan"]
    ways = [(f"{each.get('Relation Name')} {each.get('Index Name')}", "Index Cond" in each) for each in scans]
    names = " ".join(name for name, by_key in ways if by_key)
    assert [each for each in ("shipments", "events", "messages", "transitions", "rules") if each not in names] == []
    assert [name for name, by_key in ways if not by_key] == []
