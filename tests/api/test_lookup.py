"""Where is my order? Asked by everything that a customer knows."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.lookup import Answered
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ORDER, ago, happened, parcel, post_parcel


@pytest.fixture
async def ids(client: AsyncClient) -> list[str]:
    """Anna's parcel, which is out for delivery, and Bruno's, of whom little is known."""
    anna = await post_parcel(client, "ANNA-0001", order=ORDER)
    await client.post(f"/v1/shipments/{anna}/events", json=happened("out_for_delivery", at=ago(minutes=1)))
    bruno = {"name": "Bruno Esempio", "postcode": "20121", "country": "IT"}
    return [anna, await post_parcel(client, "bruno-0002", recipient=bruno, order={"reference": "1002"})]


async def found(client: AsyncClient, question: dict[str, Any]) -> list[str]:
    """The shipments that fit a question."""
    answer = await client.post("/v1/lookup", json=question)
    assert answer.status_code == 200, answer.text
    Answered.model_validate(answer.json())
    return [match["shipment"]["id"] for match in answer.json()["matches"]]


@pytest.mark.parametrize(
    "question",
    [
        {"order_reference": "#1001"},
        {"order_reference": "1001"},
        {"tracking_number": "anna 0001".replace(" ", "-")},
        {"email": " ANNA@example.com "},
        {"phone": "055-123456"},
        {"phone": "+39 055 123456"},
        {"name": "anna  PROVA", "postcode": "50100"},
        {"name": "Prova Anna", "postcode": "50 100"},
        {"q": "1001"},
        {"q": "ANNA-0001"},
        {"q": "Anna@Example.com"},
        {"q": "055 123 456"},
        {"q": "Anna Prova, 50100"},
        {"q": "50100 prova anna"},
        {"email": "anna@example.com", "order_reference": "1001"},
    ],
)
async def test_annas_parcel_is_found(client: AsyncClient, ids: list[str], question: dict[str, Any]) -> None:
    """By each key, as people write it; Bruno's is not."""
    asked = {key: value.upper() if key == "tracking_number" else value for key, value in question.items()}

    assert await found(client, asked) == [ids[0]]


@pytest.mark.parametrize(
    "question",
    [
        {"order_reference": "1003"},
        {"tracking_number": "?"},
        {"email": "carla@example.com"},
        {"phone": "none"},
        {"name": "Anna Prova", "postcode": "20121"},
        {"email": "anna@example.com", "order_reference": "1002"},
        {"q": "Anna"},
        {"q": "%"},
    ],
)
async def test_what_does_not_fit_is_not_found(client: AsyncClient, ids: list[str], question: dict[str, Any]) -> None:
    """Nothing is guessed, and where several things are known all must fit."""
    assert await found(client, question) == []


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({}, "body"),
        ({"name": "Anna"}, "body"),
        ({"postcode": "50100"}, "body"),
        ({"number": "1"}, "number"),
        ({"email": "a@b.example", "locale": "italiano"}, "locale"),
    ],
)
async def test_a_question_that_asks_nothing_is_refused(
    client: AsyncClient, question: dict[str, Any], field: str
) -> None:
    """422 with what to send."""
    refused = await client.post("/v1/lookup", json=question)

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])


async def test_the_answer_is_everything(service: Service, client: AsyncClient, shop: Shop, ids: list[str]) -> None:
    """The shipment whole, its order, its messages, and one sentence in the language asked, else the shop's."""
    support = await service.caller(shop, "support")
    [match] = (await support.post("/v1/lookup", json={"q": "1001", "locale": "en"})).json()["matches"]
    [italian] = (await support.post("/v1/lookup", json={"q": "1001"})).json()["matches"]
    whole = (await client.get(f"/v1/shipments/{ids[0]}", params={"locale": "en"})).json()
    ledger = (await client.get(f"/v1/shipments/{ids[0]}/messages")).json()["items"]

    assert match == {
        "answer": "The parcel is on the delivery vehicle: expected today.",
        "shipment": whole,
        "order": whole["order"],
        "messages": ledger,
    }
    assert italian["answer"] != match["answer"]
    assert italian["shipment"]["status_label"] == "In consegna"


async def test_an_order_without_parcels_is_an_answer_too(client: AsyncClient) -> None:
    """It says that nothing has been handed over."""
    await client.post("/v1/orders", json=ORDER | {"recipient": {"email": "anna@example.com"}})
    for question in ({"q": "1001"}, {"email": "anna@example.com"}):
        [match] = (await client.post("/v1/lookup", json=question | {"locale": "en"})).json()["matches"]
        assert (match["shipment"], match["order"]["reference"]) == (None, "#1001")
        assert match["answer"].startswith("Order #1001 is registered")


async def test_another_shops_parcels_are_not_found(service: Service, shop: Shop, ids: list[str]) -> None:
    """Neither a sister shop's nor another company's."""
    for other in (await service.shop(shop.company_id, "Sorella"), await service.shop()):
        assert await found(await service.caller(other), {"q": "1001"}) == []


async def test_twenty_at_most_newest_first(client: AsyncClient) -> None:
    """A customer of many parcels."""
    rows = [parcel(f"MANY-{number:04}") for number in range(25)]
    made = (await client.post("/v1/shipments/batch", json={"shipments": rows})).json()["items"]

    assert await found(client, {"email": "anna@example.com"}) == [each["id"] for each in made[:4:-1]]
