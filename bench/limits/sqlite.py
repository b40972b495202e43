"""The bare statements on SQLite: the standard library's driver, each thread with a connection of its own.

One thread writes and one reads: a statement on the loop's thread would hold up every request while the disk is slow.
A group goes as one JSON text, in few statements, since the driver gives the interpreter away and has to wait for it
again at each step of a statement.
"""

import sqlite3
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import orjson
from uuid_utils.compat import uuid7

from bench.limits.storage import Event, Row, Take

SAFE = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
WAITS = 60.0
"""Seconds for which the file may be taken by others."""

SCHEMA = """
CREATE TABLE shipments (
    id BLOB PRIMARY KEY, number TEXT NOT NULL UNIQUE, carrier TEXT NOT NULL, status INTEGER NOT NULL,
    version INTEGER NOT NULL, recipient_name TEXT NOT NULL, recipient_city TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE events (
    shipment_id BLOB, key BLOB, occurred_at TEXT NOT NULL, local_time TEXT NOT NULL, code TEXT NOT NULL,
    text TEXT NOT NULL, status INTEGER NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL,
    received_at TEXT NOT NULL, PRIMARY KEY (shipment_id, key)
) WITHOUT ROWID;
CREATE TABLE outbox (
    id BLOB PRIMARY KEY, shipment_id BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
    due_at TEXT NOT NULL, UNIQUE (shipment_id, version)
);
CREATE INDEX ix_outbox_due ON outbox (due_at) WHERE state = 'due';
CREATE TABLE bare (
    id BLOB PRIMARY KEY, shipment_id BLOB, key BLOB, occurred_at TEXT, local_time TEXT, code TEXT, text TEXT,
    status INTEGER, city TEXT, country TEXT, received_at TEXT
);
"""

ADD = "INSERT INTO shipments VALUES (?, ?, 'fedex', ?, ?, 'Anna Prova', 'Firenze', ?, ?)"

FILL = """
WITH RECURSIVE hours (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM hours WHERE n < 10)
INSERT INTO events
SELECT id, randomblob(32), strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-1 day', n || ' hours'), '2026-03-09T11:40:00',
    'AR', 'Arrived at FedEx location', 3, 'PADOVA', 'IT', $now
FROM shipments, hours
"""

COLUMNS = """
substr($keys, g.key * 32 + 1, 32), g.value ->> 0, g.value ->> 1, g.value ->> 2, g.value ->> 3, g.value ->> 4,
    g.value ->> 5, g.value ->> 6, $now
"""

INSERT = f"INSERT INTO bare SELECT substr($ids, g.key * 16 + 1, 16), NULL, {COLUMNS} FROM json_each($given) g"

GIVEN = "json_each($given) g CROSS JOIN shipments s ON s.number = g.value ->> 7"

TAKE = (
    f"INSERT INTO events SELECT s.id, {COLUMNS} FROM {GIVEN} WHERE true ON CONFLICT DO NOTHING",
    # Those that have just come in, and so are new. Without the numbers it would go through all shipments.
    f"""
WITH new AS MATERIALIZED (
    SELECT s.id, e.status FROM {GIVEN}
    CROSS JOIN events e ON e.shipment_id = s.id AND e.key = substr($keys, g.key * 32 + 1, 32) AND e.received_at = $now
)
UPDATE shipments SET status = new.status, version = version + 1, updated_at = $now FROM new
WHERE shipments.id = new.id AND shipments.number IN (SELECT value ->> 7 FROM json_each($given))
""",
    f"""
INSERT INTO outbox
SELECT substr($ids, g.key * 16 + 1, 16), s.id, s.version,
    json_object('number', s.number, 'status', s.status, 'version', s.version), 'due', $now
FROM {GIVEN} WHERE s.updated_at = $now ON CONFLICT DO NOTHING
""",
)

SHIPMENT = """
SELECT id, number, carrier, status, version, recipient_name, recipient_city, created_at, updated_at
FROM shipments WHERE number = ?
"""
EVENTS = """
SELECT occurred_at, local_time, code, text, status, city, country, received_at
FROM events WHERE shipment_id = ? ORDER BY occurred_at
"""

T = TypeVar("T")


class SqliteStorage:
    """Storage in a file; its statements wait their turn at the thread that writes or the one that reads."""

    def __init__(self, path: Path, writing: ThreadPoolExecutor, reading: ThreadPoolExecutor) -> None:
        self._writer, self._reader = _connected(path), _connected(path)
        self._writing, self._reading = writing, reading

    async def insert(self, events: Sequence[Event]) -> None:
        """A statement of so many rows."""
        await _by(self._writing, partial(_write, self._writer, (INSERT,), events))

    async def take(self, events: Sequence[Event]) -> None:
        """Event, status and message, a statement for each."""
        await _by(self._writing, partial(_write, self._writer, TAKE, events))

    async def read(self, number: str) -> tuple[Row, Sequence[Row]]:
        """Two statements on one connection."""
        return await _by(self._reading, partial(_read, self._reader, number))

    def close(self) -> None:
        """Close both connections, the writing one last."""
        self._reader.close()
        self._writer.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqliteStorage]:
    """The storage at an address."""
    with (
        ThreadPoolExecutor(1) as writing,
        ThreadPoolExecutor(1) as reading,
        closing(SqliteStorage(_path(url), writing, reading)) as storage,
    ):
        yield storage


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[Take]:
    """Event, status and message, on the thread of who asks."""
    with closing(_connected(_path(url))) as connection:

        async def take(events: Sequence[Event]) -> None:
            _write(connection, TAKE, events)

        yield take


async def fill(url: str, shipments: int) -> None:
    """Make the tables, and so many shipments of ten stored events each."""
    with closing(_connected(_path(url))) as connection:
        connection.executescript(SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        _add(connection, (f"BARE{n}" for n in range(1, shipments + 1)), 3, 10)
        connection.execute(FILL, {"now": _now()})
        connection.execute("COMMIT")


async def add_empty(url: str, prefix: str, count: int) -> None:
    """So many shipments that events will come for."""
    with closing(_connected(_path(url))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        _add(connection, (f"{prefix}{n}" for n in range(count)), 1, 0)
        connection.execute("COMMIT")


async def stored(url: str) -> tuple[int, int]:
    """How many events and messages there are."""
    with closing(_connected(_path(url))) as connection:
        [found] = connection.execute("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM outbox)")
    return found[0], found[1]


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, WAITS, isolation_level=None, check_same_thread=False)
    connection.executescript(SAFE)
    return connection


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


async def _by(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await get_running_loop().run_in_executor(thread, work)


def _write(connection: sqlite3.Connection, statements: Sequence[str], events: Sequence[Event]) -> None:
    """The statements of one transaction; keys and ids, which JSON cannot hold, go in a row."""
    given = {
        "given": orjson.dumps([(*event[2:], event.number) for event in events]).decode(),
        "keys": b"".join(event.key for event in events),
        "ids": b"".join(uuid7().bytes for _ in events),
        "now": _now(),
    }
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            connection.execute(statement, given)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise


def _read(connection: sqlite3.Connection, number: str) -> tuple[Row, Sequence[Row]]:
    shipment: Row = connection.execute(SHIPMENT, (number,)).fetchone()
    return shipment, connection.execute(EVENTS, (shipment[0],)).fetchall()


def _add(connection: sqlite3.Connection, numbers: Iterable[str], status: int, version: int) -> None:
    now = _now()
    connection.executemany(ADD, ((uuid7().bytes, number, status, version, now, now) for number in numbers))
