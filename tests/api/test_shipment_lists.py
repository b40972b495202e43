"""Lists: of shipments, and of what each has been through."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.shipment_shapes import ShipmentSummary
from app.api.told_shapes import MessageOut, TransitionOut
from app.outbox.rules import create_defaults
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ORDER, ago, fits, happened, post_parcel


async def test_lists_are_filtered(client: AsyncClient) -> None:
    """Each filter alone, and what does not fit is left out."""
    one = await post_parcel(client, "FIRST-1", order=ORDER, tags=["gift", "b"], shipped_at=ago(days=3))
    two = await post_parcel(client, "SECOND-2", direction="return", recipient={"country": "FR"})
    three = await post_parcel(client, "third-3")
    await client.post(f"/v1/shipments/{one}/events", json=happened("exception", "held", at=ago(hours=1)))
    await client.post(f"/v1/shipments/{two}/events", json=happened("in_transit", at=ago(hours=1)))
    start = (await client.get(f"/v1/shipments/{three}")).json()["created_at"]

    async def found(**params: Any) -> list[str]:
        answer = await client.get("/v1/shipments", params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await found() == [three, two, one]
    assert await found(status="in_transit") == [two]
    assert await found(status=["in_transit", "exception"]) == [two, one]
    assert await found(sub_status="held") == [one]
    assert await found(carrier="gls_it") == []
    assert await found(carrier=["own", "gls_it"]) == [three, two, one]
    assert await found(order_reference="#1001") == [one]
    assert await found(tracking_number="third-3") == [three]
    assert await found(tracking_number="no such number") == []
    assert await found(country="fr") == [two]
    assert await found(created_from=start) == [three]
    assert await found(created_to=start) == [two, one]
    assert await found(updated_from=start) == [three, two, one]
    assert await found(problem=True) == [one]
    assert await found(problem=False, status="pending") == [three]
    assert await found(stale=True) == []
    assert await found(tag="gift") == [one]
    assert await found(tag="gif") == []
    assert await found(direction="return") == [two]
    fits(ShipmentSummary, (await client.get("/v1/shipments")).json()["items"][0])


async def test_a_list_is_turned_page_by_page(client: AsyncClient) -> None:
    """Each shipment once, newest first; what comes meanwhile does not shift the pages."""
    made = [await post_parcel(client, f"PAGE-{number}") for number in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await client.get("/v1/shipments", params={"limit": 2, **cursor})).json()
        seen += [each["id"] for each in answer["items"]]
        await post_parcel(client, f"LATER-{len(seen)}")
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}

    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "lost"}, "status.0"),
        ({"colour": "red"}, "colour"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"country": "ITA"}, "country"),
    ],
)
async def test_a_wrong_filter_is_named(client: AsyncClient, params: dict[str, Any], field: str) -> None:
    """422 with the parameter."""
    refused = await client.get("/v1/shipments", params=params)

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])


async def test_the_ledger_says_why_nothing_was_sent(service: Service, client: AsyncClient, shop: Shop) -> None:
    """A shop that is not live: each message with its reason in words, and no whole address."""
    async with service.database.transaction() as db:
        await create_defaults(db, shop.company_id, shop.id)
    id_ = await post_parcel(client)
    await client.post(f"/v1/shipments/{id_}/events", json=happened("out_for_delivery", at=ago(minutes=5)))
    answer = await client.get(f"/v1/shipments/{id_}/messages")
    [message] = [each for each in answer.json()["items"] if each["audience"] == "recipient"]

    fits(MessageOut, message)
    assert (message["channel"], message["state"], message["reason"]) == ("email", "skipped", "not_live")
    assert "not live" in message["reason_in_words"]
    assert message["to"] == "a…@example.com"
    assert "anna@" not in answer.text


async def test_transitions_tell_the_way(client: AsyncClient) -> None:
    """Each change of status with its version, from and to."""
    id_ = await post_parcel(client)
    for event in (happened("in_transit", at=ago(hours=5)), happened("delivered", at=ago(hours=1))):
        await client.post(f"/v1/shipments/{id_}/events", json=event)
    items = (await client.get(f"/v1/shipments/{id_}/transitions")).json()["items"]

    fits(TransitionOut, items[0])
    assert [(each["version"], each["from"]["status"], each["to"]["status"]) for each in items] == [
        (1, "pending", "in_transit"),
        (2, "in_transit", "delivered"),
    ]


async def test_a_refresh_asks_once(client: AsyncClient) -> None:
    """202 with the time of the next poll; a carrier that is not polled is a conflict."""
    polled = await post_parcel(client, "SANDBOX-DELIVERED-1", carrier="sandbox")
    own = await post_parcel(client)
    asked = await client.post(f"/v1/shipments/{polled}/refresh")
    refused = await client.post(f"/v1/shipments/{own}/refresh")

    assert (asked.status_code, asked.json()["due"]) == (202, True)
    assert asked.json()["next_poll_at"] is not None
    assert (refused.status_code, refused.json()["code"]) == (409, "not_polled")
