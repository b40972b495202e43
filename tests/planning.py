"""The plans that PostgreSQL makes of the very statements a job issues, on tables with thousands of rows."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, text

from app.database import Database, Session
from app.orders import orders
from app.shipments.tables import shipments
from tests.building import World
from tests.heard import heard

ROWS = 6_000
BIG = {"shipments", "names", "messages", "arrivals", "orders", "pushes", "idempotency_keys"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement, the indexes that it is answered by, tables read through, and how many rows are sorted at most."""

    statement: str
    indexes: frozenset[str]
    read_through: frozenset[str]
    sorted_rows: float


async def multiply(db: Session, table: Table, rows: int, **columns: str) -> None:
    """Copy a table's one row thousands of times, with these expressions of `n` for what must differ."""
    names = [each.name for each in table.c]
    made = ", ".join(columns.get(name, f'"{name}"') for name in names)
    into = ", ".join(f'"{name}"' for name in names)
    await db.run(
        text(f"INSERT INTO {table.name} ({into}) SELECT {made} FROM {table.name}, generate_series(1, {rows}) AS n")
    )


async def fill(world: World, tables: Mapping[Table, Mapping[str, str]], rows: int = ROWS) -> None:
    """Multiply the rows of these tables, and let PostgreSQL learn how many there are."""
    async with world.database.transaction() as db:
        for table, columns in tables.items():
            await multiply(db, table, rows, **columns)
    async with world.database.transaction() as db:
        await db.run(text("ANALYZE"))


async def plans(database: Database, job: Callable[[], Awaitable[object]]) -> list[Plan]:
    """The plans of what a job asks or changes in a big table."""
    with heard(database._reader, database._patient) as said:
        await job()
    firsts: dict[str, Any] = {}
    for statement, parameters in said:
        firsts.setdefault(statement, parameters)
    found = []
    async with database.reading() as db:
        for statement, parameters in firsts.items():
            if statement.lstrip().startswith("INSERT"):
                continue
            once = parameters[0] if isinstance(parameters, list) else parameters
            explained = await db.connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", once)
            steps = list(nodes(explained.scalar_one()[0]["Plan"]))
            if any(step.get("Relation Name") in BIG for step in steps):
                found.append(_plan(statement, steps))
    return found


def _plan(statement: str, steps: list[dict[str, Any]]) -> Plan:
    return Plan(
        statement,
        frozenset(step["Index Name"] for step in steps if "Index Name" in step),
        frozenset(step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan") & BIG,
        max((step["Plan Rows"] for step in steps if step["Node Type"] == "Sort"), default=0),
    )


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps, the outermost first."""
    yield node
    for each in node.get("Plans", ()):
        yield from nodes(each)


AGO = "now() - CASE WHEN n % 20 = 0 THEN n ELSE -n END * interval '1 second'"
"""A twentieth of it is due."""

SHIPMENTS = {
    shipments: {
        "id": "md5('s' || n)::uuid",
        "shop_id": "CASE WHEN n % 4 = 0 THEN shop_id ELSE md5('shop' || n % 4)::uuid END",
        "order_id": "CASE WHEN n % 2 = 0 THEN md5('o' || n)::uuid END",
        "tracking_number": "'NUMBER' || n",
        "order_reference": "'R' || n",
        "sender_reference": "NULL",
        "page_hash": "decode(md5('p' || n), 'hex')",
        "recipient_email": "'e' || n || '@example.com'",
        "recipient_phone": "'+39333' || n",
        "recipient_name": "'anna prova' || n",
        "recipient_postcode": "lpad((n % 1000)::text, 5, '0')",
        "recipient_country": "CASE WHEN n % 10 = 0 THEN 'FR' ELSE 'IT' END",
        "status": "CASE WHEN n % 3 = 0 THEN 'delivered' ELSE 'in_transit' END",
        "problem": "n % 50 = 0",
        "stale": "n % 100 = 0",
        "late": "n % 150 = 0",
        "next_poll_at": AGO,
        "refold_at": AGO,
        "late_at": AGO,
        "stale_at": AGO,
    },
    orders: {
        "id": "md5('o' || n)::uuid",
        "reference": "'R' || n",
        "recipient_email": "'o' || n || '@example.com'",
    },
}
"""What differs from row to row: a fourth is of the shop that asks."""
