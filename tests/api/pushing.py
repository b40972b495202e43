"""Pushes of the sandbox carrier, signed, to an account's address."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from httpx import AsyncClient, Response

from app.database import new_id
from tests.api.conftest import PUBLIC_URL

NUMBER = "SANDBOX-DELIVERED-7"


class Hook:
    """The address of an account, and its secret."""

    def __init__(self, client: AsyncClient, path: str, secret: str) -> None:
        self.client, self.path, self.secret = client, path, secret

    async def push(
        self, body: bytes, *, id_: str = "", at: datetime | None = None, signature: bytes | None = None
    ) -> Response:
        """Push a body with the sandbox's signature, signed now unless said otherwise."""
        id_ = id_ or new_id().hex
        stamp = str(int((at or datetime.now().astimezone()).timestamp()))
        signed = f"{id_}.{stamp}.".encode() + body
        made = hmac.new(self.secret.encode(), signed, sha256).hexdigest().encode()
        headers = {
            b"sandbox-id": id_.encode(),
            b"sandbox-timestamp": stamp.encode(),
            b"sandbox-signature": made if signature is None else signature,
        }
        return await self.client.post(self.path, content=body, headers=headers)


def sandbox_body(*steps: tuple[str, str], number: str = NUMBER) -> bytes:
    """A push of the sandbox telling these (code, time)."""
    told = [{"id": f"{number}.{code}", "time": at, "code": code, "text": code, "town": "Milano"} for code, at in steps]
    return orjson.dumps({"carrier": "sandbox", "parcels": [{"number": number, "found": True, "events": told}]})


async def hook_of(client: AsyncClient, carrier: str, **account: Any) -> Hook:
    """A fresh account's hook."""
    made = (await client.post("/v1/accounts", json={"carrier": carrier, **account})).json()
    return Hook(client, made["hook_url"].removeprefix(PUBLIC_URL), made["secret"])


async def status_of(client: AsyncClient, id_: str) -> str:
    """The shipment's status."""
    return str((await client.get(f"/v1/shipments/{id_}")).json()["status"])
