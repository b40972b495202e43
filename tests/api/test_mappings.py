"""Rows over HTTP: who may give them, what they must be, how they are listed, withdrawn and shown beforehand."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.intake import bearing
from app.intake.shadowing import SETTLED, shadow
from app.mappings import EVERYBODY, Meaning, rows
from app.shops import Shop
from carriers.vocabulary import Status
from tests.api.conftest import Service
from tests.api.posting import ago, post_parcel
from tests.api.pushing import hook_of, sandbox_body

ROW = {"carrier": "sandbox", "code": "beamed", "status": "in_transit", "sub_status": "departed", "reason": "Seen."}


async def take(client: AsyncClient, answered: int = 201, **row: Any) -> Any:
    """What is answered to a row."""
    answer = await client.post("/v1/mappings", json={**ROW, **row})
    assert answer.status_code == answered, answer.text
    return answer.json()


async def test_a_row_has_its_author_its_reason_and_its_end(client: AsyncClient) -> None:
    """It is answered as it stands; withdrawn, it stays."""
    made = await take(client, context="", weak=True)
    unmade = await client.delete(f"/v1/mappings/{made['id']}", params={"reason": "It was not so."})
    again = await client.delete(f"/v1/mappings/{made['id']}")
    ended = (await client.get(f"/v1/mappings/{made['id']}")).json()
    listed = (await client.get("/v1/mappings", params={"carrier": "sandbox", "state": "withdrawn"})).json()["items"]
    active = (await client.get("/v1/mappings", params={"state": "active"})).json()["items"]

    author = made["author"]
    assert author.startswith("Test (nove_")
    assert made == {
        "id": made["id"],
        "carrier": "sandbox",
        "list": "",
        "code": "beamed",
        "context": "",
        "status": "in_transit",
        "sub_status": "departed",
        "weak": True,
        "doubtful": False,
        "state": "active",
        "for_everybody": False,
        "author": author,
        "reason": "Seen.",
        "created_at": made["created_at"],
        "withdrawn_at": None,
        "withdrawn_by": "",
        "withdrawn_reason": "",
    }
    assert (unmade.status_code, again.status_code, active) == (204, 204, [])
    end = {"state": "withdrawn", "withdrawn_by": author, "withdrawn_reason": "It was not so."}
    assert ended == {**made, **end, "withdrawn_at": ended["withdrawn_at"], "replay": None}
    assert [{**each, "replay": None} for each in listed] == [ended]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"carrier": "nobody"}, "carrier"),
        ({"status": "pending", "sub_status": None}, "status"),
        ({"status": None}, "sub_status"),
        ({"status": "delivered"}, "sub_status"),
        ({"status": "flying"}, "status"),
        ({"code": " "}, "code"),
        ({"reason": ""}, "reason"),
        ({"weak": "perhaps"}, "weak"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_a_row(client: AsyncClient, wrong: dict[str, Any], field: str) -> None:
    """The field that is wrong is named, and nothing is kept."""
    refused = await take(client, 422, **wrong)

    assert [each["field"] for each in refused["errors"]] == [field]
    assert (await client.get("/v1/mappings")).json()["items"] == []


async def test_a_shop_alone_does_not_change_what_another_ships_with(service: Service, shop: Shop) -> None:
    """A key of one shop may while no other shop has the carrier; one for all of the company's shops may always."""
    sister = await service.shop(shop.company_id)
    one, other = await service.caller(shop), await service.caller(sister)
    every = await service.caller(shop, all_shops=True)
    alone = await take(one)
    await post_parcel(other, "SANDBOX-HELD-1", "sandbox")
    refused = [
        await one.post("/v1/mappings", json=ROW),
        await one.post(f"/v1/mappings/{alone['id']}/replay"),
        await one.delete(f"/v1/mappings/{alone['id']}"),
    ]
    done = await every.delete(f"/v1/mappings/{alone['id']}")

    assert {(each.status_code, each.json()["code"]) for each in refused} == {(403, "not_allowed")}
    assert done.status_code == 204


async def test_a_row_for_everybody_is_its_operators(service: Service, client: AsyncClient) -> None:
    """It is listed and read by all, and changed by none of them."""
    given = Meaning("sandbox", "beamed", status=Status.DELIVERED)
    async with service.database.transaction() as db:
        row = await rows.accept(db, EVERYBODY, given, author="operator", reason="All have it.")
    path = f"/v1/mappings/{row.id}"
    listed = (await client.get("/v1/mappings")).json()["items"]
    refused = [await client.delete(path), await client.post(f"{path}/replay"), await client.post(f"{path}/switch-on")]

    assert [(each["id"], each["for_everybody"], each["author"]) for each in listed] == [(str(row.id), True, "operator")]
    assert [each.status_code for each in refused] == [403, 403, 403]


async def test_a_shadow_is_switched_on_before_it_mends(client: AsyncClient) -> None:
    """A replay of a shadow is refused, and so is switching on what is on."""
    shadow = await take(client, shadow=True)
    path = f"/v1/mappings/{shadow['id']}"
    early = await client.post(f"{path}/replay")
    on, twice = await client.post(f"{path}/switch-on"), await client.post(f"{path}/switch-on")

    assert (shadow["state"], early.status_code) == ("shadow", 409)
    assert (on.json()["state"], twice.status_code) == ("active", 409)
    assert (await client.post(f"{path}/replay")).status_code == 202


async def test_the_list_comes_in_pages(client: AsyncClient) -> None:
    """Newest first."""
    made = [(await take(client, code=f"c{n}"))["code"] for n in range(3)]
    first = (await client.get("/v1/mappings", params={"limit": 2})).json()
    second = (await client.get("/v1/mappings", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [each["code"] for page in (first, second) for each in page["items"]] == made[::-1]
    assert second["next_cursor"] is None


async def test_a_preview_goes_on_page_by_page(
    service: Service, client: AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each shipment once, however it is cut; another shop's are not shown, nor other codes'."""
    monkeypatch.setattr(bearing, "LOOK", 2)
    hook = await hook_of(client, "sandbox")
    sister = await service.caller(await service.shop(shop.company_id))
    ids = [await post_parcel(client, f"SANDBOX-HELD-{n}", "sandbox") for n in range(5)]
    await post_parcel(sister, "SANDBOX-HELD-1", "sandbox")
    for n, code in enumerate(("beamed", "beamed", "collected", "beamed", "beamed")):
        await hook.push(sandbox_body((code, ago(hours=2)), number=f"SANDBOX-HELD-{n}"))
    body = {"carrier": "sandbox", "rows": [{"code": "beamed", "status": "delivered"}]}

    shown, looked_at, cursor = [], 0, ""
    while cursor is not None:
        params: dict[str, Any] = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await client.post("/v1/mappings/preview", json=body, params=params)).json()
        shown += [each["shipment_id"] for each in page["items"]]
        looked_at, cursor = looked_at + page["looked_at"], page["next_cursor"]

    assert (shown, looked_at) == ([id_ for n, id_ in enumerate(ids) if n != 2], 5)


async def test_rows_that_contradict_each_other_are_not_shown(client: AsyncClient) -> None:
    """Both are named; the same row twice, and one for another context, are no contradiction."""
    delivered, held = ({"code": "beamed", "status": status} for status in ("delivered", "exception"))
    said = []
    for other in (held, delivered, {**held, "context": "by night"}):
        body = {"carrier": "sandbox", "rows": [delivered, {"code": "landed", "status": "returned"}, other]}
        answer = await client.post("/v1/mappings/preview", json=body)
        said.append((answer.status_code, answer.json().get("errors")))

    text = "rows.0 gives the same code and context another meaning: send one of the two."
    assert said == [(422, [{"field": "rows.2", "message": text}]), (200, None), (200, None)]


async def test_what_cannot_be_shown(client: AsyncClient) -> None:
    """Nothing at all, an unknown row, one of another carrier's."""
    made = await take(client)
    answers = [
        await client.post("/v1/mappings/preview", json=each)
        for each in (
            {"carrier": "sandbox"},
            {"carrier": "sandbox", "without": [str(uuid4())]},
            {"carrier": "brt", "mappings": [made["id"]]},
        )
    ]

    assert [each.status_code for each in answers] == [422, 404, 404]


async def test_the_inbox_by_carrier_and_shop(service: Service, client: AsyncClient, shop: Shop) -> None:
    """Codes are the company's, the shipments and their words are those of the shops that the key reaches."""
    hook = await hook_of(client, "sandbox")
    sister = await service.caller(await service.shop(shop.company_id))
    mine = await post_parcel(client, "SANDBOX-HELD-1", "sandbox")
    theirs = await post_parcel(sister, "SANDBOX-HELD-2", "sandbox")
    for number in ("SANDBOX-HELD-1", "SANDBOX-HELD-2"):
        await hook.push(sandbox_body(("beamed", ago(hours=2)), ("zapped", ago(hours=1)), number=number))
    await hook.push(sandbox_body(("theirs alone", ago(hours=3)), number="SANDBOX-HELD-2"))

    async def shown(caller: AsyncClient, **params: Any) -> list[tuple[str, int, int, list[str]]]:
        items = (await caller.get("/v1/carriers/unmapped", params=params)).json()["items"]
        return [(each["code"], each["count"], each["shipments"], each["shipment_ids"]) for each in items]

    assert await shown(client, carrier="sandbox") == [("beamed", 2, 1, [mine]), ("zapped", 2, 1, [mine])]
    assert await shown(sister, limit=1) == [("beamed", 2, 1, [theirs])]
    assert await shown(client, carrier="brt") == []
    every = await service.caller(shop, all_shops=True)
    assert [code for code, *_ in await shown(every)] == ["beamed", "theirs alone", "zapped"]
    await take(every, code="beamed", context="elsewhere", status=None, sub_status=None)
    await take(every, code="zapped", status=None, sub_status=None)
    assert await shown(client) == [("beamed", 2, 1, [mine])]


async def test_differences_of_shadows(service: Service, client: AsyncClient) -> None:
    """What a shadow would have otherwise is listed with its count and a body that has it."""
    hook = await hook_of(client, "sandbox")
    await post_parcel(client, "SANDBOX-HELD-1", "sandbox")
    row = await take(client, shadow=True)
    await shadow(service.installation)
    await hook.push(sandbox_body(("beamed", ago(hours=2)), ("collected", ago(hours=3)), number="SANDBOX-HELD-1"))
    service.database.clock_offset += SETTLED + timedelta(seconds=1)
    await shadow(service.installation)
    told = (await client.get("/v1/mappings/shadow")).json()

    [difference] = told["items"]
    assert [(each["carrier"], each["compared"]) for each in told["compared"]] == [("sandbox", 2)]
    assert {name: difference[name] for name in ("carrier", "code", "now", "then", "by", "count")} == {
        "carrier": "sandbox",
        "code": "beamed",
        "now": "",
        "then": "in_transit/departed",
        "by": f"mapping/{row['id']}",
        "count": 1,
    }
    assert (await client.get(f"/v1/arrivals/{difference['arrival_id']}")).status_code == 200
