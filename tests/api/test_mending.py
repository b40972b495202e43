"""A code that no table lists is met, shown, mended and applied to the past, over HTTP; and nobody is bothered."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from app.demo.serving import serving
from app.intake.mending import mend_due
from app.mappings.known import REFRESH_SECONDS
from app.outbox import rules
from app.outbox.sending import Sender
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import ago, post_parcel
from tests.api.pushing import Hook, hook_of, sandbox_body
from tests.receivers import Receiver

REASON = "The carrier's new list has it."
TELEPORTED = {"carrier": "sandbox", "code": "teleported", "status": "out_for_delivery", "reason": REASON}


@pytest.fixture
async def hook(client: AsyncClient) -> Hook:
    """The sandbox's hook of the shop's company."""
    return await hook_of(client, "sandbox")


async def push(hook: Hook, number: str, *steps: tuple[str, str], texts: dict[str, str] | None = None) -> None:
    """Let the sandbox say these (code, time), with other texts than their codes if given."""
    body = orjson.loads(sandbox_body(*steps, number=number))
    for event in body["parcels"][0]["events"]:
        event["text"] = (texts or {}).get(event["code"], event["text"])
    answer = await hook.push(orjson.dumps(body))
    assert answer.json()["status"] == "accepted", answer.text


async def read(client: AsyncClient, path: str, **params: Any) -> Any:
    """What is answered there."""
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(client: AsyncClient, path: str, body: Any = None, code: int = 200) -> Any:
    """What is answered to it."""
    answer = await client.post(path, json=body)
    assert answer.status_code == code, answer.text
    return answer.json()


async def mend(service: Service, client: AsyncClient, mapping_id: str) -> Any:
    """Ask for the row's replay, and let it be done; how it ended."""
    asked = await ask(client, f"/v1/mappings/{mapping_id}/replay", code=202)
    assert (asked["state"], await mend_due(service.installation)) == ("due", 0)
    service.database.clock_offset += timedelta(seconds=REFRESH_SECONDS + 1)
    while await mend_due(service.installation):
        pass
    return (await read(client, f"/v1/mappings/{mapping_id}"))["replay"]


async def sent(service: Service) -> None:
    """Let what is due be sent."""
    sender = Sender(service.installation)
    await sender.send_due()
    await sender.idle()
    await sender.close()


async def test_from_the_inbox_to_a_mended_past(service: Service, client: AsyncClient, shop: Shop, hook: Hook) -> None:
    """A push brings the code; it is accepted, the preview lists the shipments, the replay mends them, a webhook says
    so, and no message goes to anybody."""
    async with service.database.transaction() as db:
        await rules.create_defaults(db, shop.company_id, shop.id)
    await client.patch("/v1/shop", json={"live": True})
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        await ask(client, "/v1/endpoints", {"url": f"{url}/hook"}, 201)
        moved = await post_parcel(client, "SANDBOX-HELD-1", "sandbox")
        ended = await post_parcel(client, "SANDBOX-HELD-2", "sandbox")
        other = await post_parcel(client, "SANDBOX-HELD-3", "sandbox")
        words = {"teleported": "In consegna ad Anna Prova, tel. 055 123456"}
        await push(hook, "SANDBOX-HELD-1", ("collected", ago(hours=9)), ("teleported", ago(hours=1)), texts=words)
        await push(hook, "SANDBOX-HELD-2", ("teleported", ago(hours=3)), ("delivered", ago(hours=2)), texts=words)
        await push(hook, "SANDBOX-HELD-3", ("collected", ago(hours=9)))
        await sent(service)
        told, letters = len(receiver.got), await read(client, "/v1/messages", channel="email")

        [code] = (await read(client, "/v1/carriers/unmapped"))["items"]
        shown = await ask(
            client,
            "/v1/mappings/preview",
            {"carrier": "sandbox", "rows": [{"code": "teleported", "status": "out_for_delivery"}]},
        )
        before = await read(client, f"/v1/shipments/{moved}")
        made = await ask(client, "/v1/mappings", TELEPORTED, 201)
        untouched = await read(client, f"/v1/shipments/{moved}")
        again = await ask(client, "/v1/mappings/preview", {"carrier": "sandbox", "mappings": [made["id"]]})
        done = await mend(service, client, made["id"])
        await sent(service)
        webhooks = [orjson.loads(body) for _, body in receiver.got[told:]]

    assert (code["carrier"], code["code"], code["count"], code["shipments"]) == ("sandbox", "teleported", 2, 2)
    assert code["samples"] == [{"text": "In consegna ad …, tel. …", "context": ""}]
    assert set(code["shipment_ids"]) == {moved, ended}
    suggestion = {"status": "out_for_delivery", "sub_status": None, "phrase": "in consegna", "language": "it"}
    assert code["suggestion"] == {**suggestion, "suggested": True}
    assert (await read(client, "/v1/carriers/unmapped"))["items"] == []
    assert {each["shipment_id"]: (each["before"], each["after"]) for each in shown["items"]} == {
        moved: (
            {"status": "in_transit", "sub_status": "picked_up"},
            {"status": "out_for_delivery", "sub_status": None},
        ),
        ended: ({"status": "delivered", "sub_status": "to_recipient"},) * 2,
    }
    assert (shown["looked_at"], shown["next_cursor"], again["items"]) == (3, None, shown["items"])
    assert untouched == before
    after = await read(client, f"/v1/shipments/{moved}")
    assert (after["status"], after["explanation"]["row"]) == ("out_for_delivery", f"mapping/{made['id']}")
    assert (done["state"], done["total"], done["looked_at"], done["changed"]) == ("done", 3, 3, 2)
    assert [(each["type"], each["data"]["id"], each["data"]["correction"]) for each in webhooks] == [
        ("shipment.status_changed", moved, True),
        ("shipment.corrected", moved, True),
    ]
    ledger = await read(client, "/v1/messages", channel="email")
    new = [each for each in ledger["items"] if each["id"] not in {old["id"] for old in letters["items"]}]
    assert {(each["state"], each["reason"]) for each in new} == {("skipped", "replay")}
    assert (await read(client, f"/v1/shipments/{other}"))["version"] == 1
