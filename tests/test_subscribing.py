"""Carriers that push by subscription are asked to, asked again in time, and answered; they are polled all the while."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from app import accounts, carrier_health
from app.demo.stand_ins.base import Fault
from app.erasing import erase
from app.intake.posting import change
from app.intake.scheduling import BACKSTOP
from app.polling.enlisting import Enlister
from app.polling.subscribing import Subscriber
from app.shipments.posting import ChangedShipment
from app.subscriptions import counted as subscriptions_counted
from app.subscriptions import subscriptions
from carriers import carrier
from carriers.base import Account, RequestRefused
from carriers.subscribing import Hook
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import Polled, journey
from tests.subscribed import kept

FIRST, SECOND = "1Z999AA10123456784", "1Z999AA10123456785"
LIVE = timedelta(days=14)


@pytest.fixture
async def subscriber(desk: Polled) -> AsyncIterator[Subscriber]:
    """What subscribes."""
    subscriber = Subscriber(desk.world.installation)
    yield subscriber
    await subscriber.close()


async def with_alerts(desk: Polled, track_alert: str = "standard") -> None:
    """A contract with UPS that has Track Alert."""
    await turn_on(desk, await desk.ups_account(), track_alert)


async def turn_on(desk: Polled, id_: UUID, track_alert: str = "standard") -> None:
    """Track Alert of a contract with UPS."""
    async with desk.world.database.transaction() as db:
        account = await accounts.get(db, desk.world.shop.company_id, id_)
        given = {"track_alert": track_alert}
        await accounts.change(db, desk.world.installation.sealer, account, credentials=given)


async def test_shipments_are_subscribed_to_together_and_again_before_that_ends(
    desk: Polled, subscriber: Subscriber
) -> None:
    """One call for all of an account; after thirteen days of fourteen another, for those still on their way."""
    await with_alerts(desk)
    first, second = [await desk.world.ship(number, "ups") for number in (FIRST, SECOND)]
    await subscriber.tick()
    at_first, rows = list(desk.ups.subscribed), await kept(desk)
    idle = await subscriber.tick()
    desk.world.pass_time(days=12.9)
    too_soon = await subscriber.tick()
    await desk.set(second, status="delivered")
    desk.world.pass_time(days=0.2)
    await subscriber.tick()

    async with desk.world.database.reading() as db:
        [health] = await carrier_health.of_carrier(
            db, desk.world.installation.tally, desk.world.shop.company_id, "ups", db.now
        )
    assert health.subscriptions == {"live": 1}
    assert sorted(at_first) == [FIRST, SECOND]
    assert rows == [("live", LIVE, LIVE - timedelta(days=1))] * 2
    assert (idle, too_soon, desk.ups.subscribed[2:]) == (0, 0, [first.number])
    assert await kept(desk) == [("live", LIVE, LIVE - timedelta(days=1))]
    assert len([each for each in desk.ups.requests if "/subscription/standard/package" in each]) == 2


async def test_open_shipments_are_subscribed_to_when_it_is_turned_on(
    desk: Polled, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch by batch, those that are on their way, once; what is turned on at the start is found at the start."""
    monkeypatch.setattr("app.polling.enlisting.BATCH", 2)
    await desk.ups_account()
    posted = [await desk.world.ship(f"{FIRST[:-1]}{last}", "ups") for last in range(4)]
    await desk.set(posted[0], status="delivered")
    await desk.world.ship(None, "ups", sender_reference="R-1")  # type: ignore[arg-type]
    enlister = Enlister(desk.world.installation)
    off = await enlister.tick()
    await turn_on(desk, (await desk.account("ups")).id)
    on = [await enlister.tick() for _ in range(3)]
    await subscriber.tick()
    again = await enlister.tick(), await Enlister(desk.world.installation).tick()

    assert (off, on, again) == (0, [2, 1, 0], (0, 0))
    assert sorted(desk.ups.subscribed) == [each.number for each in posted[1:]]
    assert await kept(desk) == [("live", LIVE, LIVE - timedelta(days=1))] * 3


async def test_who_has_not_asked_for_it_is_polled_alone(desk: Polled, subscriber: Subscriber) -> None:
    """The product of the contract decides, and no other carrier's shipment is looked at."""
    await desk.ups_account()
    await desk.world.ship(FIRST, "ups")
    await desk.ship()

    assert (await subscriber.tick(), await kept(desk)) == (0, [])


async def test_a_carrier_that_fails_is_asked_again_and_polled_meanwhile(desk: Polled, subscriber: Subscriber) -> None:
    """After a minute, then after two; its account's health is the polls' matter."""
    await with_alerts(desk)
    shipment = await desk.world.ship(FIRST, "ups")
    desk.ups.tokens.add("known")
    waits = []
    for minutes in (0, 1.1, 2.1):
        desk.ups.faults.append(Fault(status=500))
        desk.world.pass_time(minutes=minutes)
        await subscriber.tick()
        waits.append((await kept(desk))[0][2])
    await desk.poll()
    polled_meanwhile = (await desk.world.look(shipment)).last_polled_at
    desk.world.pass_time(minutes=5)
    await subscriber.tick()

    assert waits == [timedelta(minutes=each) for each in (1, 2, 4)]
    assert (polled_meanwhile is not None, (await desk.account("ups")).failures) == (True, 0)
    assert (await kept(desk))[0][0] == "live"


async def test_a_subscription_that_is_not_renewed_ends_and_the_polls_go_on(
    desk: Polled, subscriber: Subscriber
) -> None:
    """Thirteen days, refusals until the fourteenth is over: it is said to be wanted, and is had again in the end."""
    started = desk.world.now
    desk.ups.history = lambda _number: journey(desk.world.database, started)[:3]
    await with_alerts(desk)
    shipment = await desk.world.ship(FIRST, "ups")
    await subscriber.tick()
    await desk.world.say(shipment, event(Status.IN_TRANSIT, at=desk.world.now))
    await desk.poll(hours=1)
    pushed = await desk.world.look(shipment)
    desk.world.pass_time(days=13)
    desk.ups.tokens.add("known")
    states = []
    for _ in range(12):
        desk.ups.faults.append(Fault(status=500))
        await subscriber.tick()
        states.append(await counted(desk))
        desk.world.pass_time(hours=3)
    desk.ups.faults.clear()
    await desk.poll()
    quiet = await desk.world.look(shipment)
    desk.world.pass_time(hours=6.1)
    await subscriber.tick()

    assert (pushed.poll_note, quiet.poll_note) == (BACKSTOP, "")
    assert quiet.last_polled_at is not None
    assert quiet.next_poll_at is not None
    assert quiet.next_poll_at - quiet.last_polled_at < timedelta(hours=12)
    assert (states[0], states[-1], await counted(desk)) == ({"live": 1}, {"wanted": 1}, {"live": 1})
    assert await kept(desk) == [("live", LIVE, LIVE - timedelta(days=1))]


async def counted(desk: Polled) -> dict[str, int]:
    """The subscriptions by state, as health shows them."""
    async with desk.world.database.reading() as db:
        return await subscriptions_counted(db, desk.world.shop.company_id, (await desk.account("ups")).id)


async def test_a_number_that_is_not_taken_is_offered_three_times(desk: Polled, subscriber: Subscriber) -> None:
    """The others of the same call are subscribed to."""
    await with_alerts(desk)
    good, bad = [await desk.world.ship(number, "ups") for number in (FIRST, "9999AA101234")]
    for _ in range(4):
        await subscriber.tick()
        desk.world.pass_time(hours=6.1)

    states = dict(zip((good.number, bad.number), await kept(desk), strict=True))
    assert (states[good.number][0], states[bad.number][0::2]) == ("live", ("refused", None))
    asked = [each for each in desk.ups.requests if "/subscription/" in each]
    assert (len(asked), desk.ups.subscribed) == (3, [FIRST])


async def test_another_number_and_an_erased_shipment(desk: Polled, subscriber: Subscriber) -> None:
    """A number that comes later is subscribed to when it comes; with the shipment its subscription goes."""
    await with_alerts(desk)
    shipment = await desk.world.ship(FIRST, "ups")
    await subscriber.tick()
    async with desk.world.database.transaction() as db:
        await db.run(subscriptions.delete())
    nameless = await desk.world.ship(None, "ups", sender_reference="R-1")  # type: ignore[arg-type]
    before = await kept(desk)
    async with desk.world.database.transaction() as db:
        await change(desk.world.installation, db, desk.world.shop, nameless, ChangedShipment(), number=SECOND)
    await subscriber.tick()
    after = await kept(desk)
    async with desk.world.database.transaction() as db:
        await erase(db, desk.world.installation.sealer, await desk.world.look(nameless))

    assert (before, [each[0] for each in after], await kept(desk)) == ([], ["live"], [])
    assert desk.ups.subscribed == [shipment.number, SECOND]


async def test_a_carrier_without_subscriptions_says_so() -> None:
    """And none has any handshake to answer."""
    sandbox = carrier("sandbox")
    account = Account(sandbox.credentials())
    async with AsyncClient() as http:
        with pytest.raises(RequestRefused, match="takes no subscriptions"):
            await sandbox.subscribe(http, account, ["SANDBOX-1"], Hook("https://nove.example/hooks", "s3cret"))

    assert (sandbox.subscribes(account), sandbox.handshake(b"{}")) == (False, None)
