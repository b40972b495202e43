"""Tenants never meet: what belongs to another shop or company looks like what does not exist."""

import pytest
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from app.api.routing import ApiRoute
from app.main import ROUTERS
from app.outbox import rules
from app.shops import Shop
from tests.api.conftest import Service

MISSING = "0199c0de-5f2a-7b3c-8d4e-5f6071829304"

# Each route with an id of ours, and what makes a row for it; a new one must be added.
ROWS = {
    "/v1/keys/{key_id}": "key",
    "/v1/accounts/{account_id}": "account",
    "/v1/accounts/{account_id}/move-hook": "account",
    "/v1/rules/{rule_id}": "rule",
    "/v1/endpoints/{endpoint_id}": "endpoint",
    "/v1/endpoints/{endpoint_id}/rotate": "endpoint",
}
CHANGES: dict[str, dict[str, object]] = {
    "account": {"name": "Mine"},
    "rule": {"enabled": True},
    "endpoint": {"description": "Mine"},
}
OF_THE_COMPANY = ("account",)

ROUTES = [
    (route.path, method)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.path in ROWS
    for method in sorted(route.methods or ())
]


async def made(client: AsyncClient, service: Service, shop: Shop) -> dict[str, str]:
    """A row of each kind, by its kind."""
    endpoint = {"url": "http://127.0.0.1:9/", "types": ["shipment.created"]}
    async with service.database.transaction() as db:
        await rules.create_defaults(db, shop.company_id, shop.id)
    return {
        "key": (await client.post("/v1/keys", json={"name": "K", "scopes": ["read"]})).json()["id"],
        "account": (await client.post("/v1/accounts", json={"carrier": "sandbox"})).json()["id"],
        "endpoint": (await client.post("/v1/endpoints", json=endpoint)).json()["id"],
        "rule": (await client.get("/v1/rules")).json()["items"][0]["id"],
    }


def alike(answer: Response, row: str) -> tuple[object, ...]:
    """All that a caller can see of an answer, but for its own ids."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    headers = {name for name in answer.headers if name != "ratelimit"}
    return answer.status_code, str(body).replace(row, "<id>"), headers


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_anothers_row_is_like_a_missing_one(service: Service, shop: Shop, path: str, method: str) -> None:
    """Same status, body and headers, for another company and (but for contracts) for a sister shop."""
    owner = await service.caller(shop)
    kind = ROWS[path]
    row = (await made(owner, service, shop))[kind]
    strangers = [await service.caller(await service.shop())]
    if kind not in OF_THE_COMPANY:
        strangers.append(await service.caller(await service.shop(shop.company_id)))
    name = path[path.index("{") : path.index("}") + 1]
    body = CHANGES.get(kind) if method == "PATCH" else None

    for stranger in strangers:
        answers = [
            alike(
                await stranger.request(method, path.replace(name, each), json=body if method == "PATCH" else None), each
            )
            for each in (row, MISSING)
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


def test_every_route_with_an_id_is_in_the_matrix() -> None:
    """A new route with an id needs a row here, or in the matrix of its own term."""
    ours = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, ApiRoute) and "{" in route.path and route.path.split("/")[2] in OURS
    }

    assert ours == set(ROWS)


OURS = ("keys", "accounts", "rules", "endpoints", "shop", "shops")
