"""A letter names the carrier to whom the name says something."""

from sqlalchemy import select

from app.channels.wording import email_for
from app.database import Database
from app.outbox.tables import messages
from carriers.vocabulary import Status
from tests.building import World, build, event


async def letter(world: World, kind: str) -> str:
    """The text of the one letter of this kind that was queued."""
    async with world.database.reading() as db:
        [row] = await db.all(select(messages.c.payload).where(messages.c.type == kind, messages.c.channel == "email"))
    return email_for({**row.payload, "locale": "it"})[1]


async def test_a_recipient_is_not_told_of_an_own_carrier(database: Database) -> None:
    """It is what the shop calls a carrier without an adapter; the tracking page leaves it out as well."""
    world = await build(database)
    shipment = await world.ship(order={"reference": "1042"})
    await world.say(shipment, event(Status.OUT_FOR_DELIVERY, at=world.now))

    said = await letter(world, "out_for_delivery")
    assert "Own carrier" not in said
    assert "Corriere:" not in said
    assert "Numero di spedizione: ABC123456" in said
