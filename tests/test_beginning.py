"""A number that another parcel had before: what carriers still tell of that one does not count, and can be made to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.arrivals.keeping import ArrivalSource
from app.database import Database
from app.intake.amending import amend
from app.intake.ordering import PostedWholeOrder, post_order
from app.intake.posting import post
from app.intake.timed import settle_due
from app.shipments.amended import AmendedShipment
from app.shipments.posting import PostedShipment
from app.shipments.shipment import Shipment
from app.shipments.tables import transitions
from carriers.event import TrackingEvent
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.test_recycled import listed, reasons

S = Status
POLL, HOOK = ArrivalSource.POLL, ArrivalSource.HOOK


def told(world: World, **days: float) -> list[TrackingEvent]:
    """A history: each status so many days ago."""
    return [event(Status(status), at=world.now - timedelta(days=ago)) for status, ago in days.items()]


async def change(world: World, shipment: Shipment, **given: Any) -> Shipment:
    """The shop sends a PATCH; the shipment when a worker has looked at it."""
    async with world.database.transaction() as db:
        now = await world.look(shipment)
        await amend(world.installation, db, world.shop, now, AmendedShipment.model_validate(given))
    await settle_due(world.installation)
    return await world.look(shipment)


async def test_the_old_parcels_history_told_again_counts_for_no_later_one(database: Database) -> None:
    """Neither what the old shipment was told nor what of then comes only now; the new parcel's own events do."""
    world = await build(database)
    old = await world.ship()
    heard = told(world, in_transit=2, delivered=0)
    await world.say(old, *heard)
    unheard = event(S.OUT_FOR_DELIVERY, at=world.now - timedelta(hours=4))
    world.pass_time(days=60)
    second = await world.ship()
    again = await world.say(second, *heard, unheard, source=POLL)
    moved = await world.say(second, *heard, *told(world, in_transit=0), source=POLL)
    world.pass_time(days=200)
    third = await world.ship()
    last = await world.say(third, *heard, source=POLL)

    assert (second.generation, again.status, again.version) == (2, S.PENDING, 0)
    assert (moved.status, third.generation, last.status) == (S.IN_TRANSIT, 3, S.PENDING)
    assert await reasons(world, second) == [
        ("in_transit", None),
        ("delivered", "earlier_parcel"),
        ("out_for_delivery", "earlier_parcel"),
        ("in_transit", "earlier_parcel"),
    ]
    assert (await world.look(old)).status is S.DELIVERED
    assert await listed(world, recycled=True) == [third.id]


async def test_a_note_of_the_new_parcel_under_the_old_ones_number_bounds_nothing(database: Database) -> None:
    """The old shipment keeps it, and the new one its events of before it."""
    world = await build(database)
    old = await world.ship()
    await world.say(old, *told(world, delivered=0))
    world.pass_time(days=60)
    await world.say(old, *told(world, in_transit=2), event(None, at=world.now, code="?"))
    new = await world.ship()
    await settle_due(world.installation)

    assert (await world.look(new)).status is S.IN_TRANSIT


async def test_a_polled_history_that_was_over_long_before_is_another_parcels(database: Database) -> None:
    """It is shown and listed, and counts once the shop says that it shipped then; the new parcel's events always do."""
    world = await build(database)
    shipment = await world.ship()
    history = told(world, in_transit=62, delivered=60)
    first = await world.say(shipment, *history, source=POLL)
    before, aside = await listed(world, recycled=True), await reasons(world, shipment)
    moved = await world.say(shipment, *history, *told(world, in_transit=0.5), source=POLL)
    theirs = await change(world, shipment, shipped_at=(world.now - timedelta(days=63)).isoformat())

    assert (first.status, first.version, before) == (S.PENDING, 0, [shipment.id])
    assert aside == [("delivered", "earlier_parcel"), ("in_transit", "earlier_parcel")]
    assert moved.status is S.IN_TRANSIT
    assert (theirs.status, theirs.begins_after) == (S.DELIVERED, None)


async def test_a_push_of_then_counts_until_a_poll_shows_that_all_was_over(database: Database) -> None:
    """Poll first and push first end alike; that the status goes back is a correction."""
    world = await build(database)
    history = told(world, delivered=60)
    shipment, twin = await world.ship("PUSHED-1"), await world.ship("POLLED-1")
    pushed = await world.say(shipment, *history, source=HOOK)
    polled = await world.say(shipment, *history, source=POLL)
    await world.say(twin, *history, source=POLL)
    same = await world.say(twin, *history, source=HOOK)
    async with database.reading() as db:
        mine = select(transitions.c.correction).where(transitions.c.shipment_id == shipment.id)
        corrections = [row.correction for row in await db.all(mine.order_by(transitions.c.version))]

    assert (pushed.status, polled.status, same.status) == (S.DELIVERED, S.PENDING, S.PENDING)
    assert await reasons(world, shipment) == await reasons(world, twin) == [("delivered", "earlier_parcel")]
    assert corrections == [False, True]


@pytest.mark.parametrize(
    ("days", "posted"),
    [
        ({"delivered": 20}, {}),
        ({"in_transit": 90}, {}),
        ({"delivered": 40, "returned": 25}, {}),
        ({"delivered": 60}, {"imported": True}),
        ({"delivered": 60}, {"shipped": 61}),
        ({"delivered": 60}, {"ordered": 63}),
    ],
    ids=["ended lately", "never ended", "came back lately", "imported", "shipped then", "ordered then"],
)
async def test_what_may_be_this_parcel_counts_however_old(
    days: dict[str, float], posted: Mapping[str, Any], database: Database
) -> None:
    """Nothing genuine is set aside for its age alone."""
    world = await build(database)
    given: dict[str, Any] = {"carrier": "own", "tracking_number": "LATE-1"}
    if "shipped" in posted:
        given["shipped_at"] = (world.now - timedelta(days=posted["shipped"])).isoformat()
    if "ordered" in posted:
        given["order"] = {"reference": "7", "placed_at": (world.now - timedelta(days=posted["ordered"])).isoformat()}
    async with database.transaction() as db:
        rows = PostedShipment.model_validate(given)
        made = await post(world.installation, db, world.shop, rows, imported=posted.get("imported", False))
    after = await world.say(made.shipment, *told(world, **days), source=POLL)

    assert (after.status, after.begins_after is None) == (Status(list(days)[-1]), "ordered" not in posted)
    assert {reason for _, reason in await reasons(world, after)} == {None}


async def test_a_shop_that_told_of_it_itself_then_knows_better(database: Database) -> None:
    """Its own events are this parcel's, and so are the carrier's of that time."""
    world = await build(database)
    shipment = await world.ship()
    await world.say(shipment, *told(world, in_transit=61), source=ArrivalSource.SHOP)
    after = await world.say(shipment, *told(world, delivered=60), source=POLL)

    assert after.status is S.DELIVERED


async def test_nothing_is_told_of_a_parcel_before_its_order(database: Database) -> None:
    """Seven days' grace, by whatever way it comes; the shop's own events count; its shipping date goes before it."""
    world = await build(database)
    placed = {"reference": "7", "placed_at": world.now.isoformat()}
    shipment = await world.ship(order=placed)
    aside = await world.say(shipment, *told(world, delivered=8))
    own = await world.say(shipment, *told(world, in_transit=9), source=ArrivalSource.SHOP)
    later = await world.ship("LATER-1", order={"reference": "8"})
    counted = await world.say(later, *told(world, delivered=8))
    dated = await world.ship("LATER-1", order={"reference": "8", "placed_at": world.now.isoformat()})
    await settle_due(world.installation)

    assert (aside.status, own.status, counted.status) == (S.PENDING, S.IN_TRANSIT, S.DELIVERED)
    assert (dated.id, (await world.look(dated)).status) == (later.id, S.PENDING)
    theirs = await change(world, shipment, shipped_at=(world.now - timedelta(days=9)).isoformat())
    assert (theirs.status, await listed(world, recycled=True)) == (S.DELIVERED, [later.id])


async def test_an_orders_date_that_comes_later_holds_for_its_parcels(database: Database) -> None:
    """Posted with the order itself, as well."""
    world = await build(database)
    shipment = await world.ship(order={"reference": "7"})
    counted = await world.say(shipment, *told(world, delivered=8))
    async with database.transaction() as db:
        order = PostedWholeOrder.model_validate({"reference": "7", "placed_at": world.now.isoformat()})
        await post_order(world.installation, db, world.shop, order)
    await settle_due(world.installation)

    assert (counted.status, (await world.look(shipment)).status) == (S.DELIVERED, S.PENDING)


async def test_a_corrected_number_begins_anew_and_the_way_back_leads_to_the_same(database: Database) -> None:
    """What was known of the wrong number's earlier parcel says nothing of the right one, and holds for the return."""
    world = await build(database)
    shipment = await world.ship("WRONG-1")
    await world.say(shipment, *told(world, delivered=60), source=POLL)
    right = await change(world, shipment, tracking_number="RIGHT-1")
    there = await listed(world, recycled=True)
    back = await change(world, shipment, tracking_number="WRONG-1")

    assert (right.begins_after, there) == (None, [])
    assert (back.status, await listed(world, recycled=True)) == (S.PENDING, [shipment.id])
    assert await reasons(world, back) == [("delivered", "earlier_parcel")]


async def test_silence_about_the_wrong_number_is_none_about_the_right_one(database: Database) -> None:
    """The time in which the carrier is to be heard of begins anew."""
    world = await build(database)
    shipment = await world.ship("WRONG-1")
    world.pass_time(days=30)
    await settle_due(world.installation)
    silent = await world.look(shipment)
    right = await change(world, shipment, tracking_number="RIGHT-1")

    assert (silent.stale, silent.problem) == (True, True)
    days = timedelta(days=world.installation.settings.stale_days)
    assert (right.stale, right.problem, right.stale_at) == (False, False, right.last_news_at + days)


async def test_a_number_given_by_patch_is_a_later_generation_as_one_that_is_posted(database: Database) -> None:
    """The old shipment's events do not count there either."""
    world = await build(database)
    old = await world.ship("USED-1")
    history = told(world, delivered=0)
    await world.say(old, *history)
    world.pass_time(days=60)
    shipment = await world.ship("OTHER-1")
    corrected = await change(world, shipment, tracking_number="USED-1")
    after = await world.say(corrected, *history)

    assert (after.id, after.generation, after.status) == (shipment.id, 2, S.PENDING)
