"""Copies of one shipment by the hundred thousand, with everything that hangs from it, made by the database itself.

The rows are those that the service wrote for the one; ids, numbers and hashes differ, so that indexes are as wide and
as scattered as in life.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from bench.databases import Connection, connected

AT_ONCE = 2000
"""Copies in one transaction: a service on the same SQLite file waits for it."""

COPIES = """
CREATE TEMPORARY TABLE copies AS SELECT id, tracking_number AS number, account_id FROM shipments WHERE false
"""
HASHES = ("key", "event_key", "decided_by", "body_hash", "page_hash")
CHANGED: dict[str, dict[str, str]] = {
    "shipments": {"id": "c.id", "tracking_number": "c.number", "account_id": "c.account_id"},
    "events": {"shipment_id": "c.id", "arrival_id": "c.id"},
    "transitions": {"shipment_id": "c.id", "id": "uuidv7()"},
    "arrivals": {"id": "c.id", "shipment_id": "c.id", "tracking_number": "c.number", "account_id": "c.account_id"},
    "messages": {"id": "uuidv7()", "shipment_id": "c.id", "state": "'sent'"},
}
"""By table the columns in which a copy differs from its original beside the hashes; `c` is the copy."""


async def copy(url: str, shipment: str, prefix: str, accounts: Sequence[str], count: int, begin: int = 0) -> None:
    """So many copies of the shipment, numbered on from `begin`, going by these accounts in turn."""
    ids = [UUID(each) for each in accounts]
    async with connected(url) as connection:
        hashes = {name: connection.hashed.format(f"t.{name}") for name in HASHES}
        statements = []
        for table, changed in CHANGED.items():
            own = "id" if table == "shipments" else "shipment_id"
            source = f"{table} t, copies c WHERE t.{own} = $1"
            statements.append(await copied(connection, table, hashes | changed, source))
        for first in range(begin, begin + count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, begin + count))
            async with connection.transaction():
                await connection.execute(COPIES)
                await connection.executemany(
                    "INSERT INTO copies VALUES (uuidv7(), $1, $2)",
                    [(f"{prefix}{number:08}", ids[number % len(ids)]) for number in numbers],
                )
                for statement in statements:
                    await connection.execute(statement, UUID(shipment))
                await connection.execute("DROP TABLE copies")
        await connection.settle()


async def copied(connection: Connection, table: str, changed: Mapping[str, str], source: str) -> str:
    """A statement that copies rows of a table, called `t` in the source, but for what is changed."""
    columns = await connection.columns(table)
    values = [changed.get(name, f't."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {source}"
