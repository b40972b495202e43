"""Every operation by every kind of key: what is another's looks like what does not exist."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.api.buckets import Buckets
from app.keys import IMPLIED, Scope
from app.outbox import rules
from app.shops import Shop
from tests.api.access_matrix import MAPPING, MATRIX, OF_EVERYBODY, OF_THE_COMPANY, PUBLIC
from tests.api.conftest import Service
from tests.api.documented import document_of
from tests.api.posting import ago, parcel

MISSING = "0199c0de-5f2a-7b3c-8d4e-5f6071829304"


MAPPED = ("mapping", "shadow")


ON_ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
"""For what no query decides."""


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    """Each operation of the OpenAPI document by its method and path."""
    paths = document_of(app)["paths"].items()
    return {f"{method.upper()} {path}": each for path, methods in paths for method, each in methods.items()}


class Tenant:
    """A shop that has things, and clients with keys of it; no rate limit is in the way."""

    def __init__(self, service: Service, shop: Shop) -> None:
        self.service, self.shop = service, shop
        self.things: dict[str, str] = {}
        self._numbers = count(1)
        self._clients: dict[str, AsyncClient] = {}

    async def by(self, scope: str) -> AsyncClient:
        """A client with a key of this scope."""
        if scope not in self._clients:
            self._clients[scope] = await self.service.caller(self.shop, scope, bucket=1_000_000)
        return self._clients[scope]

    async def settle(self) -> None:
        """Have one of each thing."""
        async with self.service.database.transaction() as db:
            await rules.create_defaults(db, self.shop.company_id, self.shop.id)
        self.things |= {"shop": str(self.shop.id), "carrier": "sandbox"}
        for thing in (
            "account",
            "endpoint",
            "key",
            "rule",
            "shipment",
            "message",
            "order",
            "arrival",
            "erasure",
            *MAPPED,
        ):
            self.things[thing] = await self.make(thing)

    async def make(self, thing: str) -> str:
        """A fresh thing of a kind; its id."""
        client, number = await self.by("admin"), next(self._numbers)
        makers: dict[str, Callable[[], Awaitable[Response]]] = {
            "account": lambda: client.post("/v1/accounts", json={"carrier": "sandbox"}),
            "endpoint": lambda: client.post("/v1/endpoints", json={"url": "http://127.0.0.1:9/"}),
            "key": lambda: client.post("/v1/keys", json={"name": "K", "scopes": ["read"]}),
            "shipment": lambda: client.post(
                "/v1/shipments",
                json=parcel(f"SANDBOX-HELD-{number}", "sandbox", account_id=self.things["account"]),
            ),
            "order": lambda: client.post("/v1/orders", json={"reference": f"{self.shop.id}-{number}"}),
            "arrival": lambda: client.post(
                f"/v1/shipments/{self.things['shipment']}/events",
                json={"status": "in_transit", "occurred_at": ago(hours=2)},
            ),
            "erasure": lambda: client.post("/v1/erasures", json={"email": "nobody@example.com"}),
            "mapping": lambda: client.post("/v1/mappings", json={**MAPPING, "code": f"M-{uuid4()}"}),
            "shadow": lambda: client.post("/v1/mappings", json={**MAPPING, "code": f"S-{uuid4()}", "shadow": True}),
            "message": lambda: client.get("/v1/messages", params={"channel": "webhook"}),
            "rule": lambda: client.get("/v1/rules"),
        }
        said = (await makers[thing]()).raise_for_status().json()
        match thing:
            case "rule" | "message":
                return str(said["items"][0]["id"])
            case "order":
                return str(said["reference"])
            case "arrival":
                return str(said["evidence"]["arrival_id"])
        return str(said["id"])


async def call(
    client: AsyncClient,
    operation: str,
    id_: str = MISSING,
    refers: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> Response:
    """Call the operation with its row's body, the id in its address, and what the body refers to."""
    method, path = operation.split(" ")
    row = MATRIX[operation]
    body = None if row.body is None else {**row.body, **refers}
    if row.thing:
        path = f"{path[: path.index('{')]}{id_}{path[path.index('}') + 1 :]}"
    return await client.request(method, path, json=body, **more)


def alike(answer: Response, named: str) -> tuple[object, ...]:
    """All that a caller can see of an answer, but for what it named itself and what differs with each request."""
    own = {"request_id": answer.json()["request_id"], "named": named}
    text = answer.text.replace(own["request_id"], "").replace(own["named"], "")
    passing = ("x-request-id", "ratelimit", "content-length")
    return answer.status_code, text, sorted(each for each in answer.headers.items() if each[0] not in passing)


@pytest.fixture
async def tenants(service: Service) -> AsyncIterator[tuple[Tenant, Tenant, Tenant]]:
    """A shop that owns things, its sister, and a shop of another company."""
    await service.start(buckets=Buckets(count().__next__))  # a second for each request: no limit is met
    owner = Tenant(service, await service.shop())
    sister = Tenant(service, await service.shop(owner.shop.company_id))
    other = Tenant(service, await service.shop())
    for tenant in (owner, sister, other):
        await tenant.settle()
    yield owner, sister, other


@ON_ONE_DATABASE
async def test_every_operation_is_in_the_matrix(service: Service) -> None:
    """A new route needs a row; a row needs its route; what the address names is what the row says."""
    assert set(operations(service.app)) == MATRIX.keys() | PUBLIC
    assert {each for each in MATRIX if "{" in each} == {each for each, row in MATRIX.items() if row.thing}


@ON_ONE_DATABASE
async def test_every_scope_may_do_what_it_should_and_no_more(tenants: tuple[Tenant, Tenant, Tenant]) -> None:
    """Done with its scope or one that implies it, 403 with any other."""
    owner, _, _ = tenants
    documented = operations(owner.service.app)
    wrong = []
    for operation, row in MATRIX.items():
        for scope in Scope:
            own = owner.things.get(row.thing, "")
            if operation.startswith("DELETE"):
                own = await owner.make(row.thing)
            answer = await call(await owner.by(scope), operation, own)
            done = {int(code) for code in documented[operation]["responses"] if code.startswith("2")}
            expected = done if Scope(row.scope) in IMPLIED[scope] else {403}
            if answer.status_code not in expected:
                wrong.append((operation, scope, answer.status_code, answer.text))

    assert wrong == []


@ON_ONE_DATABASE
async def test_no_operation_answers_without_a_key_of_ours(tenants: tuple[Tenant, Tenant, Tenant]) -> None:
    """401, the same whether the thing exists, with no key, a wrong one, and one that was revoked."""
    owner, _, _ = tenants
    revoked = await owner.service.caller(owner.shop, "admin", bucket=1_000_000)
    own_keys = (await revoked.get("/v1/keys")).json()["items"]
    await (await owner.by("admin")).delete(f"/v1/keys/{own_keys[-1]['id']}")
    wrong_key = await owner.service.client({"Authorization": f"Bearer nove_{'x' * 49}"})
    wrong = []
    for client in (await owner.service.client(), wrong_key, revoked):
        for operation, row in MATRIX.items():
            things = {owner.things.get(row.thing, MISSING), MISSING}
            seen = {str(alike(await call(client, operation, each), each)) for each in things}
            if len(seen) != 1 or not seen.pop().startswith("(401,"):
                wrong.append((operation, client.headers))

    assert wrong == []


async def test_what_is_anothers_is_like_what_is_missing(tenants: tuple[Tenant, Tenant, Tenant]) -> None:
    """The same body and headers, 404 for an id in the address, by every scope that may call."""
    owner, *strangers = tenants
    wrong = []
    for operation, row in MATRIX.items():
        for stranger in strangers:
            shared = OF_EVERYBODY | (OF_THE_COMPANY if stranger.shop.company_id == owner.shop.company_id else set())
            for scope in Scope:
                if Scope(row.scope) in IMPLIED[scope]:
                    client = await stranger.by(scope)
                    wrong += [
                        (operation, scope, name, *answers)
                        for name, thing in (("", row.thing), *row.refers.items())
                        if thing and thing not in shared
                        for answers in [await _named(client, operation, name, stranger, owner.things[thing])]
                        if answers[0] != answers[1] or answers[0][0] not in ((404, 422) if name else (404,))
                    ]

    assert wrong == []


async def _named(client: AsyncClient, operation: str, field: str, stranger: Tenant, id_: str) -> list[tuple[Any, ...]]:
    """What a stranger sees who names this id, and a missing one: in the body's field, or in the address if none."""
    own = stranger.things.get(MATRIX[operation].thing, "")
    return [
        alike(await call(client, operation, own if field else each, refers={field: each} if field else {}), each)
        for each in (id_, MISSING)
    ]


async def test_a_shop_that_is_anothers_is_like_a_missing_one(tenants: tuple[Tenant, Tenant, Tenant]) -> None:
    """Wherever a shop can be named, in a header or a parameter, by a key of one shop and by one of a whole company."""
    owner, sister, other = tenants
    documented = operations(owner.service.app)
    whole_company = await owner.service.caller(other.shop, "admin", all_shops=True, bucket=1_000_000)
    named = {operation for operation in MATRIX if "shop_id" in str(documented[operation].get("parameters", ""))}
    wrong = []
    for operation in sorted(named):
        for client in (await sister.by("admin"), await other.by("admin"), whole_company):
            for way, name in (("headers", "X-Shop-Id"), ("params", "shop_id")):
                answers = []
                for each in (str(owner.shop.id), MISSING):
                    naming: dict[str, Any] = {way: {name: each}}
                    answers.append(alike(await call(client, operation, **naming), each))
                if answers[0] != answers[1] or answers[0][0] != 404:
                    wrong.append((operation, way, *answers))

    assert len(named) > 10
    assert wrong == []


async def test_no_list_holds_anothers_things(tenants: tuple[Tenant, Tenant, Tenant]) -> None:
    """Whatever is read without an id, none of the owner's ids is in the answer; but for contracts, at a sister shop."""
    owner, *strangers = tenants
    wrong = []
    for operation, row in MATRIX.items():
        if row.thing or not (operation.startswith("GET") or row.scope == "read"):
            continue
        for stranger in strangers:
            text = (await call(await stranger.by("admin"), operation)).raise_for_status().text
            shared = OF_EVERYBODY | (OF_THE_COMPANY if stranger is strangers[0] else set())
            wrong += [(operation, each) for each, id_ in owner.things.items() if each not in shared and id_ in text]

    assert wrong == []
