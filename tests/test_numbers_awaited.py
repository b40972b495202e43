"""A shipment without number says what it waits for, and what the shop or its account lacks, before anybody is asked."""

import pytest

from app import accounts
from app.database import Database
from app.demo.stand_ins.brt import BrtStandIn
from app.shipments.shipment import Shipment
from tests.building import World, build


async def by_reference(world: World, carrier: str, reference: str = "ORD-17") -> Shipment:
    """A shipment without number."""
    return await world.ship(None, carrier, sender_reference=reference)  # type: ignore[arg-type]


async def test_what_is_missing_beside_an_account_is_said_too(database: Database) -> None:
    """Neither account nor number, of a carrier that finds none; `own` needs no account."""
    world = await build(database)
    ups, own = [await by_reference(world, carrier) for carrier in ("ups", "own")]

    assert ups.poll_note == (
        "no carrier account, so nothing is asked: add one with POST /v1/accounts; waiting for the tracking number, "
        f"for which UPS cannot be asked: send it with PATCH /v1/shipments/{ups.id}"
    )
    assert own.poll_note == (
        "waiting for the tracking number, for which Own carrier cannot be asked: send it with "
        f"PATCH /v1/shipments/{own.id}"
    )


@pytest.mark.parametrize(
    ("reference", "lacking", "reason"),
    [
        ("ORD-17", "customer_id", "BRT finds references of a customer only, and the account names no `customer_id`"),
        ("ORD-17-OF-2026-11", "", "a reference at BRT has at most 15 characters"),
        ("ORD-17", "", "BRT is asked for it"),
    ],
)
async def test_what_the_account_lacks_to_ask_for_a_number_is_said_at_once(
    database: Database, reference: str, lacking: str, reason: str
) -> None:
    """Before anything is asked."""
    world = await build(database)
    credentials = {name: value for name, value in BrtStandIn.credentials.items() if name != lacking}
    async with database.transaction() as db:
        await accounts.add(
            db,
            world.installation.sealer,
            world.shop.company_id,
            "brt",
            public_url="https://nove.example",
            credentials=credentials,
        )
    shipment = await by_reference(world, "brt", reference)

    assert shipment.poll_note == f"waiting for the tracking number: {reason}"
