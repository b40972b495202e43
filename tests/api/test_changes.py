"""Changing a shipment: field by field, and only if it is still as it was read."""

from httpx import AsyncClient

from tests.api.posting import RECIPIENT, ago, happened, post_parcel


async def test_a_recipient_changes_field_by_field(client: AsyncClient) -> None:
    """Fields left out stay and are still found by; an empty one goes; null forgets all."""
    path = f"/v1/shipments/{await post_parcel(client)}"
    changed = await client.patch(path, json={"recipient": {"phone": "055 654321", "street": ""}})
    found = await client.get("/v1/shipments", params={"country": "IT"})
    forgotten = await client.patch(path, json={"recipient": None})
    anew = await client.patch(path, json={"recipient": {"name": "Bruno Prova"}})

    kept = {name: value for name, value in RECIPIENT.items() if name != "street"}
    assert changed.json()["recipient"] == kept | {"phone": "055 654321"}
    assert [each["recipient"]["email"] for each in found.json()["items"]] == ["anna@example.com"]
    assert (forgotten.status_code, forgotten.json()["recipient"]) == (200, None)
    assert anew.json()["recipient"] == {"name": "Bruno Prova"}


async def test_a_change_may_ask_for_the_shipment_as_it_was_read(client: AsyncClient) -> None:
    """412 once anything has changed, and nothing is stored; the present tag, of any language, and `*` match."""
    id_ = await post_parcel(client)
    path = f"/v1/shipments/{id_}"
    first = (await client.get(path)).headers["etag"]
    await client.post(f"{path}/events", json=happened("in_transit", at=ago(hours=1)))
    refused = [
        await client.patch(path, json={"tags": ["late"]}, headers={"If-Match": wanted})
        for wanted in (first, f"W/{first}", '"other"')
    ]
    kept = (await client.get(path)).json()["tags"]
    taken = []
    for locale in ("it", "en"):
        tag = (await client.get(path, params={"locale": locale})).headers["etag"]
        wanted = f'"other", {tag}'
        taken.append(await client.patch(path, json={"tags": [locale]}, headers={"If-Match": wanted}))
    taken.append(await client.patch(path, json={"tags": ["any"]}, headers={"If-Match": "*"}))

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(412, "precondition_failed")] * 3
    assert "Read it again" in refused[0].json()["detail"]
    assert kept == []
    assert [(each.status_code, each.json()["tags"]) for each in taken] == [(200, ["it"]), (200, ["en"]), (200, ["any"])]
