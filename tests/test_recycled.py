"""Numbers are used again: what belongs to another parcel moves nothing, is listed, and goes to the next generation."""

from typing import Any

from app.database import Database
from app.intake.timed import settle_due
from app.shipments import listing, reading
from app.shipments.listing import Filters
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.building import World, build, event

S = Status


async def see(world: World, shipment: Shipment) -> dict[str, Any]:
    """The shipment as the API answers it."""
    async with world.database.reading() as db:
        found = await reading.find(db, shipment.company_id, [shipment.shop_id], shipment.id, with_events=True)
    return found.answer("", world.now)


async def listed(world: World, **filters: Any) -> list[Any]:
    """The ids of the shipments that fit."""
    async with world.database.reading() as db:
        place = world.shop.company_id, [world.shop.id]
        return [each.id for each in await listing.listed(db, *place, Filters(**filters), limit=10)]


async def reasons(world: World, shipment: Shipment) -> list[tuple[str, str | None]]:
    """Of each event, newest first, its status and why it has no effect."""
    return [(each["status"], each["set_aside"]) for each in (await see(world, shipment))["events"]]


async def test_a_number_used_again_after_two_months_leaves_the_old_shipment_as_it_is(database: Database) -> None:
    """It is listed for a person; the shop's next order with that number takes what was set aside."""
    world = await build(database)
    old = await world.ship()
    await world.say(old, event(S.DELIVERED, at=world.now))
    before = await listed(world, recycled=True)
    world.pass_time(days=60)
    later = await world.say(old, event(S.IN_TRANSIT, at=world.now))
    aside, found = await reasons(world, old), await listed(world, recycled=True)
    new = await world.ship()
    await settle_due(world.installation)
    moved = await world.say(new, event(S.OUT_FOR_DELIVERY, at=world.now))

    assert (before, later.status, later.version, found) == ([], S.DELIVERED, 1, [old.id])
    assert aside == [("in_transit", "recycled"), ("delivered", None)]
    assert (new.generation, moved.id, moved.status) == (2, new.id, S.OUT_FOR_DELIVERY)
    assert await reasons(world, new) == [("out_for_delivery", None), ("in_transit", None)]
    assert await reasons(world, old) == [("delivered", None)]
    assert await listed(world, recycled=True) == []


async def test_events_before_the_shipping_date_are_set_aside(database: Database) -> None:
    """Seven days' grace; corrected, the date brings them in."""
    world = await build(database)
    shipment = await world.ship(shipped_at=world.now.isoformat())
    world.pass_time(days=1)
    day = world.now.replace(microsecond=0)
    await world.say(shipment, event(S.DELIVERED, at=day.replace(year=day.year - 1)))
    after = await world.say(shipment, event(S.IN_TRANSIT, at=day))

    assert after.status is S.IN_TRANSIT
    assert await reasons(world, shipment) == [("in_transit", None), ("delivered", "before_shipment")]
    assert await listed(world, recycled=True) == []


async def test_what_waits_for_its_number_or_its_carrier_is_listed(database: Database) -> None:
    """Each by its filter, and by the sender's reference."""
    world = await build(database)
    waits = await world.ship(None, "brt", sender_reference="ORD-17")  # type: ignore[arg-type]
    open_ = await world.ship("084010123456", None, carriers=["brt", "fedex"])  # type: ignore[arg-type]
    plain = await world.ship("PLAIN-1")

    assert await listed(world, numbered=False) == await listed(world, sender_reference="ORD-17") == [waits.id]
    assert await listed(world, carrier_settled=False) == [open_.id]
    assert await listed(world, numbered=True) == [plain.id, open_.id]
    assert await listed(world, carrier_settled=True) == [plain.id, waits.id]
