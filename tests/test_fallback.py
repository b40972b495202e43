"""Aggregators as sources of last resort: they serve the carriers that a company has no account with."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app import accounts, intake
from app.accounts import AddedAccount, carrier_accounts
from app.arrivals.keeping import read_body
from app.arrivals.tables import arrivals
from app.demo.stand_ins.aftership import AfterShipStandIn
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.easypost import EasyPostStandIn
from app.demo.stand_ins.seventeen_track import SeventeenTrackStandIn
from app.demo.stand_ins.ship24 import Ship24StandIn
from app.erasing import erase
from app.errors import InvalidInput
from app.intake.dropped import take_dropped
from app.intake.pushed import Outcome, Pushes, PushResult
from app.intake.replaying import reread
from app.intake.stepping import Choice
from app.polling.adopting import Adopter
from app.polling.refreshing import refresh
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.polled import Polled, contract, journey

S = Status
NUMBER = "123456789012"


async def shown(desk: Polled, shipment: Shipment) -> dict[str, Any]:
    """The shipment as the API answers it."""
    now = await desk.world.look(shipment)
    async with desk.world.database.reading() as db:
        return answer.whole(now, await history.of(db, now), desk.world.now, "", "en")


async def account(desk: Polled, slug: str, **credentials: str) -> AddedAccount:
    """A contract that is not asked by."""
    async with desk.world.database.transaction() as db:
        return await accounts.add(
            db,
            desk.world.installation.sealer,
            desk.world.shop.company_id,
            slug,
            public_url="https://nove.example",
            credentials=credentials,
            secret="made-up-secret",
        )


@pytest.mark.parametrize(
    ("kind", "carrier", "named"),
    [
        (AfterShipStandIn, "brt", "brt-it"),
        (AfterShipStandIn, "correos", "spain-correos-es"),  # a carrier that cannot be asked at all
        (EasyPostStandIn, "purolator", "Purolator"),
        (SeventeenTrackStandIn, "gls_it", "100024"),
        (Ship24StandIn, "usps", "us-post"),
    ],
)
async def test_a_parcel_without_an_account_is_followed_through_the_aggregator(
    desk: Polled, kind: type[StandIn], carrier: str, named: str
) -> None:
    """Created under the aggregator's name of its carrier, and delivered by its table; each event says who told it."""
    async with contract(desk, kind, fallback="all") as stand_in:
        shipment = await desk.world.ship(NUMBER, carrier)
        for _ in range(20):
            await desk.poll(hours=2)
        told = await shown(desk, shipment)

    assert vars(stand_in)["created"] == {NUMBER: named}
    assert (told["carrier"], told["status"]) == (carrier, S.DELIVERED)
    assert {event["evidence"]["carrier"] for event in told["events"]} == {kind.slug}
    assert {event["evidence"]["row"].partition("/")[0].split()[0] for event in told["events"]} == {kind.slug}


async def test_only_carriers_that_are_named_are_served(desk: Polled) -> None:
    """An account without the option serves nobody; one that names a carrier comes before one for all."""
    await account(desk, "easypost", api_key="a")
    alone = await desk.world.ship(NUMBER, "fedex")
    every = await account(desk, "aftership", api_key="a", fallback="all")
    some = await account(desk, "seventeen_track", api_key="a", fallback="gls_it, brt")

    served = [(await desk.world.ship(NUMBER, carrier)).account_id for carrier in ("brt", "ups", "usps", "evri")]
    assert (alone.account_id, alone.poll_note[:18]) == (None, "no carrier account")
    assert served == [some.account.id, every.account.id, every.account.id, None]
    with pytest.raises(InvalidInput) as wrong:
        await account(desk, "ship24", api_key="a", fallback="postnord")
    assert [each.field for each in wrong.value.errors] == ["credentials.fallback"]


async def test_a_disabled_account_is_passed_over(desk: Polled) -> None:
    """One for all that is enabled serves in its place; it serves again once it is enabled itself."""
    every = await account(desk, "aftership", api_key="a", fallback="all")
    some = await account(desk, "seventeen_track", api_key="a", fallback="brt")
    disabled = update(carrier_accounts).where(carrier_accounts.c.id == some.account.id)
    served = []
    for number, at in enumerate((None, desk.world.now, None)):
        async with desk.world.database.transaction() as db:
            await db.run(disabled.values(disabled_at=at))
        served.append((await desk.world.ship(f"{NUMBER[:-1]}{number}", "brt")).account_id)

    assert served == [some.account.id, every.account.id, some.account.id]


async def test_an_account_made_later_takes_over_and_another_is_left(desk: Polled) -> None:
    """First nobody, then the aggregator, then the carrier itself; and back when that account is removed."""
    adopter = Adopter(desk.world.installation)
    shipment = await desk.world.ship(NUMBER, "brt")

    async def asker() -> object:
        await adopter.tick()
        return (await desk.world.look(shipment)).account_id

    nobody = await asker()
    aggregator = (await account(desk, "aftership", api_key="a")).account
    not_yet = await asker()
    async with desk.world.database.transaction() as db:
        sealer = desk.world.installation.sealer
        await accounts.change(db, sealer, aggregator, credentials={"fallback": "brt"})
    served = await asker()
    own = (await account(desk, "brt", user_id="a", password="b")).account
    owned = await asker()
    async with desk.world.database.transaction() as db:
        await accounts.remove(db, own.company_id, own.id)
    desk.world.pass_time(hours=2)
    again = await asker()
    async with desk.world.database.transaction() as db:
        await accounts.change(db, sealer, aggregator, credentials={"fallback": "gls_it"})
    left = await asker()

    assert (nobody, not_yet, served, owned, again, left) == (None, None, aggregator.id, own.id, aggregator.id, None)
    assert (await desk.world.look(shipment)).poll_note[:18] == "no carrier account"


async def test_both_histories_stand_side_by_side(desk: Polled) -> None:
    """What the carrier says itself comes beside what the aggregator said; reading it again changes nothing."""
    async with contract(desk, AfterShipStandIn, fallback="brt"):
        shipment = await desk.world.ship(NUMBER, "brt")
        await desk.poll(hours=20)
        await desk.poll(hours=1)
    async with contract(desk, BrtStandIn):
        await Adopter(desk.world.installation).tick()
        await desk.poll(hours=1)
        told = await shown(desk, shipment)
        read_again = await reread(desk.world.installation, Choice(shipment=shipment.id), None, apply=False)

    assert {event["evidence"]["carrier"] for event in told["events"]} == {"aftership", "brt"}
    assert read_again.changes == ()


async def test_a_push_finds_the_shipment_that_goes_by_the_account(desk: Polled) -> None:
    """By the number, whoever's shipment it is; a number of two carriers' is left to the polls, which name them."""
    installation = desk.world.installation
    added = await account(desk, "aftership", api_key="a", fallback="all")
    shipment = await desk.world.ship(NUMBER, "brt")
    twice = [await desk.world.ship("999999999999", carrier) for carrier in ("brt", "gls_it")]
    started = desk.world.now
    desk.world.pass_time(hours=48)
    stand_in = AfterShipStandIn(lambda _number: journey(desk.world.database, started))

    async def push(number: str) -> PushResult:
        pushed = stand_in.push(number, "made-up-secret")
        assert pushed is not None
        return await Pushes(installation).push(added.account, pushed.headers, pushed.body)

    found, again, unclear = await push(NUMBER), await push(NUMBER), await push("999999999999")
    body = stand_in.push(NUMBER, "made-up-secret")
    assert body is not None
    [dropped] = await take_dropped(installation, desk.world.shop.company_id, "aftership", [body.body])

    assert (found.status, found.new_events > 3, again.status) == (Outcome.ACCEPTED, True, Outcome.DUPLICATE)
    assert (unclear.status, unclear.new_events, dropped.status) == (Outcome.ACCEPTED, 0, Outcome.DUPLICATE)
    assert (await desk.world.look(shipment)).status is S.DELIVERED
    assert [(await desk.world.look(each)).status for each in twice] == [S.PENDING, S.PENDING]


async def test_what_is_erased_is_cut_out_of_the_aggregators_body(desk: Polled) -> None:
    """An answer about several parcels stays for the others, in whose raw body the erased one is no more."""
    async with contract(desk, SeventeenTrackStandIn, fallback="all"):
        gone, stays = [await desk.world.ship(f"12345678901{nth}", "brt") for nth in range(2)]
        await desk.poll(hours=20)
    async with desk.world.database.transaction() as db:
        await erase(db, desk.world.installation.sealer, gone)
    async with desk.world.database.reading() as db:
        [part] = await db.all(select(arrivals).where(arrivals.c.shipment_id == stays.id))
        body = await read_body(db, stays.company_id, part.body_hash)

    assert body is not None
    assert (gone.number.encode() in body, stays.number.encode() in body) == (False, True)


async def test_who_cannot_be_asked_can_be_asked_at_once_through_the_aggregator(desk: Polled) -> None:
    """Correos offers nothing to ask; AfterShip does."""
    await account(desk, "aftership", api_key="a", fallback="correos")
    shipment = await desk.world.ship(NUMBER, "correos")

    async with desk.world.database.transaction() as db:
        assert await refresh(db, desk.world.installation.sealer, shipment)
    due, _ = intake.next_poll(desk.world.installation, shipment, desk.world.now)
    assert due is not None
