"""The metrics: each family counts what it says once that is stored, by labels that nobody outside can make up."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update

from app import accounts
from app.accounts import carrier_accounts
from app.api.metrics import Scrape, gauges_of
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, keep
from app.backlog import Backlog, Queue, look
from app.database import Database, new_id
from app.demo.serving import serving
from app.intake import take_in
from app.intake.pushed import Pushes
from app.metrics import Count, Metrics, Spread
from app.outbox import endpoints, replaying
from app.outbox.sending import Sender
from app.outbox.tables import endpoints as endpoints_table
from app.outbox.tables import messages
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.polled import polled
from tests.source import ROOT
from tests.test_sending import Receiver

Samples = dict[tuple[str, ...], float]


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def shown(text: bytes, name: str) -> Samples:
    """The samples of a name, by the values of their labels in the order of these' names."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == name
    }


def counted(world: World, name: str) -> Samples:
    """The same of what the world's process has counted."""
    return shown(world.installation.metrics.text(), name)


async def gauges(world: World) -> bytes:
    """What a scrape shows."""
    return await Scrape(world.installation).text()


async def test_arrivals_and_events(world: World) -> None:
    """Each part is counted by what became of it, each new event by its status, also those without."""
    shipment = await world.ship()
    known = event(Status.IN_TRANSIT, at=world.now - timedelta(minutes=2))
    await world.say(shipment, known, event(None, at=world.now, code="X9"))
    await world.say(shipment, known)
    async with world.database.transaction() as db:
        await take_in(
            world.installation,
            db,
            [Arrived(world.shop.company_id, "brt", ArrivalSource.HOOK, b"{", world.now, reason="not JSON")],
        )

    assert counted(world, "nove_arrivals_total") == {("own", "taken", "hook"): 2, ("brt", "quarantined", "hook"): 1}
    assert counted(world, "nove_events_total") == {("own", "in_transit"): 1, ("own", "none"): 1}
    assert counted(world, "nove_events_unmapped_total") == {("own",): 1}


async def test_the_lag_until_an_event_is_stored(world: World) -> None:
    """It is that of the newest event of each shipment: what an answer repeats of the past is no delay."""
    shipment = await world.ship()
    old, new = (event(Status.IN_TRANSIT, at=world.now - timedelta(minutes=ago), code=str(ago)) for ago in (600, 2))
    await world.say(shipment, old, new)
    lags = counted(world, "nove_stored_lag_seconds_bucket")

    assert counted(world, "nove_stored_lag_seconds_count") == {("own", "carrier"): 1}
    assert (lags["own", "60.0", "carrier"], lags["own", "300.0", "carrier"]) == (0, 1)


async def test_what_is_rolled_back_is_not_counted(world: World) -> None:
    """Only what was committed was stored."""
    shipment = await world.ship()
    with pytest.raises(ValueError, match="spoilt"):
        async with world.database.transaction() as db:
            await take_in(
                world.installation,
                db,
                [Arrived(world.shop.company_id, "own", ArrivalSource.HOOK, b"{", world.now, shipment_id=shipment.id)],
            )
            raise ValueError("spoilt")

    assert counted(world, "nove_arrivals_total") == {}


async def test_groups_of_pushes(world: World) -> None:
    """The size of each group is known after its commit."""
    async with world.database.transaction() as db:
        added = await accounts.add(
            db,
            world.installation.sealer,
            world.shop.company_id,
            "ups",
            public_url="https://nove.example",
            credentials={"client_id": "a", "client_secret": "b"},
        )
    pushes = Pushes(world.installation)
    await pushes.push(added.account, {"credential": added.secret}, b"{}")

    assert counted(world, "nove_group_size_count") == {("pushes",): 1}


async def test_calls_to_carriers(database: Database) -> None:
    """Each is counted by how it went, with its time; an unchanged answer is an arrival, too."""
    async with polled(database) as here:
        await here.ship("SANDBOX-HELD-1")
        await here.poll(minutes=1)
        await here.poll(hours=1.1)
        here.sandbox.raw = b"<"
        await here.poll(hours=30)

    assert counted(here.world, "nove_carrier_calls_total")["sandbox", "answered"] >= 2
    assert counted(here.world, "nove_carrier_call_seconds_count")["sandbox",] >= 3


async def test_messages_that_are_sent(database: Database) -> None:
    """Attempts by channel and outcome, their time, and how long after the event its message was taken.

    What is sent again, or happened before the shop posted the parcel, has no such time.
    """
    receiver = Receiver(answers=[500])
    world = await build(database, settings={"outbound_allow": "127.0.0.0/8"})
    async with serving(receiver.app()) as base:
        async with world.database.transaction() as db:
            await endpoints.create(
                db,
                world.installation.sealer,
                world.shop.company_id,
                world.shop.id,
                url=f"{base}/hook",
                types=["shipment.status_changed"],
            )
        shipment, old = await world.ship(), await world.ship("LATE-POSTED", carrier="own")
        await world.say(old, event(Status.IN_TRANSIT, at=world.now - timedelta(minutes=30)))
        world.pass_time(hours=1)
        await world.say(shipment, event(Status.IN_TRANSIT, at=world.now - timedelta(minutes=30)))
        sender = Sender(world.installation)
        for again in (False, False, True):
            if again:
                async with world.database.transaction() as db:
                    await replaying.shipment(db, shipment)
            await sender.send_due()
            await sender.idle()
            world.pass_time(seconds=30)
        await sender.close()
    lags = counted(world, "nove_told_lag_seconds_bucket")

    assert counted(world, "nove_sends_total") == {("webhook", "retry"): 1, ("webhook", "sent"): 3}
    assert counted(world, "nove_send_seconds_count") == {("webhook",): 4}
    assert (lags["webhook", "900.0"], lags["webhook", "3600.0"], lags["webhook", "+Inf"]) == (0, 1, 1)


async def test_what_waits(world: World) -> None:
    """Depth and age of each queue, and the leases on it, as a worker would find them."""
    shipment = await world.ship()
    async with world.database.transaction() as db:
        added = await accounts.add(
            db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="https://nove.example"
        )
        ago = {minutes: db.now - timedelta(minutes=minutes) for minutes in (1, 2, 3, 4)}
        await db.run(
            update(shipments).values(
                account_id=added.account.id, next_poll_at=ago[1], lease_until=ago[1], stale_at=ago[2], late_at=ago[3]
            )
        )
        due = {
            "company_id": shipment.company_id, "shop_id": shipment.shop_id, "shipment_id": shipment.id,
            "channel": "email", "audience": "staff", "type": "late", "version": 1, "payload": {}, "state": "due",
            "due_at": ago[4], "created_at": ago[4], "target": "x",
        }  # fmt: skip
        later = {**due, "due_at": db.now + timedelta(minutes=5), "lease_until": None}
        held = {**due, "lease_until": db.now + timedelta(seconds=20)}
        for cause, row in enumerate((due, later, held)):
            await db.run(insert(messages), {**row, "id": new_id(), "cause": str(cause)})
        arrived = Arrived(shipment.company_id, "own", ArrivalSource.HOOK, b"{", db.now)
        await keep(db, arrived, ArrivalState.FAILED, next_try_at=ago[2])
        await keep(db, arrived, ArrivalState.QUARANTINED)
    async with world.database.reading() as db:
        backlog = await look(db)
    text = await gauges(world)

    assert backlog.queues == {
        "polls": Queue(1, ago[1], 0, 1),
        "messages": Queue(2, ago[4], 1, 0),
        "arrivals": Queue(1, ago[2]),
        "timed": Queue(2, ago[3]),
    }
    assert shown(text, "nove_due") == {("polls",): 1, ("messages",): 2, ("arrivals",): 1, ("timed",): 2}
    assert shown(text, "nove_leases") == {
        ("polls", "held"): 0, ("polls", "expired"): 1, ("messages", "held"): 1, ("messages", "expired"): 0,
    }  # fmt: skip
    assert 120 <= shown(text, "nove_oldest_due_seconds")["arrivals",] < 180
    assert shown(text, "nove_arrivals_kept") == {("quarantined",): 1, ("failed",): 1}


async def test_the_health_of_endpoints_and_accounts(world: World) -> None:
    """Counted by state, never by id: there may be thousands."""
    async with world.database.transaction() as db:
        here = db, world.installation.sealer, world.shop.company_id
        failing: Mapping[str, object] = {"failures": 12, "open_until": db.now + timedelta(minutes=1)}
        for values in ({}, {"failures": 1}, failing, {"enabled": False}):
            made, _ = await endpoints.create(*here, world.shop.id, url="https://x.example", types=["shipment.created"])
            if values:
                await db.run(update(endpoints_table).where(endpoints_table.c.id == made.id).values(values))
        for values in ({"failures": 1}, failing):
            added = await accounts.add(*here, "sandbox", public_url="https://nove.example")
            await db.run(update(carrier_accounts).where(carrier_accounts.c.id == added.account.id).values(values))
    text = await gauges(world)

    assert shown(text, "nove_endpoints") == {("well",): 1, ("failing",): 1, ("resting",): 1, ("disabled",): 1}
    assert shown(text, "nove_accounts") == {("sandbox", "failing"): 1, ("sandbox", "resting"): 1}
    assert shown(text, "nove_database_up") == {(): 1}


async def test_a_scrape_asks_the_database_every_few_seconds_only(world: World) -> None:
    """Between them it shows what it found; once the database is away it shows nothing old."""
    kept, fresh = Scrape(world.installation), Scrape(world.installation, kept_seconds=0)
    before = [shown(await each.text(), "nove_accounts") for each in (kept, fresh)]
    async with world.database.transaction() as db:
        await accounts.add(
            db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="https://nove.example"
        )
    after = [shown(await each.text(), "nove_accounts") for each in (kept, fresh)]

    assert (before, after) == ([{}, {}], [{}, {("sandbox", "well"): 1}])


def test_every_family_can_be_read_and_has_a_text() -> None:
    """Prometheus's own parser takes it all, also before anything was counted."""
    metrics = Metrics()
    families = list(text_string_to_metric_families(metrics.text().decode()))
    kinds = [each for each in vars(metrics).values() if isinstance(each, Count | Spread)]

    assert len(families) == len(kinds) + 1
    assert all(each.documentation for each in families)


def test_the_readme_lists_every_family() -> None:
    """With its labels, in the table of the chapter about it."""
    readme = ROOT.joinpath("README.md").read_text()
    named = set(re.findall(r"^\| `(nove_\w+)(?:\{.*?\})?`", readme, flags=re.MULTILINE))
    gauges_ = {each.name for each in gauges_of(Backlog(datetime.now(UTC), {}, {}, {}, {}))}
    own = {each.name + ("_total" if each.type == "counter" else "") for each in Metrics().collect()}

    assert named == own | gauges_ | {"nove_database_up"}
