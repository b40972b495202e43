"""A search among several carriers begins anew where the shop says so, and what was said before stands aside."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from app.database import Database
from app.errors import InvalidInput
from carriers.vocabulary import Status
from tests.several import NUMBER, SEVERAL, Desk, several, silent


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """It, with two carriers."""
    async with several(database) as desk:
        yield desk


async def test_the_search_begins_anew_where_the_shop_says_so(desk: Desk) -> None:
    """BRT was wrong: its events stand aside, both are asked anew, and FedEx is it; the way back brings them again."""
    of_brt, of_fedex = desk.brt.history, desk.fedex.history
    shipment = await desk.ship(carriers=["brt", "ups"])
    await desk.polls.poll()
    silent(desk.brt, desk.fedex)
    open_ = await desk.amend(shipment, SEVERAL)
    again = await desk.amend(shipment, SEVERAL)
    seen = await desk.see(shipment)
    await desk.polls.poll()
    tried = await desk.outcomes(shipment)
    desk.fedex.history = of_fedex
    await desk.polls.poll(hours=2)
    settled = await desk.see(shipment)
    desk.brt.history = of_brt
    await desk.amend(shipment, SEVERAL)
    await desk.polls.poll()
    third = await desk.see(shipment)
    back = await desk.amend(shipment, {"carriers": ["fedex"]})
    brt = await desk.amend(shipment, {"carrier": "brt"})

    waiting = Status.AWAITING_PICKUP
    assert (open_.carrier, open_.status, again) == ("brt", Status.PENDING, open_)
    assert (seen["carrier_settled"], seen["events"]) == (False, [])
    assert [(each["carrier"], len(each["events"])) for each in seen["former"]] == [("brt", 1)]
    assert [each[:3] for each in tried] == [
        ("brt", True, "does not know the number"),
        ("fedex", False, "does not know the number"),
    ]
    assert (settled["carrier"], settled["status"], settled["carrier_settled"]) == ("fedex", "awaiting_pickup", True)
    assert (third["carrier"], third["carrier_settled"], len(third["events"])) == ("brt", True, 1)
    assert [each["carrier"] for each in third["former"]].count("fedex") == 1
    assert (back.carrier, back.status, brt.carrier, brt.status) == ("fedex", waiting, "brt", waiting)
    assert len((await desk.see(shipment))["events"]) == 1


@pytest.mark.parametrize(
    ("posted", "change", "said"),
    [
        ({}, {"carriers": ["brt", "own"]}, "leave it out"),
        ({}, {"carriers": ["brt", "ups"], "carrier": "brt"}, "and not both"),
        ({"tracking_number": None, "sender_reference": "R-1"}, SEVERAL, "tracking_number: give it, too"),
        ({}, {"carriers": ["brt", "dhl_express"]}, "tracking_number: not a number that DHL Express"),
        ({"legs": [{"carrier": "ups", "tracking_number": "1Z999AA10123456784"}]}, SEVERAL, "carriers: it has legs"),
    ],
)
async def test_a_search_that_cannot_begin_anew_says_why(
    desk: Desk, posted: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    """And nothing changes."""
    shipment = await desk.world.ship(**{"number": NUMBER, "carrier": "brt", **posted})
    with pytest.raises((InvalidInput, ValidationError), match=said):
        await desk.amend(shipment, change)

    assert await desk.world.look(shipment) == shipment
