"""What one process has at hand: its settings, the database, the keys to secrets. Made once, handed to everything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.database import Database
from app.errors import Unusable, WrongSetting
from app.mappings import KnownRows
from app.metrics import Metrics
from app.migrating import current, migrate, require_newest
from app.sealing import Sealer
from app.secret_keys import key_file, load_keys, stored_keys
from app.settings import Settings
from app.silence import Silences
from app.tally import Tally
from app.unsealing import kept_token_keys, require_its_key, require_no_companies
from carriers.asking import TokenKeeper


@dataclass(frozen=True, slots=True)
class Installation:
    """An opened installation.

    `tokens` are the carriers' access tokens that the process holds, `metrics` and `tally` what it counts, `silences`
    the accounts that it knows not to be answered.
    """

    settings: Settings
    database: Database
    sealer: Sealer
    tokens: TokenKeeper = field(default_factory=TokenKeeper)
    metrics: Metrics = field(default_factory=Metrics)
    mappings: KnownRows = field(default_factory=KnownRows)
    tally: Tally = field(default_factory=Tally)
    silences: Silences = field(default_factory=Silences)


@asynccontextmanager
async def opened(
    settings: Settings, *, needs_postgres: bool = False, makes: bool = True
) -> AsyncIterator[Installation]:
    """Open the installation, or stop with an Unusable error that says what to do.

    A SQLite file that does not exist is made and migrated if `makes`; one that is behind is refused, as PostgreSQL is.
    So is one whose key has been lost: another would neither open its secrets nor make the same addresses.
    """
    if needs_postgres and settings.sqlite_path is not None:
        raise WrongSetting(
            "`nove api` and `nove worker` need PostgreSQL: set NOVE_DATABASE_URL=postgresql://…, "
            "or run both halves in one process with `nove serve`."
        )
    path = settings.sqlite_path
    if path is not None and not makes and not path.exists():
        raise Unusable(f"No database at {path}: start `nove serve` or run `nove migrate` first.")
    database = Database(settings.database_url)
    try:
        database.take()
        keys = stored_keys(settings)
        await database.reach()
        if path is not None and makes and await current(database) is None:
            await migrate(database)
        await require_newest(database)
        if keys is None and path is not None:
            await require_no_companies(database, key_file(path))
        sealer = Sealer(*(keys or load_keys(settings)))
        await require_its_key(
            database, sealer, "NOVE_SECRET_KEY" if settings.secret_key or path is None else key_file(path)
        )
        sealer.remember(await kept_token_keys(database, sealer))
        await database.compare_clocks()
        yield Installation(settings, database, sealer)
    finally:
        await database.close()
