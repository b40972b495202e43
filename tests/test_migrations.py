"""The schema is made by Alembic alone, equals what the code says, and goes up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from app.database import Database
from app.errors import DatabaseBehind, Unusable
from app.migrating import current, migrate, newest, require_newest, roll_back
from app.schema import metadata


async def test_the_migrated_schema_is_the_one_the_code_describes(database: Database) -> None:
    """No table, column or index is missing on either side."""
    async with database.transaction() as db:
        differences = await db.connection.run_sync(
            lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
        )

    assert differences == []


async def test_every_step_can_be_undone_and_done_again(database: Database) -> None:
    """Down to nothing and up again ends at the newest step."""
    await roll_back(database, "base")
    async with database.transaction() as db:
        left = await db.connection.run_sync(lambda connection: inspect(connection).get_table_names())
    await migrate(database)

    assert (left, await current(database)) == (["alembic_version"], newest())


async def test_a_database_without_schema_is_refused_with_what_to_do(database: Database) -> None:
    """The start stops and names the command."""
    await roll_back(database, "base")

    try:
        await require_newest(database)
    except DatabaseBehind as error:
        assert "nove migrate" in str(error)
    else:
        raise AssertionError("a database without schema was accepted")


async def test_a_step_gives_up_rather_than_hold_up_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that it does not get within its time ends it, with what to do; what was there stays."""
    if not database.postgres:
        pytest.skip("SQLite has one writer")
    await roll_back(database, "0001")
    before = await current(database)
    monkeypatch.setattr("app.database.LOCK_SECONDS", 0.1)
    async with database.reading() as db:
        await db.driver.execute("BEGIN; LOCK TABLE messages IN ACCESS SHARE MODE")
        with pytest.raises(Unusable, match="run `nove migrate` again"):
            await migrate(database)
        await db.driver.execute("ROLLBACK")
    after = await current(database)
    await migrate(database)

    assert (before, after, await current(database)) == ("0001", "0001", newest())
