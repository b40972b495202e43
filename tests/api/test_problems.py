"""Errors as problem+json: one shape, stable codes, nothing of the inside."""

import pytest
from asyncpg import DeadlockDetectedError, LockNotAvailableError
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.api import problems
from app.database import Database
from app.errors import Unavailable
from app.installation import Installation
from app.main import build
from app.sealing import Sealer, new_api_key
from app.settings import Settings
from app.shops import Shop
from tests.api.conftest import Service


async def test_no_key_a_foreign_key_and_a_lacking_scope(service: Service, shop: Shop) -> None:
    """401 says how to send one, 403 says which scope."""
    stranger = await service.client()
    foreign = await service.client({"Authorization": "Bearer nove_" + "0" * 49})
    basic = await service.client({"Authorization": "Basic bm92ZTpub3Zl"})
    reader = await service.caller(shop, "read")
    refused = [await each.get("/v1/shop") for each in (stranger, foreign, basic)]
    forbidden = await reader.patch("/v1/shop", json={"name": "Mine"})

    assert [each.status_code for each in refused] == [401, 401, 401]
    assert {each.headers["www-authenticate"] for each in refused} == {"Bearer"}
    assert {each.headers["content-type"] for each in [*refused, forbidden]} == {"application/problem+json"}
    assert refused[0].json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Send your API key in the header `Authorization: Bearer nove_…`.",
        "code": "not_authenticated",
        "request_id": refused[0].headers["x-request-id"],
    }
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "not_allowed")


async def test_who_has_no_key_is_not_told_what_is_wrong_with_the_body(service: Service) -> None:
    """The key comes before the body."""
    stranger = await service.client()

    assert (await stranger.patch("/v1/shop", content=b"{")).status_code == 401


async def test_unknown_addresses_and_methods(client: AsyncClient) -> None:
    """404 and 405 look like every other error."""
    nothing, method = await client.get("/v1/nothing"), await client.put("/v1/shop")

    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "GET, PATCH"


async def test_a_number_in_the_place_of_an_id_is_told_how_to_be_found(client: AsyncClient) -> None:
    """The address is right, the id is not: `/docs` would not help."""
    refused = [await client.get("/v1/shipments/TEST-1"), await client.delete("/v1/shipments/TEST-1")]

    assert [each.status_code for each in refused] == [404, 404]
    assert {each.json()["detail"] for each in refused} == {
        "This is no id of a shipment: send it as it was given to you, such as 0199c0de-5f2a-7b3c-8d4e-5f6071829304. "
        "`GET /v1/shipments?tracking_number=…` finds a shipment by its number."
    }


async def test_only_what_an_address_takes_is_allowed(client: AsyncClient) -> None:
    """All of its methods and none of another address's that looks like it."""
    batch, one = (
        await client.get("/v1/shipments/batch"),
        await client.put("/v1/shipments/0199c0de-5f2a-7b3c-8d4e-5f6071829304"),
    )

    assert (batch.status_code, batch.headers["allow"]) == (405, "POST")
    assert (one.status_code, one.headers["allow"]) == (405, "DELETE, GET, PATCH")


async def test_input_errors_name_their_fields(client: AsyncClient) -> None:
    """Body, address and parameters alike."""
    body = await client.post("/v1/endpoints", json={"url": "ftp://x.example", "types": ["nothing"], "secrets": "x"})
    path = await client.get("/v1/endpoints/17")
    query = await client.get("/v1/carriers/unmapped", params={"limit": 201})

    assert [each["field"] for each in body.json()["errors"]] == ["url", "types.0", "secrets"]
    assert body.json()["errors"][2]["message"] == "Unknown field: leave it out, or check its spelling."
    assert [each["field"] for each in path.json()["errors"]] == ["endpoint_id"]
    assert [each["field"] for each in query.json()["errors"]] == ["limit"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(RuntimeError("secret detail"), 500, "internal"), (Unavailable("Away.", 2), 503, "unavailable")],
)
async def test_failures_of_our_own_say_nothing_of_the_inside(
    service: Service, error: Exception, status: int, code: str
) -> None:
    """500 without detail, 503 with the seconds to wait; both in the one shape."""
    router = APIRouter()

    @router.get("/fails")
    async def fails() -> None:
        raise error

    service.app.include_router(router)
    answer = await (await service.client()).get("/fails")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("retry-after") == (None if status == 500 else "2")
    assert "secret" not in answer.text


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "sqlite:////nowhere/at/all.db"])
async def test_a_database_that_is_away_is_a_503(url: str) -> None:
    """With Retry-After, and readiness says which part is missing; the process lives."""
    settings = Settings(_env_file=None, database_url=url)
    database = Database(url)
    app = build(Installation(settings, database, Sealer(bytes(32))))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://nove.test") as client:
        answer = await client.get("/v1/shop", headers={"Authorization": f"Bearer {new_api_key()}"})
        alive = await client.get("/healthz")
        ready = await client.get("/readyz")
    await database.close()

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "not reachable")


@pytest.mark.parametrize(
    "error",
    [
        DBAPIError("UPDATE", None, DeadlockDetectedError()),
        DeadlockDetectedError(),
        LockNotAvailableError("canceling statement due to lock timeout"),
        PoolTimeout("no connection within 5 s"),
    ],
)
def test_a_busy_database_is_a_503(error: Exception) -> None:
    """Deadlocks, locks that others hold and an empty pool pass: the caller may send it again."""
    answer = problems.of(error, "id")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
