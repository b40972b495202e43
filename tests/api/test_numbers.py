"""A shipment posted without number: the shop sends it by PATCH, once."""

from httpx import AsyncClient

from tests.api.posting import parcel, post_parcel


async def test_a_number_is_sent_to_the_shipment_that_says_that_it_waits_for_it(client: AsyncClient) -> None:
    """It is pending and listed; its note names the request; sent again it is the same."""
    posted = await client.post(
        "/v1/shipments", json={"carrier": "sandbox", "sender_reference": "ORD-17", "order": {"reference": "17"}}
    )
    shipment = posted.json()
    path = f"/v1/shipments/{shipment['id']}"
    listed = (await client.get("/v1/shipments", params={"status": "pending"})).json()["items"]
    sent = [await client.patch(path, json={"tracking_number": "sandbox-held-1"}) for _ in range(2)]

    assert (posted.status_code, shipment["status"], shipment["tracking_number"]) == (201, "pending", None)
    assert [each["id"] for each in listed] == [shipment["id"]]
    assert shipment["freshness"]["note"].endswith(f"Sandbox cannot be asked: send it with PATCH {path}")
    assert [each.status_code for each in sent] == [200, 200]
    assert [each.json() for each in sent] == [sent[0].json()] * 2
    assert (sent[0].json()["tracking_number"], sent[0].json()["sender_reference"]) == ("SANDBOX-HELD-1", "ORD-17")
    assert sent[0].json()["freshness"] == {
        "last_event_at": None,
        "last_polled_at": None,
        "silence": None,
        "asked_by": None,
        "rationed": None,
        "next_poll_at": sent[0].json()["updated_at"],
        "note": "",
        "not_found": False,
    }


async def test_a_number_that_is_taken_or_none_is_refused(client: AsyncClient) -> None:
    """409 where another shipment has it, 422 for what is no number; nothing changes."""
    taken = await post_parcel(client, "TAKEN-1")
    waits = (await client.post("/v1/shipments", json={"carrier": "own", "sender_reference": "ORD-17"})).json()
    answers = [
        await client.patch(f"/v1/shipments/{id_}", json={"tracking_number": number, "tags": ["new"]})
        for id_, number in ((waits["id"], "TAKEN-1"), (waits["id"], "?"), (taken, "?"))
    ]
    after = [(await client.get(f"/v1/shipments/{id_}")).json() for id_ in (taken, waits["id"])]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (409, "number_taken"),
        (422, "invalid_input"),
        (422, "invalid_input"),
    ]
    assert taken in answers[0].json()["detail"]
    assert answers[1].json()["errors"][0]["field"] == "tracking_number"
    assert [(each["tracking_number"], each["tags"]) for each in after] == [("TAKEN-1", []), (None, [])]


async def test_a_shipment_posted_again_with_its_number_gets_it(client: AsyncClient) -> None:
    """Known by the reference; the same as a PATCH."""
    first = await client.post("/v1/shipments", json={"carrier": "own", "sender_reference": "ORD-17"})
    second = await client.post("/v1/shipments", json=parcel("ABC-17", sender_reference="ORD-17"))

    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.json()["id"], second.json()["tracking_number"]) == (first.json()["id"], "ABC-17")


async def test_a_wrong_reference_is_sent_right_while_the_number_is_awaited(client: AsyncClient) -> None:
    """Once there is the number, or where another shipment waits by that reference, it is a conflict that says why."""
    path, other = [
        f"/v1/shipments/{(await client.post('/v1/shipments', json=posted)).json()['id']}"
        for posted in ({"carrier": "own", "sender_reference": each} for each in ("ORD-71", "ORD-18"))
    ]
    right = await client.patch(path, json={"sender_reference": " ORD-17 ", "tags": ["x"]})
    again = await client.patch(path, json={"sender_reference": "ORD-17"})
    taken = await client.patch(path, json={"sender_reference": "ORD-18"})
    both = await client.patch(path, json={"sender_reference": "ORD-19", "tracking_number": "ABC-19"})
    late = await client.patch(path, json={"sender_reference": "ORD-20"})

    assert (right.status_code, right.json()["sender_reference"], right.json()["tags"]) == (200, "ORD-17", ["x"])
    assert again.json() == right.json()
    assert (taken.status_code, taken.json()["code"]) == (409, "reference_taken")
    assert other.removeprefix("/v1/shipments/") in taken.json()["detail"]
    assert (both.status_code, both.json()["sender_reference"], both.json()["tracking_number"]) == (
        200,
        "ORD-19",
        "ABC-19",
    )
    assert (late.status_code, late.json()["code"]) == (409, "number_known")
    assert "PATCH the right tracking_number" in late.json()["detail"]
