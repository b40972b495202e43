"""Where codes that no table lists were met: kept without names, as long as their shipments, found by their texts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.arrivals import unmapped
from app.arrivals.sighting import anonymous
from app.arrivals.tables import sightings
from app.arrivals.unmapped import UnmappedCode
from app.database import Database
from app.erasing import erase_all
from app.mapping_commands import PreviewMapping, ShowInbox
from app.mappings import EVERYBODY, Meaning
from app.retention import UNMAPPED_FOR, forget_old
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.mending import give

TEXTS = {
    "Signed by PROVA": "Signed by …",
    "anna prova was not at home": "… was not at home",
    "Write to anna@example.com or call +39 055 765 4321.": "Write to … or call ….",
    "Delivered to Annalisa, 12 parcels of 30": "Delivered to Annalisa, 12 parcels of 30",
    "Depot 50100, door 7": "Depot 50100, door 7",
}


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


async def inbox(world: World) -> list[UnmappedCode]:
    """The codes that the shop sees."""
    async with world.database.reading() as db:
        return await unmapped.of_company(db, world.shop.company_id, [world.shop.id], 100)


async def met(world: World) -> Sequence[Any]:
    """The sightings there are."""
    async with world.database.reading() as db:
        return await db.all(select(sightings.c.code, sightings.c.text))


async def test_texts_name_nobody_that_is_known(world: World) -> None:
    """Whole words of the recipient's name, addresses of mail, numbers as long as a telephone's."""
    shipment = await world.ship()

    assert {text: anonymous(text, shipment) for text in TEXTS} == TEXTS


async def test_a_text_without_a_code(world: World) -> None:
    """It is listed by its first hundred letters, previewed and mended by them."""
    shipment = await world.ship()
    text = "Left with somebody else, who has not been named so far, near the one place, as agreed upon with the sender"
    await world.say(shipment, event(None, at=world.now)._replace(code="", text=text))
    [code] = await inbox(world)
    assert text[99] == " "  # which nobody would send
    row = await give(world, Meaning("own", code.code, list=code.list, status=Status.DELIVERED), EVERYBODY, shadow=True)
    told = await PreviewMapping(mapping=row.id).run(world.installation)

    assert (code.code, code.samples, code.shipment_ids) == (text[:99], ((text, ""),), (shipment.id,))
    assert [(each.shipment_id, each.before[0], each.after[0]) for each in told.changes] == [
        (shipment.id, "pending", "delivered")
    ]


async def test_samples_are_few_and_the_newest(world: World) -> None:
    """Of all shipments the five newest are named, and five different texts."""
    ids = []
    for n in range(7):
        shipment = await world.ship(f"OWN-{n}")
        ids.append(shipment.id)
        for hour in range(2):
            at = world.now - timedelta(hours=hour)
            await world.say(shipment, event(None, at=at, code="X9")._replace(text=f"words {n}"))
    [code] = await inbox(world)

    assert (code.count, code.shipments, code.shipment_ids) == (14, 7, tuple(ids[:1:-1]))
    assert [text for text, _ in code.samples] == [f"words {n}" for n in (6, 5, 4, 3, 2)]


async def test_the_operator_sees_the_codes_of_all(world: World) -> None:
    """Most often met first, with what the words suggest; what has a row for everybody is left out."""
    other = await build(world.database)
    for each, codes in ((world, ("X1", "X2", "X3")), (other, ("X2", "X3"))):
        shipment = await each.ship()
        for code in codes:
            await each.say(shipment, event(None, at=each.now, code=code)._replace(text="Refused by recipient"))
    await give(world, Meaning("own", "X3", status=Status.DELIVERED), EVERYBODY)
    told = await ShowInbox().run(world.installation)
    none = await ShowInbox(carrier="brt").run(world.installation)

    assert [(each["code"], each["count"], each["companies"], each["suggested"]) for each in told] == [
        ("X2", 2, 2, "exception/refused"),
        ("X1", 1, 1, "exception/refused"),
    ]
    assert none == []


async def test_they_go_with_their_shipment(world: World) -> None:
    """And so does the code, where its text may name somebody; in any case when it has not been met for long."""
    shipment, other = await world.ship("OWN-1"), await world.ship("OWN-2")
    await world.say(shipment, event(None, at=world.now, code="X1")._replace(text="Signed by Verdi"))
    await world.say(other, event(None, at=world.now, code="X2"))
    async with world.database.transaction() as db:
        await erase_all(db, world.installation.sealer, [shipment])
    erased = [each.code for each in await inbox(world)], [row.code for row in await met(world)]
    world.pass_time(days=UNMAPPED_FOR.days + 1)
    while await forget_old(world.installation):
        pass

    assert erased == (["X2"], ["X2"])
    assert (await inbox(world), await met(world)) == ([], [])
