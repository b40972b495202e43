"""SQLite's connections: a statement and its rows by one call to the connection's thread, or by none.

The driver's own cursors (aiosqlite) call their thread four times for a query: to be made, to execute, to fetch, to be
closed. While the service is busy each call waits for the interpreter for longer than most of our queries take.
What finds its rows by their keys takes less time than a thread takes to be heard, and needs none. What reads much, and
what waits for the disk or for others (the beginning and the end of a writing transaction), always goes to the thread.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

Rows = list[tuple[Any, ...]]
Values = Sequence[Any]

BUSY_SECONDS = 5.0
"""How long a statement waits for whoever has locked the file."""
NEAR_BUSY_SECONDS = 0.05
"""The same, where everybody else would wait as well."""
READING = ("query_only=ON", "wal_autocheckpoint=0")


class Threaded(aiosqlite.Connection):
    """A connection with a thread of its own; `engines` gives it to SQLAlchemy.

    While it is `near`, what is asked of it is done where it is asked, which must not be two places at once.
    """

    near = False

    @contextmanager
    def being_near(self) -> Iterator[None]:
        """Near for as long as the block lasts."""
        self.near = True
        try:
            yield
        finally:
            self.near = False

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """A cursor, for which the thread is not called."""
        return Cursor(self.done)

    async def done(self, work: "Work") -> Any:
        """What the work gives, done in the thread unless it is near."""
        if self.near:
            return work(self._conn)
        return await self._execute(work, self._conn)  # type: ignore[no-untyped-call]

    async def rollback(self) -> None:
        """Undo what is begun; the pool asks for it also after a commit."""
        if self._conn.in_transaction:
            await self.done(partial(_fetched, "ROLLBACK", ()))

    async def fetch(self, statement: str, values: Values) -> Rows:
        """The rows that the statement gives."""
        rows: Rows = await self.done(partial(_fetched, statement, values))
        return rows

    async def run_for_each(self, statement: str, rows: Sequence[Values]) -> None:
        """Run the statement for each of these rows of values."""
        await self.done(partial(_run_for_each, statement, rows))


Work = Callable[[sqlite3.Connection], Any]


class Cursor:
    """What SQLAlchemy asks of an asynchronous cursor: it has its rows as soon as it has executed."""

    def __init__(self, done: Callable[[Work], Any]) -> None:
        self._done = done
        self._rows: Rows = []
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount, self.arraysize = -1, 1

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, statement: str, values: Values = ()) -> None:
        """Run a statement."""
        told = await self._done(partial(_executed, statement, values))
        self.description, self.rowcount, self.lastrowid, self._rows = told

    async def executemany(self, statement: str, rows: Iterable[Values]) -> None:
        """Run it for each row of values."""
        self.rowcount = await self._done(partial(_run_for_each, statement, rows))

    async def fetchall(self) -> Rows:
        """The rows that the last statement gave, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """There is nothing left of it to close."""


def _executed(statement: str, values: Values, connection: sqlite3.Connection) -> tuple[Any, int, int | None, Rows]:
    cursor = connection.execute(statement, values)
    rows = cursor.fetchall() if cursor.description else []
    return cursor.description, cursor.rowcount, cursor.lastrowid, rows


def _fetched(statement: str, values: Values, connection: sqlite3.Connection) -> Rows:
    return connection.execute(statement, values).fetchall()


def _run_for_each(statement: str, rows: Iterable[Values], connection: sqlite3.Connection) -> int:
    return connection.executemany(statement, rows).rowcount


async def connect(path: Path) -> Threaded:
    """A connection to the file, in a thread that does not outlive the process."""
    opened = partial(sqlite3.connect, path, timeout=BUSY_SECONDS, check_same_thread=False)
    connection = Threaded(opened, iter_chunk_size=64)
    connection._thread.daemon = True
    await connection
    return connection


class Near:
    """A connection without a thread, for reads of a few rows by their keys; nobody who writes is in their way."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=NEAR_BUSY_SECONDS, isolation_level=None)
        for pragma in READING:
            self.run(f"PRAGMA {pragma}")

    def run(self, statement: str) -> None:
        """Run a statement that gives nothing."""
        self._connection.execute(statement)

    async def fetch(self, statement: str, values: Values) -> Rows:
        """The rows that the statement gives."""
        return _fetched(statement, values, self._connection)

    def close(self) -> None:
        """Close it."""
        self._connection.close()
