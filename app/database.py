"""The database: engines, transactions, sessions. Alone it commits, and knows which database it is.

SQLite: one process, held by a lock on `<file>.lock`; one writing connection, which alone checkpoints and is closed
last; readers may only query. PostgreSQL: a pool. The clock is the database's, so that every process agrees on leases.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import structlog
from asyncpg import InterfaceError, PostgresConnectionError, PostgresError
from sqlalchemy import Column, ColumnElement, Executable, Row, Table, func, inspect, select, text, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import engines, failpoints, file_lock
from app.away import translated
from app.beforehand import NOTHING, Beforehand
from app.columns import HexKey, Id, Instant, Json, Word, first_id, metadata, new_id
from app.errors import WrongSetting
from app.glances import Glances

MIGRATING = 764583
"""The advisory lock of whoever changes the schema."""
LOCK_SECONDS = 5.0
"""How long a step of the schema waits for a table."""
SECONDS, PATIENT_SECONDS, STEP_SECONDS = 15.0, 600.0, 86_400.0
"""How long an answer of PostgreSQL's is waited for: mostly, by jobs that read much, by a step of the schema."""

log = structlog.get_logger()

__all__ = ["Database", "HexKey", "Id", "Instant", "Json", "Session", "Word", "first_id", "metadata", "new_id"]


class Session:
    """An open transaction: statements go through it, and it knows the database's time."""

    def __init__(self, connection: AsyncConnection | None, now: datetime, driver: Any = None) -> None:
        self._connection = connection
        self.now = now
        self.driver = driver
        """PostgreSQL's own connection (asyncpg), in the same transaction, for the hot paths; none on SQLite."""
        self.postgres = driver is not None
        self.committed: list[Callable[[], None]] = []
        """Called after the commit, and only then: for what counts what was stored."""
        self.beforehand: Beforehand = NOTHING

    @property
    def connection(self) -> AsyncConnection:
        """What statements are run by; a glance has none."""
        if self._connection is None:
            raise RuntimeError("a glance reads by its driver alone")
        return self._connection

    async def all(self, statement: Executable, values: Any = None) -> Sequence[Row[Any]]:
        """Every row; `values` may be a list of rows to insert."""
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

    async def lock(self, *words: object) -> None:
        """Hold until the transaction ends what no row stands for yet; on SQLite only one transaction writes anyway."""
        if self.postgres:
            await self.run(select(func.pg_advisory_xact_lock(_number(words))))

    async def try_lock(self, *words: object) -> bool:
        """The same without waiting: whether it is ours."""
        return not self.postgres or bool(await self.value(select(func.pg_try_advisory_xact_lock(_number(words)))))

    @asynccontextmanager
    async def nested(self) -> AsyncIterator[None]:
        """A part of the transaction that an error undoes alone."""
        async with self.driver.transaction() if self.postgres else self.connection.begin_nested():
            yield

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
    """The database of this process. `transaction` writes, `reading` reads; both give a Session.

    `place` is where it is, for people: the SQLite file, or PostgreSQL's host and port. A statement that PostgreSQL does
    not answer within `seconds` is Unavailable, and its connection is thrown away.
    """

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self.postgres = not url.startswith("sqlite:")
        self.clock_offset = timedelta()
        self._lock = asyncio.Lock()
        self._file_lock: int | None = None
        if self.postgres:
            self.path: Path | None = None
            self._writer = self._reader = engines.postgres(url, seconds)
            self._patient = engines.unpooled(url, PATIENT_SECONDS)
            self._altering = engines.unpooled(url, STEP_SECONDS)
            self._glances = Glances(partial(engines.glance, url, seconds))
            where = self._writer.url
            self.place = f"{where.host or where.query.get('host', 'localhost')}:{where.port or 5432}"
        else:
            self.path = Path(url.removeprefix("sqlite:///"))
            self.place = str(self.path)
            self._writer, self._reader = engines.sqlite_writer(self.path), engines.sqlite_readers(self.path)
            self._patient = self._reader

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
        if self.path is not None and self._file_lock is None:
            self._file_lock = file_lock.take(self.path)

    async def reach(self) -> None:
        """WrongSetting if the database does not answer, lets us not in or is none of ours.

        It is for a start, where no waiting would help.
        """
        try:
            # Not by `reading`, which logs what a service may wait for.
            async with self._reader.connect() as connection:
                tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        except (OSError, TimeoutError, PostgresError, InterfaceError, DBAPIError) as error:
            raise WrongSetting(self._unreached(error)) from error
        if self.path is not None and tables - {"alembic_version"} and not tables >= {"alembic_version", "companies"}:
            raise WrongSetting(
                f"{self.path} is the database of another program: set NOVE_DATABASE_URL to a file of Nove's own."
            )

    def _unreached(self, error: Exception) -> str:
        """Why the database could not be reached at a start; never with the password."""
        if self.path is not None:
            reason = error.orig if isinstance(error, DBAPIError) else error
            return f"{self.path} cannot be read as a SQLite database ({reason}). See that NOVE_DATABASE_URL is right."
        if isinstance(error, OSError | TimeoutError | PostgresConnectionError):
            return f"PostgreSQL at {self.place} does not answer. See that it runs, and that NOVE_DATABASE_URL is right."
        said = " ".join(str(error).split())
        return f"PostgreSQL at {self.place} does not let us in: {said}. See that NOVE_DATABASE_URL is right."

    @asynccontextmanager
    async def transaction(self, *, patient: bool = False) -> AsyncIterator[Session]:
        """A writing transaction: committed at the end of the block, rolled back by an error.

        `patient` is for jobs whose statements may take minutes, here and below: their connections are their own.
        """
        with translated():
            if self.postgres:
                async with (self._patient if patient else self._writer).connect() as connection:
                    driver = _driver(connection)
                    async with _whole(driver):
                        session = Session(connection, self.now(), driver)
                        yield session
                        failpoints.reach(failpoints.BEFORE_COMMIT)
            else:
                async with self._lock, self._writer.begin() as connection:
                    session = Session(connection, self.now())
                    yield session
                    failpoints.reach(failpoints.BEFORE_COMMIT)
        failpoints.reach(failpoints.AFTER_COMMIT)
        for count in session.committed:
            count()

    @asynccontextmanager
    async def reading(self, *, patient: bool = False) -> AsyncIterator[Session]:
        """A reading transaction: one snapshot on SQLite, the newest committed rows on PostgreSQL."""
        with translated():
            async with (self._patient if patient else self._reader).connect() as connection:
                driver = _driver(connection) if self.postgres else None
                try:
                    yield Session(connection, self.now(), driver)
                except TimeoutError:
                    if driver is not None:  # it still waits for the answer
                        driver.terminate()
                    raise

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[Session]:
        """For a read of a statement or two that must be quick: on PostgreSQL the session has but its driver."""
        if not self.postgres:
            async with self.reading() as db:
                yield db
            return
        with translated():
            async with self._glances.one() as driver:
                yield Session(None, self.now(), driver)

    @asynccontextmanager
    async def altering(self) -> AsyncIterator[AsyncConnection]:
        """A connection for steps of the schema, for one process at a time; on PostgreSQL they end their transactions.

        The lock is not waited for: an open statement would hold up an index that is built beside it.
        """
        if not self.postgres:
            async with self.transaction() as db:
                yield db.connection
            return
        with translated():
            async with self._altering.connect() as holder, self._altering.connect() as connection:
                while not (await holder.execute(_TRY_LOCK)).scalar():  # noqa: ASYNC110 - another process holds it
                    await asyncio.sleep(0.2)
                try:
                    # Behind a change that waits for a lock, everybody else would wait.
                    await _driver(connection).execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
                    await connection.execution_options(isolation_level="READ COMMITTED")
                    yield connection
                finally:
                    await holder.execute(select(func.pg_advisory_unlock(MIGRATING)))

    async def close(self) -> None:
        """Close every connection, the writing one last, and give the file back."""
        if self.postgres:
            await self._glances.close()
            await self._patient.dispose()
            await self._altering.dispose()
        await self._reader.dispose()
        await self._writer.dispose()
        if self._file_lock is not None:
            os.close(self._file_lock)
            self._file_lock = None


@asynccontextmanager
async def _whole(driver: Any) -> AsyncIterator[None]:
    """A transaction of the driver. What is cut off, is not answered or fails as it ends takes the connection with it,
    whose next transaction would be a part of this one."""
    transaction, over = driver.transaction(), False
    try:
        await transaction.start()
        yield
        await transaction.commit()
        over = True
    except TimeoutError:
        raise
    except Exception:
        with suppress(Exception):
            await transaction.rollback()
            over = True
        raise
    finally:
        if not over:
            driver.terminate()


def _driver(connection: AsyncConnection) -> Any:
    """The driver's connection beneath; types come with neither."""
    return cast(Any, connection.sync_connection).connection.driver_connection


def _number(words: Sequence[object]) -> int:
    digest = blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


_TRY_LOCK = select(func.pg_try_advisory_lock(MIGRATING))
