"""A shop's own events that come at the same time: stored together, each answered, repeated and refused for itself."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import Response
from httpx import AsyncClient

from app import idempotency
from app.api.own_events import OwnEvents
from app.database import Database
from app.errors import Conflict, KeyReused, NotFound, StillRunning
from app.idempotency import Kept, Once
from app.intake.said import Saying
from app.shipments.posted_event import PostedEvent
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, happened, post_parcel

MOVING = happened("in_transit", at=ago(hours=2))


@dataclass
class Desk:
    """What a shop says at the same time, as one group: its requests are waiting before the first is looked at."""

    service: Service
    shop: Shop
    client: AsyncClient

    async def at_once(self, *said: tuple[str, dict[str, Any], str]) -> list[Any]:
        """What each is answered, by shipment, event and idempotency key (empty for none): status and body, or why not.

        Whether an answer is a replay is its third part.
        """
        events = OwnEvents(self.service.installation)
        posts = [events.post(self.saying(id_, event), self.write(id_, event, key)) for id_, event, key in said]
        return [
            (each.status_code, orjson.loads(each.body), "idempotent-replayed" in each.headers)
            if isinstance(each, Response)
            else each
            for each in await asyncio.gather(*posts, return_exceptions=True)
        ]

    def saying(self, id_: str, event: dict[str, Any]) -> Saying:
        """The event as it is said of a shipment of the shop."""
        posted = PostedEvent.model_validate_json(orjson.dumps(event))
        return Saying(self.shop.company_id, (self.shop.id,), UUID(id_), uuid4(), posted, orjson.dumps(event))

    def write(self, id_: str, event: dict[str, Any], key: str) -> Once | None:
        """What the request is known by."""
        route = f"POST /v1/shipments/{id_}/events"
        body = orjson.dumps(event) + b"\0"
        return idempotency.once(self.shop.company_id, self.shop.id, route, key, body) if key else None

    def groups(self) -> tuple[float, float]:
        """How many groups of own events were committed, and of how many events."""
        text = self.service.installation.metrics.text().decode()
        lines = [line for line in text.splitlines() if 'kind="events"' in line]
        number, total = (
            next(float(line.split()[-1]) for line in lines if line.startswith(f"nove_group_size_{name}{{"))
            for name in ("count", "sum")
        )
        return number, total


@pytest.fixture
def desk(service: Service, shop: Shop, client: AsyncClient) -> Desk:
    """A shop at its desk."""
    return Desk(service, shop, client)


async def test_events_of_several_parcels_are_one_transaction(desk: Desk) -> None:
    """Each is stored and answered 201 with its own parcel."""
    ids = [await post_parcel(desk.client, f"TOGETHER-{number}") for number in range(12)]

    answers = await desk.at_once(*((id_, MOVING, "") for id_ in ids))

    assert [(status, told["shipment"]["id"], again) for status, told, again in answers] == [
        (201, id_, False) for id_ in ids
    ]
    assert desk.groups() == (1, 12)


async def test_requests_go_by_groups(desk: Desk) -> None:
    """Over HTTP, too: forty at a time need far fewer commits, and none is answered before its own."""
    ids = [await post_parcel(desk.client, f"HTTP-{number}") for number in range(40)]

    posts = (desk.client.post(f"/v1/shipments/{id_}/events", json=MOVING) for id_ in ids)
    answers = await asyncio.gather(*posts)

    number, total = desk.groups()
    assert [(each.status_code, each.json()["shipment"]["id"]) for each in answers] == [(201, id_) for id_ in ids]
    assert (total, number < 40) == (40, True)


async def test_a_refused_event_is_refused_alone(desk: Desk) -> None:
    """A parcel that is missing, another company's, a key of an event that says something else; the others are taken."""
    ids = [await post_parcel(desk.client, f"ALONE-{number}") for number in range(3)]
    theirs = await post_parcel(await desk.service.caller(await desk.service.shop()), "THEIRS-1")
    step = {**MOVING, "key": "step", "text": "Partito"}
    await desk.at_once((ids[0], step, ""))

    answers = await desk.at_once(
        (str(uuid4()), MOVING, "a"),
        (ids[1], MOVING, "b"),
        (theirs, MOVING, ""),
        (ids[0], {**step, "text": "Arrivato"}, "c"),
        (ids[2], MOVING, ""),
    )

    assert [type(each) if isinstance(each, Exception) else each[0] for each in answers] == [
        NotFound,
        201,
        NotFound,
        Conflict,
        201,
    ]
    assert desk.groups() == (2, 6)


async def test_a_repeated_key_answers_as_before(desk: Desk) -> None:
    """Twins in one group have one effect; a later one gets the same; another body under the key is refused."""
    first, second = [await post_parcel(desk.client, f"TWIN-{number}") for number in range(2)]
    other = {**MOVING, "text": "other"}

    answers = await desk.at_once(
        (first, MOVING, "k"), (first, MOVING, "k"), (first, other, "k"), (second, MOVING, "k"), (first, MOVING, "")
    )
    [later] = await desk.at_once((first, MOVING, "k"))
    over_http = await desk.client.post(
        f"/v1/shipments/{first}/events", content=orjson.dumps(MOVING), headers={"Idempotency-Key": "k"} | JSON
    )

    done, twin, reused, elsewhere, known = answers
    assert (done[0], done[2], twin, later) == (201, False, (201, done[1], True), (201, done[1], True))
    assert (type(reused), elsewhere[0], elsewhere[2]) == (KeyReused, 201, False)
    assert (known[0], known[1]["evidence"], known[2]) == (200, done[1]["evidence"], False)
    assert (over_http.status_code, over_http.json(), over_http.headers["idempotent-replayed"]) == (201, done[1], "true")


JSON = {"Content-Type": "application/json"}


async def test_what_was_refused_may_be_said_anew_under_its_key(desk: Desk) -> None:
    """Its key is not kept: in the same group already, the twin that is right is taken."""
    id_ = await post_parcel(desk.client)
    step = {**MOVING, "key": "step"}
    await desk.at_once((id_, step, ""))

    wrong, right = await desk.at_once((id_, {**step, "text": "other"}, "k"), (id_, {**step, "key": "next"}, "k"))

    assert (type(wrong), right[0]) == (Conflict, 201)


async def test_events_of_one_parcel_are_taken_one_after_the_other(desk: Desk) -> None:
    """Each is answered where the parcel stood after it, and each step is one; the same event again is known."""
    id_ = await post_parcel(desk.client)
    steps = [
        happened("in_transit", at=ago(hours=3)),
        happened("out_for_delivery", at=ago(hours=2), key="van"),
        happened("in_transit", at=ago(hours=3)),
        happened("delivered", at=ago(hours=1), key="van"),
        happened("delivered", at=ago(hours=1)),
    ]

    answers = await desk.at_once(*((id_, step, "") for step in steps))
    moved = (await desk.client.get(f"/v1/shipments/{id_}/transitions")).json()["items"]

    told = [type(each) if isinstance(each, Exception) else (each[0], each[1]["shipment"]["status"]) for each in answers]
    assert told == [
        (201, "in_transit"),
        (201, "out_for_delivery"),
        (200, "out_for_delivery"),
        Conflict,
        (201, "delivered"),
    ]
    assert [each["version"] for each in moved] == [1, 2, 3]
    assert desk.groups() == (1, 5)


async def test_a_key_in_use_by_another_process_is_not_waited_for(
    desk: Desk, database_kind: str, database_url: str
) -> None:
    """409 for that one alone, at once; when the other is done, its answer. On SQLite there is no other process."""
    if database_kind == "sqlite":
        return
    first, second = [await post_parcel(desk.client, f"USED-{number}") for number in range(2)]
    write, sealer = desk.write(first, MOVING, "k"), desk.service.sealer
    assert write is not None
    other = Database(database_url)
    async with other.transaction() as db:
        free = await idempotency.begin_all(db, sealer, [write])
        during = await desk.at_once((first, MOVING, "k"), (second, MOVING, "k"))
        await idempotency.keep_all(db, sealer, [(write, Kept(201, "application/json", b'{"by":"other"}'))])
    [after] = await desk.at_once((first, MOVING, "k"))
    await other.close()

    assert (free, type(during[0]), during[1][0]) == ({}, StillRunning, 201)
    assert after == (201, {"by": "other"}, True)
