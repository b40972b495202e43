"""Messages over HTTP: listed, read with their attempts, and sent again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update

from app.database import new_id
from app.demo.serving import serving
from app.outbox.sending import Sender
from app.outbox.tables import messages
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, happened, parcel
from tests.receivers import Receiver


async def send(service: Service) -> None:
    sender = Sender(service.installation)
    await sender.send_due()
    await sender.idle()
    await sender.close()


async def shipped(client: AsyncClient, number: str = "TOLD-1") -> str:
    """A shipment with two changes of status; its id."""
    id_ = (await client.post("/v1/shipments", json=parcel(number))).json()["id"]
    for status, hours in (("in_transit", 3), ("out_for_delivery", 1)):
        await client.post(f"/v1/shipments/{id_}/events", json=happened(status, at=ago(hours=hours)))
    return str(id_)


async def endpoint(client: AsyncClient, url: str) -> str:
    made = await client.post("/v1/endpoints", json={"url": f"{url}/hook", "types": ["shipment.status_changed"]})
    return str(made.json()["id"])


async def later(service: Service, **span: float) -> None:
    service.database.clock_offset += timedelta(**span)


def ids(receiver: Receiver) -> list[str]:
    return [headers["webhook-id"] for headers, _ in receiver.got]


async def test_messages_are_listed_and_read(service: Service, client: AsyncClient) -> None:
    """By state, endpoint, shipment and time, a page at a time; each with the ledger of its attempts."""
    receiver = Receiver(answers=[503])
    async with serving(receiver.app()) as url:
        to = await endpoint(client, url)
        one, other = await shipped(client), await shipped(client, "TOLD-2")
        await send(service)
    whole: dict[str, str | int] = {"limit": 200, "endpoint_id": to}

    async def found(**asked: str | int) -> list[dict[str, object]]:
        answer = await client.get("/v1/messages", params={**whole, **asked})
        return list(answer.json()["items"])

    due, sent = await found(state="due"), await found(state="sent")
    first = (await client.get("/v1/messages", params={"limit": 1, "endpoint_id": to})).json()
    second = (await client.get("/v1/messages", params={**whole, "cursor": first["next_cursor"]})).json()
    read = (await client.get(f"/v1/messages/{due[-1]['id']}")).json()
    assert (len(due) + len(sent), len(await found())) == (4, 4)
    assert {each["shipment_id"] for each in await found(shipment_id=one)} == {one}
    assert {each["shipment_id"] for each in await found()} == {one, other}
    assert first["items"] + second["items"] == await found()
    assert await found(since=datetime.now(UTC).isoformat()) == []
    [attempt] = read["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["code"], attempt["detail"]) == (1, "retry", 503, "said")
    assert (await client.get(f"/v1/messages/{new_id()}")).status_code == 404


async def test_a_webhook_is_sent_again_as_it_was(service: Service, client: AsyncClient) -> None:
    """The same id and the same bytes; with an `Idempotency-Key` once."""
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        await endpoint(client, url)
        await shipped(client)
        await send(service)
        [newest, _] = (await client.get("/v1/messages", params={"channel": "webhook"})).json()["items"]
        path, key = f"/v1/messages/{newest['id']}/replay", {"Idempotency-Key": "again"}
        answers = [await client.post(path, headers=key) for _ in range(2)]
        await send(service)
        twice = (await client.post(path)).json()
        await send(service)

    assert [(each.status_code, each.json()) for each in answers] == [(202, {"queued": 1, "next_cursor": None})] * 2
    assert twice["queued"] == 1
    assert ids(receiver)[1:] == [newest["id"]] * 3
    assert len({body for _, body in receiver.got[1:]}) == 1
    attempts = (await client.get(f"/v1/messages/{newest['id']}")).json()["attempts"]
    assert [each["number"] for each in attempts] == [1, 2, 3]


async def test_a_shipment_is_told_again_in_order(service: Service, client: AsyncClient) -> None:
    """To every endpoint that is enabled; letters are not sent."""
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        await endpoint(client, url)
        off = await endpoint(client, url)
        id_ = await shipped(client)
        await send(service)
        await client.patch(f"/v1/endpoints/{off}", json={"enabled": False})
        receiver.got.clear()
        answer = await client.post(f"/v1/shipments/{id_}/messages/replay")
        await send(service)

    assert (answer.status_code, answer.json()["queued"], receiver.versions) == (202, 2, [1, 2])


@pytest.mark.parametrize(("only", "queued"), [("failed", 2), ("all", 4)])
async def test_an_endpoint_gets_a_time_again(service: Service, client: AsyncClient, only: str, queued: int) -> None:
    """What failed, or all; also what only waits for its next try. The schedule begins anew."""
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        to = await endpoint(client, url)
        await shipped(client)
        await send(service)
        receiver.always = 500
        failed = await shipped(client, "TOLD-2")
        await send(service)
        async with service.database.transaction() as db:
            later_one = select(messages.c.id).where(messages.c.shipment_id == UUID(failed)).order_by(messages.c.id)
            newest = (await db.all(later_one.where(messages.c.endpoint_id.is_not(None))))[-1].id
            await db.run(update(messages).where(messages.c.id == newest).values(state="failed", attempts=12))
        receiver.always = 200
        receiver.got.clear()
        await later(service, seconds=1)
        answer = await client.post(f"/v1/endpoints/{to}/replay", json={"since": ago(minutes=5), "only": only})
        await send(service)

    assert (answer.status_code, answer.json()) == (202, {"queued": queued, "next_cursor": None})
    assert len(receiver.got) == queued
    assert sorted(receiver.versions) == sorted([1, 2] * (queued // 2))


async def test_a_replay_is_bounded_and_goes_on(
    service: Service, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`next_cursor` leads on; nothing is sent twice by it."""
    monkeypatch.setattr("app.outbox.replaying.BATCH", 3)
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        to = await endpoint(client, url)
        await shipped(client)
        await shipped(client, "TOLD-2")
        await send(service)
        receiver.got.clear()
        await later(service, seconds=1)
        asked = {"since": ago(minutes=5), "only": "all"}
        first = (await client.post(f"/v1/endpoints/{to}/replay", json=asked)).json()
        await send(service)
        rest = await client.post(f"/v1/endpoints/{to}/replay", json={**asked, "cursor": first["next_cursor"]})
        await send(service)

    assert (first["queued"], rest.json()) == (3, {"queued": 1, "next_cursor": None})
    assert (len(ids(receiver)), len(set(ids(receiver)))) == (4, 4)


@pytest.mark.parametrize("state", ["sent", "unknown", "skipped", "cancelled", "due", "failed"])
async def test_a_letter_is_sent_again_only_if_it_failed(
    service: Service, client: AsyncClient, shop: Shop, state: str
) -> None:
    """Nobody shall get a letter twice."""
    letter = new_id()
    values = {"company_id": shop.company_id, "id": letter, "shop_id": shop.id, "shipment_id": new_id(), "version": 1}
    words = {"target": "rule:x", "cause": "x", "channel": "email", "audience": "recipient", "type": "delivered"}
    async with service.database.transaction() as db:
        row = {**values, **words, "payload": {"to": "anna@example.com"}, "state": state, "created_at": db.now}
        await db.run(messages.insert().values(row))

    answer = await client.post(f"/v1/messages/{letter}/replay")

    now = (await client.get(f"/v1/messages/{letter}")).json()
    if state == "failed":
        assert (answer.status_code, answer.json()["queued"], now["state"]) == (202, 1, "due")
    else:
        assert (answer.status_code, answer.json()["code"], now["state"]) == (409, "not_repeatable", state)


async def test_what_cannot_be_sent_again_says_why(service: Service, client: AsyncClient) -> None:
    """The endpoint is off or gone; the time is turned around, or lies ahead."""
    to = await endpoint(client, "http://127.0.0.1:9")
    await shipped(client)
    [newest, *_] = (await client.get("/v1/messages", params={"channel": "webhook"})).json()["items"]
    replay = f"/v1/messages/{newest['id']}/replay"

    async def refused(path: str, **json: object) -> tuple[int, str]:
        answer = await client.post(path, json=json or None)
        return answer.status_code, answer.json()["code"]

    span = await refused(f"/v1/endpoints/{to}/replay", since=ago(minutes=1), until=ago(minutes=2))
    await client.patch(f"/v1/endpoints/{to}", json={"enabled": False})
    off = [await refused(replay), await refused(f"/v1/endpoints/{to}/replay", since=ago(minutes=1))]
    await client.delete(f"/v1/endpoints/{to}")
    gone = await refused(replay)

    assert (span, off, gone) == (
        (422, "invalid_input"),
        [(409, "endpoint_disabled")] * 2,
        (409, "endpoint_removed"),
    )


async def test_replays_are_rate_limited(service: Service, shop: Shop) -> None:
    """One of an endpoint costs as much as the largest batch."""
    client = await service.caller(shop, bucket=150, refill=0.001)
    to = await endpoint(client, "http://127.0.0.1:9")
    codes = [
        (await client.post(f"/v1/endpoints/{to}/replay", json={"since": ago(minutes=5)})).status_code for _ in range(2)
    ]

    assert codes == [202, 429]
