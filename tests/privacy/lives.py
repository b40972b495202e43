"""A person's parcels in a shop, with everything that the service comes to hold about them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from httpx import AsyncClient
from sqlalchemy import select

from app.database import Database
from app.outbox.tables import attempts, messages
from tests.api.posting import ORDER, ago
from tests.api.pushing import Hook, hook_of

EMAIL, PHONE = "canary.ross@example.com", "+39 055 7654321"
CANARIES = ("Canaria Rossetti", EMAIL, "7654321", "Via Canarino", "canary-signature")
RECIPIENT = {"name": CANARIES[0], "email": "Canary.Ross@example.com", "phone": PHONE, "street": "Via Canarino 9"}
RECIPIENT |= {"postcode": "50100", "city": "Firenze", "country": "IT"}
OTHER = {"name": "Bruno Altro", "email": "bruno@example.com", "country": "IT"}
MINE, OTHERS, NOBODYS = "SANDBOX-DELIVERED-71", "SANDBOX-DELIVERED-72", "SANDBOX-DELIVERED-73"


@dataclass
class Life:
    """What was posted and pushed, so that it can be done again."""

    client: AsyncClient
    hook: Hook
    posts: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    pushes: list[bytes] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
        """Post, and remember it."""
        headers = {"Idempotency-Key": key} if key else {}
        self.posts.append((path, body, headers))
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def push(self, body: bytes) -> None:
        """Push, and remember it."""
        self.pushes.append(body)
        assert (await self.hook.push(body)).status_code == 200

    async def again(self) -> list[int]:
        """Everything once more: what the posts were answered."""
        for body in self.pushes:
            assert (await self.hook.push(body)).status_code == 200
        answers = [await self.client.post(path, json=body, headers=headers) for path, body, headers in self.posts]
        for body in self.pushes:
            assert (await self.hook.push(body)).status_code == 200
        return [answer.status_code for answer in answers]


def said(number: str, code: str, at: str, text: str = "") -> dict[str, Any]:
    """One parcel of a push."""
    event = {"id": f"{number}.{code}", "time": at, "code": code, "text": text or code, "town": "Milano"}
    return {"number": number, "found": True, "events": [event]}


def told(*parcels: dict[str, Any]) -> bytes:
    """A push of several parcels."""
    return orjson.dumps({"carrier": "sandbox", "parcels": parcels})


async def live(client: AsyncClient, database: Database) -> Life:
    """Two parcels of the person, one of another in the same pushes, a push for a number that nobody has posted."""
    life = Life(client, await hook_of(client, "sandbox"))
    await client.post("/v1/endpoints", json={"url": "https://127.0.0.1/nove"})
    mine = await life.post("/v1/shipments", parcel(MINE, RECIPIENT, "#71"), key="first")
    others = await life.post("/v1/shipments", parcel(OTHERS, OTHER, "#72"))
    gift = parcel("GIFT-7", {"name": "Zia", "country": "IT"}, "#73", carrier="own")
    gift["buyer"] = {"name": CANARIES[0], "email": EMAIL}
    bought = await life.post("/v1/shipments", gift)
    await life.post("/v1/orders", {**ORDER, "reference": "#74", "recipient": RECIPIENT})
    await client.patch(f"/v1/shipments/{mine['id']}", json={"metadata": {"note": CANARIES[0]}})
    own = {"occurred_at": ago(hours=5), "status": "in_transit", "text": f"for {CANARIES[0]}"}
    await client.post(f"/v1/shipments/{mine['id']}/events", json=own)
    sign = f"{CANARIES[4]} {CANARIES[0]}"
    await life.push(told(said(MINE, "collected", ago(hours=4)), said(OTHERS, "collected", ago(hours=4))))
    await life.push(told(said(MINE, "teleported", ago(hours=3), sign), said(OTHERS, "departed", ago(hours=3))))
    await life.push(told(said(MINE, "delivered", ago(hours=2), sign)))
    await life.push(told(said(NOBODYS, "held", ago(hours=2), f"write to {EMAIL}")))
    await life.push(b"not JSON: " + EMAIL.encode())
    async with database.transaction() as db:
        theirs = [UUID(mine["id"]), UUID(bought["id"])]
        rows = await db.all(select(messages.c.company_id, messages.c.id).where(messages.c.shipment_id.in_(theirs)))
        tried = {"number": 1, "at": db.now, "outcome": "sent", "code": 200, "seconds": 0.1}
        detail = f"thank you, {CANARIES[0]}"
        await db.run(
            attempts.insert(),
            [{"company_id": row.company_id, "message_id": row.id, "detail": detail, **tried} for row in rows],
        )
    life.ids = {MINE: mine["id"], OTHERS: others["id"], "GIFT-7": bought["id"]}
    return life


def parcel(number: str, recipient: dict[str, Any], order: str, carrier: str = "sandbox") -> dict[str, Any]:
    """A shipment as posted."""
    named = {"carrier": carrier, "tracking_number": number, "recipient": recipient}
    return {**named, "order": {**ORDER, "reference": order}}
