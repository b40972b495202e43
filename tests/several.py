"""A shop with contracts with two carriers, either of which may have the parcel."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Database
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.fedex import FedexStandIn
from app.intake import take_in
from app.intake.amending import amend
from app.shipments import reading
from app.shipments.amended import AmendedShipment
from app.shipments.shipment import Shipment
from carriers import parse
from tests.building import World
from tests.polled import Polled, contract, polled
from tests.recorded import recorded

NUMBER = "084010123456"
SHIPPED = "2026-03-02T10:00:00+01:00"
SEVERAL = {"carriers": ["brt", "fedex"]}


class Desk:
    """A shop with contracts with BRT and FedEx, of which each knows what its stand-in is told to."""

    def __init__(self, polls: Polled, brt: StandIn, fedex: StandIn) -> None:
        self.polls, self.world, self.brt, self.fedex = polls, polls.world, brt, fedex

    async def ship(self, **posted: Any) -> Shipment:
        """A shipment that either may have."""
        return await self.world.ship(NUMBER, None, **{**SEVERAL, **posted})  # type: ignore[arg-type]

    async def see(self, shipment: Shipment) -> dict[str, Any]:
        """The shipment as the API answers it."""
        async with self.world.database.reading() as db:
            mine = shipment.company_id, [shipment.shop_id], shipment.id
            return (await reading.find(db, *mine, with_events=True)).answer("", db.now)

    async def outcomes(self, shipment: Shipment) -> list[tuple[str, bool, str, bool]]:
        """Of each candidate whether it is the present one, what came of it, whether it is settled."""
        told = await self.see(shipment)
        names = ("carrier", "current", "outcome", "settled_at")
        return [(*(each[name] for name in names[:3]), each["settled_at"] is not None) for each in told["candidates"]]

    async def name(self, shipment: Shipment, carrier: str) -> Shipment:
        """The shop says which carrier it is."""
        return await self.amend(shipment, {"carrier": carrier})

    async def amend(self, shipment: Shipment, change: dict[str, Any]) -> Shipment:
        """The shop changes something."""
        async with self.world.database.transaction() as db:
            now = await self.world.look(shipment)
            return await amend(
                self.world.installation, db, self.world.shop, now, AmendedShipment.model_validate(change)
            )


async def push_of_brt(world: World) -> None:
    """BRT tells that the parcel was delivered in March."""
    body = recorded("brt", "delivered")
    [parcel] = parse("brt", body)
    hook = Arrived(world.shop.company_id, "brt", ArrivalSource.HOOK, body, world.database.now(), parcel=parcel)
    async with world.database.transaction() as db:
        await take_in(world.installation, db, [hook])


@asynccontextmanager
async def several(database: Database) -> AsyncIterator[Desk]:
    """It, with two carriers that have something to tell by now."""
    async with AsyncExitStack() as stack:
        polls = await stack.enter_async_context(polled(database))
        both = [await stack.enter_async_context(contract(polls, kind)) for kind in (BrtStandIn, FedexStandIn)]
        polls.world.pass_time(hours=2)
        yield Desk(polls, *both)


def silent(*stand_ins: StandIn) -> None:
    """They do not know the number."""
    for each in stand_ins:
        each.history = lambda _number: None
