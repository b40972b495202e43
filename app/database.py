"""The database: engines, column types, transactions. Alone it commits, and knows which database it is.

SQLite: one process, held by a lock on `<file>.lock`; one writing connection, which alone checkpoints and is closed
last; readers may only query. PostgreSQL: a pool. The clock is the database's, so that every process agrees on leases.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import orjson
from asyncpg import PostgresError
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Executable,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    event,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7

from app.errors import DatabaseTaken, Unavailable, WrongSetting

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> UUID:
    """A UUID version 7: sorts by the time it was made."""
    return uuid7()


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a text that sorts by time on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware times go in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without offset: {value}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware times come out."""
        return value if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class HexKey(TypeDecorator[str]):
    """Hexadecimal digits, stored as half as many bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Digits in."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Digits out."""
        return None if value is None else bytes(value).hex()


class Word(TypeDecorator[StrEnum]):
    """A word of a vocabulary, stored as text."""

    impl = Text
    cache_ok = True

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The word itself."""
        return None if value is None else self.vocabulary(value)


Id = Uuid()
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Session:
    """An open transaction: statements go through it, and it knows the database's time."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.postgres = connection.dialect.name == "postgresql"

    async def all(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Every row."""
        return (await self.connection.execute(statement, values)).all()

    async def first(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The first row, or none."""
        return (await self.connection.execute(statement, values)).first()

    async def value(self, statement: Executable) -> Any:
        """The first column of the first row, or none."""
        return (await self.connection.execute(statement)).scalar()

    async def run(self, statement: Executable, values: Any = None) -> int:
        """The number of rows that a change touched; `values` may be a list of rows."""
        return (await self.connection.execute(statement, values)).rowcount

    def insert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """An INSERT that can say what to do on conflict."""
        return postgresql.insert(table) if self.postgres else sqlite.insert(table)

    def holds(self, column: Column[Any], value: str) -> ColumnElement[bool]:
        """Whether a JSON list has the value in it."""
        if self.postgres:
            return type_coerce(column, JSONB).contains([value])
        each = func.json_each(column).table_valued("value")
        return select(1).select_from(each).where(each.c.value == value).exists()


class Database:
    """The database of this process. `transaction` writes, `reading` reads; both give a Session."""

    def __init__(self, url: str) -> None:
        self.postgres = not url.startswith("sqlite:")
        self.clock_offset = timedelta()
        self._lock = asyncio.Lock()
        self._file_lock: int | None = None
        if self.postgres:
            driver = "postgresql+asyncpg://" + url.split("://", 1)[1]
            self.path: Path | None = None
            self._writer = self._reader = create_async_engine(
                driver,
                pool_size=10,
                max_overflow=10,
                pool_timeout=5,
                pool_pre_ping=True,
                json_serializer=_dump,
                json_deserializer=orjson.loads,
                connect_args={"timeout": 5, "server_settings": {"application_name": "nove", "timezone": "UTC"}},
            )
            event.listen(self._writer.sync_engine, "connect", _prepare_postgres)
        else:
            self.path = Path(url.removeprefix("sqlite:///"))
            self._writer = _sqlite_engine(self.path, pool_size=1)
            self._reader = _sqlite_engine(self.path, pool_size=4)
            event.listen(self._writer.sync_engine, "connect", _prepare_writer)
            event.listen(
                self._writer.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE")
            )
            event.listen(self._reader.sync_engine, "connect", _prepare_reader)
            event.listen(self._reader.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    def now(self) -> datetime:
        """The database's time, as last compared with ours."""
        return datetime.now(UTC) + self.clock_offset

    async def compare_clocks(self) -> None:
        """Learn how far the database's clock is from ours; on SQLite the two are one."""
        if self.postgres:
            before = datetime.now(UTC)
            async with self.reading() as db:
                theirs = cast(datetime, await db.value(text("SELECT clock_timestamp()")))
            self.clock_offset = theirs - (before + (datetime.now(UTC) - before) / 2)

    def take(self) -> None:
        """Take the SQLite file for this process; DatabaseTaken if another one has it. Nothing to do on PostgreSQL."""
        if self.path is None or self._file_lock is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise DatabaseTaken(
                f"Another Nove process uses {self.path}. A SQLite file serves one process: stop the other one, "
                "or use PostgreSQL (NOVE_DATABASE_URL=postgresql://…) to run several."
            ) from error
        self._file_lock = handle
        # Made here so that nobody else can read it; SQLite gives its other files the same mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    async def reach(self) -> None:
        """WrongSetting if the database does not answer or lets us not in: for a start, where no waiting would help."""
        try:
            async with self.reading() as db:
                await db.value(text("SELECT 1"))
        except (Unavailable, PostgresError, DBAPIError) as error:
            reason = f": {' '.join(str(error).split())}" if isinstance(error, PostgresError) else ""
            raise WrongSetting(
                f"The database does not let us in{reason}. See that it runs, and that NOVE_DATABASE_URL is right."
            ) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A writing transaction: committed at the end of the block, rolled back by an error."""
        with _translated():
            if self.postgres:
                async with self._writer.begin() as connection:
                    yield Session(connection, self.now())
            else:
                async with self._lock, self._writer.begin() as connection:
                    yield Session(connection, self.now())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A reading transaction: one snapshot on SQLite, the newest committed rows on PostgreSQL."""
        with _translated():
            async with self._reader.connect() as connection:
                yield Session(connection, self.now())

    async def close(self) -> None:
        """Close every connection, the writing one last, and give the file back."""
        await self._reader.dispose()
        await self._writer.dispose()
        if self._file_lock is not None:
            os.close(self._file_lock)
            self._file_lock = None


class _translated:  # noqa: N801  (reads as a word in its with statement)
    """What the driver raises when the database is away, full or busy becomes Unavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        away = isinstance(error, OperationalError | OSError | TimeoutError) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        )
        full = isinstance(error, DBAPIError) and any(
            sign in str(error.orig).lower() for sign in ("disk", "full", "shutting down", "starting up", "connection")
        )
        if away or full:
            raise Unavailable(
                "The database is not reachable just now; nothing was stored. Send it again.", 2
            ) from error


def _dump(value: object) -> str:
    return orjson.dumps(value).decode()


def _sqlite_engine(path: Path, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=pool_size,
        max_overflow=0,
        json_serializer=_dump,
        json_deserializer=orjson.loads,
        connect_args={"timeout": 5},
    )


def _prepare_postgres(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own UUID is a subclass that JSON encoders refuse.
    codec = {"encoder": lambda value: value.bytes, "decoder": lambda data: UUID(bytes=bytes(data)), "format": "binary"}
    cast(Any, connection).run_async(lambda driver: driver.set_type_codec("uuid", schema="pg_catalog", **codec))


def _prepare_writer(connection: DBAPIConnection, _record: object) -> None:
    # The driver must not begin transactions by itself: ours begin IMMEDIATE.
    cast(Any, connection).isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA synchronous")
    durable = cursor.fetchone()
    cursor.close()
    if durable is None or durable[0] != 2:
        raise WrongSetting("SQLite does not accept synchronous=FULL, so a power cut could lose what was acknowledged.")


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    cast(Any, connection).isolation_level = None
    cursor = connection.cursor()
    for pragma in ("query_only=ON", "busy_timeout=5000", "wal_autocheckpoint=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
