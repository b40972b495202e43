"""PostgreSQL that says nothing more, as when the network is gone: nobody waits for it for ever."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from app.database import Database, Session
from app.errors import Unavailable
from app.shipments import history
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import build, event
from tests.fault_proxy import Faults, before

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_a_database_gone_silent_holds_nobody(database_url: str) -> None:
    """Whoever waits for an answer is told after the time that is given for it, and its connection is not used again."""
    address = make_url(database_url)
    async with before(path=f"{address.query['host']}/.s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{address.database}"
        world = await build(Database(url, seconds=0.3))
        shipment, at_work, silent = await world.ship(), asyncio.Barrier(4), asyncio.Event()
        drivers = []

        async def ask(opened: AbstractAsyncContextManager[Session]) -> None:
            async with opened as db:
                drivers.append(db.driver)
                await at_work.wait()
                await silent.wait()
                await (history.of(db, shipment) if db._connection is None else db.value(select(shipments.c.id)))

        database = world.database
        asking = asyncio.gather(
            *map(ask, (database.transaction(), database.reading(), database.glancing())), return_exceptions=True
        )
        await at_work.wait()
        proxy.back = Faults(stopped=True)
        silent.set()
        told = [type(each) for each in await asking]
        closed = [each.is_closed() for each in drivers]
        proxy.heal()
        now = await world.say(shipment, event(Status.DELIVERED, at=world.now))
        await database.close()

    assert told == [Unavailable] * 3
    assert closed == [True] * 3
    assert (now.status, now.version) == (Status.DELIVERED, 1)


async def test_a_job_may_take_longer_than_a_request(database_url: str) -> None:
    """What a request is cut off from, retention, a replay and a step of the schema wait for."""
    database, slow = Database(database_url, seconds=0.1), text("SELECT pg_sleep(0.3)")
    with pytest.raises(Unavailable):
        async with database.reading() as db:
            await db.value(slow)
    async with database.transaction(patient=True) as db:
        await db.value(slow)
    async with database.reading(patient=True) as db:
        await db.value(slow)
    async with database.altering() as connection:
        await connection.execute(slow)
    await database.close()
