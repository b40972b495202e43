"""A shipment posted by the sender's reference: its carrier is asked for the number, and then about the parcel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import erasing
from app.arrivals.keeping import ArrivalSource, Arrived
from app.demo.stand_ins.base import Fault, StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.fedex import FedexStandIn
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from app.errors import Conflict, InvalidInput
from app.intake import take_in
from app.intake.posting import change
from app.polling import refresh
from app.polling.adopting import Adopter
from app.shipments.posting import ChangedShipment
from app.shipments.shipment import Shipment
from app.shipments.tables import events
from carriers import parse
from carriers.vocabulary import Status
from tests.polled import Polled, contract
from tests.recorded import recorded

S = Status
NUMBERS = {BrtStandIn: "084010123456", GlsItalyStandIn: "M1620873111"}


async def by_reference(desk: Polled, carrier: str, reference: str = "ORD-17", **posted: object) -> Shipment:
    """A shipment without number."""
    return await desk.world.ship(None, carrier, sender_reference=reference, **posted)  # type: ignore[arg-type]


async def send(desk: Polled, shipment: Shipment, number: str) -> Shipment:
    """The shop sends the number."""
    async with desk.world.database.transaction() as db:
        now = await desk.world.look(shipment)
        return await change(desk.world.installation, db, desk.world.shop, now, ChangedShipment(), number=number)


@asynccontextmanager
async def waiting(desk: Polled, *numbers: str) -> AsyncIterator[tuple[Shipment, StandIn]]:
    """A shipment at BRT that waits for its number; BRT has these for it."""
    async with contract(desk, BrtStandIn) as brt:
        brt.references["ORD-17"] = numbers
        yield await by_reference(desk, "brt"), brt


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: str(kind.slug))
async def test_the_carrier_finds_the_number_and_is_asked_about_it_at_once(desk: Polled, kind: type[StandIn]) -> None:
    """Nothing known at first; an hour later the number is there, and in the same breath the parcel's journey."""
    async with contract(desk, kind) as stand_in:
        shipment = await by_reference(desk, kind.slug)
        await desk.poll()
        before, asked = await desk.world.look(shipment), len(stand_in.requests)
        stand_in.references["ORD-17"] = (NUMBERS[kind],)
        await desk.poll(minutes=59)
        not_due = len(stand_in.requests) - asked
        await desk.poll(minutes=8)
        await desk.poll()

    after = await desk.world.look(shipment)
    assert (before.status, before.tracking_number, before.not_found) == (S.PENDING, None, False)
    assert before.poll_note.endswith("knows no parcel by the reference 'ORD-17' yet")
    assert not_due == 0
    assert (after.tracking_number, after.sender_reference) == (NUMBERS[kind], "ORD-17")
    assert (after.status, after.poll_note, after.lease_until) == (S.AWAITING_PICKUP, "", None)
    assert after.revision > before.revision


async def test_it_is_asked_for_every_hour_and_after_two_days_every_six(desk: Polled) -> None:
    """The pace of a shipment that its carrier does not know; after sixty days nobody asks any more."""
    async with waiting(desk) as (shipment, brt):
        for _ in range(10):
            await desk.poll(hours=1.2)
        fresh = len(brt.requests)
        await desk.poll(days=2)
        before = len(brt.requests)
        for _ in range(20):
            await desk.poll(hours=1.2)
        old = len(brt.requests) - before
        await desk.poll(days=60)

    after = await desk.world.look(shipment)
    assert (fresh, 3 <= old <= 4) == (10, True)
    assert (after.next_poll_at, after.poll_note) == (None, "stopped: no news for 60 days")


async def test_several_parcels_are_none(desk: Polled) -> None:
    """Which of them is meant nobody knows: the shipment waits, and says so."""
    async with waiting(desk, "084010123456", "084010123457") as (shipment, _):
        await desk.poll()

    after, account = await desk.world.look(shipment), await desk.account("brt")
    assert (after.tracking_number, after.status) == (None, S.PENDING)
    assert after.poll_note == ("waiting for the tracking number: BRT knows several shipments by it (ESITO -22)")
    assert after.next_poll_at is not None
    assert (account.failures, account.open_until, account.last_success_at) == (0, None, after.last_polled_at)


async def test_an_account_that_lacks_what_the_question_needs_says_what(desk: Polled) -> None:
    """The account is well all the same: its other shipments are asked about."""
    async with contract(desk, BrtStandIn, customer_id="") as brt:
        shipment = await by_reference(desk, "brt")
        await desk.poll()

    after, account = await desk.world.look(shipment), await desk.account("brt")
    assert after.poll_note.endswith("BRT finds references of a customer only, and the account names no `customer_id`")
    assert (account.open_until, brt.requests) == (None, [])


async def test_a_carrier_that_fails_is_asked_again(desk: Polled) -> None:
    """As with any question: the account rests, or the answer is no answer; and then the number is found."""
    async with waiting(desk, "084010123456") as (shipment, brt):
        brt.faults += [Fault(500), Fault(body=b"<html/>")]
        await desk.poll()
        failed = await desk.world.look(shipment)
        await desk.poll(minutes=2)
        odd = await desk.world.look(shipment)
        await desk.poll(hours=1.2)

    after = await desk.world.look(shipment)
    assert failed.poll_note.startswith("the carrier failed (500); asked again after ")
    assert odd.poll_note == "waiting for the tracking number: no tracking answer of BRT"
    assert (failed.tracking_number, odd.tracking_number, after.tracking_number) == (None, None, "084010123456")


async def test_a_question_of_two_calls_takes_two_of_the_accounts_times(desk: Polled) -> None:
    """GLS is asked once a second: one shipment by reference and one by number are three calls."""
    async with contract(desk, GlsItalyStandIn):
        await by_reference(desk, "gls_it")
        await desk.world.ship("M1620873112", "gls_it")
        now = desk.world.database.now()
        await desk.poll()

    booked = (await desk.account("gls_it")).booked_until
    assert booked is not None
    assert timedelta(seconds=3) <= booked - now < timedelta(seconds=5)


async def test_pushes_that_came_before_the_number_was_known_are_taken_in(desk: Polled) -> None:
    """They waited under the number, which nobody had posted."""
    world = desk.world
    body = recorded("brt", "delivered")
    [parcel] = parse("brt", body)
    async with waiting(desk, parcel.number) as (shipment, brt):
        hook = Arrived(world.shop.company_id, "brt", ArrivalSource.HOOK, body, world.database.now(), parcel=parcel)
        async with world.database.transaction() as db:
            await take_in(world.installation, db, [hook])
        await desk.poller.tick()
        await desk.poller.idle()
        lookups = [request for request in brt.requests if "GetId" in request]

    async with world.database.reading() as db:
        kept = await db.all(select(events.c.code).where(events.c.shipment_id == shipment.id))
    after = await world.look(shipment)
    assert (after.tracking_number, len(lookups)) == (parcel.number, 1)
    assert {event.code for event in parcel.events} <= {row.code for row in kept}


async def test_a_number_that_another_shipment_has_is_not_taken_from_it(desk: Polled) -> None:
    """Both stay, and the one that waits names the other; once that is deleted, the number is free."""
    async with waiting(desk, "084010123456") as (shipment, _):
        other = await desk.world.ship("084010123456", "brt")
        await desk.poll()
        crossed, kept = await desk.world.look(shipment), await desk.world.look(other)
        async with desk.world.database.transaction() as db:
            await erasing.erase(db, desk.world.installation.sealer, kept)
        await desk.poll(hours=1.2)
        await desk.poll()

    after = await desk.world.look(shipment)
    assert (crossed.tracking_number, kept.tracking_number) == (None, "084010123456")
    assert crossed.poll_note == (
        f"waiting for the tracking number: The number 084010123456 is that of shipment {other.id} already. Both stay "
        "as they are: delete the one that is not needed (DELETE /v1/shipments/…)."
    )
    assert (after.tracking_number, after.status) == ("084010123456", S.AWAITING_PICKUP)


async def test_a_number_used_again_is_the_next_generation(desk: Polled) -> None:
    """A parcel that went by it half a year ago is another."""
    async with contract(desk, BrtStandIn) as brt:
        old = await desk.world.ship("084010123456", "brt")
        desk.world.pass_time(days=181)
        brt.references["ORD-17"] = ("084010123456",)
        shipment = await by_reference(desk, "brt")
        await desk.poll()

    after = await desk.world.look(shipment)
    assert (after.tracking_number, old.generation, after.generation) == ("084010123456", 1, 2)


async def test_the_shop_may_send_the_number_first(desk: Polled) -> None:
    """Also while the carrier is being asked: the shop's number stays, and is asked about at once."""
    async with waiting(desk, "084010123456") as (shipment, brt):
        brt.faults.append(Fault(hang=0.2, body=b"<return><ESITO>-11</ESITO></return>"))
        await desk.poller.tick()
        while not brt.requests:  # noqa: ASYNC110  (a server's log)
            await asyncio.sleep(0.01)
        await send(desk, shipment, "084010123457")
        await desk.poller.idle()
        due = (await desk.world.look(shipment)).next_poll_at
        await desk.poll(hours=1.2)

    after = await desk.world.look(shipment)
    assert due is not None
    assert due < desk.world.now - timedelta(hours=1)
    assert (after.tracking_number, after.status, after.poll_note) == ("084010123457", S.AWAITING_PICKUP, "")


async def test_a_carrier_that_finds_no_numbers_leaves_it_to_the_shop(desk: Polled) -> None:
    """The shipment says what to do; with the number it is asked about at once."""
    async with contract(desk, FedexStandIn) as fedex:
        shipment = await by_reference(desk, "fedex")
        await desk.poll()
        asked = list(fedex.requests)
        desk.world.pass_time(hours=1.2)
        await send(desk, shipment, "4490 4430 4137 821")
        await desk.poll()

    after = await desk.world.look(shipment)
    assert (asked, shipment.status, shipment.next_poll_at) == ([], S.PENDING, None)
    assert shipment.poll_note == (
        "waiting for the tracking number, for which FedEx cannot be asked: send it with "
        f"PATCH /v1/shipments/{shipment.id}"
    )
    assert (after.tracking_number, after.poll_note, after.status) == ("449044304137821", "", S.AWAITING_PICKUP)


async def test_a_number_is_sent_once_and_to_one_shipment(desk: Polled) -> None:
    """The same again is nothing new; another number, another's number and an impossible one are refused."""
    await desk.world.ship("1Z999AA10123456784", "ups")
    first = await by_reference(desk, "ups")
    second = await by_reference(desk, "ups", "ORD-18")
    numbered = await send(desk, first, "1Z999AA10123456785")
    again = await send(desk, first, "1Z999AA10123456785")
    refused = []
    for shipment, number in ((first, "1Z999AA10123456786"), (second, "1Z999AA10123456784")):
        with pytest.raises(Conflict) as raised:
            await send(desk, shipment, number)
        refused.append(raised.value.given_code)
    with pytest.raises(InvalidInput, match="tracking_number: a tracking number has"):
        await send(desk, second, "n")

    assert (numbered.tracking_number, again) == ("1Z999AA10123456785", numbered)
    assert refused == ["number_known", "number_taken"]
    assert (await desk.world.look(second)).tracking_number is None


async def test_a_shipment_posted_before_its_account_waits_for_it(desk: Polled) -> None:
    """It says what is missing, and is asked for once there is an account."""
    shipment = await by_reference(desk, "brt")
    adopter = Adopter(desk.world.installation)
    none = await adopter.tick()
    async with contract(desk, BrtStandIn) as brt:
        brt.references["ORD-17"] = ("084010123456",)
        adopted = await adopter.tick()
        await desk.poll()

    after = await desk.world.look(shipment)
    assert (shipment.poll_note[:18], none, adopted) == ("no carrier account", 0, 1)
    assert after.tracking_number == "084010123456"


async def test_a_person_may_have_it_asked_for_at_once(desk: Polled) -> None:
    """A refresh."""
    async with waiting(desk) as (shipment, brt):
        await desk.poll()
        brt.references["ORD-17"] = ("084010123456",)
        desk.world.pass_time(minutes=2)
        async with desk.world.database.transaction() as db:
            due = await refresh(db, desk.world.installation.sealer, await desk.world.look(shipment))
        await desk.poll()

    assert (due, (await desk.world.look(shipment)).tracking_number) == (True, "084010123456")
