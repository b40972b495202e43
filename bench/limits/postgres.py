"""The bare statements on PostgreSQL: asyncpg, arrays for many rows, one round trip each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from bench.limits.storage import Event, Row, Take

POOL = 10

SCHEMA = """
CREATE TABLE shipments (
    id uuid PRIMARY KEY, number text NOT NULL UNIQUE, carrier text NOT NULL, status smallint NOT NULL,
    version integer NOT NULL, recipient_name text NOT NULL, recipient_city text NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL
);
CREATE TABLE events (
    shipment_id uuid, key bytea, occurred_at timestamptz NOT NULL, local_time text NOT NULL, code text NOT NULL,
    text text NOT NULL, status smallint NOT NULL, city text NOT NULL, country text NOT NULL,
    received_at timestamptz NOT NULL, PRIMARY KEY (shipment_id, key)
);
CREATE TABLE outbox (
    id uuid PRIMARY KEY, shipment_id uuid NOT NULL, version integer NOT NULL, body text NOT NULL, state text NOT NULL,
    due_at timestamptz NOT NULL, UNIQUE (shipment_id, version)
);
CREATE INDEX ON outbox (due_at) WHERE state = 'due';
CREATE TABLE bare (id uuid PRIMARY KEY, LIKE events);
"""

FILL = (
    """
INSERT INTO shipments
SELECT uuidv7(), 'BARE' || n, 'fedex', 3, 10, 'Anna Prova', 'Firenze', now(), now() FROM generate_series(1, $1::int) n
""",
    """
INSERT INTO events
SELECT id, sha256((id::text || n)::bytea), now() - interval '1 day' + n * interval '1 hour', '2026-03-09T11:40:00',
    'AR', 'Arrived at FedEx location', 3, 'PADOVA', 'IT', now()
FROM shipments, generate_series(1, 10) n
""",
)

EMPTY = """
INSERT INTO shipments
SELECT uuidv7(), $1 || n, 'fedex', 1, 0, 'Anna Prova', 'Firenze', now(), now() FROM generate_series(0, $2::int - 1) n
"""

GIVEN = """
unnest($1::text[], $2::bytea[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[],
    $9::text[]) AS g (number, key, occurred_at, local_time, code, text, status, city, country)
"""

INSERT = f"""
INSERT INTO bare SELECT uuidv7(), uuidv7(), key, occurred_at, local_time, code, text, status, city, country, now()
FROM {GIVEN}
"""

TAKE = f"""
WITH given AS (SELECT s.id, g.* FROM {GIVEN} JOIN shipments s USING (number)),
new AS (
    INSERT INTO events
    SELECT id, key, occurred_at, local_time, code, text, status, city, country, now() FROM given
    ON CONFLICT DO NOTHING RETURNING shipment_id, status
),
moved AS (
    UPDATE shipments s SET status = new.status, version = version + 1, updated_at = now()
    FROM new WHERE s.id = new.shipment_id RETURNING s.id, s.number, s.status, s.version
)
INSERT INTO outbox
SELECT uuidv7(), id, version, json_build_object('number', number, 'status', status, 'version', version)::text, 'due',
    now()
FROM moved
"""

SHIPMENT = """
SELECT id, number, carrier, status, version, recipient_name, recipient_city, created_at, updated_at
FROM shipments WHERE number = $1
"""
EVENTS = """
SELECT occurred_at, local_time, code, text, status, city, country, received_at
FROM events WHERE shipment_id = $1 ORDER BY occurred_at
"""


class PostgresStorage:
    """Storage over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def insert(self, events: Sequence[Event]) -> None:
        """A statement of so many rows."""
        await self._pool.execute(INSERT, *zip(*events, strict=True))

    async def take(self, events: Sequence[Event]) -> None:
        """Event, status and message in one statement."""
        await self._pool.execute(TAKE, *zip(*events, strict=True))

    async def read(self, number: str) -> tuple[Row, Sequence[Row]]:
        """Two statements on one connection."""
        async with self._pool.acquire() as connection:
            shipment = await connection.fetchrow(SHIPMENT, number)
            return shipment, await connection.fetch(EVENTS, shipment["id"])


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresStorage]:
    """The storage at an address."""
    async with asyncpg.create_pool(url, min_size=POOL, max_size=POOL) as pool:
        yield PostgresStorage(pool)


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[Take]:
    """`group_full`'s statement on a connection of its own, prepared once."""
    connection = await asyncpg.connect(url)
    try:
        statement = await connection.prepare(TAKE)

        async def take(events: Sequence[Event]) -> None:
            await statement.fetch(*zip(*events, strict=True))

        yield take
    finally:
        await connection.close()


async def fill(url: str, shipments: int) -> None:
    """Make the tables, and so many shipments of ten stored events each."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SCHEMA)
        await connection.execute(FILL[0], shipments)
        await connection.execute(FILL[1])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def add_empty(url: str, prefix: str, count: int) -> None:
    """So many shipments that events will come for."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(EMPTY, prefix, count)
    finally:
        await connection.close()


async def stored(url: str) -> tuple[int, int]:
    """How many events and messages there are."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchrow("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM outbox)")
        return found[0], found[1]
    finally:
        await connection.close()
