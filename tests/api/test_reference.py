"""Reference data, health and the OpenAPI document."""

import re
from datetime import timedelta

from httpx import AsyncClient

from app.arrivals.tables import unmapped
from app.shops import Shop
from carriers import carriers
from tests.api.conftest import Service


async def test_the_nine_statuses_in_italian(client: AsyncClient) -> None:
    """Numbers, labels, ends, and each with its sub-statuses."""
    items = (await client.get("/v1/statuses", params={"locale": "it"})).json()["items"]

    assert [(each["id"], each["status"], each["label"], each["final"]) for each in items] == [
        (1, "pending", "In attesa del corriere", False),
        (2, "awaiting_pickup", "Da affidare al corriere", False),
        (3, "in_transit", "In transito", False),
        (4, "out_for_delivery", "In consegna", False),
        (5, "failed_attempt", "Consegna non riuscita", False),
        (6, "exception", "Problema da risolvere", False),
        (10, "available_for_pickup", "Pronto per il ritiro", False),
        (95, "returned", "Rientrato", True),
        (99, "delivered", "Consegnato", True),
    ]
    assert {"sub_status": "held", "label": "In giacenza"} in items[5]["sub_statuses"]


async def test_carriers_and_what_they_need(client: AsyncClient) -> None:
    """Every carrier is listed by slug, with the fields of its credentials."""
    items = (await client.get("/v1/carriers")).json()["items"]
    [sandbox] = [each for each in items if each["slug"] == "sandbox"]

    assert [each["slug"] for each in items] == sorted(carriers())
    assert [each["slug"] for each in items if each["resolve"]] == ["brt", "gls_it", "postnl"]
    assert sandbox == {
        "slug": "sandbox",
        "name": "Sandbox",
        "website": "",
        "poll": True,
        "push": True,
        "resolve": False,
        "batch_size": 20,
        "confidence": "high",
        "credentials": [{"name": "speed", "required": False, "secret": False, "description": ""}],
    }


async def test_a_number_tells_its_carrier(client: AsyncClient) -> None:
    """By its form; one of no known form has no candidates."""
    known = await client.post("/v1/carriers/detect", json={"tracking_number": "SANDBOX-HELD-1"})
    unknown = await client.post("/v1/carriers/detect", json={"tracking_number": "????"})

    evidence = {"pattern": "SANDBOX-[A-Z]+-[A-Z0-9-]+", "check_digit": None, "account": False, "destination": False}
    assert known.json()["items"] == [{"slug": "sandbox", "name": "Sandbox", "candidate": True, "evidence": evidence}]
    assert unknown.json()["items"] == []


async def test_who_it_may_be_is_told_with_the_evidence(client: AsyncClient) -> None:
    """A check digit that does not fit speaks against all else; then come the company's own, and those at home there."""
    account = {"carrier": "brt", "credentials": {"user_id": "a", "password": "b"}}
    assert (await client.post("/v1/accounts", json=account)).status_code == 201

    async def told(number: str, destination: str | None = None) -> list[tuple[str, bool | None, bool, bool]]:
        asked = {"tracking_number": number, "destination": destination}
        items = (await client.post("/v1/carriers/detect", json=asked)).json()["items"]
        return [
            (each["slug"], *(each["evidence"][part] for part in ("check_digit", "account", "destination")))
            for each in items
            if each["slug"] in ("fedex", "brt", "dhl_parcel_de")
        ]

    assert await told("794887075005", "de") == [
        ("brt", None, True, False),
        ("dhl_parcel_de", None, False, True),
        ("fedex", True, False, False),
    ]
    assert [each[:2] for each in await told("794887075006")] == [
        ("brt", None),
        ("dhl_parcel_de", None),
        ("fedex", False),
    ]


async def test_unmapped_codes_are_listed_in_pages(service: Service, client: AsyncClient, shop: Shop) -> None:
    """The company's own alone, by carrier, list and code; a made-up cursor is refused."""
    other = await service.shop()
    async with service.database.transaction() as db:
        for company_id, code in ((shop.company_id, "X1"), (shop.company_id, "X2"), (other.company_id, "X3")):
            await db.run(
                unmapped.insert().values(
                    company_id=company_id,
                    carrier="brt",
                    list="",
                    code=code,
                    text="Words",
                    count=3,
                    first_seen_at=db.now - timedelta(days=1),
                    last_seen_at=db.now,
                )
            )
    first = (await client.get("/v1/carriers/unmapped", params={"limit": 1})).json()
    second = (await client.get("/v1/carriers/unmapped", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    made_up = await client.get("/v1/carriers/unmapped", params={"cursor": "WzFd"})

    assert [each["code"] for each in first["items"] + second["items"]] == ["X1", "X2"]
    assert (first["items"][0]["count"], first["items"][0]["text"]) == (3, "Words")
    assert second["next_cursor"] is None
    assert (made_up.status_code, made_up.json()["code"]) == (422, "invalid_cursor")


async def test_health_and_metrics(service: Service, client: AsyncClient) -> None:
    """Alive, ready, and requests counted by their route's pattern."""
    await client.get("/v1/endpoints/0199c0de-5f2a-7b3c-8d4e-5f6071829304")
    anyone = await service.client()
    alive, ready, metrics = [await anyone.get(path) for path in ("/healthz", "/readyz", "/metrics")]

    assert alive.json() == {"status": "ok"}
    assert ready.json()["checks"] | {"disk": ""} == {"database": "ok", "schema": "ok", "disk": ""}
    assert 'nove_requests_total{method="GET",route="/v1/endpoints/{endpoint_id}",status="404"} 1.0' in metrics.text
    assert "nove_uptime_seconds" in metrics.text


async def test_the_document_tells_of_bodies_errors_and_the_key(client: AsyncClient) -> None:
    """OpenAPI 3.1: each route of the API with its security, its problems and its body."""
    document = (await client.get("/openapi.json")).json()
    made = document["paths"]["/v1/endpoints"]["post"]

    assert document["openapi"].startswith("3.1")
    assert made["security"] == [{"HTTPBearer": []}]
    assert made["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewEndpoint"}
    assert document["components"]["schemas"]["NewEndpoint"]["additionalProperties"] is False
    assert {"201", "401", "403", "404", "413", "415", "422", "429", "503"} <= set(made["responses"])
    assert list(made["responses"]["422"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_the_page_of_the_routes_loads_nothing_from_elsewhere(service: Service) -> None:
    """Its script and style are served here, and its policy allows no other place."""
    anyone = await service.client()
    page = await anyone.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    parts = [await anyone.get(address) for address in loaded if address.startswith("/")]
    start = next(each for each in parts if each.url.path == "/docs/start.js")
    style = next(each for each in parts if each.headers["content-type"].startswith("text/css"))

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert loaded == ["data:,", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"]
    assert [each.status_code for each in parts] == [200] * 3
    assert "//" not in page.text + start.text
    assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.text)
    assert set(re.findall(r"(?<= )[^ ;]+(?=[ ;])", page.headers["content-security-policy"] + ";")) <= {
        *("'none'", "'self'", "data:"),
        *("connect-src", "img-src", "script-src", "style-src", "frame-ancestors", "base-uri", "form-action"),
    }
    assert (await anyone.get("/docs/other.js")).status_code == 404
