"""Carriers push: signed, once, believed, asked about."""

import asyncio
from datetime import datetime, timedelta

import orjson
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.api.buckets import Buckets
from app.database import Database
from app.installation import Installation
from app.main import build
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, happened, post_parcel
from tests.api.pushing import NUMBER, Hook, hook_of, sandbox_body, status_of
from tests.recorded import recorded


@pytest.fixture
async def hook(client: AsyncClient) -> Hook:
    """The sandbox's hook of the shop's company."""
    return await hook_of(client, "sandbox")


async def test_a_signed_push_moves_the_shipment(client: AsyncClient, hook: Hook) -> None:
    """200 with what was new; the event's evidence leads to the raw body, for whoever may see it."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    body = sandbox_body(("collected", ago(hours=3)), ("out_for_delivery", ago(hours=1)))
    answer = await hook.push(body)
    shipment = (await client.get(f"/v1/shipments/{id_}")).json()
    arrival = (await client.get(f"/v1/arrivals/{shipment['explanation']['arrival_id']}")).json()

    assert (answer.status_code, answer.json()) == (200, {"status": "accepted", "parcels": 1, "new_events": 2})
    assert (shipment["status"], shipment["explanation"]["row"]) == ("out_for_delivery", "out_for_delivery")
    assert arrival["body_text"] == body.decode()
    assert (arrival["state"], arrival["source"], arrival["shipment_id"]) == ("taken", "hook", id_)


async def test_who_looks_before_pushing_finds_the_address(client: AsyncClient, hook: Hook) -> None:
    """Ship24 asks by HEAD first; another address is none."""
    answers = [await client.head(path) for path in (hook.path, hook.path + "x")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (404, b"")]


async def test_the_same_message_is_taken_in_once(client: AsyncClient, hook: Hook) -> None:
    """A replay is answered as a duplicate; the same events under a new id are no news."""
    await post_parcel(client, NUMBER, carrier="sandbox")
    body = sandbox_body(("collected", ago(hours=3)))
    first = await hook.push(body, id_="m-1")
    replay = await hook.push(body, id_="m-1")
    repeat = await hook.push(body, id_="m-2")

    assert first.json() == {"status": "accepted", "parcels": 1, "new_events": 1}
    assert (replay.status_code, replay.json()) == (200, {"status": "duplicate"})
    assert repeat.json() == {"status": "accepted", "parcels": 1, "new_events": 0}


async def test_many_deliveries_at_once_are_one(service: Service, client: AsyncClient, hook: Hook) -> None:
    """Twenty at the same moment, five ids: each id is accepted once, the events are stored once."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    body = sandbox_body(("collected", ago(hours=3)), ("departed", ago(hours=2)))
    answers = await asyncio.gather(*(hook.push(body, id_=f"m-{number % 5}") for number in range(20)))
    said = [answer.json() for answer in answers]

    assert {answer.status_code for answer in answers} == {200}
    assert sum(each["status"] == "accepted" for each in said) == 5
    assert sum(each.get("new_events", 0) for each in said) == 2
    assert len((await client.get(f"/v1/shipments/{id_}")).json()["events"]) == 2


@pytest.mark.parametrize("spoil", ["signature", "missing", "body", "secret", "non-ascii"])
async def test_a_wrong_signature_is_refused(client: AsyncClient, hook: Hook, spoil: str) -> None:
    """401 in the same words, whatever is wrong with it, and nothing is stored."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    body = sandbox_body(("collected", ago(hours=3)))
    if spoil == "secret":
        hook.secret = "whsec_" + "A" * 44
    genuine = (await hook.push(sandbox_body(), id_="other")).request.headers["sandbox-signature"]
    given = {"signature": b"0" * 64, "missing": b"", "body": genuine.encode(), "non-ascii": "é".encode()}
    refused = await hook.push(body, id_="m-1", signature=given.get(spoil))

    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
    assert "secret of this account" in refused.json()["detail"]
    assert await status_of(client, id_) == "pending"


@pytest.mark.parametrize(("seconds", "status"), [(-330, 401), (-270, 200), (270, 200), (330, 401)])
async def test_a_signature_is_good_for_five_minutes(hook: Hook, seconds: int, status: int) -> None:
    """Either way; the refusal says what to do."""
    at = datetime.now().astimezone() + timedelta(seconds=seconds)
    answer = await hook.push(sandbox_body(("collected", ago(hours=3))), at=at)

    assert answer.status_code == status
    if status == 401:
        assert answer.json()["code"] == "stale_timestamp"
        assert "clock" in answer.json()["detail"]


async def test_an_unknown_address_says_nothing(client: AsyncClient, hook: Hook) -> None:
    """404 in the same words for an unknown carrier, an unknown token, another carrier's token."""
    token = hook.path.rpartition("/")[2]
    paths = ("/hooks/pigeon/x", f"/hooks/pigeon/{token}", "/hooks/sandbox/" + "x" * 24, f"/hooks/ups/{token}")
    answers = [await client.post(path, content=b"{}") for path in paths]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_the_same_event_by_push_and_by_the_shop_is_one(client: AsyncClient, hook: Hook) -> None:
    """Known by the carrier's own id, whichever comes first."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    at = ago(hours=3)
    own = happened("in_transit", "picked_up", at=at, code="collected", key=f"{NUMBER}.collected")
    await hook.push(sandbox_body(("collected", at)))
    known = await client.post(f"/v1/shipments/{id_}/events", json=own)

    assert known.status_code == 200
    assert len((await client.get(f"/v1/shipments/{id_}")).json()["events"]) == 1


async def test_ups_is_believed_and_asked(service: Service, client: AsyncClient) -> None:
    """An unsigned push counts, and the carrier is polled at once; the same body again is a duplicate."""
    hook = await hook_of(client, "ups", credentials={"client_id": "id", "client_secret": "secret"})
    body = recorded("ups", "push_delivered")
    number = orjson.loads(body)["trackingNumber"]
    id_ = await post_parcel(client, number, carrier="ups")
    async with service.database.transaction() as db:
        await db.run(text("UPDATE shipments SET next_poll_at = NULL"))
    answer = await client.post(hook.path, content=body, headers={"credential": hook.secret})
    again = await client.post(hook.path, content=body, headers={"credential": hook.secret})
    wrong = await client.post(hook.path, content=body, headers={"credential": "another"})
    shipment = (await client.get(f"/v1/shipments/{id_}")).json()

    assert answer.json()["status"] == "accepted"
    assert answer.json()["new_events"] >= 1
    assert again.json() == {"status": "duplicate"}
    assert wrong.status_code == 401
    assert datetime.fromisoformat(shipment["freshness"]["next_poll_at"]) <= service.database.now()


async def test_dhl_repeats_its_token(client: AsyncClient) -> None:
    """A push with the token of the subscription is taken in; one about the subscription itself is kept."""
    hook = await hook_of(client, "dhl_unified", credentials={"api_key": "key"})
    body = recorded("dhl_unified", "push")
    [parcel, *_] = orjson.loads(body)["shipments"]
    id_ = await post_parcel(client, parcel["id"], carrier="dhl_unified")
    headers = {"x-hook-key": hook.secret}
    answer = await client.post(hook.path, content=body, headers=headers)
    about = await client.post(hook.path, content=recorded("dhl_unified", "push_validate"), headers=headers)
    without = await client.post(hook.path, content=body)

    assert (answer.json()["status"], answer.json()["new_events"] >= 1) == ("accepted", True)
    assert (about.status_code, about.json()) == (200, {"status": "accepted", "parcels": 0, "new_events": 0})
    assert without.status_code == 401
    assert await status_of(client, id_) != "pending"


async def test_a_flood_is_slowed_down(service: Service, shop: Shop) -> None:
    """Past the account's allowance 429 with `Retry-After`: nothing is dropped in silence, other accounts go on."""
    still = build(service.installation, buckets=Buckets(clock=lambda: 0.0))
    key = {"Authorization": f"Bearer {await service.key(shop)}"}
    async with AsyncClient(transport=ASGITransport(still), base_url="http://nove.test", headers=key) as client:
        flooded, quiet = await hook_of(client, "sandbox"), await hook_of(client, "sandbox")
        answers = [await client.post(flooded.path, content=b"x") for _ in range(601)]
        other = await client.post(quiet.path, content=b"x")

    assert [answer.status_code for answer in answers] == [401] * 600 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert other.status_code == 401


async def test_a_database_that_is_away_is_said_so(service: Service, hook: Hook) -> None:
    """503 with `Retry-After`, so that the carrier pushes again; nothing was acknowledged."""
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    app = build(Installation(service.installation.settings, away, service.sealer))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://nove.test") as client:
        answer = await Hook(client, hook.path, hook.secret).push(sandbox_body(("collected", ago(hours=1))))
    await away.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
