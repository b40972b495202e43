"""Connections for reads of one statement: opened one after the other, and nobody waits in vain."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from app import engines
from app.glances import MOST, Glances

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


class Door:
    """Opens connections to PostgreSQL, and counts them; `shut` lets nobody in."""

    def __init__(self, url: str) -> None:
        self._connect = partial(engines.glance, url, 5)
        self.opened = self.at_once = self._now = 0
        self.shut = False

    async def __call__(self) -> Any:
        if self.shut:
            raise ConnectionRefusedError
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            return await self._connect()
        finally:
            self._now -= 1
            self.opened += 1


@pytest.fixture
def door(database_url: str) -> Door:
    return Door(database_url)


@pytest.fixture
async def glances(door: Door) -> AsyncIterator[Glances]:
    made = Glances(door)
    yield made
    await made.close()


async def _read(glances: Glances, statement: str = "SELECT 1") -> Any:
    async with glances.one() as driver:
        return await driver.fetchval(statement)


async def test_many_that_come_at_once_open_one_after_the_other(glances: Glances, door: Door) -> None:
    """Those that are open serve the others meanwhile; there are never more than may be."""
    told = await asyncio.gather(*(_read(glances) for _ in range(100)))
    assert told == [1] * 100
    assert door.at_once == 1
    assert door.opened <= MOST


async def test_slow_reads_have_as_many_connections_as_there_may_be(glances: Glances, door: Door) -> None:
    """Each is another session of the server, until all are open; then they share them."""
    together = asyncio.Barrier(MOST)

    async def hold() -> int:
        async with glances.one() as driver:
            await together.wait()
            session: int = await driver.fetchval("SELECT pg_backend_pid()")
            return session

    assert len(set(await asyncio.gather(*(hold() for _ in range(MOST))))) == MOST
    assert await asyncio.gather(*(_read(glances) for _ in range(2 * MOST))) == [1] * (2 * MOST)
    assert door.opened == MOST


async def test_whoever_waits_for_a_database_that_is_away_is_told(glances: Glances, door: Door) -> None:
    """All of them at once; and those that come when it is back are served."""
    door.shut = True
    told = await asyncio.gather(*(_read(glances) for _ in range(3)), return_exceptions=True)
    door.shut = False
    assert [type(each) for each in told] == [ConnectionRefusedError] * 3
    assert await _read(glances) == 1


async def test_whoever_gives_up_leaves_the_connection_to_the_next(glances: Glances, door: Door) -> None:
    """Nobody waits for a connection that was meant for somebody else."""
    first = asyncio.create_task(_read(glances, "SELECT pg_sleep(0.1)"))
    while not door.opened:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    door.shut = True
    leaving, staying = asyncio.create_task(_read(glances)), asyncio.create_task(_read(glances))
    await asyncio.sleep(0)
    leaving.cancel()
    await first
    assert await staying == 1
    assert leaving.cancelled()
    assert await _read(glances) == 1


async def test_whoever_comes_after_the_end_is_served(glances: Glances, door: Door) -> None:
    """A database may be closed and used again, as often as one likes: what was closed takes no place."""
    for _ in range(MOST + 1):
        assert await _read(glances) == 1
        await glances.close()
    assert door.opened == MOST + 1


async def test_whoever_goes_while_a_rested_connection_is_asked_takes_no_place_with_him(
    glances: Glances, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many do."""
    monkeypatch.setattr("app.glances.RESTED_LONG", 0.0)
    for _ in range(MOST + 1):
        assert await _read(glances) == 1
        going = asyncio.create_task(_read(glances))
        await asyncio.sleep(0)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
    assert await _read(glances) == 1
