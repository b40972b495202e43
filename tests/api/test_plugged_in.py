"""A carrier of a package of its own, as `nove carrier new` writes it, in the running service: posted, asked, pushed."""

import hmac
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from httpx import AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import carriers
from app import accounts
from app.cli.skeleton import of_its_own
from app.demo.serving import serving
from app.polling import Poller
from app.shops import Shop
from tests.api.conftest import PUBLIC_URL, Service
from tests.api.posting import ago, post_parcel

NUMBER, SECRET = "AC00000001", "a-secret-of-the-account-0123456789"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package, found as an installer leaves it: its module and its entry point on the path."""
    files = of_its_own("acme_express", "Acme Express")
    (tmp_path / "nove_acme_express.py").write_text(files[Path("nove_acme_express.py")])
    about = tmp_path / "nove_acme_express-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nove-acme-express\nVersion: 0.1.0\n")
    (about / "entry_points.txt").write_text("[nove.carriers]\nacme_express = nove_acme_express:AcmeExpress\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    carriers.carriers.cache_clear()
    yield
    carriers.carriers.cache_clear()
    sys.modules.pop("nove_acme_express", None)


def said(*events: tuple[str, str]) -> bytes:
    """What the carrier says of the parcel: codes and times."""
    told = [{"code": code, "text": code, "time": at, "city": "Milano"} for code, at in events]
    return orjson.dumps({"service": "acme_express", "parcels": [{"number": NUMBER, "events": told}]})


@asynccontextmanager
async def the_carrier(body: bytes) -> AsyncIterator[tuple[str, list[str]]]:
    """Its server, which answers so to the key `abc`, and what it is asked."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.url.path)
        return Response(body, 200 if request.headers["authorization"] == "Bearer abc" else 401)

    async with serving(Starlette(routes=[Route("/track/{number}", answer)])) as url:
        yield url, asked


async def test_it_is_a_carrier_like_any_other(service: Service, client: AsyncClient, shop: Shop) -> None:
    """Its account is taken, its server asked, its signed push believed once and any other refused."""
    async with the_carrier(said(("PICKED", ago(hours=5)))) as (url, asked):
        async with service.database.transaction() as db:
            added = await accounts.add(
                *(db, service.sealer, shop.company_id, "acme_express"),
                public_url=PUBLIC_URL,
                credentials={"api_key": "abc"},
                base_url=url,
                secret=SECRET,
            )
        id_ = await post_parcel(client, NUMBER, "acme_express")
        poller = Poller(service.installation)
        await poller.tick()
        await poller.idle()
        await poller.close()
    polled = (await client.get(f"/v1/shipments/{id_}")).json()

    body = said(("ROUTE", ago(hours=1)))
    hook = added.hook_url.removeprefix(PUBLIC_URL)
    signed = {"x-signature": hmac.new(SECRET.encode(), body, sha256).hexdigest()}
    pushes = [await client.post(hook, content=body, headers=headers) for headers in ({}, signed, signed)]
    pushed = (await client.get(f"/v1/shipments/{id_}")).json()

    assert asked == [f"/track/{NUMBER}"]
    assert (polled["status"], polled["sub_status"], polled["explanation"]["row"]) == (
        *("in_transit", "picked_up"),
        "PICKED",
    )
    assert [(push.status_code, push.json().get("status")) for push in pushes[1:]] == [
        (200, "accepted"),
        (200, "duplicate"),
    ]
    assert (pushes[0].status_code, pushes[0].json()["code"]) == (401, "bad_signature")
    assert (pushed["status"], [event["code"] for event in pushed["events"]]) == (
        "out_for_delivery",
        ["ROUTE", "PICKED"],
    )


async def test_it_is_among_those_that_are_listed(client: AsyncClient) -> None:
    """With its name and what it takes."""
    listed = {each["slug"]: each for each in (await client.get("/v1/carriers")).json()["items"]}

    assert listed["acme_express"]["name"] == "Acme Express"
