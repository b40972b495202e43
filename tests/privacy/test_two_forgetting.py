"""Two workers forget side by side: nothing is left between them."""

import asyncio

import pytest
from sqlalchemy import select, update

from app import retention
from app.database import Database
from app.installation import Installation
from app.orders import orders
from app.retention import forget_old
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import World, build, event

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def forgotten(world: World) -> tuple[list[bool], list[bool]]:
    """Whether shipments and orders name nobody any more."""
    async with world.database.reading() as db:
        parcels = await db.all(select(shipments.c.recipient))
        known = await db.all(select(orders.c.recipient))
    return [not row.recipient for row in parcels], [not row.recipient for row in known]


async def test_an_order_is_emptied_although_two_workers_have_its_parcels(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop's lots are one worker's at a time; whoever finds another at it goes on to the next shop."""
    monkeypatch.setattr(retention, "BATCH", 1)
    world, other = await build(database), Database(database_url)
    for number in ("ONE-0001", "TWO-0002"):
        parcel = await world.ship(number, order={"reference": "R1"})
        await world.say(parcel, event(Status.DELIVERED, at=world.now))
    async with database.transaction() as db:
        await db.run(update(orders).values(recipient={"name": "Anna Prova"}))
    world.pass_time(days=91)
    here = world.installation
    second = Installation(here.settings, other, here.sealer)
    other.clock_offset = database.clock_offset

    async with other.transaction() as db:
        at_it = await db.try_lock("retention", world.shop.company_id, world.shop.id)
        while await forget_old(here):  # raw bodies, which are nobody's in particular
            pass
    untouched = await forgotten(world)
    while sum(await asyncio.gather(forget_old(here), forget_old(second))):
        pass
    await other.close()

    assert (at_it, untouched) == (True, ([False, False], [False]))
    assert await forgotten(world) == ([True, True], [True])
