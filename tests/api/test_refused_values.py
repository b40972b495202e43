"""Values of the right form that cannot be right."""

import pytest
from httpx import AsyncClient

from app import shops
from app.errors import InvalidInput
from app.shops import Shop
from tests.api.conftest import Service


@pytest.mark.parametrize("port", [0, 65536, 99999])
async def test_an_endpoint_needs_a_port_that_there_is(client: AsyncClient, port: int) -> None:
    """422 also where the network is allowed."""
    made = await client.post("/v1/endpoints", json={"url": f"http://127.0.0.1:{port}/hook"})

    assert (made.status_code, made.json()["errors"][0]["field"]) == (422, "url")


async def test_a_shop_speaks_a_language_that_there_are_words_for(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """When it is changed and when it is made; a country may stand after the language."""
    refused = await client.patch("/v1/shop", json={"locale": "de"})
    taken = await client.patch("/v1/shop", json={"locale": "it-CH"})

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, ["locale"])
    assert "send one of en, it" in refused.json()["detail"]
    assert (taken.status_code, taken.json()["locale"]) == (200, "it-CH")
    async with service.database.transaction() as db:
        with pytest.raises(InvalidInput, match="no words in 'xx'"):
            await shops.create(db, shop.company_id, "Laden", locale="xx")


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("carrier=brt&carrier=pigeon", "carrier.1", "nknown carrier 'pigeon'"),
        ("country=XX", "country", "no country"),
        ("limit=1&limit=2", "limit", "once"),
        ("problem=true&problem=false", "problem", "once"),
        ("created_from=1772355600", "created_from", "with offset"),
    ],
)
async def test_a_list_is_not_asked_for_by_what_cannot_be(
    client: AsyncClient, query: str, field: str, said: str
) -> None:
    """422 instead of an empty list, or of one of two values; parameters that are lists may be repeated."""
    refused = await client.get(f"/v1/shipments?{query}")
    repeated = await client.get("/v1/shipments?carrier=brt&carrier=own&status=delivered&status=pending")

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])
    assert said in refused.json()["errors"][0]["message"]
    assert repeated.status_code == 200
