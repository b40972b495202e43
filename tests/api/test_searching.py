"""A shipment posted without its carrier, or with several: its candidates are listed, nothing is guessed in silence."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.shipment_shapes import ShipmentWhole
from tests.api.posting import fits

UPS = "1Z999AA10123456784"


async def post(client: AsyncClient, **posted: Any) -> dict[str, Any]:
    """A new shipment."""
    answer = await client.post("/v1/shipments", json=posted)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_carriers_are_told_by_the_numbers_form(client: AsyncClient) -> None:
    """The same that detecting names; even where there is one, it is a candidate until the carrier says so."""
    shipment = await post(client, carrier=None, tracking_number=UPS)
    detected = (await client.post("/v1/carriers/detect", json={"tracking_number": UPS})).json()["items"]

    fits(ShipmentWhole, shipment)
    assert [each["carrier"] for each in shipment["candidates"]] == [each["slug"] for each in detected]
    assert (shipment["carrier"], shipment["carrier_settled"], shipment["status"]) == ("ups", False, "pending")


async def test_those_with_a_contract_are_asked_first(client: AsyncClient) -> None:
    """The shop's order stays that of the candidates; the one that can be asked leads."""
    await client.post("/v1/accounts", json={"carrier": "brt", "credentials": {"user_id": "1", "password": "x"}})
    shipment = await post(client, carriers=["fedex", "brt"], tracking_number="084010123456")

    assert [(each["carrier"], each["current"]) for each in shipment["candidates"]] == [("fedex", False), ("brt", True)]
    assert shipment["freshness"]["next_poll_at"] == shipment["created_at"]


async def test_candidates_are_posted_in_batches_and_orders_too(client: AsyncClient) -> None:
    """Each row by itself; posted again it is the same shipment."""
    rows = [
        {"carriers": ["brt", "fedex"], "tracking_number": "084010123456"},
        {"carrier": None, "tracking_number": "?"},
    ]
    batch = (await client.post("/v1/shipments/batch", json={"shipments": [rows[0], *rows]})).json()["items"]
    order = (await client.post("/v1/orders", json={"reference": "17", "shipments": rows[:1]})).json()

    assert [each["status"] for each in batch] == [201, 200, 422]
    assert [each["id"] for each in order["shipments"]] == [batch[0]["id"]] == [batch[1]["id"]]


async def test_whose_check_digit_is_wrong_is_no_candidate(client: AsyncClient) -> None:
    """Detecting says so, and a shipment is not searched for there: the digit that is wrong is to be mended."""
    mistyped = UPS[:-1] + "5"
    [detected] = (await client.post("/v1/carriers/detect", json={"tracking_number": mistyped})).json()["items"]
    refused = await client.post("/v1/shipments", json={"carrier": None, "tracking_number": mistyped})
    named = await client.post("/v1/shipments", json={"carrier": "ups", "tracking_number": mistyped})

    assert (detected["slug"], detected["candidate"], detected["evidence"]["check_digit"]) == ("ups", False, False)
    assert (refused.status_code, named.status_code) == (422, 201)
    assert [each["message"] for each in refused.json()["errors"]] == [
        f"{mistyped} has the form of ups, but its check digit is wrong there: correct the number, or if it is right, "
        "name the carrier"
    ]


@pytest.mark.parametrize(
    ("posted", "field", "said"),
    [
        ({"carrier": "brt", "carriers": ["brt", "ups"], "tracking_number": UPS}, "carrier", "and not both"),
        ({"tracking_number": UPS}, "carrier", "Name the carrier"),
        ({"carriers": ["ups", "nobody"], "tracking_number": UPS}, "carriers", "unknown carrier"),
        ({"carriers": ["ups", "own"], "tracking_number": UPS}, "carriers", "leave it out"),
        ({"carriers": ["ups", "dhl_express"], "tracking_number": UPS}, "tracking_number", "Not a number that DHL"),
        ({"carriers": ["ups", "brt"], "sender_reference": "A-1"}, "", "Give the tracking_number"),
        (
            {"carrier": "own", "tracking_number": "A-1-A", "legs": [{"carrier": "own", "tracking_number": "A-1-A"}]},
            "legs",
            "leave it out",
        ),
        (
            {"carrier": "own", "sender_reference": "A-1", "legs": [{"carrier": "own", "tracking_number": "A-1-A"}]},
            "",
            "first leg",
        ),
        ({"carrier": None, "tracking_number": "ZZ-?-ZZ"}, "tracking_number", "4 to 40"),
        ({"carrier": None, "tracking_number": "Z-Z-Z-Z-Z"}, "carrier", "no carrier's numbers look like Z-Z-Z-Z-Z"),
    ],
)
async def test_what_names_no_carrier_says_what_to_send(
    client: AsyncClient, posted: dict[str, Any], field: str, said: str
) -> None:
    """422, with the field."""
    answer = await client.post("/v1/shipments", json=posted)
    [error] = answer.json()["errors"]

    assert (answer.status_code, error["field"].startswith(field)) == (422, True)
    assert said.lower() in error["message"].lower()
