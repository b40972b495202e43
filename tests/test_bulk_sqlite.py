"""Rows on SQLite without SQLAlchemy's work for each: the same statements, and values as it has them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, bindparam, select, tuple_

from app.bulk import _SQLITE, Fetch, Insert, _Values
from app.columns import new_id
from app.database import Database
from app.shipments.tables import shipments
from app.shops import companies
from carriers.vocabulary import Status

ADD = Insert(companies)
BY_ID = Fetch(
    [companies.c.name],
    str,
    "",
    select(companies.c.name).where(companies.c.company_id.in_(bindparam("ids", expanding=True))),
)
BY_BOTH = Fetch(
    [companies.c.name],
    str,
    "",
    select(companies.c.name).where(
        tuple_(companies.c.company_id, companies.c.name).in_(bindparam("pairs", expanding=True))
    ),
)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_lists_of_every_length(database: Database) -> None:
    """None, a few, and more than are remembered; each by its own statement."""
    everybody = [f"Company {n:03}" for n in range(150)]
    ids = [new_id() for _ in everybody]
    async with database.transaction() as db:
        await ADD(db, [(id_, name, db.now) for id_, name in zip(ids, everybody, strict=True)])
    async with database.reading() as db:
        for count in (0, 1, 2, 150, 2, 0):
            pairs = list(zip(ids, everybody, strict=True))[:count]
            assert sorted(await BY_ID(db, (), {"ids": ids[:count]})) == everybody[:count]
            assert sorted(await BY_BOTH(db, (), {"pairs": pairs})) == everybody[:count]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (companies.c.created_at, datetime(2026, 3, 1, 9, 5, tzinfo=UTC)),
        (companies.c.created_at, datetime(2026, 3, 1, 9, 5, 7, 42, tzinfo=ZoneInfo("Europe/Rome"))),
        (companies.c.created_at, datetime(1, 1, 1, tzinfo=ZoneInfo("UTC"))),
        (companies.c.company_id, UUID(int=7)),
        (shipments.c.decided_by, "0a" * 16),
        (shipments.c.recipient, {"name": "Zoë"}),
        (shipments.c.late, True),
        (shipments.c.promised_on, date(2026, 3, 1)),
        (shipments.c.speed, 1.5),
        (shipments.c.status, Status.DELIVERED),
        *((column, None) for column in (shipments.c.decided_at, shipments.c.parent_id, shipments.c.decided_by)),
    ],
)
def test_values_go_and_come_as_sqlalchemy_has_it(column: Column[Any], value: Any) -> None:
    """Rows written by either are read by both."""
    kind = column.type.dialect_impl(_SQLITE)
    bind, result = kind.bind_processor(_SQLITE), kind.result_processor(_SQLITE, None)
    values = _Values([column])
    [(stored,)] = values.tuples([(value,)])
    assert stored == (bind(value) if bind else value)
    [(shown,)] = values.from_sqlite([(stored,)])
    assert shown == (result(stored) if result else stored) == value


def test_a_time_without_offset_is_refused() -> None:
    """Nobody knows which one it is."""
    with pytest.raises(ValueError, match="without offset"):
        _Values([companies.c.created_at]).tuples([(datetime(2026, 3, 1),)])  # noqa: DTZ001
