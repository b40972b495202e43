"""A carrier announces the number of the next leg: nothing is taken on trust, and nothing said of it is lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app import accounts
from app.database import Database
from app.demo.stand_ins.postnord import PostNordStandIn
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import contract
from tests.several import SHIPPED, push_of_brt
from tests.travelling import LAST, Desk, travelling

S = Status


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A shop whose parcels of YunExpress another carrier delivers."""
    async with travelling(database) as desk:
        yield desk


async def test_a_carrier_announces_the_number_of_the_next_leg(desk: Desk) -> None:
    """The leg is there, for the carrier with which there is a contract; its words are the shipment's."""
    shipment = await desk.ship()
    announced = await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 30, onward=LAST)
    known = await desk.legs(shipment)
    again = await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 29, onward=LAST)
    after = await desk.say(shipment, "brt", S.OUT_FOR_DELIVERY, 1)

    assert (announced.carrier, again.carrier, known) == (
        "yunexpress",
        "yunexpress",
        [("yunexpress", True), ("brt", False)],
    )
    assert (after.id, after.carrier, after.status) == (shipment.id, "brt", S.OUT_FOR_DELIVERY)
    assert await desk.legs(shipment) == [("yunexpress", False), ("brt", True)]


async def test_until_the_next_carrier_has_it_the_announcers_word_is_the_last(desk: Desk) -> None:
    """It tells of the last mile itself, which is the truth unless BRT says more; then what it says is a hand-over."""
    shipment = await desk.ship()
    out = await desk.say(shipment, "yunexpress", S.OUT_FOR_DELIVERY, 5, onward=LAST)
    brt = await desk.say(shipment, "brt", S.IN_TRANSIT, 4)
    after = await desk.say(shipment, "yunexpress", S.DELIVERED, 3, onward=LAST)

    assert (out.status, brt.status, after.status) == (S.OUT_FOR_DELIVERY, S.IN_TRANSIT, S.IN_TRANSIT)
    assert (after.carrier, len((await desk.see(shipment))["events"])) == ("brt", 3)


async def test_what_was_pushed_before_the_number_was_announced_is_not_lost(desk: Desk) -> None:
    """BRT told of it when nobody knew whose it was; the same answer tells of the hand-over and of the number."""
    shipment = await desk.ship(shipped_at=SHIPPED)
    await push_of_brt(desk.world)
    handed_over = event(S.DELIVERED, at=datetime(2026, 3, 3, 8, tzinfo=UTC))
    after = await desk.world.say(shipment, handed_over, onward=LAST)

    assert (after.carrier, after.status) == ("brt", S.DELIVERED)
    assert await desk.world.look(shipment) == after
    assert {each["evidence"]["carrier"] for each in (await desk.see(shipment))["events"]} == {"brt", "yunexpress"}


async def test_another_parcels_events_are_none_of_the_leg(desk: Desk) -> None:
    """The number looks like PostNord's, too, which had such a parcel last year; BRT's word settles it."""
    async with contract(desk.polls, PostNordStandIn):
        shipment = await desk.ship()
        await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 9, onward=LAST)
        old = event(S.DELIVERED, at=desk.world.now - timedelta(days=300))
        await desk.world.take(shipment._replace(carrier="postnord", tracking_number=LAST), old)
        legs = (await desk.see(shipment))["legs"]
        settled = await desk.say(shipment, "brt", S.OUT_FOR_DELIVERY, 1)
        after = await desk.see(shipment)

    assert sorted(each["carrier"] for each in legs) == ["brt", "postnord", "yunexpress"]
    assert next(each for each in legs if each["carrier"] == "postnord")["outcome"].endswith("which is another parcel")
    assert (settled.status, len(after["events"])) == (S.OUT_FOR_DELIVERY, 2)
    assert [each["carrier"] for each in after["legs"]] == ["yunexpress", "brt"]


@pytest.mark.parametrize("account", [True, False])
async def test_it_is_asked_about_though_its_announcer_cannot_be(desk: Desk, account: bool) -> None:
    """Of YunExpress there are only files, with or without an account: BRT is asked at the pace of the shipment."""
    world = desk.world
    if account:
        async with world.database.transaction() as db:
            company, sealer = world.shop.company_id, world.installation.sealer
            await accounts.add(db, sealer, company, "yunexpress", public_url="https://nove.example", credentials={})
    shipment = await desk.ship()
    await desk.polls.poll(hours=1)
    before = len(desk.brt.requests)
    announced = await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 3, onward=LAST)
    await desk.polls.poll()
    [_, brt] = (await desk.see(shipment))["legs"]
    await desk.polls.poll(days=1)
    after = await world.look(shipment)

    assert (before, announced.carrier, announced.next_poll_at is not None) == (0, "yunexpress", True)
    assert brt["outcome"].startswith("knows the number: 1 events, the newest awaiting_pickup")
    assert (after.carrier, after.tracking_number, after.status) == ("brt", LAST, S.OUT_FOR_DELIVERY)
