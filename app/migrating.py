"""Bringing the schema up to date, and knowing whether it is."""

from functools import cache
from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.database import Database
from app.errors import DatabaseBehind, Unusable

FOLDER = Path(__file__).parent.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


@cache
def newest() -> str | None:
    """The newest step there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def migrate(database: Database, target: str = "head") -> None:
    """Run every step up to the target that has not been run; one process at a time."""
    async with database.altering() as connection:
        try:
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), target))
        except DBAPIError as error:
            if "lock timeout" not in str(error.orig):
                raise
            raise Unusable(
                "A step waited 5 seconds for a table that others use, and gave up so as not to hold them up. What was "
                "done stays done: run `nove migrate` again, at a quieter time perhaps."
            ) from error


def as_sql(step: str, out: TextIO) -> None:
    """Write what a step does on PostgreSQL."""
    config = _config()
    config.output_buffer = out
    before = ScriptDirectory.from_config(config).get_revision(step).down_revision
    command.upgrade(config, f"{before or 'base'}:{step}", sql=True)


async def bring_up_to_date(url: str) -> tuple[str | None, str | None]:
    """Migrate the database at an address; the step it was at (none if it had no schema) and the one it is at now."""
    database = Database(url)
    try:
        database.take()
        await database.reach()
        before = await current(database)
        _require_known(before)
        await migrate(database)
        return before, await current(database)
    finally:
        await database.close()


async def roll_back(database: Database, target: str) -> None:
    """Undo every step after the target (`base` for all)."""
    async with database.altering() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), target))


async def current(database: Database) -> str | None:
    """The step that the database is at; none if it has no schema."""
    async with database.reading() as db:
        return await db.connection.run_sync(
            lambda connection: MigrationContext.configure(connection).get_current_revision()
        )


async def require_newest(database: Database) -> None:
    """DatabaseBehind unless the schema is the one that this code was written for."""
    if (why := await behind(database)) is not None:
        raise DatabaseBehind(why)
    _require_known(await current(database))


async def behind(database: Database) -> str | None:
    """Why the schema lacks steps that this code needs, and what to do; none if it lacks none.

    A step that this code does not know is one of a newer version, which is being installed: steps leave the version
    before them at work, so a process that runs goes on.
    """
    have = await current(database)
    if have is None:
        return "The database has no schema yet. Run `nove migrate`, then start again."
    if have == newest() or have not in _known():
        return None
    return f"The database is at step {have}, behind {newest()}. Run `nove migrate`, then start again."


@cache
def _known() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _require_known(step: str | None) -> None:
    if step is not None and step not in _known():
        raise DatabaseBehind(
            f"The database is at step {step}, which this version does not know. Install the newer Nove."
        )
