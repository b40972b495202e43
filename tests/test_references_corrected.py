"""A shipment that waits for its number by a wrong sender's reference: the shop sends the right one."""

import asyncio

import pytest

from app.database import Database
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.brt import BrtStandIn
from app.errors import Conflict
from app.intake.amending import amend
from app.shipments.amended import AmendedShipment
from app.shipments.shipment import Shipment
from tests.polled import Polled, contract, polled

WRONG, RIGHT = "084010999999", "084010123456"


async def refer(desk: Polled, shipment: Shipment, reference: str) -> Shipment:
    """The shop says that this is its reference."""
    async with desk.world.database.transaction() as db:
        now, right = await desk.world.look(shipment), AmendedShipment(sender_reference=reference)
        return await amend(desk.world.installation, db, desk.world.shop, now, right)


async def test_a_wrong_reference_is_put_right(database: Database) -> None:
    """BRT is asked by the right one at once; the number that it is just finding by the wrong one is dropped."""
    async with polled(database) as desk, contract(desk, BrtStandIn) as brt:
        brt.references |= {"ORD-71": (WRONG,), "ORD-17": (RIGHT,)}
        posted = await desk.world.ship(None, "brt", sender_reference="ORD-71")  # type: ignore[arg-type]
        brt.faults.append(Fault(hang=0.2))
        await desk.poller.tick()
        while not brt.requests:  # noqa: ASYNC110  (a server's log)
            await asyncio.sleep(0.01)
        right = await refer(desk, posted, "ORD-17")
        await desk.poller.idle()
        held = await desk.world.look(posted)
        await desk.poll()
        after = await desk.world.look(posted)
        with pytest.raises(Conflict, match="looked for no more"):
            await refer(desk, posted, "ORD-18")

    assert (right.sender_reference, right.next_poll_at, held) == ("ORD-17", right.updated_at, right)
    assert (after.tracking_number, after.sender_reference) == (RIGHT, "ORD-17")
