"""Webhook endpoints and rules through the API."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.outbox import endpoints, rules, tables
from app.shops import Shop
from app.triggers import DEFAULT_RULES
from tests.api.conftest import Service

NEW = {"url": "http://127.0.0.1:9/hook", "types": ["shipment.status_changed"], "description": "Test"}


async def test_an_endpoint_shows_its_secret_once(service: Service, client: AsyncClient, shop: Shop) -> None:
    """The secret comes with the first answer; nothing else tells it."""
    made = await client.post("/v1/endpoints", json=NEW)
    secret = made.json().pop("secret")
    read = await client.get(f"/v1/endpoints/{made.json()['id']}")
    listed = await client.get("/v1/endpoints")
    async with service.database.reading() as db:
        [endpoint] = await endpoints.of_shop(db, shop.company_id, shop.id)
        live = endpoints.secrets_of(service.sealer, endpoint, db.now)

    assert made.status_code == 201
    assert secret.startswith("whsec_")
    assert read.json() == {
        "id": made.json()["id"],
        "shop_id": str(shop.id),
        **NEW,
        "payload_version": "1",
        "enabled": True,
        "disabled_reason": "",
        "failures": 0,
        "failing_since": None,
        "circuit": "closed",
        "open_until": None,
        "pace": None,
        "last_success_at": None,
        "last_failure_at": None,
        "last_error": "",
        "created_at": made.json()["created_at"],
    }
    assert listed.json() == {"items": [read.json()], "next_cursor": None}
    assert live == (secret,)
    assert secret not in read.text + listed.text + repr(endpoint)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "https://10.0.0.1/", "https://user:p@127.0.0.1/"])
async def test_an_address_of_the_inside_is_refused(client: AsyncClient, url: str) -> None:
    """At first and at every change."""
    made = (await client.post("/v1/endpoints", json=NEW)).json()
    refused = [
        await client.post("/v1/endpoints", json=NEW | {"url": url}),
        await client.patch(f"/v1/endpoints/{made['id']}", json={"url": url}),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(422, "address_not_allowed")] * 2


async def test_enabling_forgets_the_failures(service: Service, client: AsyncClient) -> None:
    """Whoever enables an endpoint again has put it right."""
    path = f"/v1/endpoints/{(await client.post('/v1/endpoints', json=NEW)).json()['id']}"
    off = (await client.patch(path, json={"enabled": False})).json()
    async with service.database.transaction() as db:
        await db.run(update(tables.endpoints).values(failures=7, failing_since=db.now, open_until=db.now))
    on = (await client.patch(path, json={"enabled": True})).json()

    assert (off["enabled"], off["disabled_reason"]) == (False, "switched off by the shop")
    assert (on["enabled"], on["disabled_reason"], on["failures"]) == (True, "", 0)
    assert (on["failing_since"], on["open_until"]) == (None, None)


async def test_both_secrets_sign_for_a_day_and_five_at_most_are_live(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """The newest comes first; the former ones end 24 hours after their successor came."""
    first = (await client.post("/v1/endpoints", json=NEW)).json()
    path = f"/v1/endpoints/{first['id']}/rotate"
    made = [first["secret"], *[(await client.post(path)).json()["secret"] for _ in range(4)]]
    sixth = await client.post(path)
    async with service.database.reading() as db:
        [endpoint] = await endpoints.of_shop(db, shop.company_id, shop.id)
        live = endpoints.secrets_of(service.sealer, endpoint, db.now)
        later = endpoints.secrets_of(service.sealer, endpoint, db.now + timedelta(hours=25))

    assert live == tuple(reversed(made))
    assert later == (made[-1],)
    assert (sixth.status_code, sixth.json()["code"]) == (409, "too_many_secrets")


async def test_a_deleted_endpoint_is_gone(client: AsyncClient) -> None:
    """Read and deleted again, it is missing."""
    path = f"/v1/endpoints/{(await client.post('/v1/endpoints', json=NEW)).json()['id']}"

    assert [(await client.delete(path)).status_code, (await client.get(path)).status_code] == [204, 404]
    assert (await client.delete(path)).status_code == 404


async def test_the_default_rules_are_switched_off_and_on(service: Service, client: AsyncClient, shop: Shop) -> None:
    """A shop begins with all of them, whoever makes them twice; the rest of a rule cannot be written."""
    async with service.database.transaction() as db:
        await rules.create_defaults(db, shop.company_id, shop.id)
        await rules.create_defaults(db, shop.company_id, shop.id)
    before = (await client.get("/v1/rules")).json()["items"]
    path = f"/v1/rules/{before[0]['id']}"
    off = await client.patch(path, json={"enabled": False})
    refused = await client.patch(path, json={"enabled": True, "delay_seconds": 0})

    assert [each["name"] for each in before] == [each.name for each in DEFAULT_RULES]
    assert off.json() == before[0] | {"enabled": False}
    assert (await client.get("/v1/rules")).json()["items"] == [off.json(), *before[1:]]
    assert refused.json()["errors"][0]["field"] == "delay_seconds"
