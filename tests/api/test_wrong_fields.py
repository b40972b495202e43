"""What is wrong with a field, and what to send instead."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient

from app.wrong_fields import BY_PATTERN
from tests.api.posting import RECIPIENT, parcel


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"recipient": RECIPIENT | {"country": "Italy"}}, "recipient.country", "two letters of a country, such as IT"),
        ({"recipient": RECIPIENT | {"country": "XX"}}, "recipient.country", "XX is no country of ISO 3166"),
        ({"recipient": RECIPIENT | {"country": "EU"}}, "recipient.country", "EU is no country of ISO 3166"),
        ({"recipient": RECIPIENT | {"locale": "italiano!"}}, "recipient.locale", "a language, such as it"),
        ({"recipient": "Anna"}, "recipient", "Send an object"),
        ({"recipient": RECIPIENT | {"name": 7}}, "recipient.name", "Send a text"),
        ({"shipped_at": 1772355600}, "shipped_at", "with offset, such as 2026-03-12T09:30:00+01:00"),
        ({"shipped_at": "2026-03-01T10:00:00"}, "shipped_at", "with offset, such as 2026-03-12T09:30:00+01:00"),
        ({"shipped_at": "yesterday"}, "shipped_at", "with offset, such as 2026-03-12T09:30:00+01:00"),
        ({"promised_on": 20260314}, "promised_on", "such as 2026-03-14"),
        ({"promised_on": "14/03/2026"}, "promised_on", "such as 2026-03-14"),
        ({"tags": "gift"}, "tags", "Send a list"),
        ({"tags": [""]}, "tags.0", "Must not be empty"),
        ({"parcel_count": "many"}, "parcel_count", "whole number"),
        ({"parcel_count": 0}, "parcel_count", "at least 1"),
        ({"account_id": "mine"}, "account_id", "an id as it was given to you"),
        ({"direction": "sideways"}, "direction", "Send one of 'outbound' or 'return'"),
        ({"cash_on_delivery": {"amount": 59.9, "currency": "EUR"}}, "cash_on_delivery.amount", 'such as "59.90"'),
        ({"cash_on_delivery": {"amount": "-1", "currency": "EUR"}}, "cash_on_delivery.amount", 'such as "59.90"'),
        ({"cash_on_delivery": {"amount": "1", "currency": "euro"}}, "cash_on_delivery.currency", "such as EUR"),
    ],
)
async def test_a_wrong_field_is_told_what_to_send(
    client: AsyncClient, change: dict[str, object], field: str, said: str
) -> None:
    """In a shipment and in a row of a batch alike, with an example where the form is not plain."""
    alone = (await client.post("/v1/shipments", json=parcel() | change)).json()
    batch = (await client.post("/v1/shipments/batch", json={"shipments": [parcel() | change]})).json()
    [error], [of_row] = alone["errors"], batch["items"][0]["error"]["errors"]

    assert error["field"] == field
    assert said in error["message"]
    assert error["message"].endswith(".")
    assert of_row == error


async def test_every_form_of_a_text_has_its_sentence(client: AsyncClient) -> None:
    """No caller is ever shown a regular expression."""
    document = (await client.get("/openapi.json")).json()

    assert "^([^\\s@]+@[^\\s@]+)?$" in set(_patterns(document))
    assert set(_patterns(document)) <= set(BY_PATTERN)


def _patterns(value: Any) -> Iterator[str]:
    """Of bodies, paths and queries; a header has a sentence of its own, and one of an answer is not sent to us."""
    if isinstance(value, dict):
        if value.get("in") == "header":
            return
        if isinstance(found := value.get("pattern"), str):
            yield found
        for name, child in value.items():
            if name != "headers":
                yield from _patterns(child)
    elif isinstance(value, list):
        for child in value:
            yield from _patterns(child)
