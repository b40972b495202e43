"""Engines: how each database is connected to, and what every connection is told first."""

import math
import re
import time
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from app import sqlite_driver
from app.columns import metadata
from app.errors import WrongSetting
from app.uuids import decoded, encoded

RESTED_LONG = 30.0
"""Seconds after which a connection at rest is asked whether it still stands."""
PING_SECONDS = 2.0
"""How long it may take to answer that."""
PLANNED_FOR = 300
"""Seconds for which a plan that is made once is good."""
COUNTED_FOR = 600
"""Seconds after which a connection to SQLite learns anew what its indexes tell apart."""


CONNECT = {"timeout": 5, "server_settings": {"application_name": "nove", "timezone": "UTC"}}


def postgres(url: str, seconds: float) -> AsyncEngine:
    """A pool of connections to PostgreSQL, which wait so long for an answer.

    WrongSetting if the address cannot be understood.
    """
    # A connection more than these would be made anew for each use.
    engine = _postgres(url, seconds, pool_size=16, max_overflow=0, pool_timeout=5)
    _look_after(engine)
    return engine


def postgres_by_key(url: str, seconds: float) -> AsyncEngine:
    """A few connections for transactions that take in what arrives: each of their statements is planned once.

    They find every row by its key, however many are asked for, so a plan of their own would be the same one each time;
    making it costs more than a small group of rows. Of a table that was empty then, a plan may still walk a whole
    index: it is made again when the server has counted the rows anew, and at the latest with the next connection.
    """
    engine = _postgres(url, seconds, pool_size=4, max_overflow=0, pool_timeout=5, pool_recycle=PLANNED_FOR)
    event.listen(engine.sync_engine, "connect", _plan_once)
    _look_after(engine)
    return engine


def unpooled(url: str, seconds: float) -> AsyncEngine:
    """Connections to PostgreSQL that are made for one use each."""
    return _postgres(url, seconds, poolclass=NullPool)


def _look_after(engine: AsyncEngine) -> None:
    event.listen(engine.sync_engine, "checkin", _note_rest)
    event.listen(engine.sync_engine, "checkout", _see_alive)


def _postgres(url: str, seconds: float, **pool: Any) -> AsyncEngine:
    driver, secure = _driver_url(url)
    engine = create_async_engine(
        driver,
        **pool,
        # `Database.transaction` begins and ends them: a read of one statement is one round trip.
        isolation_level="AUTOCOMMIT",
        json_serializer=dump_json,
        json_deserializer=load_json,
        connect_args={**CONNECT, "command_timeout": seconds, **secure},
    )
    event.listen(engine.sync_engine, "connect", _prepare_postgres)
    return engine


async def glance(url: str, seconds: float) -> Any:
    """A connection to PostgreSQL of the driver's own, which waits so long for an answer."""
    driver, secure = _driver_url(url)
    _, given = PGDialect_asyncpg().create_connect_args(driver)  # type: ignore[no-untyped-call]
    connection = await asyncpg.connect(**given, **CONNECT, **secure, command_timeout=seconds)
    await connection.set_type_codec("uuid", schema="pg_catalog", **_UUID_CODEC)
    await connection.set_type_codec("jsonb", schema="pg_catalog", **_JSONB_CODEC)
    return connection


def sqlite_writer(path: Path) -> AsyncEngine:
    """The one connection that writes: its transactions take the file at their beginning."""
    engine = _sqlite(path, pool_size=1)
    event.listen(engine.sync_engine, "connect", _prepare_writer)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def sqlite_readers(path: Path) -> AsyncEngine:
    """Connections that may only query."""
    engine = _sqlite(path, pool_size=4, pool_recycle=COUNTED_FOR)
    event.listen(engine.sync_engine, "connect", _prepare_reader)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _driver_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The address with our driver in it, and how to connect; `sslmode` is libpq's word for the driver's `ssl`."""
    try:
        parts = make_url("postgresql+asyncpg://" + url.split("://", 1)[1])
    except (ArgumentError, ValueError):
        raise WrongSetting(
            "NOVE_DATABASE_URL cannot be understood: write postgresql://user:password@host:port/name, "
            "with %-escapes for special characters in the password."
        ) from None
    mode = parts.query.get("sslmode")
    return parts.difference_update_query(["sslmode"]), {"ssl": mode} if mode else {}


def dump_json(value: object) -> str:
    """JSON as it is stored."""
    return orjson.dumps(value).decode()


load_json = orjson.loads


def _sqlite(path: Path, **pool: Any) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        **pool,
        max_overflow=0,
        json_serializer=dump_json,
        json_deserializer=load_json,
        async_creator=partial(sqlite_driver.connect, path),
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _by_index, retval=True)
    return engine


_ROWS = re.compile(r"\((?P<names>(\w+)\.[\w\"]+(?:, \2\.[\w\"]+)+)\) IN \(VALUES (?P<rows>(?:\([?, ]+\)(?:, )?)+)\)")


def _by_index(
    _connection: object, _cursor: object, statement: str, values: object, *_more: object
) -> tuple[str, object]:
    return by_index(statement), values


def by_index(statement: str) -> str:
    """The statement, so that SQLite finds rows by keys of several columns: as SQLAlchemy writes it, it walks the table.

    That is `(t.a, t.b) IN (VALUES (?, ?), ...)`. Where it has to take one key after the other it uses their index.
    """
    return _ROWS.sub(_found, statement) if "IN (VALUES" in statement else statement


def _found(written: re.Match[str]) -> str:
    table = written[2]
    if table not in metadata.tables:
        return written[0]
    keys = " AND ".join(
        f"found.{name.partition('.')[2]} = sought.column{n}" for n, name in enumerate(written["names"].split(", "), 1)
    )
    return (
        f"{table}.rowid IN (SELECT found.rowid FROM (VALUES {written['rows']}) AS sought "  # noqa: S608
        f"CROSS JOIN {table} AS found ON {keys})"
    )


_LET_GO = (
    "SET idle_in_transaction_session_timeout = '10s'; SET tcp_keepalives_idle = 10; "
    "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)
"""A process that is frozen, or cut off, in the middle of a transaction would hold its locks, and so everybody, for
hours. By SQL, since not every pooler passes such settings on at the start of a connection."""


_READ_THROUGH = ("seqscan", "hashjoin", "material")
_ONE_PLAN = "; ".join(
    ["SET plan_cache_mode = force_generic_plan", *(f"SET enable_{way} = off" for way in _READ_THROUGH)]
)
"""What reads a table through, or keeps all of it at hand, is quick as long as the table is nearly empty."""


def _plan_once(connection: DBAPIConnection, _record: object) -> None:
    cast(Any, connection).run_async(lambda driver: driver.execute(_ONE_PLAN))


def _prepare_postgres(connection: DBAPIConnection, _record: object) -> None:
    cast(Any, connection).run_async(lambda driver: driver.execute(_LET_GO))
    cast(Any, connection).run_async(lambda driver: driver.set_type_codec("uuid", schema="pg_catalog", **_UUID_CODEC))


_UUID_CODEC = {
    # The driver's own UUID is a subclass that JSON encoders refuse.
    "encoder": encoded,
    "decoder": decoded,
    "format": "binary",
}


def _note_rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["resting_since"] = time.monotonic()


def _see_alive(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that the server has closed is replaced; one that has rested for long is asked first."""
    rested = time.monotonic() - record.info.get("resting_since", math.inf)
    if cast(Any, record).driver_connection.is_closed():
        raise DisconnectionError("closed by the server")
    if rested > RESTED_LONG:
        try:
            cast(Any, connection).run_async(lambda driver: driver.execute("", timeout=PING_SECONDS))
        except Exception as error:
            raise DisconnectionError("gone") from error


_JSONB_CODEC = {
    # As SQLAlchemy sets it on its own connections; the first byte is the format's version.
    "encoder": lambda text: b"\x01" + text.encode(),
    "decoder": lambda data: orjson.loads(data[1:]),
    "format": "binary",
}


def _prepare_writer(connection: DBAPIConnection, _record: object) -> None:
    # The driver must not begin transactions by itself: ours begin IMMEDIATE.
    cast(Any, connection).isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA synchronous")
    durable = cursor.fetchone()
    cursor.close()
    if durable is None or durable[0] != 2:
        raise WrongSetting("SQLite does not accept synchronous=FULL, so a power cut could lose what was acknowledged.")


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    cast(Any, connection).isolation_level = None
    cursor = connection.cursor()
    for pragma in sqlite_driver.READING:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
