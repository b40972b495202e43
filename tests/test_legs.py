"""One journey in several legs: every leg's events count, the carrier that has the parcel is shown and asked."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.arrivals.keeping import ArrivalSource
from app.database import Database
from app.demo.stand_ins.fedex import FedexStandIn
from app.errors import InvalidInput
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import contract
from tests.travelling import FIRST, LAST, LEGS, Desk, travelling

S = Status


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A shop with such parcels."""
    async with travelling(database) as desk:
        yield desk


async def test_all_legs_are_one_history(desk: Desk) -> None:
    """What the first carrier delivers it has handed over; only the last one ends the journey."""
    shipment = await desk.ship(legs=LEGS)
    await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 50)
    handed = await desk.say(shipment, "yunexpress", S.DELIVERED, 20)
    await desk.say(shipment, "brt", S.OUT_FOR_DELIVERY, 3)
    late = await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 30)
    after = await desk.say(shipment, "brt", S.DELIVERED, 1)
    told = await desk.see(shipment)

    assert (handed.status, late.status, after.status) == (S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED)
    assert (after.id, after.carrier, after.tracking_number) == (shipment.id, "brt", LAST)
    assert [(each["evidence"]["carrier"], each["status"]) for each in told["events"]] == [
        ("brt", "delivered"),
        ("brt", "out_for_delivery"),
        ("yunexpress", "in_transit"),
        ("yunexpress", "in_transit"),
        ("yunexpress", "in_transit"),
    ]
    assert await desk.legs(shipment) == [("yunexpress", False), ("brt", True)]
    assert told["former"] == []


async def test_what_the_shop_says_holds_for_the_whole_journey(desk: Desk) -> None:
    """What a first carrier says of its last mile is a hand-over; the shop knows of which journey it speaks."""
    shipment = await desk.ship(legs=LEGS)
    handed = await desk.say(shipment, "yunexpress", S.OUT_FOR_DELIVERY, 5)
    moment = event(S.OUT_FOR_DELIVERY, at=desk.world.now - timedelta(hours=2))
    after = await desk.world.say(shipment, moment, source=ArrivalSource.SHOP)

    assert (handed.status, after.status) == (S.IN_TRANSIT, S.OUT_FOR_DELIVERY)


async def test_a_leg_that_can_be_asked_is_asked_from_the_beginning(desk: Desk) -> None:
    """Nobody can be asked about the first: BRT is, and finds the parcel; the first leg's words count all the same."""
    shipment = await desk.ship(legs=LEGS)
    await desk.polls.poll()
    told = await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 1)

    assert (shipment.carrier, told.carrier, told.status) == ("brt", "brt", S.IN_TRANSIT)
    assert len((await desk.see(shipment))["events"]) == 2
    assert desk.brt.requests != []


async def test_a_later_leg_is_asked_with_the_first(desk: Desk) -> None:
    """Both can be asked: FedEx has the parcel, until BRT says that it has it in its hands."""
    async with contract(desk.polls, FedexStandIn) as fedex:
        told, desk.brt.history = desk.brt.history, lambda _number: None
        shipment = await desk.world.ship("449044304137821", "fedex", legs=LEGS)
        await desk.polls.poll()
        before, asked = await desk.world.look(shipment), (len(fedex.requests) > 0, len(desk.brt.requests) > 0)
        desk.brt.history = told
        await desk.polls.poll(days=1)
        after = await desk.world.look(shipment)

    assert (before.carrier, asked) == ("fedex", (True, True))
    assert (after.carrier, after.id) == ("brt", shipment.id)
    assert {each["evidence"]["carrier"] for each in (await desk.see(shipment))["events"]} == {"fedex", "brt"}


async def test_legs_wait_for_the_carrier_of_the_first(desk: Desk) -> None:
    """While that is not settled they are refused, and nothing changes."""
    shipment = await desk.world.ship(LAST, None, carriers=["brt", "fedex"])  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="not settled yet"):
        await desk.amend(shipment, legs=[{"carrier": "ups", "tracking_number": "1Z999AA10123456784"}])

    assert await desk.world.look(shipment) == shipment


async def test_legs_are_sent_later_and_taken_back(desk: Desk) -> None:
    """What was said of a leg that is none counts no more, and is there to be seen."""
    shipment = await desk.ship()
    await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 30)
    added = await desk.amend(shipment, legs=LEGS, tags=["two"])
    moved = await desk.say(shipment, "brt", S.OUT_FOR_DELIVERY, 1)
    back = await desk.amend(shipment, legs=[])
    told = await desk.see(shipment)

    assert (added.tags, moved.status, moved.carrier) == (["two"], S.OUT_FOR_DELIVERY, "brt")
    assert (back.carrier, back.tracking_number) == ("yunexpress", FIRST)
    assert [each["status"] for each in told["events"]] == ["in_transit"]
    assert [(each["carrier"], len(each["events"])) for each in told["former"]] == [("brt", 1)]


async def test_nobody_is_told_of_the_past_when_legs_change(desk: Desk) -> None:
    """BRT has delivered, the leg is taken away and given again: one message of the delivery, as before."""
    shipment = await desk.ship(legs=LEGS)
    for leg, status, hours in (
        ("yunexpress", S.IN_TRANSIT, 3),
        ("brt", S.OUT_FOR_DELIVERY, 2),
        ("brt", S.DELIVERED, 1),
    ):
        delivered = await desk.say(shipment, leg, status, hours)
    told = await desk.world.ledger(shipment)
    away = await desk.amend(shipment, legs=[])
    again = await desk.amend(shipment, legs=LEGS)
    after = await desk.world.ledger(shipment)

    assert (delivered.status, away.status, again.status) == (S.DELIVERED, S.IN_TRANSIT, S.DELIVERED)
    assert after == told
    assert len((await desk.see(shipment))["events"]) == 3


async def test_the_carrier_of_the_first_leg_may_have_been_one_of_several(desk: Desk) -> None:
    """What it says after the hand-over is the journey's, and not evidence that is set aside."""
    async with contract(desk.polls, FedexStandIn):
        shipment = await desk.world.ship(LAST, None, carriers=["brt", "fedex"])  # type: ignore[arg-type]
        await desk.say(shipment, "brt", S.IN_TRANSIT, 3)
        await desk.amend(shipment, legs=[{"carrier": "yunexpress", "tracking_number": FIRST}])
        await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 2)
        after = await desk.say(shipment, "brt", S.DELIVERED, 1)

    assert (after.carrier, after.status) == ("yunexpress", S.IN_TRANSIT)
    assert len((await desk.see(shipment))["events"]) == 3
