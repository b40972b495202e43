"""Arrivals become events, events a status, a changed status messages: once, whatever the order and the path."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from itertools import permutations

import orjson
import pytest
from sqlalchemy import Table, func, select

from app.arrivals import keeping
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, body_hash
from app.arrivals.tables import arrivals, unmapped
from app.database import Database
from app.intake import take_in
from app.shipments import answer
from app.shipments.tables import events, transitions
from carriers import Eta, parse
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event

S, U = Status, SubStatus


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


async def test_a_carriers_word_moves_the_shipment_and_tells_its_recipient(world: World) -> None:
    """One event: status, transition, message."""
    shipment = await world.ship()

    after = await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))

    assert (after.status, after.version, await world.ledger(after)) == (
        S.OUT_FOR_DELIVERY,
        1,
        [("out_for_delivery", "due", "")],
    )


async def test_the_same_body_twice_changes_nothing(world: World) -> None:
    """Carriers repeat themselves."""
    shipment = await world.ship()
    said = event(S.DELIVERED, U.TO_RECIPIENT, at=world.now)

    first = await world.take(shipment, said)
    second = await world.take(shipment, said)

    assert (len(first.new), len(second.new)) == (1, 0)
    assert second.shipments == first.shipments
    assert await world.ledger(shipment) == [("delivered", "due", "")]


async def test_events_in_any_order_end_in_the_same_status(world: World) -> None:
    """Six orders of arrival, one answer."""
    now = world.now
    journey = [
        event(S.IN_TRANSIT, U.PICKED_UP, at=now - timedelta(hours=20)),
        event(S.OUT_FOR_DELIVERY, at=now - timedelta(hours=4)),
        event(S.DELIVERED, U.TO_RECIPIENT, at=now - timedelta(hours=1)),
    ]
    ends = set()
    for index, order in enumerate(permutations(journey)):
        shipment = await world.ship(f"ORDER{index}")
        for each in order:
            shipment = await world.say(shipment, each)
        ends.add((shipment.status, shipment.sub_status, shipment.status_since, shipment.last_event_at))

    assert ends == {(S.DELIVERED, U.TO_RECIPIENT, now - timedelta(hours=1), now - timedelta(hours=1))}


async def test_a_late_scan_after_delivery_is_kept_without_effect(world: World) -> None:
    """The van is unloaded in the evening."""
    shipment = await world.ship()
    await world.say(shipment, event(S.DELIVERED, at=world.now - timedelta(hours=3)))

    after = await world.say(shipment, event(S.IN_TRANSIT, U.ARRIVED, at=world.now - timedelta(hours=1)))

    assert (after.status, after.version, await _count(world, events)) == (S.DELIVERED, 1, 2)


async def test_a_withdrawn_delivery_reopens_and_is_not_told_twice(world: World) -> None:
    """The carrier takes it back, then says the same again."""
    shipment = await world.ship()
    on_the_way = event(S.OUT_FOR_DELIVERY, at=world.now - timedelta(hours=2))
    delivered = event(S.DELIVERED, at=world.now, id="D1")
    await world.say(shipment, on_the_way, delivered)

    reopened = await world.say(shipment, withdrawn=("D1",))

    assert (reopened.status, reopened.version) == (S.OUT_FOR_DELIVERY, 2)
    assert ("delivered", "due", "") in await world.ledger(shipment)


async def test_two_complete_answers_without_an_event_withdraw_it(world: World) -> None:
    """An hour apart at least; the sandbox always answers with the whole history."""
    shipment = await world.ship("SANDBOX-DELIVERED-1", "sandbox")
    moving = event(S.IN_TRANSIT, at=world.now - timedelta(hours=5))
    delivered = event(S.DELIVERED, at=world.now)
    statuses = []
    for said, hours in (((moving, delivered), 1), ((moving,), 1), ((moving,), 0)):
        statuses.append((await world.say(shipment, *said, source=ArrivalSource.POLL)).status)
        world.pass_time(hours=hours)

    assert statuses == [S.DELIVERED, S.DELIVERED, S.IN_TRANSIT]


async def test_a_code_of_no_table_is_kept_counted_and_moves_nothing(world: World) -> None:
    """For a person to look at."""
    shipment = await world.ship()

    after = await world.say(shipment, event(None, at=world.now, code="X99"))

    async with world.database.reading() as db:
        rows = [tuple(row) for row in await db.all(select(unmapped.c.code, unmapped.c.count))]
    assert (after.status, rows) == (S.PENDING, [("X99", 1)])


async def test_a_push_for_an_unknown_number_waits_for_its_shipment(world: World) -> None:
    """Carriers can be faster than shops."""
    body = orjson.dumps(
        {"tracking_number": "LATER1234", "events": [{"occurred_at": world.now.isoformat(), "status": "delivered"}]}
    )
    [parcel] = parse("own", body)
    early = Arrived(world.shop.company_id, "own", ArrivalSource.HOOK, body, world.now, parcel=parcel)
    async with world.database.transaction() as db:
        [taken] = await take_in(world.installation, db, [early])

    shipment = await world.ship("LATER1234")

    assert (taken.state, shipment.status, shipment.version) == (ArrivalState.UNCLAIMED, S.DELIVERED, 1)


async def test_a_whole_history_at_once_tells_at_most_the_present(world: World) -> None:
    """The first import of a parcel that was delivered an hour ago, and of one delivered three weeks ago."""
    fresh, old = await world.ship("FRESH123"), await world.ship("OLDER123")
    for shipment, end in ((fresh, world.now - timedelta(hours=1)), (old, world.now - timedelta(days=21))):
        await world.say(
            shipment,
            event(S.IN_TRANSIT, at=end - timedelta(days=1)),
            event(S.OUT_FOR_DELIVERY, at=end - timedelta(hours=5)),
            event(S.DELIVERED, at=end),
        )

    assert await world.ledger(fresh) == [("delivered", "due", "")]
    assert await world.ledger(old) == [("delivered", "skipped", "too_old")]


async def test_a_shop_that_is_not_live_tells_staff_but_not_recipients(database: Database) -> None:
    """And the ledger says why."""
    world = await build(database, live=False)
    shipment = await world.ship()

    await world.say(shipment, event(S.EXCEPTION, U.HELD, at=world.now))

    assert await world.ledger(shipment) == [("held", "skipped", "not_live"), ("exception", "due", "")]


async def test_machines_are_told_of_every_change_in_order(world: World) -> None:
    """Created, changed, an event that changes nothing, a new estimate."""
    await world.listen()
    shipment = await world.ship()
    await world.say(shipment, event(S.IN_TRANSIT, at=world.now - timedelta(hours=2)))
    await world.say(shipment, event(None, at=world.now - timedelta(hours=1), code="NOTE"))
    await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))

    assert [kind for kind, _, _ in await world.ledger(shipment, "webhook")] == [
        "shipment.created",
        "shipment.status_changed",
        "shipment.event_added",
        "shipment.status_changed",
    ]


async def test_a_future_event_waits(world: World) -> None:
    """Three hours ahead: the carrier's zone was wrong; it applies when it falls due."""
    shipment = await world.ship()
    ahead = world.now + timedelta(hours=3)

    after = await world.say(shipment, event(S.DELIVERED, at=ahead))

    assert (after.status, after.refold_at) == (S.PENDING, ahead - timedelta(minutes=10))


async def test_a_return_that_is_delivered_is_back_with_the_shop(world: World) -> None:
    """Direction decides with the code."""
    shipment = await world.ship("RETURN123", direction="return")

    after = await world.say(shipment, event(S.DELIVERED, U.TO_RECIPIENT, at=world.now))

    assert (after.status, after.sub_status) == (S.RETURNED, None)


async def test_an_unreadable_body_is_quarantined_with_its_reason(world: World) -> None:
    """Nothing that was accepted is lost."""
    shipment = await world.ship()
    broken = Arrived(
        shipment.company_id, "own", ArrivalSource.HOOK, b"{", world.database.now(), reason="not JSON: unexpected end"
    )
    async with world.database.transaction() as db:
        [taken] = await take_in(world.installation, db, [broken])
    async with world.database.reading() as db:
        rows = await db.all(select(arrivals.c.state, arrivals.c.reason).where(arrivals.c.id == taken.arrival_id))

    assert [tuple(row) for row in rows] == [("quarantined", "not JSON: unexpected end")]


async def test_a_failure_in_the_middle_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: no event without its transition."""
    shipment = await world.ship()

    async def broken(*_: object) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr("app.intake.settling.tell_all", broken)
    with pytest.raises(RuntimeError):
        await world.say(shipment, event(S.DELIVERED, at=world.now))

    assert [await _count(world, table) for table in (events, transitions, arrivals)] == [0, 0, 0]


async def _count(world: World, table: Table) -> int:
    async with world.database.reading() as db:
        return int(await db.value(select(func.count()).select_from(table)))


async def test_a_push_that_crosses_its_shipment_is_not_left_behind(world: World) -> None:
    """Whichever commits first, the other sees it: the push is taken, or waits for the shipment that comes."""
    for index in range(10):
        number = f"CROSSING{index}"
        body = orjson.dumps(
            {"tracking_number": number, "events": [{"occurred_at": world.now.isoformat(), "status": "delivered"}]}
        )
        [parcel] = parse("own", body)
        push = Arrived(world.shop.company_id, "own", ArrivalSource.HOOK, body, world.now, parcel=parcel)

        async def arrive(push: Arrived) -> None:
            async with world.database.transaction() as db:
                await take_in(world.installation, db, [push])

        shipment, _ = await asyncio.gather(world.ship(number), arrive(push))

        assert (await world.look(shipment)).status is S.DELIVERED


async def test_a_day_that_the_carrier_names_stays_a_day(world: World) -> None:
    """UPS and others give a date and no zone: no hour is made up."""
    shipment = await world.ship()

    after = await world.say(shipment, event(S.IN_TRANSIT, at=world.now), eta=Eta(day=date(2026, 3, 13)))

    assert answer.eta(after) == {"from": date(2026, 3, 13), "to": date(2026, 3, 13), "source": "carrier"}


async def test_a_body_of_thousands_of_parcels_is_taken_in_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases bound the values of a statement; a body is bounded by its arrays alone, and digested once."""
    digested: list[bytes] = []

    def digest(body: bytes) -> str:
        digested.append(body)
        return body_hash(body)

    monkeypatch.setattr(keeping, "body_hash", digest)
    now = world.now.isoformat()
    said = [
        {"tracking_number": f"MANY-{number}", "events": [{"occurred_at": now, "status": "in_transit"}]}
        for number in range(2_500)
    ]
    shipment = await world.ship("MANY-17")
    body = orjson.dumps(said)
    pushed = [
        Arrived(world.shop.company_id, "own", ArrivalSource.HOOK, body, world.now, parcel=parcel)
        for parcel in parse("own", body)
    ]

    async with world.database.transaction() as db:
        taken = await take_in(world.installation, db, pushed)

    states = Counter(each.state for each in taken)
    assert states == {ArrivalState.UNCLAIMED: 2_499, ArrivalState.TAKEN: 1}
    assert (await world.look(shipment)).status is S.IN_TRANSIT
    assert digested == [body]
