"""A shipment whose carrier is one of several: tried in turn, settled by evidence, visibly, and not for good."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.accounts import carrier_accounts
from app.database import Database
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.fedex import FedexStandIn
from app.polling.adopting import Adopter
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import contract, polled
from tests.recorded import recorded
from tests.several import NUMBER, SEVERAL, SHIPPED, Desk, push_of_brt, several, silent

S = Status


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """It, with two carriers."""
    async with several(database) as desk:
        yield desk


async def test_the_first_that_knows_the_number_is_the_carrier(desk: Desk) -> None:
    """Both are asked at one poll while neither knows it; then one does, and alone is asked from then on."""
    told = desk.fedex.history
    silent(desk.brt, desk.fedex)
    shipment = await desk.ship()
    fresh = await desk.outcomes(shipment)
    await desk.polls.poll()
    tried, open_ = await desk.outcomes(shipment), await desk.see(shipment)
    desk.fedex.history = told
    await desk.polls.poll(hours=1.2)
    settled, brt = await desk.world.look(shipment), len(desk.brt.requests)
    await desk.polls.poll(hours=2)

    after = await desk.see(shipment)
    assert fresh == [("brt", True, "", False), ("fedex", False, "", False)]
    assert tried == [
        ("brt", True, "does not know the number", False),
        ("fedex", False, "does not know the number", False),
    ]
    assert (open_["carrier"], open_["carrier_settled"], open_["status"]) == ("brt", False, "pending")
    assert (settled.carrier, settled.status, settled.version) == ("fedex", S.AWAITING_PICKUP, 1)
    assert (after["carrier_settled"], after["former"], len(desk.brt.requests)) == (True, [], brt)
    assert [(each["carrier"], each["settled_at"] is not None) for each in after["candidates"]] == [
        ("brt", False),
        ("fedex", True),
    ]
    assert after["candidates"][1]["outcome"].startswith("knows the number: 1 events, the newest awaiting_pickup of ")


async def test_the_one_that_its_row_bears_may_be_it(desk: Desk) -> None:
    """Then nobody else is asked."""
    shipment = await desk.ship()
    await desk.polls.poll()
    after = await desk.see(shipment)

    assert (after["carrier"], after["status"], after["carrier_settled"]) == ("brt", "awaiting_pickup", True)
    assert desk.fedex.requests == []


async def test_old_events_of_the_number_are_no_evidence(desk: Desk) -> None:
    """They are another parcel's, whose number it was before; the other carrier is tried."""
    shipment = await desk.ship(shipped_at=(desk.world.now + timedelta(days=20)).isoformat())
    silent(desk.fedex)
    await desk.polls.poll()
    [brt, fedex] = await desk.outcomes(shipment)
    after = await desk.see(shipment)

    assert brt[:2] == ("brt", True)
    assert brt[2].endswith("which is another parcel")
    assert fedex == ("fedex", False, "does not know the number", False)
    assert (after["status"], after["events"], after["carrier_settled"]) == ("pending", [], False)


async def test_a_push_of_any_candidate_settles_it(desk: Desk) -> None:
    """Nobody needs to be asked."""
    shipment = await desk.ship()
    at = desk.world.now - timedelta(hours=1)
    pushed = await desk.world.say(shipment._replace(carrier="fedex"), event(S.IN_TRANSIT, at=at))

    assert (pushed.id, pushed.carrier, pushed.status) == (shipment.id, "fedex", S.IN_TRANSIT)
    assert await desk.world.look(shipment) == pushed


async def test_a_push_that_came_before_the_shipment_settles_it(desk: Desk) -> None:
    """It waited under the carrier's number; which of the candidates that is makes no difference."""
    await push_of_brt(desk.world)
    shipment = await desk.ship(carriers=["fedex", "brt"], shipped_at=SHIPPED)

    assert (shipment.carrier, shipment.status) == ("brt", S.DELIVERED)


async def test_a_contract_that_comes_later_is_asked_by(database: Database) -> None:
    """Nobody could be asked about any of them; an account with one is added, and it is asked."""
    async with polled(database) as polls:
        shipment = await polls.world.ship(NUMBER, None, **SEVERAL)  # type: ignore[arg-type]
        async with contract(polls, FedexStandIn):
            polls.world.pass_time(hours=2)
            adopted = await Adopter(polls.world.installation).tick()
            await polls.poll()
        after = await polls.world.look(shipment)

    assert (shipment.carrier, shipment.next_poll_at, adopted) == ("brt", None, 1)
    assert (after.carrier, after.status) == ("fedex", S.AWAITING_PICKUP)


async def test_a_carrier_that_fails_does_not_hold_up_the_others(desk: Desk) -> None:
    """What went wrong is noted."""
    silent(desk.fedex)
    desk.brt.faults.append(Fault(500))
    shipment = await desk.ship(carriers=["fedex", "brt"])
    await desk.polls.poll()

    assert await desk.outcomes(shipment) == [
        ("fedex", True, "does not know the number", False),
        ("brt", False, "the carrier failed (500)", False),
    ]


async def test_calls_for_other_candidates_are_of_their_accounts_ration(desk: Desk) -> None:
    """FedEx allows two a day, one of them by eleven: it is not asked twice, and says so."""
    silent(desk.brt, desk.fedex)
    shipment = await desk.ship()
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).where(carrier_accounts.c.carrier == "fedex").values(daily_quota=2))
    seen = []
    for hours in (0, 1.2):
        await desk.polls.poll(hours=hours)
        account = await desk.polls.account("fedex")
        asked = len([each for each in desk.fedex.requests if "track" in each])
        [_, fedex] = await desk.outcomes(shipment)
        seen.append((asked, account.spent, account.rationed_until is not None, fedex[2]))

    assert seen == [
        (1, 1, False, "does not know the number"),
        (1, 1, True, "FedEx was not asked: the account's calls are used up for now"),
    ]


async def test_what_was_settled_is_changed_by_the_shop_and_back(desk: Desk) -> None:
    """The wrong carrier's events move aside and are there to be seen; on the way back they are its history again."""
    shipment = await desk.ship()
    await desk.polls.poll()
    await desk.name(shipment, "fedex")
    wrong = await desk.see(shipment)
    await desk.polls.poll()
    fedex = await desk.see(shipment)
    await desk.name(shipment, "brt")
    back = await desk.see(shipment)

    assert (wrong["carrier"], wrong["status"], wrong["events"]) == ("fedex", "pending", [])
    assert [(each["carrier"], len(each["events"])) for each in wrong["former"]] == [("brt", 1)]
    assert (fedex["carrier"], fedex["status"], len(fedex["events"])) == ("fedex", "awaiting_pickup", 1)
    assert (back["carrier"], back["status"], len(back["events"])) == ("brt", "awaiting_pickup", 1)
    assert [(each["carrier"], len(each["events"])) for each in back["former"]] == [("fedex", 1)]


async def test_evidence_against_what_is_settled_is_noted(desk: Desk) -> None:
    """Another candidate pushes: nothing moves, its words wait, and are taken in when the shop says so."""
    shipment = await desk.ship(carriers=["fedex", "brt"], shipped_at=SHIPPED)
    await desk.polls.poll()
    await push_of_brt(desk.world)
    [_, brt] = await desk.outcomes(shipment)
    settled = await desk.world.look(shipment)
    after = await desk.name(shipment, "brt")

    assert (settled.carrier, settled.status) == ("fedex", S.AWAITING_PICKUP)
    assert brt[2].endswith("set aside, as it is settled that it is with another carrier")
    assert (after.carrier, after.status) == ("brt", S.DELIVERED)


async def test_posted_again_with_its_carrier_it_is_settled_by_the_shops_word(desk: Desk) -> None:
    """The same shipment, and no second one beside it."""
    silent(desk.brt, desk.fedex)
    shipment = await desk.ship()
    same = await desk.ship()
    named = await desk.world.ship(NUMBER, "fedex")
    told = await desk.see(named)

    assert (same.id, named.id, named.carrier) == (shipment.id, shipment.id, "fedex")
    assert (told["carrier_settled"], told["candidates"][1]["outcome"]) == (True, "named by the shop")


async def test_an_answer_about_the_old_name_is_none_about_the_new_one(desk: Desk) -> None:
    """The shop corrects the number while its carrier is being asked: what comes of that is dropped."""
    shipment = await desk.world.ship(NUMBER, "brt")
    desk.brt.faults.append(Fault(hang=0.2, body=recorded("brt", "delivered")))
    await desk.polls.poller.tick()
    while not desk.brt.requests:  # noqa: ASYNC110  (a server's log)
        await asyncio.sleep(0.01)
    corrected = await desk.name(shipment, "fedex")
    await desk.polls.poller.idle()
    held = await desk.see(shipment)
    await desk.polls.poll()
    after = await desk.world.look(shipment)

    assert (held["events"], held["status"], corrected.carrier) == ([], "pending", "fedex")
    assert (after.carrier, after.status) == ("fedex", S.AWAITING_PICKUP)


async def test_what_was_settled_before_stays_to_be_seen(desk: Desk) -> None:
    """By evidence, by the shop's word, back, and anew: each outcome with its time, and the events come back."""
    shipment = await desk.ship()
    await desk.polls.poll()
    evidence = (await desk.outcomes(shipment))[0][2]
    for carrier in ("fedex", "brt"):
        await desk.name(shipment, carrier)
    back = await desk.see(shipment)
    searched = await desk.amend(shipment, {"carriers": ["fedex", "brt"]})
    silent(desk.fedex)
    anew = await desk.see(shipment)
    await desk.polls.poll(hours=1)
    after = await desk.see(shipment)

    [brt, fedex] = back["candidates"]
    assert evidence.startswith("knows the number")
    assert (brt["outcome"], [each["outcome"] for each in brt["earlier"]]) == ("named by the shop", [evidence])
    assert brt["earlier"][0]["settled_at"] < brt["earlier"][0]["until"] <= brt["settled_at"].isoformat()
    assert (fedex["outcome"], fedex["earlier"]) == ("named by the shop", [])
    assert not searched.status.final
    assert [[one["outcome"] for one in each["earlier"]] for each in anew["former"] if each["carrier"] == "brt"] == [
        [evidence]
    ]
    [settled] = [each for each in after["candidates"] if each["carrier"] == "brt"]
    assert [each["outcome"] for each in settled["earlier"]] == [evidence, "named by the shop"]
    assert (after["carrier"], [each["carrier"] for each in after["former"]]) == ("brt", ["fedex"])
