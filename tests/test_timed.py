"""What time alone brings: late, stale, a future event that falls due."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from app.database import Database, Session
from app.intake import settle as real_settle
from app.intake import timed
from app.intake.timed import settle_due
from app.outbox.tables import messages
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event

S, U = Status, SubStatus


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """A live shop with an endpoint for everything."""
    world = await build(database)
    await world.listen()
    yield world


async def webhooks(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of every webhook in the outbox."""
    async with world.database.reading() as db:
        rows = await db.all(
            select(messages.c.type, messages.c.payload).where(messages.c.channel == "webhook").order_by(messages.c.id)
        )
    return [(row.type, orjson.loads(row.payload["body"])["data"]) for row in rows]


async def test_a_broken_promise_makes_the_shipment_late_once(world: World) -> None:
    """At the end of the promised day in the shop's zone: a problem, a webhook, a word to the staff."""
    promised = (world.now + timedelta(days=1)).date()
    shipment = await world.ship(promised_on=promised.isoformat())
    await world.say(shipment, event(S.IN_TRANSIT, U.PICKED_UP, at=world.now))
    early = await settle_due(world.installation)
    world.pass_time(days=2)

    settled, again = await settle_due(world.installation), await settle_due(world.installation)

    after = await world.look(shipment)
    assert (early, settled, again) == (0, 1, 0)
    assert (after.late, after.problem, after.late_at, after.status) == (True, True, None, S.IN_TRANSIT)
    assert [(type_, data["late"]) for type_, data in await webhooks(world)][-1] == ("shipment.late", True)
    assert ("late", "due", "") in await world.ledger(shipment)


async def test_five_days_of_silence_make_the_shipment_stale_until_the_next_news(world: World) -> None:
    """Marked once; a new event takes the mark away, and the days are counted anew."""
    shipment = await world.ship()
    await world.say(shipment, event(S.IN_TRANSIT, U.PICKED_UP, at=world.now))
    world.pass_time(days=4.9)
    early = await settle_due(world.installation)
    world.pass_time(days=0.2)

    settled, again = await settle_due(world.installation), await settle_due(world.installation)

    stale = await world.look(shipment)
    assert (early, settled, again) == (0, 1, 0)
    assert (stale.stale, stale.problem, stale.stale_at) == (True, True, None)
    assert [type_ for type_, _ in await webhooks(world)].count("shipment.stale") == 1
    assert ("stale", "due", "") in await world.ledger(shipment)
    news = await world.say(shipment, event(S.IN_TRANSIT, U.ARRIVED, at=world.now))
    assert (news.stale, news.problem) == (False, False)
    assert news.stale_at is not None
    assert news.stale_at - world.database.now() > timedelta(days=4.9)


async def test_what_ended_is_neither_late_nor_stale(world: World) -> None:
    """Delivered in time: no mark, whatever the columns say."""
    shipment = await world.ship()
    await world.say(shipment, event(S.DELIVERED, U.TO_RECIPIENT, at=world.now))
    async with world.database.transaction() as db:
        await db.run(update(shipments).values(late_at=db.now, stale_at=db.now))

    settled, again = await settle_due(world.installation), await settle_due(world.installation)

    after = await world.look(shipment)
    assert (settled, again, after.late, after.stale, after.problem) == (1, 0, False, False, False)
    assert [type_ for type_, _ in await webhooks(world)] == ["shipment.created", "shipment.status_changed"]


async def test_a_future_event_takes_effect_when_it_falls_due(world: World) -> None:
    """Announced for three hours from now: nothing yet, and then it decides."""
    shipment = await world.ship()
    now = world.now
    await world.say(
        shipment,
        event(S.IN_TRANSIT, U.ARRIVED, at=now - timedelta(hours=1)),
        event(S.OUT_FOR_DELIVERY, at=now + timedelta(hours=3)),
    )
    waiting = await world.look(shipment)
    world.pass_time(hours=2)
    early = await settle_due(world.installation)
    world.pass_time(hours=1)

    settled, again = await settle_due(world.installation), await settle_due(world.installation)

    after = await world.look(shipment)
    assert (waiting.status, waiting.refold_at is not None) == (S.IN_TRANSIT, True)
    assert (early, settled, again, after.status, after.refold_at) == (0, 1, 0, S.OUT_FOR_DELIVERY, None)
    assert ("out_for_delivery", "due", "") in await world.ledger(shipment)
    assert (await webhooks(world))[-1][0] == "shipment.status_changed"


async def test_a_delivery_that_falls_due_ends_the_journey_before_it_can_be_late(world: World) -> None:
    """Both are due in the same moment: delivered, not late."""
    shipment = await world.ship(deliver_by=(world.now + timedelta(hours=2)).isoformat())
    await world.say(shipment, event(S.DELIVERED, U.TO_RECIPIENT, at=world.now + timedelta(hours=1)))
    world.pass_time(hours=3)

    await settle_due(world.installation)

    after = await world.look(shipment)
    assert (after.status, after.late, after.late_at) == (S.DELIVERED, False, None)
    assert "shipment.late" not in [type_ for type_, _ in await webhooks(world)]


async def test_more_than_a_batch_are_settled_a_batch_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call is one transaction of bounded size."""
    monkeypatch.setattr(timed, "BATCH", 5)
    for number in range(8):
        await world.ship(f"ABC{number:06}")
    world.pass_time(days=6)

    counts = [await settle_due(world.installation) for _ in range(3)]

    assert counts == [5, 3, 0]


async def test_one_that_cannot_be_settled_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are settled; it is tried again in an hour."""
    bad, good = await world.ship("ABC000001"), await world.ship("ABC000002")
    world.pass_time(days=6)

    async def settle(installation: Any, db: Session, to: Any, shipment: Shipment, *more: Any, **marks: Any) -> Shipment:
        if shipment.id == bad.id:
            raise KeyError("surprise")
        return await real_settle(installation, db, to, shipment, *more, **marks)

    with monkeypatch.context() as patch:
        patch.setattr(timed, "settle", settle)
        await settle_due(world.installation)
        left = await settle_due(world.installation)
    untouched = await world.look(bad)
    world.pass_time(hours=1.1)
    await settle_due(world.installation)

    assert (left, untouched.stale, (await world.look(good)).stale, (await world.look(bad)).stale) == (
        0,
        False,
        True,
        True,
    )
