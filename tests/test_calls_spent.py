"""What a quota of calls is spent on: requests that were sent; a shipment says that it waits for the rest of it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from app import silence
from app.accounts import carrier_accounts
from app.database import Database
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.brt import BrtStandIn
from app.outbound.counting import Requests, counted
from app.outbound.counting import sent as counting_sent
from app.polling import silences
from app.shipments import answer
from app.shipments.shipment import Shipment
from carriers.sandbox import Sandbox
from tests.polled import Polled, contract, polled

CLOSED = "http://127.0.0.1:1"


@pytest.fixture
async def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Polled]:
    """A world whose carriers are polled; the sandbox takes a number a call."""
    monkeypatch.setattr(Sandbox, "batch_size", 1)
    async with polled(database) as desk:
        yield desk


async def allowed(desk: Polled, quota: int, **columns: object) -> None:
    """Give every account so many calls a day."""
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(daily_quota=quota, rationed_until=None, **columns))


async def freshness(desk: Polled, shipment: Shipment) -> dict[str, object]:
    """What the answer about a shipment says of that."""
    await silences.look(desk.world.installation)
    told = desk.world.installation.silences.marked(answer.summary(await desk.world.look(shipment), ""))
    said: dict[str, object] = told["freshness"]
    return said


async def test_calls_that_never_left_are_given_back(desk: Polled) -> None:
    """Nobody listens: of eight that were booked none is spent, and all go out once the carrier is back."""
    for number in range(8):
        await desk.ship(f"SANDBOX-STALE-{number}")
    await allowed(desk, 20, base_url=CLOSED)
    await desk.poll()
    refused = await desk.account()
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(base_url=""))
    for _ in range(3):
        await desk.poll(minutes=2)

    account = await desk.account()
    assert (refused.failures, refused.spent, refused.rationed_until) == (1, 0, None)
    assert (account.failures, account.spent, len(desk.sandbox.requests)) == (0, 8, 8)


async def test_calls_behind_one_that_failed_are_given_back_and_that_one_is_spent(desk: Polled) -> None:
    """What the carrier saw counts, however it answered."""
    for number in range(8):
        await desk.ship(f"SANDBOX-STALE-{number}")
    await allowed(desk, 20)
    desk.sandbox.faults.extend([Fault(status=500)] * 8)
    await desk.poll()

    assert (await desk.account()).spent == len(desk.sandbox.requests) > 0


async def test_a_search_that_needs_one_call_of_two_spends_one(desk: Polled) -> None:
    """BRT is asked by the numeric reference first."""
    async with contract(desk, BrtStandIn, customer_id="1020100") as brt:
        brt.references["77"] = ("123456789012",)
        await desk.world.ship(None, "brt", sender_reference="77")  # type: ignore[arg-type]
        await allowed(desk, 1000)
        await desk.poll()
        account = await desk.account("brt")

    assert account.spent == len(brt.requests) > 0


def test_requests_are_counted_for_the_block_alone() -> None:
    """And for none by who does not ask."""
    mine, other = Requests(), Requests()
    with counted(mine):
        counting_sent()
        with counted(other):
            counting_sent()
    counting_sent()

    assert (mine.sent, other.sent) == (1, 1)


async def test_a_shipment_says_that_it_waits_for_the_quota(desk: Polled) -> None:
    """Until when, in its answer and by another ETag; not when it has been asked about, nor once there are calls."""
    shipments = [await desk.ship(f"SANDBOX-STALE-{number}") for number in range(10)]
    await allowed(desk, 20)
    before = await freshness(desk, shipments[0])
    tags = [desk.world.installation.silences.tagged(desk.world.shop.company_id, '"tag"')]
    await desk.poll()
    account = await desk.account()
    told = [await freshness(desk, each) for each in shipments]
    tags.append(desk.world.installation.silences.tagged(desk.world.shop.company_id, '"tag"'))
    await allowed(desk, 1000)
    await desk.poll()
    after = [await freshness(desk, each) for each in shipments]

    waiting = [each["rationed"] for each in told if each["last_polled_at"] is None]
    assert (before["rationed"], account.spent, account.rationed_until is not None) == (None, 8, True)
    assert waiting == [silence.Ration(20, account.rationed_until).told()] * 2
    assert {each["rationed"] is None for each in told if each["last_polled_at"]} == {True}
    assert [each["rationed"] for each in after] == [None] * 10
    assert (tags[0], tags[1] != tags[0]) == ('"tag"', True)
    assert "quota of 20 calls a day" in str(waiting[0])
