"""The two databases on which is measured, and all that a benchmark does differently on one and the other.

Statements of ours are the same for both, with `$1` for a value; ids and times come as UUID and datetime.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from bench import processes
from bench.limits import postgres, sqlite
from bench.limits.storage import Bare, Row

WAITS = 60.0
"""Seconds for which a SQLite file may be taken by the service."""
INSTANT = "%Y-%m-%d %H:%M:%S.%f"
"""A time as the service writes it into SQLite."""


class Connection(Protocol):
    """A connection to the service's database, beside the service; `uuidv7()` and `now()` are known to both."""

    hashed: str
    """A hash of the copy `c` and of a column, `{0}`, as long as the column."""

    async def execute(self, statement: str, *values: object) -> object:
        """Run it."""

    async def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> object:
        """Run it with each row."""

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        """All rows."""

    async def fetchval(self, statement: str, *values: object) -> Any:
        """The first column of the first row."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """All or nothing."""

    async def columns(self, table: str) -> list[str]:
        """Their names."""

    async def settle(self) -> None:
        """Have done now what the database puts off after much has been written."""

    async def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of database.

    `name` is for people, `half` is the command that serves the API on it; `server` gives the address of a new one, with
    `{}` for the database's name; `bare` are its bare statements.
    """

    name: str
    half: str
    server: Callable[[Path], AbstractContextManager[str]]
    connect: Callable[[str], Awaitable[Connection]]
    bare: Bare

    @property
    def works(self) -> bool:
        """Whether what serves the API is the worker, too."""
        return self.half == "serve"


class PostgresConnection:
    """A connection of the driver's; what it commits need not survive a power cut."""

    hashed = "substring(sha256(convert_to(c.id::text || encode({0}, 'hex'), 'UTF8')) for length({0}))"

    def __init__(self, driver: Any) -> None:
        self.execute, self.executemany, self.close = driver.execute, driver.executemany, driver.close
        self.fetch, self.fetchval, self.transaction = driver.fetch, driver.fetchval, driver.transaction

    async def columns(self, table: str) -> list[str]:
        """Their names."""
        named = "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position"
        return [row[0] for row in await self.fetch(named, table)]

    async def settle(self) -> None:
        """What autovacuum would do in the midst of a round."""
        await self.execute("VACUUM ANALYZE")


class SqliteConnection:
    """A connection to the file that a service has; both wait for each other's transactions."""

    hashed = "hashed(c.id, {0})"

    def __init__(self, path: Path) -> None:
        self._driver = sqlite3.connect(path, WAITS, isolation_level=None, detect_types=sqlite3.PARSE_DECLTYPES)
        self._driver.create_function("uuidv7", 0, lambda: uuid7().hex)
        self._driver.create_function("now", 0, lambda: datetime.now(UTC).strftime(INSTANT))
        self._driver.create_function("hashed", 2, _hashed)

    async def execute(self, statement: str, *values: object) -> object:
        """Run it."""
        return self._driver.execute(statement, _named(values))

    async def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> object:
        """Run it with each row."""
        return self._driver.executemany(statement, map(_named, rows))

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        """All rows."""
        return self._driver.execute(statement, _named(values)).fetchall()

    async def fetchval(self, statement: str, *values: object) -> Any:
        """The first column of the first row."""
        return self._driver.execute(statement, _named(values)).fetchone()[0]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing; what is open when the connection ends is nothing."""
        self._driver.execute("BEGIN IMMEDIATE")
        yield
        self._driver.execute("COMMIT")

    async def columns(self, table: str) -> list[str]:
        """Their names."""
        return [row[0] for row in await self.fetch("SELECT name FROM pragma_table_info($1) ORDER BY cid", table)]

    async def settle(self) -> None:
        """What the service's next commit would do."""
        self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def close(self) -> None:
        """End it."""
        self._driver.close()


sqlite3.register_converter("CHAR", lambda text: UUID(text.decode()))
sqlite3.register_converter("DATETIME", lambda text: datetime.fromisoformat(text.decode()).replace(tzinfo=UTC))


def _named(values: Sequence[object]) -> dict[str, object]:
    """The values by the numbers that statements call them, as they are stored."""
    return {str(number): _stored(value) for number, value in enumerate(values, 1)}


def _stored(value: object) -> object:
    if isinstance(value, UUID):
        return value.hex
    return value.astimezone(UTC).strftime(INSTANT) if isinstance(value, datetime) else value


def _hashed(copy: str, value: bytes | None) -> bytes | None:
    return None if value is None else sha256(copy.encode() + value).digest()[: len(value)]


async def _postgres(url: str) -> Connection:
    return PostgresConnection(await asyncpg.connect(url, server_settings={"synchronous_commit": "off"}))


async def _sqlite(url: str) -> Connection:
    return SqliteConnection(Path(url.removeprefix("sqlite:///")))


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    """A file for each database, in a folder of their own."""
    home = folder / "sqlite"
    home.mkdir()
    yield f"sqlite:///{home}/{{}}.db"


POSTGRES = Kind("PostgreSQL", "api", processes.postgres, _postgres, postgres)
SQLITE = Kind("SQLite", "serve", _files, _sqlite, sqlite)
KINDS = {"postgresql": POSTGRES, "sqlite": SQLITE}
"""By the words that the command line takes."""


def kind_of(url: str) -> Kind:
    """Which of them is at the address."""
    return SQLITE if url.startswith("sqlite:") else POSTGRES


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection to the database at the address."""
    connection = await kind_of(url).connect(url)
    try:
        yield connection
    finally:
        await connection.close()
