"""The tracking page over HTTP: who sees it, in which headers it comes, how often."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import update

from app.api.buckets import Buckets
from app.database import new_id
from app.erasing import erase
from app.intake.change import tracking_page
from app.main import build
from app.pages.visitors import MISSES, VIEWS
from app.sealing import token_hash
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.shops import Shop
from carriers.event import Place
from carriers.vocabulary import Status, SubStatus
from tests.api.conftest import Service
from tests.building import World, event

NOWHERE = "/t/AAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
async def world(service: Service, shop: Shop) -> World:
    """The service's shop, which posts."""
    return World(service.installation, shop)


@pytest.fixture
async def visitor(service: Service) -> AsyncClient:
    """A browser without a key."""
    return await service.client()


def path_of(world: World, shipment: Shipment) -> str:
    return tracking_page(world.installation, shipment).removeprefix("https://nove.example")


async def on_its_way(world: World, number: str = "ABC123456", **posted: Any) -> Shipment:
    shipment = await world.ship(number, **posted)
    place = Place("Bologna", country="IT")
    return await world.say(
        shipment,
        event(Status.IN_TRANSIT, SubStatus.PICKED_UP, at=world.now - timedelta(hours=9), place=place),
        event(Status.IN_TRANSIT, SubStatus.ARRIVED, at=world.now - timedelta(hours=2), place=place),
    )


async def test_a_page_and_its_json(world: World, visitor: AsyncClient) -> None:
    order = {"reference": "1042", "items": [{"name": "Tazza blu", "quantity": 2}]}
    path = path_of(world, await on_its_way(world, order=order))

    page, told = await visitor.get(path), await visitor.get(f"{path}.json")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for words in ("Bottega", "Arrivato in filiale", "Bologna", "ABC123456", "1042", "Tazza blu", "Firenze (50…)"):
        assert words in page.text
    assert "Anna" not in page.text
    assert '<meta http-equiv="refresh" content="60">' in page.text
    assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
    body = told.json()
    assert body["page"] == f"https://nove.example{path}"
    assert (body["status"], body["sub_status"], body["status_label"]) == (
        "in_transit",
        "arrived",
        "Arrivato in filiale",
    )
    assert [each["status"] for each in body["events"]] == ["in_transit"] * 2
    assert body["order"] == {"reference": "1042", "items": [{"name": "Tazza blu", "quantity": 2}], "more_items": 0}


async def test_a_carrier_is_named_once_it_is_settled(world: World, visitor: AsyncClient) -> None:
    """One of several that it may be with would send the recipient to the wrong one."""
    shipment = await world.ship("1Z999AA10123456784", None, carriers=["ups", "fedex"])  # type: ignore[arg-type]
    path = path_of(world, shipment)
    open_ = (await visitor.get(f"{path}.json")).json()["carrier"]
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now - timedelta(hours=2)))
    settled = (await visitor.get(f"{path}.json")).json()["carrier"]

    assert open_ == {"slug": "", "name": "", "url": None}
    assert (settled["slug"], settled["name"]) == ("ups", "UPS")


async def test_a_page_stands_still_once_the_parcel_has_arrived(world: World, visitor: AsyncClient) -> None:
    shipment = await on_its_way(world)
    await world.say(shipment, event(Status.DELIVERED, at=world.now - timedelta(hours=1)))

    page = await visitor.get(path_of(world, shipment))

    assert "Consegnato" in page.text
    assert "http-equiv" not in page.text


@pytest.mark.parametrize("suffix", ["", ".json"])
async def test_the_headers_of_every_answer(world: World, visitor: AsyncClient, suffix: str) -> None:
    path = path_of(world, await on_its_way(world))

    for answer in (await visitor.get(path + suffix), await visitor.get(NOWHERE + suffix)):
        headers = {name: answer.headers[name] for name in ("cache-control", "referrer-policy", "x-robots-tag")}
        assert headers == {
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-robots-tag": "noindex, nofollow",
        }
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")
        assert "script-src" not in policy
        assert answer.headers["ratelimit-policy"] == '"views";q=60;w=60'


async def test_the_style_has_a_nonce_of_its_own_each_time(world: World, visitor: AsyncClient) -> None:
    path = path_of(world, await on_its_way(world))
    nonces = set()
    for _ in range(2):
        answer = await visitor.get(path)
        nonce = answer.text.partition('<style nonce="')[2].partition('"')[0]
        assert f"style-src 'nonce-{nonce}';" in answer.headers["content-security-policy"]
        nonces.add(nonce)

    assert len(nonces) == 2


@pytest.mark.parametrize("suffix", ["", ".json"])
async def test_head_is_answered_as_get(world: World, visitor: AsyncClient, suffix: str) -> None:
    path = path_of(world, await on_its_way(world)) + suffix

    assert [(await visitor.head(each)).status_code for each in (path, NOWHERE + suffix)] == [200, 404]


async def test_unknown_revoked_and_forgotten_are_the_same(world: World, visitor: AsyncClient) -> None:
    """One answer, whatever the token was, in both forms."""
    revoked, forgotten = await on_its_way(world, "REVOKED-1"), await on_its_way(world, "FORGOTTEN-1")
    paths = [NOWHERE, "/t/short", f"/t/{'%C3%A8' * 24}", path_of(world, revoked), path_of(world, forgotten)]
    new = token_hash(world.installation.sealer.page_token("page", revoked.id, 2)).hex()
    async with world.database.transaction() as db:
        await db.run(update(shipments).where(shipments.c.id == revoked.id).values(page_generation=2, page_hash=new))
        await erase(db, world.installation.sealer, forgotten)

    def seen(answer: Response) -> tuple[object, ...]:
        nonce = answer.text.partition('<style nonce="')[2].partition('"')[0]
        body = answer.text.replace(nonce or "-", "").replace(answer.headers["x-request-id"], "")
        return answer.status_code, body, sorted(answer.headers)

    pages = [seen(await visitor.get(path)) for path in paths]
    told = [seen(await visitor.get(f"{path}.json")) for path in paths[:4]]

    assert len(set(map(str, pages))) == len(set(map(str, told))) == 1
    assert pages[0][0] == told[0][0] == 404
    assert "Spedizione non trovata" not in str(pages[0][1])  # nobody has said that they read Italian
    assert "Shipment not found" in str(pages[0][1])
    assert (await visitor.get(path_of(world, revoked._replace(page_generation=2)))).status_code == 200


async def test_the_language_is_the_recipients_unless_another_is_asked_for(world: World, visitor: AsyncClient) -> None:
    recipient = {"name": "Anna Prova", "city": "Firenze", "country": "IT"}
    italian = path_of(world, await on_its_way(world, "IT-1", recipient={**recipient, "locale": "it"}))
    unknown = path_of(world, await on_its_way(world, "XX-1", recipient=recipient))

    async def language(path: str, **headers: str) -> str:
        answer = await visitor.get(path, headers=headers)
        language: str = answer.headers["content-language"]
        assert f'<html lang="{language}">' in answer.text
        assert answer.text.count('aria-current="true"') == 1
        return language

    english = {"Accept-Language": "en"}
    assert await language(italian, **english) == "it"
    assert await language(f"{italian}?lang=en") == "en"
    assert await language(f"{italian}?lang=zz") == "it"
    assert await language(unknown, **english) == "en"
    assert await language(unknown) == "it"
    assert await language(NOWHERE, **{"Accept-Language": "it-IT,it;q=0.9"}) == "it"
    assert (await visitor.get(f"{italian}.json?lang=en")).json()["locale"] == "en"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_sixty_views_a_minute_from_one_address(service: Service, world: World) -> None:
    clock = Clock()
    service.app = build(service.installation, buckets=Buckets(clock))
    visitor, path = await service.client(), path_of(world, await on_its_way(world))

    seen = [(await visitor.get(path, headers={"Accept-Language": "it"})).status_code for _ in range(VIEWS)]
    page, told = await visitor.get(f"{path}?lang=it"), await visitor.get(f"{path}.json")
    clock.now += 1

    assert seen == [200] * VIEWS
    assert (page.status_code, page.headers["retry-after"], told.status_code) == (429, "5", 429)
    assert "Da questa connessione arrivano troppe richieste." in page.text
    assert told.json()["code"] == "rate_limited"
    assert (await visitor.get(path)).status_code == 200


async def test_who_searches_finds_nothing_any_more(service: Service, world: World) -> None:
    """After ten misses within ten minutes not even a hit is told; a minute later there is one try again."""
    clock = Clock()
    service.app = build(service.installation, buckets=Buckets(clock))
    visitor, path = await service.client(), path_of(world, await on_its_way(world))

    before = (await visitor.get(path)).status_code
    misses = [(await visitor.get(f"/t/{new_id().hex[:24]}")).status_code for _ in range(MISSES)]
    refused = [(await visitor.get(each)).status_code for each in (NOWHERE, path, f"{path}.json")]
    clock.now += 61

    assert (before, misses, refused) == (200, [404] * MISSES, [429] * 3)
    assert (await visitor.get(path)).status_code == 200


async def test_the_json_is_documented(visitor: AsyncClient) -> None:
    document = (await visitor.get("/openapi.json")).json()

    described = document["paths"]["/t/{token}.json"]["get"]
    assert set(document["paths"]["/t/{token}.json"]) == {"get"}
    assert "/t/{token}" not in document["paths"]
    assert set(described["responses"]) >= {"200", "404", "429"}
    schema = document["components"]["schemas"]["TrackingView"]["properties"]
    assert {"status", "status_label", "sentence", "since", "eta", "steps", "events", "carrier", "page"} <= set(schema)
