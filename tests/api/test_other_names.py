"""Numbers that a shipment went by, or goes by on another leg: what was said of them counts once, and it is found."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.posting import ago, parcel, post_parcel
from tests.api.pushing import hook_of, sandbox_body
from tests.api.test_corrections import RIGHT, WRONG, codes, correct, followed

LEG = {"carrier": "sandbox", "tracking_number": WRONG}


async def test_late_words_wait_for_the_way_back_and_count_once(client: AsyncClient) -> None:
    """With what was known before; nothing of the number in between stays, whichever way it goes."""
    hook, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    await hook.push(sandbox_body(("damaged", ago(hours=3)), number=RIGHT))
    first = ("departed", ago(hours=5))
    late = sandbox_body(first, ("out_for_delivery", ago(hours=1)), number=WRONG)
    await hook.push(late)
    await hook.push(late)
    wrong = (await client.get(f"/v1/shipments/{id_}")).json()
    back = await correct(client, id_, tracking_number=WRONG)
    again = await correct(client, id_, tracking_number=RIGHT)
    home = await correct(client, id_, tracking_number=WRONG)

    assert (wrong["status"], codes(wrong)) == ("exception", ["damaged", "awaiting_pickup"])
    for there in (back, home):
        assert (there["status"], codes(there)) == ("out_for_delivery", [*WAITED, "awaiting_pickup"])
        assert [(each["tracking_number"], codes(each)) for each in there["former"]] == [(RIGHT, ["damaged"])]
    assert (again["status"], codes(again)) == ("exception", ["damaged", "awaiting_pickup"])
    assert [(each["tracking_number"], codes(each)) for each in again["former"]] == [(WRONG, WAITED)]


WAITED = ["out_for_delivery", "departed"]


async def found(client: AsyncClient, number: str) -> list[list[str]]:
    """The ids of what goes, or went, by a number: in the list, and looked up as a number and as free text."""
    rows = (await client.get("/v1/shipments", params={"tracking_number": number})).json()["items"]
    asked: tuple[dict[str, Any], ...] = ({"tracking_number": number}, {"q": number})
    matches = [(await client.post("/v1/lookup", json=each)).json()["matches"] for each in asked]
    return [[each["id"] for each in rows], *([each["shipment"]["id"] for each in found] for found in matches)]


@pytest.mark.parametrize("legs", [[], [{"carrier": "own", "tracking_number": "LEG-2"}]], ids=["alone", "with a leg"])
async def test_lists_and_look_ups_find_the_same_by_every_number(client: AsyncClient, legs: list[Any]) -> None:
    """A former one, that of any leg, and whoever has the former one by now; newest first."""
    id_ = await post_parcel(client, "WRONG-1")
    await correct(client, id_, tracking_number="RIGHT-1")
    await correct(client, id_, legs=legs)
    other = await post_parcel(client, "WRONG-1")

    assert await found(client, "RIGHT-1") == [[id_]] * 3
    assert await found(client, "wrong-1") == [[other, id_]] * 3
    assert await found(client, "LEG-2") == [[id_] if legs else []] * 3
    narrowed = await client.get("/v1/shipments", params={"tracking_number": "WRONG-1", "carrier": "brt"})
    assert narrowed.json()["items"] == []


async def test_a_former_number_that_is_a_leg_by_now_is_none_any_more(client: AsyncClient) -> None:
    """What was said of it counts again, until it is left out; then it is former, with all of it."""
    hook, id_ = await followed(client)
    await correct(client, id_, tracking_number=RIGHT)
    leg = await correct(client, id_, legs=[LEG])
    await hook.push(sandbox_body(("arrived", ago(hours=2)), number=WRONG))
    travelled = (await client.get(f"/v1/shipments/{id_}")).json()
    left = await correct(client, id_, legs=[])
    kept = await correct(client, id_, legs=[LEG])

    assert (leg["former"], codes(leg)) == ([], ["departed", "awaiting_pickup"])
    assert (travelled["former"], codes(travelled)) == ([], ["arrived", "departed", "awaiting_pickup"])
    assert (left["tracking_number"], codes(left)) == (RIGHT, ["awaiting_pickup"])
    assert [(each["tracking_number"], codes(each)) for each in left["former"]] == [(WRONG, ["arrived", "departed"])]
    assert (kept["former"], codes(kept)) == ([], codes(travelled))


async def test_a_number_used_again_does_not_bring_back_its_first_journey(client: AsyncClient) -> None:
    """Posted anew and told of by the carrier from the beginning, it waits for its own events."""
    hook = await hook_of(client, "sandbox")
    old = await post_parcel(client, WRONG, "sandbox")
    history = (("departed", ago(days=50)), ("delivered", ago(days=45)))
    await hook.push(sandbox_body(*history, number=WRONG))
    posted = (await client.post("/v1/shipments", json=parcel(WRONG, "sandbox"))).json()
    await hook.push(sandbox_body(*history, ("arrived", ago(days=46)), number=WRONG))
    aside = (await client.get(f"/v1/shipments/{posted['id']}")).json()
    await hook.push(sandbox_body(*history, ("out_for_delivery", ago(hours=1)), number=WRONG))
    after = (await client.get(f"/v1/shipments/{posted['id']}")).json()

    assert (posted["generation"], posted["status"], aside["status"]) == (2, "pending", "pending")
    assert {each["set_aside"] for each in aside["events"]} == {"earlier_parcel"}
    assert (after["status"], (await client.get(f"/v1/shipments/{old}")).json()["status"]) == (
        "out_for_delivery",
        "delivered",
    )
