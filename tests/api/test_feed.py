"""The feed: every change of status once, none skipped, whatever order writers commit in."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.feed import FeedItem
from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Session
from app.intake import take_in
from app.shops import Shop
from carriers.event import Parcel
from carriers.vocabulary import Status
from tests.api.conftest import Service
from tests.api.posting import ago, happened, post_parcel
from tests.building import event


async def read(client: AsyncClient, after: str | None = None, **params: Any) -> tuple[list[Any], str]:
    """The next items, and where to go on."""
    answer = await client.get("/v1/feed", params=params | ({"after": after} if after else {}))
    assert answer.status_code == 200, answer.text
    for item in answer.json()["items"]:
        FeedItem.model_validate(item)
    return answer.json()["items"], answer.json()["next_after"]


async def test_the_feed_tells_every_change_once(client: AsyncClient) -> None:
    """Page after page, and later what came meanwhile; at the end a client can keep asking."""
    nothing, start = await read(client)
    id_ = await post_parcel(client, order={"reference": "1"})
    for status, hours in (("in_transit", 9), ("out_for_delivery", 5), ("delivered", 1)):
        await client.post(f"/v1/shipments/{id_}/events", json=happened(status, at=ago(hours=hours)))
    first, after = await read(client, start, limit=2)
    rest, end = await read(client, after)
    none, same = await read(client, end)
    other = await post_parcel(client, "OTHER-1")
    await client.post(f"/v1/shipments/{other}/events", json=happened("in_transit", at=ago(hours=1)))
    later, _ = await read(client, end)
    moves = [(each["version"], each["from"]["status"], each["to"]["status"]) for each in first + rest]

    assert (nothing, none, same) == ([], [], end)
    assert moves == [
        (1, "pending", "in_transit"),
        (2, "in_transit", "out_for_delivery"),
        (3, "out_for_delivery", "delivered"),
    ]
    assert {(each["shipment_id"], each["tracking_number"], each["order_reference"]) for each in first + rest} == {
        (id_, "ABC123456", "1")
    }
    assert [each["shipment_id"] for each in later] == [other]
    assert (await read(client))[0] == first + rest + later


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_late_commit_is_not_skipped(service: Service, client: AsyncClient, shop: Shop) -> None:
    """Two writers, which SQLite never has: the one that began first commits last. No reader passes it by."""
    first, second = await post_parcel(client, "SLOW-0001"), await post_parcel(client, "FAST-0001")
    _, start = await read(client)

    async def move(db: Session, number: str) -> None:
        moved = event(Status.IN_TRANSIT, at=service.database.now())
        parcel = Parcel(number, (moved,))
        await take_in(
            service.installation,
            db,
            [Arrived(shop.company_id, "own", ArrivalSource.POLL, number.encode(), db.now, parcel=parcel)],
        )

    async with service.database.transaction() as slow:
        await move(slow, "SLOW-0001")
        async with service.database.transaction() as fast:
            await move(fast, "FAST-0001")
        during, after = await read(client, start)
    items, _ = await read(client, after)

    assert (during, after) == ([], start)
    assert [each["shipment_id"] for each in items] == [first, second]


async def test_an_erased_place_loses_nothing(client: AsyncClient) -> None:
    """The row that a reader came to is forgotten, and what follows may take its number: it is told all the same."""
    await post_parcel(client, "KEPT-0001")
    gone = await post_parcel(client, "GONE-0001")
    await client.post(f"/v1/shipments/{gone}/events", json=happened("in_transit", at=ago(hours=1)))
    told, after = await read(client)
    await client.delete(f"/v1/shipments/{gone}")
    new = await post_parcel(client, "NEW-0001")
    await client.post(f"/v1/shipments/{new}/events", json=happened("in_transit", at=ago(hours=1)))
    items, end = await read(client, after)

    assert [each["shipment_id"] for each in told] == [gone]
    assert [each["shipment_id"] for each in items] == [new]
    assert await read(client, end) == ([], end)


async def test_a_feed_is_of_the_callers_shops(service: Service, client: AsyncClient, shop: Shop) -> None:
    """A key of one shop hears of that shop, one of the company of all, a stranger of none."""
    sister = await service.shop(shop.company_id, "Sorella")
    made = []
    for caller in (client, await service.caller(sister)):
        made.append(await post_parcel(caller))
        await caller.post(f"/v1/shipments/{made[-1]}/events", json=happened("in_transit", at=ago(hours=1)))
    wide = await service.caller(shop, all_shops=True)

    assert [each["shipment_id"] for each in (await read(client))[0]] == made[:1]
    assert [each["shipment_id"] for each in (await read(wide))[0]] == made
    assert [each["shipment_id"] for each in (await read(wide, shop_id=str(sister.id)))[0]] == made[1:]
    assert (await read(await service.caller(await service.shop())))[0] == []


@pytest.mark.parametrize("after", ["x", "WzFd", "WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LCJ4Il0"])
async def test_a_foreign_place_is_refused(client: AsyncClient, after: str) -> None:
    """422, and how to begin anew."""
    refused = await client.get("/v1/feed", params={"after": after})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")
