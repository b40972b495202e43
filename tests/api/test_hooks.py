"""Carriers push: signed, once, in any order, before their shipment, and in ways that cannot be used."""

import asyncio
import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select, text

from app.api.buckets import Buckets
from app.arrivals.tables import arrivals
from app.database import new_id
from app.intake.retrying import retry_failed
from app.main import build
from app.shipments.tables import events
from app.shops import Shop
from tests.api.conftest import PUBLIC_URL, Service
from tests.api.posting import ago, happened, post_parcel
from tests.recorded import recorded

NUMBER = "SANDBOX-DELIVERED-7"


class Hook:
    """The address of an account, and its secret."""

    def __init__(self, client: AsyncClient, path: str, secret: str) -> None:
        self.client, self.path, self.secret = client, path, secret

    async def push(
        self, body: bytes, *, id_: str = "", at: datetime | None = None, signature: bytes | None = None
    ) -> Response:
        """Push a body with the sandbox's signature, signed now unless said otherwise."""
        id_ = id_ or new_id().hex
        stamp = str(int((at or datetime.now().astimezone()).timestamp()))
        signed = f"{id_}.{stamp}.".encode() + body
        made = hmac.new(self.secret.encode(), signed, sha256).hexdigest().encode()
        headers = {
            b"sandbox-id": id_.encode(),
            b"sandbox-timestamp": stamp.encode(),
            b"sandbox-signature": made if signature is None else signature,
        }
        return await self.client.post(self.path, content=body, headers=headers)


def sandbox_body(*steps: tuple[str, str], number: str = NUMBER) -> bytes:
    """A push of the sandbox telling these (code, time)."""
    told = [{"id": f"{number}.{code}", "time": at, "code": code, "text": code, "town": "Milano"} for code, at in steps]
    return orjson.dumps({"carrier": "sandbox", "parcels": [{"number": number, "found": True, "events": told}]})


async def hook_of(client: AsyncClient, carrier: str, **account: Any) -> Hook:
    """A fresh account's hook."""
    made = (await client.post("/v1/accounts", json={"carrier": carrier, **account})).json()
    return Hook(client, made["hook_url"].removeprefix(PUBLIC_URL), made["secret"])


@pytest.fixture
async def hook(client: AsyncClient) -> Hook:
    """The sandbox's hook of the shop's company."""
    return await hook_of(client, "sandbox")


async def status_of(client: AsyncClient, id_: str) -> str:
    """The shipment's status."""
    return str((await client.get(f"/v1/shipments/{id_}")).json()["status"])


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


async def test_an_unreadable_push_is_kept_for_a_person(service: Service, client: AsyncClient, hook: Hook) -> None:
    """200, since it is stored; support finds it with its reason, a reading key and another company do not."""
    bodies = [b"\xff\xfe not json", b'{"carrier": "sandbox", "parcels": [', b"[]", b"", b'{"carrier":"ups"}']
    for body in bodies:
        answer = await hook.push(body)
        assert (answer.status_code, answer.json()) == (200, {"status": "quarantined"})
    found = (await client.get("/v1/arrivals", params={"state": "quarantined"})).json()["items"]
    oldest = (await client.get(f"/v1/arrivals/{found[-1]['id']}")).json()
    stranger = await service.caller(await service.shop())

    assert [each["state"] for each in found] == ["quarantined"] * len(bodies)
    assert all(each["reason"] for each in found)
    assert (oldest["body_base64"], oldest["body_text"]) == ("//4gbm90IGpzb24=", None)
    assert (await stranger.get(f"/v1/arrivals/{found[0]['id']}")).status_code == 404
    assert (await client.get(f"/v1/arrivals/{uuid4()}")).status_code == 404


async def test_half_of_a_push_is_taken(client: AsyncClient, hook: Hook) -> None:
    """What can be read of a body counts; a code outside the table is kept without moving anything."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    body = orjson.loads(sandbox_body(("collected", ago(hours=3)), ("teleported", ago(hours=1))))
    body["parcels"] += [7, {"number": ["x"]}]
    body["parcels"][0]["events"] += ["nonsense", {"time": "never", "code": "delivered"}]
    answer = await hook.push(orjson.dumps(body))

    assert answer.json()["new_events"] == 2
    assert await status_of(client, id_) == "in_transit"
    codes = (await client.get("/v1/carriers/unmapped")).json()["items"]
    assert [(each["code"], each["count"]) for each in codes] == [("teleported", 1)]


async def test_a_push_may_come_before_its_shipment(client: AsyncClient, hook: Hook) -> None:
    """Kept as unclaimed, and applied when the shop posts the number."""
    early = await hook.push(sandbox_body(("collected", ago(hours=3))))
    unclaimed = (await client.get("/v1/arrivals", params={"state": "unclaimed"})).json()["items"]
    posted = await client.post("/v1/shipments", json={"carrier": "sandbox", "tracking_number": NUMBER})

    assert early.json() == {"status": "accepted", "parcels": 1, "new_events": 0}
    assert [each["tracking_number"] for each in unclaimed] == [NUMBER]
    assert (posted.status_code, posted.json()["status"], len(posted.json()["events"])) == (201, "in_transit", 1)


async def test_the_same_event_by_push_and_by_the_shop_is_one(client: AsyncClient, hook: Hook) -> None:
    """Known by the carrier's own id, whichever comes first."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    at = ago(hours=3)
    own = happened("in_transit", "picked_up", at=at, code="collected", key=f"{NUMBER}.collected")
    await hook.push(sandbox_body(("collected", at)))
    known = await client.post(f"/v1/shipments/{id_}/events", json=own)

    assert known.status_code == 200
    assert len((await client.get(f"/v1/shipments/{id_}")).json()["events"]) == 1


async def test_a_forgotten_number_is_not_brought_back_by_a_push(client: AsyncClient, hook: Hook) -> None:
    """Late events restore nothing, until the shop posts the number again: then even the same push counts."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    body = sandbox_body(("collected", ago(hours=3)))
    await client.delete(f"/v1/shipments/{id_}")
    late = await hook.push(body, id_="m-1")
    kept = (await client.get("/v1/arrivals")).json()["items"]
    again = await client.post("/v1/shipments", json={"carrier": "sandbox", "tracking_number": NUMBER})
    anew = await hook.push(body, id_="m-1")

    assert (late.status_code, kept) == (200, [])
    assert again.json()["status"] == "pending"
    assert anew.json()["new_events"] == 1
    assert await status_of(client, again.json()["id"]) == "in_transit"


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


async def test_bodies_are_bounded(client: AsyncClient, hook: Hook) -> None:
    """4 MiB are read, more is refused."""
    large = await hook.push(b" " * (4 * 1024 * 1024 - 2) + b"{}")
    larger = await hook.push(b" " * (4 * 1024 * 1024 - 1) + b"{}")

    assert (large.status_code, large.json()["status"]) == (200, "quarantined")
    assert (larger.status_code, larger.json()["code"]) == (413, "too_large")


async def test_what_fails_inside_is_kept_and_tried_again(service: Service, client: AsyncClient, hook: Hook) -> None:
    """The event table refuses to be written: 200, since the push is stored; later a worker takes it in."""
    id_ = await post_parcel(client, NUMBER, carrier="sandbox")
    refuse, allow = REFUSALS[service.database.postgres]
    async with service.database.transaction() as db:
        for statement in refuse:
            await db.run(text(statement))
    body = sandbox_body(("collected", ago(hours=3)))
    answer = await hook.push(body, id_="m-1")
    replay = await hook.push(body, id_="m-1")
    failed = (await client.get("/v1/arrivals", params={"state": "failed"})).json()["items"]
    before = await status_of(client, id_)
    async with service.database.transaction() as db:
        await db.run(text(allow))
    tried = await retry_failed(service.installation)

    assert (answer.status_code, answer.json()) == (200, {"status": "deferred"})
    assert replay.json() == {"status": "duplicate"}
    assert [(each["tracking_number"], each["attempts"]) for each in failed] == [(NUMBER, 0)]
    assert failed[0]["next_try_at"] is not None
    assert (before, tried, await status_of(client, id_)) == ("pending", 1, "in_transit")
    async with service.database.reading() as db:
        assert await db.value(select(func.count()).select_from(events)) == 1
        assert await db.value(select(arrivals.c.state)) == "taken"


REFUSALS = {
    False: (
        ["CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'refused'); END"],
        "DROP TRIGGER refuse",
    ),
    True: (
        ["ALTER TABLE events ADD CONSTRAINT refuse CHECK (code <> 'collected')"],
        "ALTER TABLE events DROP CONSTRAINT refuse",
    ),
}


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
