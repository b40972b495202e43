"""While a carrier's account is disabled an aggregator is asked in its place; enabled, it is asked again itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app import accounts
from app.arrivals.tables import arrivals
from app.demo.stand_ins.aftership import AfterShipStandIn
from app.demo.stand_ins.base import Fault, StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.seventeen_track import SeventeenTrackStandIn
from app.intake.pushed import Outcome, Pushes
from app.polling import silences
from app.polling.refreshing import refresh
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.polled import Polled, contract

NUMBER = "123456789012"
REFUSED = Fault(status=401)


@dataclass(frozen=True, slots=True)
class Pair:
    """BRT's server and AfterShip's, with a contract each."""

    desk: Polled
    brt: StandIn
    aftership: StandIn

    async def switch(self, *, on: bool) -> None:
        """Enable or disable the account with BRT."""
        async with self.desk.world.database.transaction() as db:
            [account] = await accounts.of_company(db, self.desk.world.shop.company_id, "brt")
            await accounts.change(db, self.desk.world.installation.sealer, account, enabled=on)

    async def asked(self, **after: float) -> tuple[int, int]:
        """Poll what is due: how many questions BRT got, and AfterShip."""
        before = len(self.brt.requests), len(self.aftership.requests)
        await self.desk.poll(**after)
        return len(self.brt.requests) - before[0], len(self.aftership.requests) - before[1]

    async def shown(self, shipment: Shipment) -> dict[str, Any]:
        """The shipment as the API answers it, as of now."""
        installation = self.desk.world.installation
        await silences.look(installation)
        now = await self.desk.world.look(shipment)
        async with self.desk.world.database.reading() as db:
            whole = answer.whole(now, await history.of(db, now), self.desk.world.now, "", "en")
        return installation.silences.marked(whole)


@asynccontextmanager
async def both(desk: Polled, fallback: str = "brt") -> AsyncIterator[Pair]:
    """A contract with each."""
    async with (
        contract(desk, BrtStandIn) as brt,
        contract(desk, AfterShipStandIn, fallback=fallback) as aftership,
    ):
        yield Pair(desk, brt, aftership)


async def test_a_disabled_accounts_shipments_go_by_the_fallback_until_it_is_enabled(desk: Polled) -> None:
    """Those posted before and after; each is asked about by one of the two at a time, and says by which."""
    async with both(desk) as pair:
        old = await desk.world.ship(NUMBER, "brt")
        before = await pair.asked(hours=5)
        pair.brt.faults.extend([REFUSED] * 3)
        refused = [await pair.asked(**after) for after in ({"hours": 4}, {"minutes": 2}, {"minutes": 11})]
        new = await desk.world.ship("123456789013", "brt")
        disabled = await pair.asked(hours=13)
        during = [await pair.shown(each) for each in (old, new)]
        await pair.switch(on=True)
        enabled = await pair.asked(hours=13)
        after = await pair.shown(old)

    own, other = [(await desk.account(slug)) for slug in ("brt", "aftership")]
    assert (before, refused) == ((1, 0), [(1, 0)] * 3)
    assert (disabled[0], disabled[1] > 0, enabled) == (0, True, (2, 0))
    assert [each["account_id"] for each in during] == [own.id, own.id]
    for told in during:
        asked_by = told["freshness"]["asked_by"]
        assert (asked_by["account_id"], asked_by["carrier"], told["freshness"]["silence"]) == (
            *(other.id, "aftership", None),
        )
        assert asked_by["note"].startswith("AfterShip is asked until the account is enabled; it is disabled since ")
        assert "aftership" in {event["evidence"]["carrier"] for event in told["events"]}
    assert (after["freshness"]["asked_by"], after["freshness"]["silence"]) == (None, None)


async def test_going_over_and_back_tells_nobody_twice_and_keeps_each_event_once(desk: Polled) -> None:
    """Delivered by the word of either: one letter for each step, and every source's events once."""
    async with both(desk) as pair:
        shipment = await desk.world.ship(NUMBER, "brt")
        for hours in range(12):
            await pair.switch(on=hours % 3 != 1)
            await pair.asked(hours=4)
        told = await pair.shown(shipment)

    events = [(each["evidence"]["carrier"], each["evidence"]["list"], each["key"]) for each in told["events"]]
    said = [(each["evidence"]["carrier"], each["code"], each["local_time"]) for each in told["events"]]
    letters = [kind for kind, state, _ in await desk.world.ledger(shipment) if state == "due"]
    assert told["status"] is Status.DELIVERED
    assert {carrier for carrier, _, _ in events} == {"aftership", "brt"}
    assert (len(set(events)), len(set(said))) == (len(events), len(said))
    assert len(letters) == len(set(letters)) > 1


async def test_only_what_is_named_is_asked_elsewhere(desk: Polled) -> None:
    """Without a fall-back for it, nobody is asked; nor about a parcel without number."""
    async with both(desk, fallback="gls_it") as pair:
        shipment = await desk.world.ship(NUMBER, "brt")
        nameless = await desk.world.ship(None, "brt", sender_reference="77")  # type: ignore[arg-type]
        await pair.switch(on=False)
        unnamed = await pair.asked(hours=1), (await pair.shown(shipment))["freshness"]
        async with desk.world.database.transaction() as db:
            [aggregator] = await accounts.of_company(db, desk.world.shop.company_id, "aftership")
            sealer = desk.world.installation.sealer
            await accounts.change(db, sealer, aggregator, credentials={"fallback": "brt"})
            assert await refresh(db, sealer, shipment)
        named = await pair.asked(hours=1)
        waits = (await pair.shown(nameless))["freshness"]

    assert (unnamed[0], unnamed[1]["asked_by"], unnamed[1]["silence"]["disabled"]) == ((0, 0), None, True)
    assert (named[0], named[1] > 0) == (0, True)
    assert (waits["asked_by"], waits["silence"]["disabled"], waits["last_polled_at"]) == (None, True, None)


async def test_the_aggregators_push_is_taken_only_while_it_stands_in(desk: Polled) -> None:
    """Before and after, what it says of the number is kept and moves nothing."""
    async with both(desk) as pair:
        shipment = await desk.world.ship(NUMBER, "brt")
        async with desk.world.database.transaction() as db:
            [account] = await accounts.of_company(db, desk.world.shop.company_id, "aftership")
            sealer = desk.world.installation.sealer
            account = await accounts.change(db, sealer, account, secret="made-up-secret")
        outcomes = []
        for on in (True, False, True):
            await pair.switch(on=on)
            desk.world.pass_time(hours=9)
            pushed = pair.aftership.push(NUMBER, "made-up-secret")
            assert pushed is not None
            outcomes.append(await Pushes(desk.world.installation).push(account, pushed.headers, pushed.body))
        async with desk.world.database.reading() as db:
            states = [row.state for row in await db.all(select(arrivals.c.state).order_by(arrivals.c.id))]

    assert [(each.status, each.new_events > 0) for each in outcomes] == [
        (Outcome.ACCEPTED, False),
        (Outcome.ACCEPTED, True),
        (Outcome.ACCEPTED, False),
    ]
    assert states == ["unclaimed", "taken", "unclaimed"]
    assert (await desk.world.look(shipment)).status is not Status.PENDING


async def test_one_aggregator_stands_in_for_another(desk: Polled) -> None:
    """For the carriers that both serve; a shipment of another one waits."""
    async with contract(desk, AfterShipStandIn, fallback="brt,ups") as first:
        served = await desk.world.ship(NUMBER, "brt")
        left = await desk.world.ship("1Z999AA10123456784", "ups")
        async with desk.world.database.transaction() as db:
            [account] = await accounts.of_company(db, desk.world.shop.company_id, "aftership")
            await accounts.change(db, desk.world.installation.sealer, account, enabled=False)
        async with contract(desk, SeventeenTrackStandIn, fallback="brt") as second:
            await desk.poll(hours=9)

    after = [await desk.world.look(each) for each in (served, left)]
    assert [each.last_polled_at is not None for each in after] == [True, False]
    assert (first.requests, len(second.requests) > 0) == ([], True)


async def test_an_aggregator_that_is_silent_too_is_said_to_be(desk: Polled) -> None:
    """Whoever is asked decides what a shipment says of silence."""
    async with both(desk) as pair:
        shipment = await desk.world.ship(NUMBER, "brt")
        await pair.switch(on=False)
        pair.aftership.faults.extend([Fault(status=500)] * 3)
        for _ in range(3):
            await pair.asked(hours=7)
        told = (await pair.shown(shipment))["freshness"]

    assert told["asked_by"]["carrier"] == "aftership"
    assert (told["silence"]["disabled"], told["silence"]["since"]) == (False, None)
    assert told["silence"]["note"] == "the carrier has not answered yet: the carrier failed (500)"
