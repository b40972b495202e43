"""A shop's own events: in any order, twice, ahead of time, against the carrier's word."""

from itertools import permutations
from typing import Any

import pytest
from httpx import AsyncClient

from app.api.journey import EventPosted
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, happened, post_parcel

JOURNEY = [
    happened("awaiting_pickup", "info_received", at=ago(hours=30)),
    happened("in_transit", "picked_up", at=ago(hours=20), place="Prato", text="Ritirata"),
    happened("failed_attempt", "recipient_absent", at=ago(hours=3), code="NT"),
    happened("out_for_delivery", at=ago(hours=5)),
]


async def test_an_event_is_new_and_then_known(client: AsyncClient) -> None:
    """201 with the event as it is kept and where the parcel stands; 200 for the same again."""
    id_ = await post_parcel(client)
    event = happened("out_for_delivery", at=ago(hours=1), place="Firenze", text="In consegna", code="OFD")
    new = await client.post(f"/v1/shipments/{id_}/events", json=event)
    known = await client.post(f"/v1/shipments/{id_}/events", json=event)
    said = new.json()

    EventPosted.model_validate(said)
    assert (new.status_code, known.status_code) == (201, 200)
    assert (said["status"], said["place"], said["text"], said["code"]) == (
        "out_for_delivery",
        "Firenze",
        "In consegna",
        "OFD",
    )
    assert (said["set_aside"], said["note"], said["evidence"]["source"]) == (None, None, "shop")
    assert said["evidence"]["author"].startswith("Test (nove_")
    assert said["shipment"] == {
        "id": id_,
        "status": "out_for_delivery",
        "status_id": said["shipment"]["status_id"],
        "sub_status": None,
        "version": 1,
    }
    assert known.json() == said


async def test_the_order_of_posting_does_not_matter(client: AsyncClient) -> None:
    """Every order of the same four events gives the same status, timeline and events."""
    seen: list[Any] = []
    for nth, order in enumerate(permutations(JOURNEY)):
        id_ = await post_parcel(client, f"ORDER-{nth}")
        for event in (*order, order[0]):
            assert (await client.post(f"/v1/shipments/{id_}/events", json=event)).status_code in (200, 201)
        read = (await client.get(f"/v1/shipments/{id_}")).json()
        steps = [(each["status"], each["sub_status"], each["at"]) for each in read["explanation"]["timeline"]]
        told = [(each["status"], each["occurred_at"], each["text"], each["set_aside"]) for each in read["events"]]
        seen.append((read["status"], read["sub_status"], read["status_since"], steps, told))

    assert all(each == seen[0] for each in seen)
    assert seen[0][:2] == ("failed_attempt", "recipient_absent")
    assert len(seen[0][4]) == 4


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (happened("pending", at=ago(hours=1)), "status"),
        (happened("teleported", at=ago(hours=1)), "status"),
        (happened("delivered", "held", at=ago(hours=1)), "sub_status"),
        ({"status": "delivered"}, "occurred_at"),
        (happened("delivered", at="2026-03-01T10:00:00"), "occurred_at"),
        (happened("delivered", at="0001-01-01T00:00:00+14:00"), "occurred_at"),
        (happened("delivered", at=1772355600), "occurred_at"),  # type: ignore[arg-type]
        (happened("delivered", at="1772355600"), "occurred_at"),
        (happened("delivered", at=ago(hours=1), override="yes"), "override"),
        (happened("delivered", at=ago(hours=1), version=3), "version"),
        (happened("delivered", at=ago(hours=1), text="a\r\nb"), "text"),
    ],
)
async def test_a_malformed_event_is_refused(client: AsyncClient, event: dict[str, Any], field: str) -> None:
    """422 naming the field; the shipment stays as it was."""
    id_ = await post_parcel(client)
    refused = await client.post(f"/v1/shipments/{id_}/events", json=event)

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])
    assert (await client.get(f"/v1/shipments/{id_}")).json()["events"] == []


async def test_a_date_ahead_is_kept_and_set_aside(client: AsyncClient) -> None:
    """More than a day ahead: 201, and the answer says that it has no effect."""
    id_ = await post_parcel(client)
    far = await client.post(f"/v1/shipments/{id_}/events", json=happened("delivered", at=ago(days=-3)))
    near = await client.post(f"/v1/shipments/{id_}/events", json=happened("out_for_delivery", at=ago(hours=-2)))
    read = (await client.get(f"/v1/shipments/{id_}")).json()

    assert (far.status_code, far.json()["set_aside"]) == (201, "too_far_ahead")
    assert "24 hours" in far.json()["note"]
    assert (near.status_code, near.json()["set_aside"]) == (201, "waiting")
    assert far.json()["shipment"]["status"] == near.json()["shipment"]["status"] == read["status"] == "pending"
    assert [each["reason"] for each in read["explanation"]["set_aside"]] == ["waiting", "too_far_ahead"]


async def test_an_override_needs_admin_and_holds(service: Service, client: AsyncClient, shop: Shop) -> None:
    """It is recorded with who and why, stands against what carriers said before it, and yields to later news."""
    id_ = await post_parcel(client)
    writer = await service.caller(shop, "write")
    wrong = happened("delivered", at=ago(hours=6))
    await client.post(f"/v1/shipments/{id_}/events", json=wrong)
    person = happened("in_transit", at=ago(hours=5), override=True, reason="the customer has nothing")
    refused = await writer.post(f"/v1/shipments/{id_}/events", json=person)
    plain = await writer.post(f"/v1/shipments/{id_}/events", json={**person, "override": False})
    taken = await client.post(f"/v1/shipments/{id_}/events", json=person)
    early = await client.post(f"/v1/shipments/{id_}/events", json=happened("delivered", at=ago(hours=5, minutes=1)))
    later = await client.post(f"/v1/shipments/{id_}/events", json=happened("out_for_delivery", at=ago(hours=1)))

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert plain.json()["set_aside"] == "after_delivery"
    assert (taken.status_code, taken.json()["shipment"]["status"]) == (201, "in_transit")
    assert taken.json()["evidence"]["source"] == "override"
    assert taken.json()["evidence"]["author"].endswith(": the customer has nothing")
    assert early.json()["shipment"]["status"] == "in_transit"
    assert later.json()["shipment"]["status"] == "out_for_delivery"


async def test_a_reused_key_is_refused(client: AsyncClient) -> None:
    """409 for an event that says anything else, and nothing is stored; the very same event is known."""
    id_ = await post_parcel(client)
    path = f"/v1/shipments/{id_}/events"
    event = happened("in_transit", at="2026-03-02T10:00:00+01:00", key="step-1", place="Prato", text="Partito")
    first = await client.post(path, json=event)
    others = [
        await client.post(path, json={**event, **other})
        for other in (
            {"occurred_at": "2026-03-02T10:00:01+01:00"},
            {"status": "delivered"},
            {"sub_status": "departed"},
            {"text": "Arrivato"},
            {"place": "Pisa"},
            {"code": "X"},
        )
    ]
    same = await client.post(path, json={**event, "occurred_at": "2026-03-02T09:00:00Z"})
    read = (await client.get(f"/v1/shipments/{id_}")).json()

    assert (first.status_code, same.status_code) == (201, 200)
    assert [(each.status_code, each.json()["code"]) for each in others] == [(409, "event_key_reused")] * 6
    assert "key of its own" in others[0].json()["detail"]
    assert [(each["status"], each["occurred_at"], each["text"]) for each in read["events"]] == [
        ("in_transit", "2026-03-02T09:00:00+00:00", "Partito")
    ]
    assert await post_parcel(client, "OTHER-1") != id_
    assert (await client.post(path, json={**event, "key": "step-2", "status": "delivered"})).status_code == 201


async def test_the_instant_tells_events_apart_not_the_clock_it_is_written_by(client: AsyncClient) -> None:
    """The same wall time at two offsets is two events, one instant at two offsets is one, in any order."""
    times = ["2026-03-02T10:00:00+01:00", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00+01:00"]
    seen: list[Any] = []
    for nth, order in enumerate(permutations(times)):
        id_ = await post_parcel(client, f"CLOCK-{nth}")
        codes = [
            (await client.post(f"/v1/shipments/{id_}/events", json=happened("in_transit", at=at))).status_code
            for at in order
        ]
        assert sorted(codes) == [200, 201, 201]
        read = (await client.get(f"/v1/shipments/{id_}")).json()["events"]
        seen.append([(each["occurred_at"], each["local_time"]) for each in read])

    assert [at for at, _ in seen[0]] == ["2026-03-02T10:00:00+00:00", "2026-03-02T09:00:00+00:00"]
    assert all(each == seen[0] for each in seen)


async def test_an_idempotency_key_holds_for_events(client: AsyncClient) -> None:
    """The same answer, also where the event would be known by now."""
    id_ = await post_parcel(client)
    event, key = happened("in_transit", at=ago(hours=1)), {"Idempotency-Key": "e-1"}
    first = await client.post(f"/v1/shipments/{id_}/events", json=event, headers=key)
    second = await client.post(f"/v1/shipments/{id_}/events", json=event, headers=key)

    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
