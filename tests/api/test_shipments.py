"""Shipments through the API: posted, read, changed, forgotten."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.api.shipment_shapes import ShipmentWhole
from app.shops import Shop
from tests.api.conftest import PUBLIC_URL, Service
from tests.api.posting import ORDER, RECIPIENT, ago, fits, happened, parcel, post_parcel


async def test_a_new_shipment_is_answered_whole(client: AsyncClient) -> None:
    """201, and everything that design.md names; the same number again is 200 and the same shipment."""
    made = await client.post("/v1/shipments", json=parcel(order=ORDER, tags=["gift"], metadata={"a": 1}))
    again = await client.post("/v1/shipments", json=parcel(" abc 123456"[1:].upper(), service="Express"))
    shipment = made.json()

    assert (made.status_code, again.status_code) == (201, 200)
    assert "events" in fits(ShipmentWhole, shipment)
    assert shipment["status"] == "pending"
    assert (shipment["version"], shipment["final"], shipment["problem"], shipment["events"]) == (0, False, False, [])
    assert shipment["order"] == ORDER | {"placed_at": "2026-03-01T09:00:00+00:00"} | {
        "items": [{"sku": "A1", "name": "Tazza", "quantity": 2, "image_url": None, "url": None}]
    }
    assert shipment["recipient"] == RECIPIENT
    assert (shipment["tags"], shipment["metadata"]) == (["gift"], {"a": 1})
    assert shipment["tracking_page"].startswith(f"{PUBLIC_URL}/t/")
    assert again.json()["id"] == shipment["id"]
    assert again.json()["service"] == "Express"
    assert again.json()["tags"] == ["gift"]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"carrier": "pigeon"}, "carrier", "nknown carrier 'pigeon'"),
        ({"carrier": None}, "carrier", "look like ABC123456"),
        ({"tracking_number": "a b"}, "tracking_number", "4 to 40 letters"),
        ({"tracking_number": "ABC\r\nX-Evil: 1"}, "tracking_number", "control characters"),
        ({"tracking_number": None}, "body", "sender_reference"),
        ({"colour": "red"}, "colour", "Unknown field"),
        ({"status": "delivered"}, "status", "Unknown field"),
        ({"version": 7}, "version", "Unknown field"),
        ({"recipient": {"email": "nobody"}}, "recipient.email", "e-mail address"),
        ({"recipient": {"mail": "a@b.example"}}, "recipient.mail", "Unknown field"),
        ({"order": {}}, "order.reference", "Required"),
        ({"order": {"reference": "1", "total": {"amount": "9.999", "currency": "EUR"}}}, "order.total.amount", "2"),
        ({"shipped_at": "2026-03-01T10:00:00"}, "shipped_at", "with offset"),
        ({"shipped_at": "0001-01-01T00:00:00+14:00"}, "shipped_at", "between"),
        ({"promised_on": "9999-12-31"}, "promised_on", "between"),
        ({"account_id": "6a1f9c0e-0000-7000-8000-000000000001"}, "account_id", "no account"),
        ({"parent_id": "6a1f9c0e-0000-7000-8000-000000000001"}, "parent_id", "no shipment"),
        ({"tags": ["\u0007"]}, "tags", "control characters"),
    ],
)
async def test_a_malformed_shipment_is_refused_by_name(
    client: AsyncClient, change: dict[str, object], field: str, said: str
) -> None:
    """422 with the field and what to do; nothing is stored."""
    refused = await client.post("/v1/shipments", json=parcel() | change)
    problem = refused.json()

    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert [each["field"] for each in problem["errors"]] == [field]
    assert said in problem["errors"][0]["message"]
    assert (await client.get("/v1/shipments")).json()["items"] == []


async def test_a_write_needs_the_scope(service: Service, shop: Shop) -> None:
    """A reading key reads; a missing or foreign key does not get in."""
    reader = await service.caller(shop, "read")
    stranger = await service.client({"Authorization": "Bearer nove_wrong"})

    assert (await reader.post("/v1/shipments", json=parcel())).status_code == 403
    assert (await reader.get("/v1/shipments")).status_code == 200
    assert (await stranger.get("/v1/shipments")).status_code == 401
    assert (await (await service.client()).post("/v1/shipments", json=parcel())).status_code == 401


async def test_an_idempotency_key_makes_one_shipment(client: AsyncClient) -> None:
    """The second answer is the first, marked; the same key with another body is refused."""
    key = {"Idempotency-Key": "order-1001"}
    first = await client.post("/v1/shipments", json=parcel(), headers=key)
    second = await client.post("/v1/shipments", json=parcel(), headers=key)
    other = await client.post("/v1/shipments", json=parcel("XYZ987654"), headers=key)

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 422)
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await client.get("/v1/shipments")).json()["items"]) == 1


async def test_a_batch_answers_row_by_row(client: AsyncClient) -> None:
    """A bad row does not fail its neighbours, and says what is wrong with it."""
    known = await post_parcel(client, "KNOWN-1")
    rows = [
        parcel("NEW-1"),
        parcel("NEW-2", carrier="pigeon"),
        parcel("KNOWN-1"),
        "not a shipment",
        parcel("NEW-3", parent_id=str(uuid4())),
        parcel("NEW-1", service="Later"),
    ]
    answer = await client.post("/v1/shipments/batch", json={"shipments": rows})
    items = answer.json()["items"]

    assert answer.status_code == 200
    assert [(each["index"], each["status"]) for each in items] == [
        (0, 201),
        (1, 422),
        (2, 200),
        (3, 422),
        (4, 422),
        (5, 200),
    ]
    assert items[2]["id"] == known
    assert items[0]["id"] == items[5]["id"]
    assert items[1]["error"]["errors"][0]["field"] == "carrier"
    assert items[4]["error"]["errors"][0]["field"] == "parent_id"
    found = (await client.get("/v1/shipments")).json()["items"]
    assert {each["tracking_number"]: each["service"] for each in found} == {"KNOWN-1": "", "NEW-1": "Later"}


async def test_a_batch_costs_a_tenth_of_its_rows(service: Service, shop: Shop) -> None:
    """Of a bucket of 8, a batch of 61 takes 7; the next one has to wait."""
    caller = await service.caller(shop, "write", bucket=8, refill=0.001)
    rows = [parcel(f"ROW-{number}", carrier="pigeon") for number in range(61)]
    first = await caller.post("/v1/shipments/batch", json={"shipments": rows})
    second = await caller.post("/v1/shipments/batch", json={"shipments": rows})
    too_many = await (await service.caller(shop)).post("/v1/shipments/batch", json={"shipments": rows * 17})

    assert (first.status_code, second.status_code, too_many.status_code) == (200, 429, 422)
    assert int(second.headers["retry-after"]) > 1


async def test_an_unchanged_shipment_is_not_sent_again(client: AsyncClient) -> None:
    """304 to the ETag; anything that shows moves it: an event, a change, its order, a refresh, the language."""
    id_ = await post_parcel(client, "SANDBOX-STALE-1", carrier="sandbox", order=ORDER)
    await client.post(f"/v1/shipments/{id_}/events", json=happened("in_transit", at=ago(days=2)))
    path, tags = f"/v1/shipments/{id_}", []

    async def tag() -> None:
        answer = await client.get(path)
        tags.append(answer.headers["etag"])
        same = await client.get(path, headers={"If-None-Match": f'"other", W/{tags[-1]}'})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tags[-1])

    await tag()
    assert (await client.get(path)).headers["etag"] == tags[0]
    await client.post(f"{path}/events", json=happened("out_for_delivery", at=ago(hours=2)))
    await tag()
    await client.patch(path, json={"tags": ["seen"]})
    await tag()
    await client.post("/v1/orders", json=ORDER | {"platform": "other"})
    await tag()
    tags.append((await client.get(path, params={"locale": "en"})).headers["etag"])

    assert len(set(tags)) == len(tags)
    assert (await client.get(path, headers={"If-None-Match": tags[0]})).status_code == 200
    assert (await client.get(path, params={"locale": "en"})).json()["status_label"] == "Out for delivery"
    assert (await client.get(path)).json()["status_label"] == "In consegna"


async def test_a_change_touches_what_is_given(client: AsyncClient) -> None:
    """PATCH keeps the rest; null empties; what may not be changed is refused."""
    id_ = await post_parcel(client, tags=["a"], promised_on="2026-05-01")
    changed = await client.patch(f"/v1/shipments/{id_}", json={"promised_on": None, "metadata": {"box": 3}})
    refused = [
        (await client.patch(f"/v1/shipments/{id_}", json=wrong)).status_code
        for wrong in (
            {"status": "delivered"},
            {"carrier": "nobody"},
            {"account_id": str(uuid4())},
            {"parent_id": str(uuid4())},
        )
    ]

    assert (changed.status_code, changed.json()["promised_on"], changed.json()["tags"]) == (200, None, ["a"])
    assert changed.json()["metadata"] == {"box": 3}
    assert changed.json()["eta"] is None
    assert refused == [422] * 4
    assert (await client.get(f"/v1/shipments/{id_}")).json() == changed.json()


async def test_a_number_that_its_carrier_cannot_have_is_refused(client: AsyncClient) -> None:
    """422 names the field, the carrier and a number as it should be; in a batch only that shipment is refused."""
    wrong = {"brt": "12345", "ups": "1Z-999", "sandbox": "SANDBOX-NOPE-1"}
    answers = {carrier: await client.post("/v1/shipments", json=parcel(wrong[carrier], carrier)) for carrier in wrong}
    several = {"shipments": [parcel("1Z-999", "ups"), parcel("1Z999AA10123456784", "ups")]}
    batch = (await client.post("/v1/shipments/batch", json=several)).json()

    assert {carrier: (answer.status_code, answer.json()["errors"]) for carrier, answer in answers.items()} == {
        carrier: (422, [{"field": "tracking_number", "message": f"Not a number that {said}"}])
        for carrier, said in {
            "brt": "BRT can have; one looks like 123456789012",
            "ups": "UPS can have; one looks like 1Z999AA10123456784",
            "sandbox": "Sandbox can have; one looks like SANDBOX-DELIVERED-1",
        }.items()
    }
    assert [row["status"] for row in batch["items"]] == [422, 201]


async def test_another_shops_shipment_is_like_a_missing_one(service: Service, client: AsyncClient, shop: Shop) -> None:
    """404 on every route, for a sister shop and for another company, and the same words as for a missing one."""
    id_ = await post_parcel(client)
    sister = await service.caller(await service.shop(shop.company_id, "Sorella"))
    stranger = await service.caller(await service.shop())
    routes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "", None),
        ("PATCH", "", {"tags": ["x"]}),
        ("DELETE", "", None),
        ("POST", "/events", happened("in_transit", at=ago(hours=1))),
        ("POST", "/refresh", None),
        ("GET", "/messages", None),
        ("GET", "/transitions", None),
    ]
    for caller in (sister, stranger):
        for method, path, body in routes:
            foreign = await caller.request(method, f"/v1/shipments/{id_}{path}", json=body)
            missing_id = str(uuid4())
            missing = await caller.request(method, f"/v1/shipments/{missing_id}{path}", json=body)
            assert foreign.status_code == missing.status_code == 404
            assert foreign.json()["detail"].replace(id_, "") == missing.json()["detail"].replace(missing_id, "")
        assert (await caller.get("/v1/shipments")).json()["items"] == []
    wide = await service.caller(shop, all_shops=True)
    assert (await wide.get(f"/v1/shipments/{id_}")).status_code == 200
    assert (await client.get(f"/v1/shipments/{id_}")).json()["status"] == "pending"


async def test_a_forgotten_shipment_stays_forgotten_until_it_is_posted_anew(client: AsyncClient) -> None:
    """204 and then 404 everywhere; posted again it is new, without its past."""
    id_ = await post_parcel(client, order=ORDER)
    await client.post(f"/v1/shipments/{id_}/events", json=happened("in_transit", at=ago(hours=1)))
    key = {"Idempotency-Key": "forget-1"}
    gone = await client.delete(f"/v1/shipments/{id_}", headers=key)
    replayed = await client.delete(f"/v1/shipments/{id_}", headers=key)
    reads = [(await client.get(f"/v1/shipments/{id_}{path}")).status_code for path in ("", "/messages", "/transitions")]
    order = (await client.get("/v1/orders/%231001")).json()
    again = await client.post("/v1/shipments", json=parcel())

    assert (gone.status_code, gone.content, replayed.status_code) == (204, b"", 204)
    assert reads == [404, 404, 404]
    assert (await client.delete(f"/v1/shipments/{id_}")).status_code == 404
    assert (order["recipient"], order["shipments"]) == (None, [])
    assert (again.status_code, again.json()["events"], again.json()["id"] != id_) == (201, [], True)
