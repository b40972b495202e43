"""Copies of one shipment by the hundred thousand, with everything that hangs from it, made by the database itself.

The rows are those that the service wrote for the one; ids, numbers and hashes differ, so that indexes are as wide and
as scattered as in life.
"""

from collections.abc import Sequence

import asyncpg

AT_ONCE = 50_000

_HASHED = "substring(sha256(convert_to(c.id::text || encode({0}, 'hex'), 'UTF8')) for length({0}))"
_KEY = {name: _HASHED.format(f"t.{name}") for name in ("key", "decided_by", "event_key", "body_hash", "page_hash")}

CHANGED: dict[str, dict[str, str]] = {
    "shipments": {
        "id": "c.id",
        "tracking_number": "c.number",
        "account_id": "c.account_id",
        "page_hash": _KEY["page_hash"],
        "decided_by": _KEY["decided_by"],
    },
    "events": {"shipment_id": "c.id", "key": _KEY["key"], "arrival_id": "c.id"},
    "transitions": {"shipment_id": "c.id", "id": "uuidv7()", "event_key": _KEY["event_key"]},
    "arrivals": {
        "id": "c.id",
        "shipment_id": "c.id",
        "tracking_number": "c.number",
        "account_id": "c.account_id",
        "body_hash": _KEY["body_hash"],
    },
    "messages": {"id": "uuidv7()", "shipment_id": "c.id", "event_key": _KEY["event_key"], "state": "'sent'"},
}
"""By table the columns in which a copy differs from its original; `c` is the copy."""


async def copy(url: str, shipment: str, prefix: str, accounts: Sequence[str], count: int, begin: int = 0) -> None:
    """So many copies of the shipment, numbered on from `begin`, going by these accounts in turn."""
    connection = await asyncpg.connect(url)
    try:
        for first in range(begin, begin + count, AT_ONCE):
            last = min(first + AT_ONCE, begin + count) - 1
            async with connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                await connection.execute(
                    """
                    CREATE TEMPORARY TABLE copies ON COMMIT DROP AS
                    SELECT uuidv7() AS id, $1 || lpad(n::text, 8, '0') AS number, ($2::uuid[])[n % $3 + 1] AS account_id
                    FROM generate_series($4::int, $5::int) AS n
                    """,
                    *(prefix, list(accounts), len(accounts), first, last),
                )
                for table in CHANGED:
                    await connection.execute(await _statement(connection, table), shipment)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _statement(connection: asyncpg.Connection, table: str) -> str:
    """Copies of a table's rows that belong to the shipment."""
    columns = [
        row["column_name"]
        for row in await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", table
        )
    ]
    values = [CHANGED[table].get(name, f't."{name}"') for name in columns]
    names, own = ", ".join(f'"{name}"' for name in columns), "id" if table == "shipments" else "shipment_id"
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} t, copies c WHERE t.{own} = $1::uuid"
