"""A parcel in two legs: YunExpress brings it, BRT delivers it; the shop has a contract with BRT."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from app.database import Database
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.intake.amending import amend
from app.shipments import reading
from app.shipments.amended import AmendedShipment
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import Polled, contract, polled

FIRST, LAST = "YT2600000000000001", "084010123456"
LEGS = [{"carrier": "brt", "tracking_number": LAST}]


class Desk:
    """A shop with a contract with BRT, which has parcels of YunExpress on the last mile."""

    def __init__(self, polls: Polled, brt: StandIn) -> None:
        self.polls, self.world, self.brt = polls, polls.world, brt

    async def ship(self, **posted: Any) -> Shipment:
        """A parcel of YunExpress."""
        return await self.world.ship(FIRST, "yunexpress", **posted)

    async def amend(self, shipment: Shipment, **change: Any) -> Shipment:
        """The shop changes something."""
        async with self.world.database.transaction() as db:
            now, given = await self.world.look(shipment), AmendedShipment.model_validate(change)
            return await amend(self.world.installation, db, self.world.shop, now, given)

    async def see(self, shipment: Shipment) -> dict[str, Any]:
        """The shipment as the API answers it."""
        async with self.world.database.reading() as db:
            mine = shipment.company_id, [shipment.shop_id], shipment.id
            return (await reading.find(db, *mine, with_events=True)).answer("", db.now)

    async def legs(self, shipment: Shipment) -> list[tuple[str, bool]]:
        """The carriers of its legs, and which of them has it."""
        return [(each["carrier"], each["current"]) for each in (await self.see(shipment))["legs"]]

    async def say(self, shipment: Shipment, leg: str, status: Status, hours: float, **parcel: Any) -> Shipment:
        """The carrier of a leg tells what happened so many hours ago."""
        number = FIRST if leg == "yunexpress" else LAST
        named = shipment._replace(carrier=leg, tracking_number=number)
        happened = event(status, at=self.world.now - timedelta(hours=hours))
        return await self.world.say(named, happened, **parcel)


@asynccontextmanager
async def travelling(database: Database) -> AsyncIterator[Desk]:
    """It; BRT knows nothing yet."""
    async with AsyncExitStack() as stack:
        polls = await stack.enter_async_context(polled(database))
        brt = await stack.enter_async_context(contract(polls, BrtStandIn))
        polls.world.pass_time(hours=2)
        yield Desk(polls, brt)
