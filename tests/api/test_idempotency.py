"""`Idempotency-Key`: a write happens once, however often and however closely together it is sent."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update

from app import idempotency
from app.idempotency import idempotency_keys
from app.shops import Shop
from tests.api.conftest import Service

KEY = {"Idempotency-Key": "order-17"}
BODY = {"name": "Magento", "scopes": ["read"]}


async def number_of_keys(client: AsyncClient) -> int:
    """Keys there are beside the client's own."""
    return len((await client.get("/v1/keys")).json()["items"]) - 1


async def test_a_repeated_write_gets_the_same_answer(client: AsyncClient) -> None:
    """Same status and body, said to be a replay; the effect stays one."""
    first = await client.post("/v1/keys", json=BODY, headers=KEY)
    second = await client.post("/v1/keys", json=BODY, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert [each.headers.get("idempotent-replayed") for each in (first, second)] == [None, "true"]
    assert await number_of_keys(client) == 1


async def test_twenty_twins_have_one_effect(client: AsyncClient) -> None:
    """All are answered alike, or told to wait; one key is made."""
    answers = await asyncio.gather(*(client.post("/v1/keys", json=BODY, headers=KEY) for _ in range(20)))
    done = [each for each in answers if each.status_code == 201]
    waiting = [each for each in answers if each.status_code != 201]

    assert len({each.content for each in done}) == 1
    assert all((each.status_code, each.json()["code"]) == (409, "still_running") for each in waiting)
    assert sum("idempotent-replayed" not in each.headers for each in done) == 1
    assert await number_of_keys(client) == 1


async def test_the_same_key_with_another_body_is_refused(client: AsyncClient) -> None:
    """422, and the second write does not happen."""
    await client.post("/v1/keys", json=BODY, headers=KEY)
    refused = await client.post("/v1/keys", json=BODY | {"name": "Other"}, headers=KEY)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await number_of_keys(client) == 1


async def test_keys_of_other_routes_and_shops_do_not_meet(service: Service, client: AsyncClient, shop: Shop) -> None:
    """A sister shop's answer is never told."""
    sister = await service.caller(await service.shop(shop.company_id))
    one = await client.post("/v1/keys", json=BODY, headers=KEY)
    other_shop = await sister.post("/v1/keys", json=BODY, headers=KEY)
    other_route = await client.patch("/v1/shop", json={"name": "New"}, headers=KEY)

    assert [one.status_code, other_shop.status_code, other_route.status_code] == [201, 201, 200]
    assert one.json()["id"] != other_shop.json()["id"]


async def test_refusals_are_not_kept(client: AsyncClient) -> None:
    """What failed may be tried again under its key, with the mistake put right."""
    failed = await client.post("/v1/keys", json={"name": "Magento"}, headers=KEY)
    missing = await client.patch("/v1/rules/0199c0de-5f2a-7b3c-8d4e-5f6071829304", json={"enabled": True}, headers=KEY)
    done = await client.post("/v1/keys", json=BODY, headers=KEY)

    assert [failed.status_code, missing.status_code, done.status_code] == [422, 404, 201]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_1_to_255_characters(client: AsyncClient, key: str) -> None:
    """Anything else is named."""
    refused = await client.post("/v1/keys", json=BODY, headers={"Idempotency-Key": key})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_answers_are_sealed_and_forgotten_after_three_days(service: Service, client: AsyncClient) -> None:
    """A dump does not tell what was shown once."""
    plain = (await client.post("/v1/keys", json=BODY, headers=KEY)).json()["api_key"]
    async with service.database.transaction() as db:
        kept = await db.value(select(idempotency_keys.c.body))
        early = await idempotency.forget_old(db)
        await db.run(update(idempotency_keys).values(created_at=db.now - timedelta(hours=73)))
        late = await idempotency.forget_old(db)
        left = await db.value(select(func.count()).select_from(idempotency_keys))

    assert plain.encode() not in kept
    assert (early, late, left) == (0, 1, 0)
