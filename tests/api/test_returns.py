"""Shipments that belong together: a customer's return and what it is of, several parcels; shown on both sides."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.api.shipment_shapes import ShipmentWhole
from tests.api.conftest import PUBLIC_URL
from tests.api.posting import ago, fits, happened, parcel, post_parcel


async def see(client: AsyncClient, id_: str) -> dict[str, Any]:
    """The shipment as it is now."""
    told: dict[str, Any] = (await client.get(f"/v1/shipments/{id_}")).json()
    return told


async def page(client: AsyncClient, shipment: dict[str, Any]) -> tuple[list[tuple[str, str, str]], str]:
    """The links of its tracking page, and the page."""
    path = shipment["tracking_page"].removeprefix(PUBLIC_URL)
    view, html = await client.get(f"{path}.json?lang=en"), await client.get(f"{path}?lang=en")
    return [(each["name"], each["status_label"], each["page"]) for each in view.json()["linked"]], html.text


async def test_a_return_and_its_outbound_shipment_show_each_other(client: AsyncClient) -> None:
    """Each has its own status; both pages link to the other."""
    out = await post_parcel(client, "OUT-1")
    answer = await client.post("/v1/shipments", json=parcel("BACK-1", return_of=out))
    back = answer.json()
    await client.post(f"/v1/shipments/{back['id']}/events", json=happened("delivered", at=ago(hours=1)))
    outbound, returned = await see(client, out), await see(client, back["id"])

    fits(ShipmentWhole, outbound)
    assert (answer.status_code, back["direction"], back["parent_id"], back["return_of"]) == (201, "return", out, out)
    assert [(each["id"], each["status"]) for each in outbound["returns"]] == [(back["id"], "returned")]
    assert (outbound["status"], outbound["parcels"], returned["returns"]) == ("pending", [], [])
    for one, other, name in ((outbound, returned, "return"), (returned, outbound, "outbound")):
        links, html = await page(client, one)
        assert [(each[0], each[2]) for each in links] == [(name, other["tracking_page"])]
        assert f'href="{other["tracking_page"]}"' in html


async def test_the_tag_changes_with_the_return(client: AsyncClient) -> None:
    """Whoever has the outbound shipment's answer hears that its return has moved."""
    out = await post_parcel(client, "OUT-1")
    back = (await client.post("/v1/shipments", json=parcel("BACK-1", return_of=out))).json()["id"]
    tag = (await client.get(f"/v1/shipments/{out}")).headers["etag"]
    same = await client.get(f"/v1/shipments/{out}", headers={"If-None-Match": tag})
    await client.post(f"/v1/shipments/{back}/events", json=happened("in_transit", at=ago(hours=1)))
    moved = await client.get(f"/v1/shipments/{out}", headers={"If-None-Match": tag})

    assert (same.status_code, moved.status_code) == (304, 200)


async def test_other_parcels_of_a_shipment_each_have_their_status(client: AsyncClient) -> None:
    """The first one shows the others, and they lead to it."""
    first = await post_parcel(client, "PART-1", parcel_count=2)
    second = await post_parcel(client, "PART-2", parent_id=first)
    await client.post(f"/v1/shipments/{second}/events", json=happened("delivered", at=ago(hours=1)))
    whole = await see(client, first)
    links, _ = await page(client, await see(client, second))

    assert [(each["id"], each["status"]) for each in whole["parcels"]] == [(second, "delivered")]
    assert (whole["status"], whole["returns"]) == ("pending", [])
    assert [each[0] for each in links] == ["parcel"]


async def test_several_parcels_are_told_apart(client: AsyncClient) -> None:
    """By number and by tracking number, also in the name of the link that is read out; the only return needs none."""
    first = await post_parcel(client, "PART-1")
    for nth in (2, 3):
        await post_parcel(client, f"PART-{nth}", parent_id=first)
    await client.post("/v1/shipments", json=parcel("BACK-1", return_of=first))
    path = (await see(client, first))["tracking_page"].removeprefix(PUBLIC_URL)
    view, html = await client.get(f"{path}.json?lang=it"), await client.get(f"{path}?lang=it")

    assert [(each["label"], each["tracking_number"]) for each in view.json()["linked"]] == [
        ("Altro collo 1 di 2", "PART-2"),
        ("Altro collo 2 di 2", "PART-3"),
        ("Reso", "BACK-1"),
    ]
    assert '>In attesa del corriere<span class="unseen">: Altro collo 2 di 2 PART-3</span></a>' in html.text


async def test_a_deleted_shipment_leaves_its_return_without_it(client: AsyncClient) -> None:
    """Nothing points at what is gone."""
    out = await post_parcel(client, "OUT-1")
    back = (await client.post("/v1/shipments", json=parcel("BACK-1", return_of=out))).json()["id"]
    await client.delete(f"/v1/shipments/{out}")
    left = await see(client, back)

    assert (left["return_of"], left["parent_id"], left["direction"]) == (None, None, "return")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"return_of": "OUT", "direction": "outbound"}, "`return_of` says both"),
        ({"return_of": "OUT", "parent_id": "OUT"}, "`return_of` says both"),
        ({"return_of": "BACK"}, "is a return itself"),
        ({"return_of": "6a1f9c0e-0000-7000-8000-000000000001"}, "no shipment"),
    ],
)
async def test_a_return_is_of_an_outbound_shipment(client: AsyncClient, wrong: dict[str, str], said: str) -> None:
    """422 with what to send instead."""
    out = await post_parcel(client, "OUT-1")
    back = (await client.post("/v1/shipments", json=parcel("BACK-1", return_of=out))).json()["id"]
    known = {"OUT": out, "BACK": back}
    answer = await client.post(
        "/v1/shipments", json=parcel("BACK-2", **{name: known.get(value, value) for name, value in wrong.items()})
    )

    assert answer.status_code == 422
    assert said in answer.json()["errors"][0]["message"]


async def test_a_shipment_does_not_belong_to_itself(client: AsyncClient) -> None:
    """Nor to one that belongs to it."""
    first = await post_parcel(client, "PART-1")
    second = await post_parcel(client, "PART-2", parent_id=first)
    refused = [await client.patch(f"/v1/shipments/{first}", json={"parent_id": each}) for each in (first, second)]

    assert [each.status_code for each in refused] == [422, 422]
