"""A shipment whose carrier or number was wrong: corrected by PATCH, with a clean history, the old one beside it."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.shops import Shop
from tests.api.conftest import Service
from tests.api.documented import document_of
from tests.api.posting import ago, happened, parcel, post_parcel
from tests.api.pushing import Hook, hook_of, sandbox_body

WRONG, RIGHT = "SANDBOX-LOST-1", "SANDBOX-DELIVERED-1"


async def followed(client: AsyncClient) -> tuple[Hook, str]:
    """A parcel of the sandbox that is on its way under the wrong number, and the sandbox's hook."""
    hook = await hook_of(client, "sandbox")
    id_ = await post_parcel(client, WRONG, "sandbox", order={"reference": "17"})
    await hook.push(sandbox_body(("departed", ago(hours=5)), number=WRONG))
    await client.post(f"/v1/shipments/{id_}/events", json=happened("awaiting_pickup", at=ago(hours=9)))
    return hook, id_


async def correct(client: AsyncClient, id_: str, **change: Any) -> dict[str, Any]:
    """The shipment as it is after the change."""
    answer = await client.patch(f"/v1/shipments/{id_}", json=change)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def codes(shipment: dict[str, Any]) -> list[str]:
    """What the events say, newest first."""
    return [each["code"] or each["status"] for each in shipment["events"]]


async def test_a_corrected_number_begins_a_clean_history_and_the_old_one_is_kept(client: AsyncClient) -> None:
    """The page stays, and the shop's own events; what the carrier said of the old number counts no more."""
    _, id_ = await followed(client)
    before = (await client.get(f"/v1/shipments/{id_}")).json()
    after = await correct(client, id_, tracking_number=RIGHT)
    [former] = after["former"]

    assert (before["status"], codes(before)) == ("in_transit", ["departed", "awaiting_pickup"])
    assert (after["status"], codes(after)) == ("awaiting_pickup", ["awaiting_pickup"])
    assert (after["id"], after["tracking_page"]) == (id_, before["tracking_page"])
    assert (after["tracking_number"], after["version"]) == (RIGHT, before["version"] + 1)
    assert (former["carrier"], former["tracking_number"], codes(former)) == ("sandbox", WRONG, ["departed"])
    assert after["eta"] is None
    assert after["freshness"]["next_poll_at"] == after["updated_at"]


async def test_late_words_on_the_old_number_change_nothing_and_those_on_the_new_one_do(client: AsyncClient) -> None:
    """A push for what is nobody's any more waits there; one that came early for the right number is taken in."""
    hook, id_ = await followed(client)
    await hook.push(sandbox_body(("arrived", ago(hours=2)), number=RIGHT))
    corrected = await correct(client, id_, tracking_number=RIGHT)
    await hook.push(sandbox_body(("delivered", ago(hours=1)), number=WRONG))
    late = (await client.get(f"/v1/shipments/{id_}")).json()
    await hook.push(sandbox_body(("out_for_delivery", ago(minutes=20)), number=RIGHT))
    after = (await client.get(f"/v1/shipments/{id_}")).json()

    assert codes(corrected) == ["arrived", "awaiting_pickup"]
    assert late == corrected
    assert (after["status"], codes(after)) == ("out_for_delivery", ["out_for_delivery", "arrived", "awaiting_pickup"])


async def test_a_correction_is_taken_back_by_another(client: AsyncClient) -> None:
    """Back under its first number it has its first history, and nothing of the other's."""
    hook, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    await hook.push(sandbox_body(("arrived", ago(hours=2)), number=RIGHT))
    back = await correct(client, id_, tracking_number=WRONG)
    [former] = back["former"]

    assert (back["status"], codes(back)) == ("in_transit", ["departed", "awaiting_pickup"])
    assert (former["tracking_number"], codes(former)) == (RIGHT, ["arrived"])


async def test_another_carrier_is_named_with_or_without_another_number(client: AsyncClient) -> None:
    """Its contract follows; the carrier must be able to have the number."""
    _, id_ = await followed(client)
    refused = [
        await client.patch(f"/v1/shipments/{id_}", json=change)
        for change in ({"carrier": "brt"}, {"carrier": "nobody"}, {"carrier": "brt", "tracking_number": "?"})
    ]
    after = await correct(client, id_, carrier="brt", tracking_number="084010123456", tags=["moved"])
    [former] = after["former"]

    assert [(each.status_code, each.json()["errors"][0]["field"]) for each in refused] == [
        (422, "tracking_number"),
        (422, "carrier"),
        (422, "tracking_number"),
    ]
    assert (after["carrier"], after["tracking_number"], after["tags"]) == ("brt", "084010123456", ["moved"])
    assert (after["account_id"], former["carrier"]) == (None, "sandbox")
    assert "no carrier account" in after["freshness"]["note"]


@pytest.mark.parametrize("field", ["carrier", "carriers", "tracking_number", "sender_reference"])
@pytest.mark.parametrize("empty", [None, "", " ", []])
async def test_a_shipment_is_never_without_what_it_is_found_by(client: AsyncClient, field: str, empty: object) -> None:
    """Null, or nothing, is refused in words rather than taken as if it had been left out."""
    id_ = await post_parcel(client, WRONG, "sandbox")
    refused = await client.patch(f"/v1/shipments/{id_}", json={field: empty, "tags": ["x"]})
    after = (await client.get(f"/v1/shipments/{id_}")).json()

    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field])
    assert refused.json()["errors"][0]["message"].startswith("Send ")
    assert (after["carrier"], after["tracking_number"], after["tags"]) == ("sandbox", WRONG, [])


async def test_the_document_has_what_it_is_found_by_as_never_empty(service: Service) -> None:
    """Neither null nor nothing."""
    shapes = document_of(service.app)["components"]["schemas"]["AmendedShipment"]["properties"]
    found_by = [shapes[name] for name in ("carrier", "carriers", "tracking_number", "sender_reference")]

    assert [each.get("minLength", each.get("minItems")) for each in found_by] == [1, 1, 1, 1]
    assert not any(each.keys() & {"default", "anyOf"} for each in found_by)


async def test_a_number_of_another_shipment_of_the_company_is_a_conflict(
    service: Service, shop: Shop, client: AsyncClient
) -> None:
    """Also of another shop's, which is not named; nothing changes."""
    other = await service.caller(await service.shop(shop.company_id, "Outlet"))
    mine, theirs = await post_parcel(client, "MINE-1"), await post_parcel(other, "THEIRS-1")
    id_ = await post_parcel(client, "WRONG-1")
    answers = [
        await client.patch(f"/v1/shipments/{id_}", json={"tracking_number": number, "tags": ["x"]})
        for number in ("MINE-1", "THEIRS-1")
    ]
    after = (await client.get(f"/v1/shipments/{id_}")).json()

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "number_taken")] * 2
    assert mine in answers[0].json()["detail"]
    assert theirs not in answers[1].json()["detail"]
    assert "another of your shops" in answers[1].json()["detail"]
    assert (after["tracking_number"], after["tags"], after["former"]) == ("WRONG-1", [], [])


async def test_support_finds_it_by_the_old_number_too(client: AsyncClient) -> None:
    """As a number or as free text, as long as no other parcel has it; everything else that is said must fit."""
    _, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    asked = ({"tracking_number": WRONG}, {"q": WRONG}, {"tracking_number": WRONG, "order_reference": "18"})
    found = [(await client.post("/v1/lookup", json=each)).json()["matches"] for each in asked]

    assert [[each["shipment"]["id"] for each in matches] for matches in found] == [[id_], [id_], []]
    assert found[0][0]["shipment"]["former"][0]["tracking_number"] == WRONG


async def test_the_old_number_is_free_for_another_parcel(client: AsyncClient) -> None:
    """It was another's all along: posted as that, it gets the words that came for it."""
    hook, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    await hook.push(sandbox_body(("delivered", ago(hours=1)), number=WRONG))
    posted = await client.post("/v1/shipments", json=parcel(WRONG, "sandbox"))

    assert (posted.status_code, posted.json()["status"]) == (201, "delivered")
    assert (await client.get(f"/v1/shipments/{id_}")).json()["status"] == "awaiting_pickup"


async def test_the_tag_of_a_corrected_shipment_holds_until_it_changes(client: AsyncClient) -> None:
    """Also for readers who have its answer already."""
    _, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    first = await client.get(f"/v1/shipments/{id_}")
    same = await client.get(f"/v1/shipments/{id_}", headers={"If-None-Match": first.headers["etag"]})
    await correct(client, id_, tracking_number=WRONG)
    other = await client.get(f"/v1/shipments/{id_}", headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, other.status_code) == (304, 200)


async def test_with_the_shipment_its_former_names_are_forgotten(client: AsyncClient) -> None:
    """What comes late for any of its numbers is not kept; posted anew, it begins anew."""
    hook, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    await client.delete(f"/v1/shipments/{id_}")
    for number in (WRONG, RIGHT):
        await hook.push(sandbox_body(("delivered", ago(hours=1)), number=number))
    again = [(await client.post("/v1/shipments", json=parcel(number, "sandbox"))).json() for number in (WRONG, RIGHT)]

    assert [(each["status"], each["former"], each["events"]) for each in again] == [("pending", [], [])] * 2
