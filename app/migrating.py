"""Bringing the schema up to date, and knowing whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.database import Database
from app.errors import DatabaseBehind

FOLDER = Path(__file__).parent.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def newest() -> str | None:
    """The newest step there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def migrate(database: Database, target: str = "head") -> None:
    """Run every step up to the target that has not been run; one process at a time."""
    async with database.transaction() as db:
        if db.postgres:
            await db.run(text("SELECT pg_advisory_xact_lock(764583)"))
        await db.connection.run_sync(lambda connection: command.upgrade(_config(connection), target))


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
    async with database.transaction() as db:
        await db.connection.run_sync(lambda connection: command.downgrade(_config(connection), target))


async def current(database: Database) -> str | None:
    """The step that the database is at; none if it has no schema."""
    async with database.reading() as db:
        return await db.connection.run_sync(
            lambda connection: MigrationContext.configure(connection).get_current_revision()
        )


async def require_newest(database: Database) -> None:
    """DatabaseBehind unless the schema is the one that this code was written for."""
    have, want = await current(database), newest()
    if have == want:
        return
    if have is None:
        raise DatabaseBehind("The database has no schema yet. Run `nove migrate`, then start again.")
    _require_known(have)
    raise DatabaseBehind(f"The database is at step {have}, behind {want}. Run `nove migrate`, then start again.")


def _require_known(step: str | None) -> None:
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    if step is not None and step not in known:
        raise DatabaseBehind(
            f"The database is at step {step}, which this version does not know. Install the newer Nove."
        )
