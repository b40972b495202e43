"""Shipments posted together: what they ask is asked once for all of them, and each becomes what it would alone."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import select

from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalSource, Arrived
from app.beforehand import Known
from app.database import Database
from app.erasing import erase_all
from app.errors import Refused
from app.intake import take_in
from app.intake.posting import post
from app.intake.several import post_each
from app.shipments.posting import PostedShipment
from app.shipments.tables import shipments
from carriers import carriers
from tests.building import RECIPIENT, World, build
from tests.heard import heard

FRENCH, HOLD = "XX000000014FR", "SELECT pg_advisory_xact_lock"


def row(number: str | None, carrier: str | None = "own", **posted: Any) -> dict[str, Any]:
    return {"carrier": carrier, "tracking_number": number, "recipient": RECIPIENT, **posted}


async def post_together(world: World, rows: Sequence[dict[str, Any]]) -> list[int]:
    async with world.database.transaction() as db:
        return [each["status"] for each in await post_each(world.installation, db, world.shop, rows)]


async def post_one(world: World, given: dict[str, Any]) -> int:
    """The status of a row that is posted by itself."""
    try:
        async with world.database.transaction() as db:
            result = await post(world.installation, db, world.shop, PostedShipment.model_validate(given))
    except Refused as error:
        return error.status
    return 201 if result.created else 200


async def said_about(world: World, count: int) -> Counter[str]:
    """What the database is told and asked for so many new rows: how often, by the statement's first words."""
    with heard(world.database._writer) as said:
        assert await post_together(world, [row(f"{count:03}-{n:05}") for n in range(count)]) == [201] * count
    return Counter(" ".join(statement.split()[:3]).partition("(")[0] for statement, _ in said)


async def test_what_is_the_same_for_all_rows_is_asked_once(database: Database) -> None:
    """Fifty rows ask no more than two do, and each writes itself; on PostgreSQL, their numbers share their holds."""
    world = await build(database)
    few, many = await said_about(world, 2), await said_about(world, 50)

    assert many.pop(HOLD, 0) <= 50
    assert few.pop(HOLD, 0) <= 2
    assert many - few == {"INSERT INTO shipments": 48}
    assert few.total() < 12


async def prepared(database: Database) -> World:
    """A shop that has a shipment, one without its number, an erased one, a deleted one, and a push that waits."""
    world = await build(database)
    await world.ship("KNOWN-1")
    await post_one(world, row("LEGGED-0", legs=[{"carrier": "own", "tracking_number": "LEGGED-1"}]))
    await post_one(world, row(None, "brt", sender_reference="REFERENCE-1"))
    erased, deleted = await world.ship("ERASED-1"), await world.ship("DELETED-1")
    ordered = await world.ship("ORDERED-1", order={"reference": "ERASED-ORDER"})
    async with world.database.transaction() as db:
        await erase_all(db, world.installation.sealer, [erased, ordered], person=True)
        await erase_all(db, world.installation.sealer, [deleted])
        await take_in(world.installation, db, [pushed(world, "PUSHED-1")])
    return world


def pushed(world: World, number: str) -> Arrived:
    """A push that says of this number that it is on its way."""
    said = {"occurred_at": world.now.isoformat(), "status": "in_transit"}
    body = orjson.dumps({"tracking_number": number, "events": [said]})
    [parcel] = carriers()["own"].parse(body)
    return Arrived(world.shop.company_id, "own", ArrivalSource.HOOK, body, world.now, parcel=parcel)


ROWS = [
    row("NEW-1"),
    row("NEW-2", parent_id=str(uuid4())),
    row("KNOWN-1", service="Express"),
    row("KNOWN-1", direction="return"),
    row("123456789012", "brt", sender_reference="REFERENCE-1"),
    row(None, "brt", sender_reference="REFERENCE-2"),
    row("ERASED-1"),
    row("ERASED-1", shipped_at=datetime(2100, 1, 1, tzinfo=UTC).isoformat()),
    row("ERASED-1", service="Later"),
    row("NEW-3", order={"reference": "ERASED-ORDER"}),
    row("DELETED-1"),
    row("LEGGED-1"),
    row("LEG-1", legs=[{"carrier": "own", "tracking_number": "LEG-2"}]),
    row("LEG-2"),
    row("TWICE-1"),
    row("TWICE-1", service="Later"),
    row(FRENCH, "chronopost", legs=[{"carrier": "chronopost", "tracking_number": FRENCH}]),
    row(FRENCH, "chronopost"),
    row("XX000000028FR", "chronopost"),
    row("1Z999AA10123456784", None),
]
STATUSES = [201, 422, 200, 201, 200, 201, 410, 201, 200, 410, 201, 200, 201, 200, 201, 200, 422, 201, 201, 201]
AWAITED = [row("NEW-4"), row("PUSHED-1")]


async def stored(world: World) -> list[tuple[object, ...]]:
    """What the shop's shipments are, and the carriers with which its company has accounts by now."""
    names = ("carrier", "tracking_number", "sender_reference", "direction", "generation", "service", "status")
    asked = shipments.c.account_id.is_not(None).label("asked")
    query = select(*(shipments.c[name] for name in names), asked).where(shipments.c.shop_id == world.shop.id)
    accounts = select(carrier_accounts.c.carrier).where(carrier_accounts.c.company_id == world.shop.company_id)
    async with world.database.reading() as db:
        rows = [*await db.all(query), *await db.all(accounts)]
    return sorted((tuple(each) for each in rows), key=str)


async def test_each_row_becomes_what_it_would_alone(database: Database) -> None:
    """Whatever stands for something already, or for another row: erased, deleted, waited for, known, told twice."""
    alone, together = await prepared(database), await prepared(database)

    assert [await post_one(alone, each) for each in ROWS] == STATUSES
    assert await post_together(together, ROWS) == STATUSES
    assert [await post_one(alone, each) for each in AWAITED] == [201, 201]
    assert await post_together(together, AWAITED) == [201, 201]
    assert await stored(together) == await stored(alone)


async def test_a_number_that_came_meanwhile_is_known(database: Database) -> None:
    """However it came about: what was thought to be lacking is asked for when it turns out to be there."""
    world = await build(database)
    before = await world.ship("KNOWN-1")
    async with world.database.transaction() as db:
        db.beforehand = known = Known()
        known.lacking.add((shipments, world.shop.id, "KNOWN-1"))
        result = await post(world.installation, db, world.shop, PostedShipment.model_validate(row("KNOWN-1")))

    assert (result.shipment.id, result.created) == (before.id, False)
