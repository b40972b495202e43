"""What one process has at hand: its settings, the database, the keys to secrets. Made once, handed to everything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.database import Database
from app.errors import WrongSetting
from app.migrating import current, migrate, require_newest
from app.sealing import Sealer, load_key
from app.settings import Settings
from carriers.asking import TokenKeeper


@dataclass(frozen=True, slots=True)
class Installation:
    """An opened installation. `tokens` are the carriers' access tokens that this process holds."""

    settings: Settings
    database: Database
    sealer: Sealer
    tokens: TokenKeeper = field(default_factory=TokenKeeper)


@asynccontextmanager
async def opened(settings: Settings, *, needs_postgres: bool = False) -> AsyncIterator[Installation]:
    """Open the installation, or stop with an Unusable error that says what to do.

    A SQLite file that does not exist is made and migrated; one that is behind is refused, as PostgreSQL is.
    """
    if needs_postgres and settings.sqlite_path is not None:
        raise WrongSetting(
            "`nove api` and `nove worker` need PostgreSQL: set NOVE_DATABASE_URL=postgresql://…, "
            "or run both halves in one process with `nove serve`."
        )
    database = Database(settings.database_url)
    try:
        database.take()
        sealer = Sealer(load_key(settings))
        await database.reach()
        if settings.sqlite_path is not None and await current(database) is None:
            await migrate(database)
        await require_newest(database)
        await database.compare_clocks()
        yield Installation(settings, database, sealer)
    finally:
        await database.close()
