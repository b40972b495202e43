"""A shipment with several legs, over HTTP: what PATCH takes, and what it answers."""

from typing import Any

from httpx import AsyncClient

from tests.api.posting import ago, parcel, post_parcel
from tests.api.pushing import Hook, hook_of, sandbox_body

FIRST, NEXT, LAST = "SANDBOX-LOST-1", "SANDBOX-DELIVERED-2", "SANDBOX-DELIVERED-3"


def leg(number: str) -> dict[str, str]:
    """A leg of the sandbox."""
    return {"carrier": "sandbox", "tracking_number": number}


async def change(client: AsyncClient, id_: str, **fields: Any) -> dict[str, Any]:
    """The answer to a change that is taken, which is what is read afterwards, too."""
    answer = await client.patch(f"/v1/shipments/{id_}", json=fields)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert (await client.get(f"/v1/shipments/{id_}")).json() == told
    return told


async def travelled(client: AsyncClient) -> tuple[Hook, str]:
    """A parcel that the first leg has on its vehicle, and the sandbox's hook."""
    hook = await hook_of(client, "sandbox")
    id_ = await post_parcel(client, FIRST, "sandbox")
    await hook.push(sandbox_body(("departed", ago(hours=9)), ("out_for_delivery", ago(hours=5)), number=FIRST))
    return hook, id_


def shown(shipment: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Status, number, and what the events say, newest first."""
    return shipment["status"], shipment["tracking_number"], [each["code"] for each in shipment["events"]]


async def test_the_answer_to_new_legs_has_the_status_that_follows(client: AsyncClient) -> None:
    """What the first leg has on its vehicle goes to the next carrier; without the next, to the recipient again."""
    _, id_ = await travelled(client)
    added = await change(client, id_, legs=[leg(NEXT)])
    back = await change(client, id_, legs=[])

    assert shown(added) == ("in_transit", FIRST, ["out_for_delivery", "departed"])
    assert added["explanation"]["decided_by"] == added["events"][0]["key"]
    assert [(each["tracking_number"], each["current"]) for each in added["legs"]] == [(FIRST, True), (NEXT, False)]
    assert shown(back) == ("out_for_delivery", FIRST, ["out_for_delivery", "departed"])
    assert (back["legs"], back["version"]) == ([], added["version"] + 1)


async def test_a_leg_given_again_has_its_events_again(client: AsyncClient) -> None:
    """Those pushed before it was taken away and those that came meanwhile; each once, and it is shown again."""
    hook, id_ = await travelled(client)
    await change(client, id_, legs=[leg(NEXT)])
    await hook.push(sandbox_body(("arrived", ago(hours=4)), number=NEXT))
    before = (await client.get(f"/v1/shipments/{id_}")).json()
    away = await change(client, id_, legs=[])
    await hook.push(sandbox_body(("out_for_delivery", ago(hours=1)), number=NEXT))
    again = await change(client, id_, legs=[leg(NEXT)])
    twice = await change(client, id_, legs=[leg(NEXT)])

    assert shown(before) == ("in_transit", NEXT, ["arrived", "out_for_delivery", "departed"])
    assert shown(away) == ("out_for_delivery", FIRST, ["out_for_delivery", "departed"])
    assert [[event["code"] for event in each["events"]] for each in away["former"]] == [["arrived"]]
    assert shown(again) == (
        "out_for_delivery",
        NEXT,
        ["out_for_delivery", "arrived", "out_for_delivery", "departed"],
    )
    assert (again["former"], shown(twice), twice["version"]) == ([], shown(again), again["version"])


async def test_which_leg_is_wrong_is_not_guessed(client: AsyncClient) -> None:
    """Carrier or number alone could be any leg's; what is as it is may be sent; the first is named beside the legs."""
    hook, id_ = await travelled(client)
    await change(client, id_, legs=[leg(NEXT)])
    path = f"/v1/shipments/{id_}"
    refused = [
        (await client.patch(path, json={**each, "tags": ["x"]})).json()
        for each in ({"tracking_number": LAST}, {"carrier": "own"}, {"carriers": ["own"]}, {"carriers": ["brt", "ups"]})
    ]
    same = await change(client, id_, carrier="sandbox", tracking_number=FIRST.lower())
    await hook.push(sandbox_body(("arrived", ago(hours=2)), number=LAST))
    first = await change(client, id_, tracking_number=LAST, legs=[leg(NEXT)])
    await hook.push(sandbox_body(("delivered", ago(hours=1)), number=NEXT))
    after = (await client.get(path)).json()

    assert [(each["status"], each["errors"][0]["field"]) for each in refused] == [
        (422, "tracking_number"),
        (422, "carrier"),
        (422, "carriers"),
        (422, "carriers"),
    ]
    assert "send `legs`" in refused[0]["detail"].lower()
    assert (same["tags"], shown(same)[1]) == ([], FIRST)
    assert shown(first) == ("in_transit", LAST, ["arrived"])
    assert [[event["code"] for event in each["events"]] for each in first["former"]] == [
        ["out_for_delivery", "departed"]
    ]
    assert shown(after) == ("delivered", NEXT, ["delivered", "arrived"])


async def test_posted_again_a_journey_is_the_same_one(client: AsyncClient) -> None:
    """By the number of any of its legs, whichever has the parcel by now; so it stays one shipment."""
    hook = await hook_of(client, "sandbox")
    posted = parcel(FIRST, "sandbox", legs=[leg(NEXT)])
    id_ = (await client.post("/v1/shipments", json=posted)).json()["id"]
    await hook.push(sandbox_body(("arrived", ago(hours=2)), number=NEXT))
    again = [await client.post("/v1/shipments", json=each) for each in (posted, parcel(FIRST, "sandbox"))]
    batch = (await client.post("/v1/shipments/batch", json={"shipments": [posted]})).json()["items"]

    assert [(each.status_code, each.json()["id"]) for each in again] == [(200, id_)] * 2
    assert shown(again[1].json()) == ("in_transit", NEXT, ["arrived"])
    assert [(each["status"], each["id"]) for each in batch] == [(200, id_)]


async def test_a_leg_is_not_another_shipments_number(client: AsyncClient) -> None:
    """409, and nothing changes."""
    _, id_ = await travelled(client)
    other = await post_parcel(client, NEXT, "sandbox")
    refused = await client.patch(f"/v1/shipments/{id_}", json={"legs": [leg(NEXT)], "tags": ["x"]})
    after = (await client.get(f"/v1/shipments/{id_}")).json()

    assert (refused.status_code, refused.json()["code"]) == (409, "number_taken")
    assert other in refused.json()["detail"]
    assert (after["legs"], after["tags"]) == ([], [])
