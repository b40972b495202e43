"""Pushes that cannot be used at once: unreadable, too early, too late, or failing inside. None is lost."""

from uuid import uuid4

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text

from app.arrivals.tables import arrivals
from app.intake.retrying import retry_failed
from app.shipments.tables import events
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, post_parcel
from tests.api.pushing import NUMBER, Hook, hook_of, sandbox_body, status_of
from tests.test_metrics import shown


@pytest.fixture
async def hook(client: AsyncClient) -> Hook:
    """The sandbox's hook of the shop's company."""
    return await hook_of(client, "sandbox")


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


async def test_a_number_that_cannot_be_one(client: AsyncClient, hook: Hook) -> None:
    """The push can be read, yet whose it is cannot be told: it is kept, and not said to be accepted."""
    answer = await hook.push(sandbox_body(("collected", ago(hours=3)), number="\N{PACKAGE}" * 30))
    [kept] = (await client.get("/v1/arrivals", params={"state": "quarantined"})).json()["items"]

    assert (answer.status_code, answer.json()) == (200, {"status": "quarantined"})
    assert kept["reason"].startswith("no tracking number: ")


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
    assert shown(service.installation.metrics.text(), "nove_arrivals_total") == {
        ("sandbox", "deferred", "hook"): 1,
        ("sandbox", "duplicate", "hook"): 1,
        ("sandbox", "taken", "hook"): 1,
    }
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


async def test_a_body_about_two_shops_is_shown_to_neither_alone(
    service: Service, client: AsyncClient, shop: Shop, hook: Hook
) -> None:
    """Each shop sees that it came, not what it says of the other; the company's own key sees all."""
    sister = await service.caller(await service.shop(shop.company_id, "Sorella"))
    wide = await service.caller(shop, all_shops=True)
    mine = await post_parcel(client, NUMBER, carrier="sandbox")
    theirs = await post_parcel(sister, "SANDBOX-LOST-8", carrier="sandbox")
    one, other = (
        orjson.loads(sandbox_body(("collected", ago(hours=1)), number=number)) for number in (NUMBER, "SANDBOX-LOST-8")
    )
    both = orjson.dumps(one | {"parcels": one["parcels"] + other["parcels"]})
    told = await hook.push(both)
    await hook.push(b"unreadable")
    [seen] = (await client.get("/v1/arrivals")).json()["items"]
    read = (await client.get(f"/v1/arrivals/{seen['id']}")).json()
    whole = (await wide.get(f"/v1/arrivals/{seen['id']}")).json()
    every = (await wide.get("/v1/arrivals")).json()["items"]

    assert told.json() == {"status": "accepted", "parcels": 2, "new_events": 2}
    assert (seen["shipment_id"], read["body_text"], read["body_base64"]) == (mine, None, None)
    assert "other shops" in read["body_note"]
    assert whole["body_text"] == both.decode()
    assert {each["shipment_id"] for each in every} == {mine, theirs, None}
    assert (await sister.get(f"/v1/arrivals/{seen['id']}")).status_code == 404
