"""A shop's settings through the API."""

import pytest
from httpx import AsyncClient

from app.shops import Shop
from tests.api.conftest import Service


async def test_a_shop_reads_and_changes_its_settings(client: AsyncClient, shop: Shop) -> None:
    """What is given changes, the rest stays."""
    before = (await client.get("/v1/shop")).json()
    changed = await client.patch(
        "/v1/shop", json={"live": True, "mail_from": "Bottega <ciao@bottega.example>", "brand": {"colour": "#aa3300"}}
    )
    expected = before | {"live": True, "mail_from": "Bottega <ciao@bottega.example>", "brand": {"colour": "#aa3300"}}

    assert before["id"] == str(shop.id)
    assert changed.status_code == 200
    assert changed.json() == expected
    assert (await client.get("/v1/shop")).json() == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"mail_from": "a@b.example\r\nBcc: c@d.example"}, "mail_from"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"staff_mail": "Staff <s@b.example>"}, "staff_mail"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"live": "yes"}, "live"),
        ({"live": 1}, "live"),
        ({"locale": "italiano"}, "locale"),
        ({"brand": {"logo_url": "javascript:alert(1)"}}, "brand.logo_url"),
        ({"id": "x"}, "id"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    ],
)
async def test_a_wrong_setting_is_named(client: AsyncClient, change: dict[str, object], field: str) -> None:
    """Malformed and unwritable fields are refused by name, and nothing changes."""
    before = (await client.get("/v1/shop")).json()
    refused = await client.patch("/v1/shop", json=change)

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])
    assert (await client.get("/v1/shop")).json() == before


async def test_a_company_wide_key_says_which_shop(service: Service, shop: Shop) -> None:
    """The only shop need not be named; of two, one must be; another company's is like a missing one."""
    caller = await service.caller(shop, all_shops=True)
    alone = await caller.get("/v1/shop")
    second = await service.shop(shop.company_id, "Seconda")
    by_header = await caller.get("/v1/shop", headers={"X-Shop-Id": str(second.id)})
    by_query = await caller.get("/v1/shop", params={"shop_id": str(shop.id)})
    unnamed = await caller.get("/v1/shop")
    foreign = await caller.get("/v1/shop", headers={"X-Shop-Id": str((await service.shop()).id)})

    assert alone.json()["id"] == by_query.json()["id"] == str(shop.id)
    assert by_header.json()["name"] == "Seconda"
    assert (unnamed.status_code, unnamed.json()["code"]) == (422, "shop_required")
    assert foreign.status_code == 404
    assert [each["name"] for each in (await caller.get("/v1/shops")).json()["items"]] == ["Bottega", "Seconda"]


async def test_a_shops_key_sees_its_shop_alone(service: Service, shop: Shop) -> None:
    """A sister shop is a 404."""
    caller = await service.caller(shop)
    sister = await service.shop(shop.company_id, "Sorella")

    assert (await caller.get("/v1/shop", params={"shop_id": str(sister.id)})).status_code == 404
    assert [each["id"] for each in (await caller.get("/v1/shops")).json()["items"]] == [str(shop.id)]
