"""Orders through the API: with their parcels in one call, or as they come."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.orders import OrderOut
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ORDER, RECIPIENT, parcel, post_parcel

PARCELS = [{"carrier": "own", "tracking_number": "PART-1"}, {"carrier": "own", "tracking_number": "PART-2"}]


async def test_an_order_comes_with_its_parcels(client: AsyncClient) -> None:
    """201 and both parcels, which have the order's recipient and promise; the same again is 200 and no more parcels."""
    whole = ORDER | {"recipient": RECIPIENT, "promised_on": "2026-05-01", "shipments": PARCELS}
    made = await client.post("/v1/orders", json=whole)
    again = await client.post("/v1/orders", json=whole | {"platform": "other"})
    read = await client.get("/v1/orders/%231001")
    order = made.json()

    OrderOut.model_validate(order)
    assert (made.status_code, again.status_code, read.status_code) == (201, 200, 200)
    assert (order["reference"], order["recipient"], order["total"]) == ("#1001", RECIPIENT, ORDER["total"])
    assert [each["tracking_number"] for each in order["shipments"]] == ["PART-1", "PART-2"]
    assert [each["recipient"] for each in order["shipments"]] == [RECIPIENT] * 2
    assert [each["promised_on"] for each in order["shipments"]] == ["2026-05-01"] * 2
    assert again.json()["platform"] == "other"
    assert read.json() == again.json()
    assert [each["id"] for each in read.json()["shipments"]] == [each["id"] for each in order["shipments"]]


async def test_a_parcel_that_comes_later_has_the_orders_recipient(client: AsyncClient) -> None:
    """Order first, parcel after."""
    await client.post("/v1/orders", json=ORDER | {"recipient": RECIPIENT, "buyer": {"name": "Bruno"}})
    made = await client.post(
        "/v1/shipments", json={"carrier": "own", "tracking_number": "LATE-1", "order": {"reference": "#1001"}}
    )

    assert (made.json()["recipient"], made.json()["buyer"]) == (RECIPIENT, {"name": "Bruno", "email": ""})
    assert made.json()["order"]["items"][0]["name"] == "Tazza"


async def test_a_parcel_that_came_first_gets_what_it_lacks(client: AsyncClient) -> None:
    """Parcel first, order after; a parcel with a recipient of its own keeps it, and the order has its own."""
    bare = await client.post(
        "/v1/shipments", json={"carrier": "own", "tracking_number": "BARE-1", "order": {"reference": "#1001"}}
    )
    other = {"name": "Carla", "email": "carla@example.com"}
    own = {"carrier": "own", "tracking_number": "OWN-1", "recipient": other}
    order = (await client.post("/v1/orders", json=ORDER | {"recipient": RECIPIENT, "shipments": [own]})).json()

    assert bare.json()["recipient"] is None
    assert order["recipient"] == RECIPIENT
    assert {each["tracking_number"]: each["recipient"] for each in order["shipments"]} == {
        "BARE-1": RECIPIENT,
        "OWN-1": other,
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": None}, "reference"),
        ({"state": "paid"}, "state"),
        ({"shipments": [parcel(order=ORDER)]}, "shipments"),
        ({"shipments": [parcel(carrier="pigeon")]}, "shipments.0.carrier"),
        ({"shipments": [parcel(), parcel()]}, "body"),
        ({"items": [{"quantity": 0}]}, "items.0.quantity"),
        ({"placed_at": "today"}, "placed_at"),
    ],
)
async def test_a_malformed_order_is_refused_whole(client: AsyncClient, change: dict[str, Any], field: str) -> None:
    """422 naming the field, and nothing of it is stored."""
    refused = await client.post("/v1/orders", json=ORDER | {"shipments": PARCELS} | change)

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])
    assert (await client.get("/v1/orders/%231001")).status_code == 404
    assert (await client.get("/v1/shipments")).json()["items"] == []


async def test_another_shops_order_is_like_a_missing_one(service: Service, client: AsyncClient, shop: Shop) -> None:
    """404; two shops may use the same reference."""
    await client.post("/v1/orders", json=ORDER | {"reference": "A/1"})
    sister = await service.caller(await service.shop(shop.company_id, "Sorella"))

    assert (await client.get("/v1/orders/A/1")).status_code == 200
    assert (await sister.get("/v1/orders/A/1")).status_code == 404
    assert (await sister.post("/v1/orders", json=ORDER | {"reference": "A/1"})).status_code == 201


async def test_a_reference_that_changes_moves_the_parcel(client: AsyncClient) -> None:
    """A parcel posted under another order is that one's from then on."""
    id_ = await post_parcel(client, order={"reference": "1"})
    await client.patch(f"/v1/shipments/{id_}", json={"order": {"reference": "2"}})

    assert (await client.get("/v1/orders/1")).json()["shipments"] == []
    assert [each["id"] for each in (await client.get("/v1/orders/2")).json()["shipments"]] == [id_]
