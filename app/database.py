"""The database: engines, transactions, sessions. Alone it commits, and knows which database it is.

SQLite: one process, held by a lock on `<file>.lock`; one writing connection, which alone checkpoints and is closed
last; readers may only query. PostgreSQL: a pool. The clock is the database's, so that every process agrees on leases.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import structlog
from asyncpg import InterfaceError, PostgresConnectionError, PostgresError
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import engines, failpoints, file_lock
from app.away import refuse_if_away, translated
from app.columns import HexKey, Id, Instant, Json, Word, first_id, metadata, new_id
from app.errors import WrongSetting
from app.glances import Glance, Glances
from app.held import Driver
from app.session import Session
from app.sqlite_driver import Near

MIGRATING = 764583
"""The advisory lock of whoever changes the schema."""
LOCK_SECONDS = 5.0
"""How long a step of the schema waits for a table."""
_COUNT = (
    "PRAGMA analysis_limit = 1000",
    "ANALYZE",
    # Of what is read through quickly today there may be much tomorrow.
    "DELETE FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < 200",
    "ANALYZE sqlite_schema",
)
SECONDS, PATIENT_SECONDS, STEP_SECONDS = 15.0, 600.0, 86_400.0
"""How long an answer of PostgreSQL's is waited for: mostly, by jobs that read much, by a step of the schema."""

log = structlog.get_logger()

__all__ = ["Database", "HexKey", "Id", "Instant", "Json", "Session", "Word", "first_id", "metadata", "new_id"]


class Database:
    """The database of this process. `transaction` writes, `reading` reads; both give a Session.

    `place` is where it is, for people: the SQLite file, or PostgreSQL's host and port. A statement that PostgreSQL does
    not answer within `seconds`, or a turn to write to the file that does not come within them, is Unavailable.
    """

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self.postgres = not url.startswith("sqlite:")
        self.clock_offset = timedelta()
        self._lock = asyncio.Lock()
        self._seconds = seconds
        self._file_lock: int | None = None
        if self.postgres:
            self.path: Path | None = None
            self._writer = self._reader = engines.postgres(url, seconds)
            self._by_key = engines.postgres_by_key(url, seconds)
            self._patient = engines.unpooled(url, PATIENT_SECONDS)
            self._altering = engines.unpooled(url, STEP_SECONDS)
            self._glances = Glances(partial(engines.glance, url, seconds))
            where = self._writer.url
            self.place = f"{where.host or where.query.get('host', 'localhost')}:{where.port or 5432}"
        else:
            self.path = Path(url.removeprefix("sqlite:///"))
            self.place = str(self.path)
            self._writer, self._reader = engines.sqlite_writer(self.path), engines.sqlite_readers(self.path)
            self._patient = self._by_key = self._reader
            self._resting: list[Near] = []

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

    async def count(self) -> None:
        """Let SQLite count, from samples, what its indexes tell apart; PostgreSQL does that by itself.

        Without it, SQLite would rather walk all rows of a company in the order wanted than find a few and sort them.
        Readers know it once they are opened anew, at the latest after `engines.COUNTED_FOR`.
        """
        if not self.postgres:
            async with self.transaction() as db:
                for statement in _COUNT:
                    await db.connection.exec_driver_sql(statement)

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
    async def transaction(self, *, patient: bool = False, by_key: bool = False) -> AsyncIterator[Session]:
        """A writing transaction: committed at the end of the block, rolled back by an error.

        `patient` is for jobs whose statements may take minutes, here and below: their connections are their own.
        `by_key` is for groups of arrivals: PostgreSQL plans each of their statements once (`engines.postgres_by_key`),
        and on SQLite only the beginning and the end go to another thread (`app.sqlite_driver`).
        """
        with translated():
            if self.postgres:
                engine = self._patient if patient else self._by_key if by_key else self._writer
                async with engine.connect() as connection:
                    driver = _driver(connection)
                    async with _whole(driver):
                        session = Session(connection, self.now(), held=Driver(driver))
                        yield session
                        await session.write()
                        failpoints.reach(failpoints.BEFORE_COMMIT)
            else:
                async with self._turn(), self._writer.begin() as connection:
                    driver = _driver(connection)
                    session = Session(connection, self.now(), sqlite=driver)
                    with driver.being_near() if by_key else nullcontext():
                        yield session
                    failpoints.reach(failpoints.BEFORE_COMMIT)
        failpoints.reach(failpoints.AFTER_COMMIT)
        for count in session.committed:
            count()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Who writes to the file, one after the other; TimeoutError if it takes too long until then."""
        async with asyncio.timeout(self._seconds if self._lock.locked() else None):
            await self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    @asynccontextmanager
    async def reading(self, *, patient: bool = False) -> AsyncIterator[Session]:
        """A reading transaction: one snapshot on SQLite, the newest committed rows on PostgreSQL."""
        with translated():
            async with (self._patient if patient else self._reader).connect() as connection:
                driver = _driver(connection)
                if not self.postgres:
                    with driver.being_near():
                        begun = await connection.begin()
                    yield Session(connection, self.now(), sqlite=driver)
                    with driver.being_near():
                        await begun.rollback()
                    return
                try:
                    yield Session(connection, self.now(), driver)
                except TimeoutError:  # it still waits for the answer
                    driver.terminate()
                    raise

    def glancing(self) -> AbstractAsyncContextManager[Session]:
        """For a read of a statement or two, by keys, that must be quick: the session has but its driver.

        On SQLite everybody waits for it, so nothing else is waited for meanwhile.
        """
        return _Glancing(self._glances, self.now) if self.path is None else self._near(self.path)

    @asynccontextmanager
    async def _near(self, path: Path) -> AsyncIterator[Session]:
        with translated():
            near = self._resting.pop() if self._resting else Near(path)
            try:
                near.run("BEGIN")
                yield Session(None, self.now(), sqlite=near)
                near.run("ROLLBACK")
            except BaseException:
                near.close()
                raise
            self._resting.append(near)

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
            await self._by_key.dispose()
            await self._altering.dispose()
        else:
            while self._resting:
                self._resting.pop().close()
        await self._reader.dispose()
        await self._writer.dispose()
        if self._file_lock is not None:
            os.close(self._file_lock)
            self._file_lock = None


class _Glancing(Glance):
    """A glance as a session."""

    __slots__ = ("_now",)

    def __init__(self, glances: Glances, now: Callable[[], datetime]) -> None:
        super().__init__(glances)
        self._now = now

    async def __aenter__(self) -> Session:
        with translated():
            driver = await super().__aenter__()
        return Session(None, self._now(), driver)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if error is not None:
            refuse_if_away(error)


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


_TRY_LOCK = select(func.pg_try_advisory_lock(MIGRATING))
