"""What tests of mended rows have in common: the sandbox's words about shipments, rows, replays that are due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.arrivals.keeping import ArrivalSource, Arrived
from app.intake import take_in
from app.intake.mending import mend_due
from app.mappings import Mapping, Meaning, replays, rows
from app.mappings.known import REFRESH_SECONDS
from app.shipments import history
from app.shipments.shipment import Shipment
from carriers import carriers
from carriers.vocabulary import Status
from tests.building import World

BEAMED = Meaning("sandbox", "beamed", status=Status.OUT_FOR_DELIVERY)
"""A code that the sandbox's table does not list."""


async def hear(
    world: World, number: str, *said: tuple[str, datetime], source: ArrivalSource = ArrivalSource.HOOK
) -> None:
    """Let the sandbox say these codes of a parcel."""
    events = [{"code": code, "time": at.isoformat(), "text": code} for code, at in said]
    body = orjson.dumps({"carrier": "sandbox", "parcels": [{"number": number, "events": events}]})
    [parcel] = carriers()["sandbox"].parse(body)
    arrived = Arrived(world.shop.company_id, "sandbox", source, body, world.now, parcel=parcel)
    async with world.database.transaction() as db:
        await take_in(world.installation, db, [arrived])


async def give(world: World, meaning: Meaning, company_id: UUID | None = None, **how: Any) -> Mapping:
    """A row of the world's company, or of another, that this process knows of."""
    async with world.database.transaction() as db:
        whose = company_id or world.shop.company_id
        row = await rows.accept(db, whose, meaning, author="Test", reason="For a test.", **how)
    world.installation.mappings.forget()
    return row


async def replay(world: World, row: Mapping, lots: int = 1_000) -> replays.Replay:
    """Have a row applied to the past, as far as these lots go; how far it has come."""
    async with world.database.transaction() as db:
        await replays.ask(db, row, "Test")
    world.pass_time(seconds=REFRESH_SECONDS + 1)
    while lots and await mend_due(world.installation):
        lots -= 1
    async with world.database.reading() as db:
        come = await replays.latest(db, row)
    assert come is not None
    return come


async def meant(world: World, shipment: Shipment) -> list[tuple[str, Status | None, str | None]]:
    """Code, status and row of the shipment's events, oldest first."""
    async with world.database.reading() as db:
        known: Sequence[history.StoredEvent] = list((await history.of(db, shipment)).values())
    return [(each.code, each.status, each.row) for each in sorted(known, key=lambda each: each.occurred_at)]
