"""One journey in several legs: every leg's events count, the carrier that has the parcel is shown and asked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from app.database import Database
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.fedex import FedexStandIn
from app.errors import InvalidInput
from app.intake.amending import amend
from app.shipments import reading
from app.shipments.amended import AmendedShipment
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status, SubStatus
from tests.building import event
from tests.polled import Polled, contract, polled

S, Sub = Status, SubStatus
FIRST, LAST = "YT2600000000000001", "084010123456"
LEGS = [{"carrier": "brt", "tracking_number": LAST}]


class Desk:
    """A shop with a contract with BRT, which has parcels of YunExpress on the last mile."""

    def __init__(self, polls: Polled, brt: StandIn) -> None:
        self.polls, self.world, self.brt = polls, polls.world, brt

    async def ship(self, **posted: Any) -> Shipment:
        """A parcel of YunExpress."""
        return await self.world.ship(FIRST, "yunexpress", **posted)

    async def see(self, shipment: Shipment) -> dict[str, Any]:
        """The shipment as the API answers it."""
        async with self.world.database.reading() as db:
            mine = shipment.company_id, [shipment.shop_id], shipment.id
            return (await reading.find(db, *mine, with_events=True)).answer("", db.now)

    async def legs(self, shipment: Shipment) -> list[tuple[str, bool]]:
        """The carriers of its legs, and which of them has it."""
        return [(each["carrier"], each["current"]) for each in (await self.see(shipment))["legs"]]

    async def say(self, shipment: Shipment, leg: str, status: Status, hours: float, **parcel: Any) -> Shipment:
        """The carrier of a leg tells what happened so many hours ago."""
        number = FIRST if leg == "yunexpress" else LAST
        named = shipment._replace(carrier=leg, tracking_number=number)
        happened = event(status, at=self.world.now - timedelta(hours=hours))
        return await self.world.say(named, happened, **parcel)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """It; BRT knows nothing yet."""
    async with AsyncExitStack() as stack:
        polls = await stack.enter_async_context(polled(database))
        brt = await stack.enter_async_context(contract(polls, BrtStandIn))
        polls.world.pass_time(hours=2)
        yield Desk(polls, brt)


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


async def test_legs_wait_for_the_carrier_of_the_first(desk: Desk) -> None:
    """While that is not settled they are refused, and nothing changes."""
    shipment = await desk.world.ship(LAST, None, carriers=["brt", "fedex"])  # type: ignore[arg-type]
    change = AmendedShipment.model_validate({"legs": [{"carrier": "ups", "tracking_number": "1Z999AA10123456784"}]})
    with pytest.raises(InvalidInput, match="not settled yet"):
        async with desk.world.database.transaction() as db:
            await amend(desk.world.installation, db, desk.world.shop, shipment, change)

    assert await desk.world.look(shipment) == shipment


async def test_legs_are_sent_later_and_taken_back(desk: Desk) -> None:
    """What was said of a leg that is none counts no more, and is there to be seen."""
    shipment = await desk.ship()
    await desk.say(shipment, "yunexpress", S.IN_TRANSIT, 30)
    async with desk.world.database.transaction() as db:
        now = await desk.world.look(shipment)
        change = AmendedShipment.model_validate({"legs": LEGS, "tags": ["two"]})
        added = await amend(desk.world.installation, db, desk.world.shop, now, change)
    moved = await desk.say(shipment, "brt", S.OUT_FOR_DELIVERY, 1)
    async with desk.world.database.transaction() as db:
        change = AmendedShipment.model_validate({"legs": []})
        back = await amend(desk.world.installation, db, desk.world.shop, await desk.world.look(shipment), change)
    told = await desk.see(shipment)

    assert (added.tags, moved.status, moved.carrier) == (["two"], S.OUT_FOR_DELIVERY, "brt")
    assert (back.carrier, back.tracking_number) == ("yunexpress", FIRST)
    assert [each["status"] for each in told["events"]] == ["in_transit"]
    assert [(each["carrier"], len(each["events"])) for each in told["former"]] == [("brt", 1)]
