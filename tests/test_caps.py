"""A recipient has six messages a day about a shipment, and twenty in all; what is held back is told to the shop."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.channels.wording import email_for
from app.database import Database, new_id
from app.outbox.tables import messages
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event

S, U = Status, SubStatus
SIX = (
    (S.IN_TRANSIT, None),
    (S.OUT_FOR_DELIVERY, None),
    (S.FAILED_ATTEMPT, None),
    (S.EXCEPTION, U.HELD),
    (S.AVAILABLE_FOR_PICKUP, None),
    (S.DELIVERED, None),
)


@pytest.fixture
async def told(database: Database) -> tuple[World, Shipment]:
    """A shipment whose recipient has had the six messages of a day."""
    world = await build(database)
    shipment = await world.ship(order={"reference": "1042"})
    for minute, (status, sub_status) in enumerate(SIX):
        await world.say(shipment, event(status, sub_status, at=world.now - timedelta(minutes=30 - minute)))
    return world, shipment


async def notices(world: World) -> list[tuple[str, dict[str, object]]]:
    """State and payload of the notices about messages held back."""
    async with world.database.reading() as db:
        query = select(messages.c.state, messages.c.payload).where(messages.c.type == "messages_held")
        return [(row.state, row.payload) for row in await db.all(query.order_by(messages.c.id))]


async def test_the_shop_is_told_of_what_is_held_back(told: tuple[World, Shipment]) -> None:
    """Once for the shipment and day, with the numbers; each message stands in the ledger with its reason."""
    world, shipment = told
    before = await notices(world)
    for minute, problem in enumerate((U.REFUSED, U.RETURNING)):
        await world.say(shipment, event(S.EXCEPTION, problem, at=world.now - timedelta(minutes=3 - minute)))

    [(state, payload)] = await notices(world)
    subject, text, _ = email_for({**payload, "locale": "en"})
    assert (before, state, payload["to"]) == ([], "due", "staff@example.com")
    assert subject == "Messages held back: Own carrier ABC123456, order 1042"
    assert "has had 6 messages about this shipment; 6 is the most." in text
    assert "Held back: Reported as refused" in text
    held = [kind for kind, state, reason in await world.ledger(shipment) if (state, reason) == ("skipped", "cap_day")]
    assert held == ["refused", "returning"]


async def test_the_next_day_it_is_told_again(told: tuple[World, Shipment]) -> None:
    """Of the twenty in all, once for each day on which something is held back."""
    world, shipment = told
    async with world.database.transaction() as db:
        row = await db.first(select(messages).where(messages.c.type == "delivered"))
        assert row is not None
        for number in range(14):
            more = {**row._mapping, "id": new_id(), "cause": f"delivered/-:{number:032x}"}
            await db.run(messages.insert().values(more))
        await db.run(update(messages).values(created_at=db.now - timedelta(days=3)))
    for day, problem in enumerate((U.REFUSED, U.RETURNING)):
        await world.say(shipment, event(S.EXCEPTION, problem, at=world.now + timedelta(minutes=day)))
        world.pass_time(days=1)

    assert [(each["reason"], each["count"], each["limit"]) for _, each in await notices(world)] == [
        ("cap_total", 20, 20),
        ("cap_total", 20, 20),
    ]
