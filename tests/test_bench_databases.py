"""What the benchmark does beside the service means the same on both databases."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.database import Database
from bench.copies import copy
from bench.databases import connected, kind_of
from bench.limits.storage import Event
from carriers.vocabulary import Status
from tests.building import build, event

AT = datetime(2026, 3, 9, 11, 40, tzinfo=UTC)


@pytest.fixture
async def bare_url(database_kind: str, postgres_server: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/bare.db"
        return
    administrator = await asyncpg.connect(postgres_server.format("postgres"))
    await administrator.execute("CREATE DATABASE bare")
    yield postgres_server.format("bare")
    await administrator.execute("DROP DATABASE bare WITH (FORCE)")
    await administrator.close()


def said(number: str, lap: int) -> Event:
    """An event to a bare service."""
    return Event(number, bytes([lap] * 32), AT, "2026-03-09T12:40:00", "AR", "Arrived", 3 + lap, "PADOVA", "IT")


async def test_a_bare_service_stores_each_event_once_with_its_message(bare_url: str) -> None:
    """In a group, alone, and again; an unknown shipment's is left out."""
    bare = kind_of(bare_url).bare
    await bare.fill(bare_url, 2)
    await bare.add_empty(bare_url, "NEW", 2)

    async with bare.opened(bare_url) as storage:
        await storage.take([said("NEW0", 1), said("NEW1", 1), said("NOBODY", 1)])
        async with bare.alone(bare_url) as take:
            await take([said("NEW0", 1), said("NEW1", 2)])
        shipments = [await storage.read(number) for number in ("NEW0", "NEW1", "BARE2")]

    assert [(row[1], row[3], row[4], len(events)) for row, events in shipments] == [
        ("NEW0", 4, 1, 1),
        ("NEW1", 5, 2, 2),
        ("BARE2", 3, 10, 10),
    ]
    [shown] = shipments[0][1]
    assert [datetime.fromisoformat(str(shown[0])), *shown[1:7]] == [AT, *said("NEW0", 1)[3:]]
    assert await bare.stored(bare_url) == (20 + 3, 3)


async def test_copies_have_all_that_hangs_from_a_shipment(database: Database, database_url: str) -> None:
    """Each has a number, ids and hashes of its own; their messages have been sent."""
    world = await build(database)
    first = await world.ship("FIRST")
    await world.take(first, event(Status.IN_TRANSIT, at=world.now))

    await copy(database_url, str(first.id), "COPY", [str(UUID(int=1)), str(UUID(int=2))], 3)

    async with connected(database_url) as connection:
        found = await connection.fetch(
            """
            SELECT s.tracking_number, s.account_id, e.key, t.id FROM shipments s
            JOIN events e ON e.shipment_id = s.id JOIN transitions t ON t.shipment_id = s.id AND t.event_key = e.key
            WHERE s.tracking_number LIKE 'COPY%' ORDER BY 1
            """
        )
    assert [tuple(row)[:2] for row in found] == [
        ("COPY00000000", UUID(int=1)),
        ("COPY00000001", UUID(int=2)),
        ("COPY00000002", UUID(int=1)),
    ]
    assert len({row[2] for row in found}) == len({row[3] for row in found}) == 3
    assert {len(row[2]) for row in found} == {16}


def test_a_goal_that_is_not_about_the_database_is_refused_on_sqlite() -> None:
    """Before anything is started."""
    words = [sys.executable, "-m", "bench", "--database", "sqlite", "--only", "1,6"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.splitlines()[-1].partition(": error: ")[2]) == (
        2,
        "goal 6 is not measured on SQLite: leave --database out",
    )
