"""Every carrier that is polled, through its own wire format: from the shipment posted to the parcel delivered."""

import pytest

from app import accounts
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.dhl_unified import DhlUnified
from app.demo.stand_ins.fedex import FedexStandIn
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from app.demo.stand_ins.poste_italiane import PosteItaliane
from app.demo.stand_ins.ups import UpsStandIn
from app.polling.adopting import Adopter
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.polled import Polled, contract

S = Status

CARRIERS: dict[type[StandIn], str] = {
    BrtStandIn: "123456789012345",
    DhlUnified: "JJD000390007882823",
    FedexStandIn: "449044304137821",
    GlsItalyStandIn: "M1123456789",
    PosteItaliane: "1UW1KGM430573",
    UpsStandIn: "1Z999AA10123456784",
}
"""Each stand-in, and a number of its carrier's form."""


async def follow(desk: Polled, shipment: Shipment) -> list[Status]:
    """The statuses seen by asking every hour and a half, for a day and a half."""
    seen: list[Status] = []
    for _ in range(24):
        await desk.poll(hours=1.5)
        status = (await desk.world.look(shipment)).status
        if seen[-1:] != [status]:
            seen.append(status)
    return seen


@pytest.mark.parametrize("kind", CARRIERS, ids=lambda kind: str(kind.slug))
async def test_a_parcel_is_followed_to_its_delivery(desk: Polled, kind: type[StandIn]) -> None:
    """Registered or on its way, out for delivery, delivered: whatever the codes it is told in."""
    async with contract(desk, kind) as stand_in:
        shipment = await desk.world.ship(CARRIERS[kind], kind.slug)

        seen = await follow(desk, shipment)

    after = await desk.world.look(shipment)
    assert seen[-1] is S.DELIVERED
    assert S.IN_TRANSIT in seen
    assert set(seen) <= {S.PENDING, S.AWAITING_PICKUP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED}
    assert (after.poll_note, after.not_found, after.lease_until) == ("", False, None)
    assert stand_in.requests


async def test_a_shipment_posted_before_its_account_is_asked_about_once_there_is_one(desk: Polled) -> None:
    """It says what is missing; when that is there, nobody has to post it again."""
    shipment = await desk.world.ship(CARRIERS[UpsStandIn], "ups")
    adopter = Adopter(desk.world.installation)
    waiting, none = await desk.world.look(shipment), await adopter.tick()
    async with contract(desk, UpsStandIn):
        adopted, again = await adopter.tick(), await adopter.tick()
        await desk.poll(hours=6)

    after = await desk.world.look(shipment)
    assert (waiting.next_poll_at, waiting.poll_note[:18]) == (None, "no carrier account")
    assert (none, adopted, again) == (0, 1, 0)
    assert (after.status, after.poll_note) == (S.IN_TRANSIT, "")


async def test_a_removed_account_leaves_its_shipments_to_another_or_says_that_there_is_none(desk: Polled) -> None:
    """Two accounts, then one, then none: asked about by the other, then by nobody, and the note says why."""
    adopter = Adopter(desk.world.installation)

    async def remove(shipment: Shipment, hours: float) -> None:
        async with desk.world.database.transaction() as db:
            assert shipment.account_id is not None
            await accounts.remove(db, shipment.company_id, shipment.account_id)
        desk.world.pass_time(hours=hours)
        await desk.poll()
        await adopter.tick()

    async with contract(desk, UpsStandIn) as first, contract(desk, UpsStandIn) as second:
        shipment = await desk.world.ship(CARRIERS[UpsStandIn], "ups")
        await remove(await desk.world.look(shipment), 4)
        await desk.poll()
        moved = await desk.world.look(shipment)
        await remove(moved, 8)

    after = await desk.world.look(shipment)
    assert (first.requests, bool(second.requests), moved.status) == ([], True, S.AWAITING_PICKUP)
    assert (after.account_id, after.next_poll_at, after.poll_note[:18]) == (None, None, "no carrier account")
