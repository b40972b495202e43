"""BRT is asked by parcel id and answers with the shipment's id: the answer is the parcel's all the same."""

from datetime import timedelta

from app import accounts
from app.database import Database
from app.demo.journeys import Happened, Step
from app.demo.serving import serving
from app.demo.stand_ins.brt import BrtStandIn
from app.polling import Poller
from carriers.vocabulary import Status
from tests.building import build

PARCEL = "084010123456001"
"""The shipment is 084010123456."""


async def test_a_parcel_asked_about_by_its_own_id_gets_the_shipments_events(database: Database) -> None:
    """Their numbers differ; it was the only one asked about, and the answer holds one parcel."""
    world = await build(database)
    collected = Happened(Step.COLLECTED, world.now - timedelta(hours=1), "Milano")
    brt = BrtStandIn({PARCEL: [collected]}.get)
    async with serving(brt.app()) as url:
        async with database.transaction() as db:
            await accounts.add(
                db,
                world.installation.sealer,
                world.shop.company_id,
                "brt",
                public_url="https://nove.example",
                credentials=brt.credentials,
                base_url=url,
            )
        shipment = await world.ship(PARCEL, "brt")
        poller = Poller(world.installation)
        await poller.tick()
        await poller.idle()
        await poller.close()

    after = await world.look(shipment)
    assert (after.status, after.tracking_number, after.poll_note) == (Status.IN_TRANSIT, PARCEL, "")
