"""DHL's Unified Push: subscriptions for numbers of the unified tracking, and the handshake before one begins.

After the sample collection of developer.dhl.com (Shipment Tracking Push, 2025-07). How long a subscription lives is not
documented; the answer may say so in `expires`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from httpx import AsyncClient, Response

from carriers.calling import call
from carriers.event import OffsetSource
from carriers.reading import Json, at, json_object, text_of
from carriers.subscribing import Handshake, Hook, Subscribed
from carriers.times import iso_moment

EVENTS = ("Pre-Transit", "Transit", "Delivered", "Failure", "Unknown")


class Push:
    """The interface at an address, for the key of an app."""

    def __init__(self, http: AsyncClient, base_url: str, api_key: str) -> None:
        self._http, self._url, self._key = http, f"{base_url}/tracking/push/v1/subscription", api_key

    async def subscribe(self, service: str, numbers: Sequence[str], hook: Hook, header: str) -> Subscribed:
        """DHL is to push the news of at most ten numbers; it repeats the hook's secret in the header."""
        secret = {"type": "ApiKeyAuthentication", "header": header, "token": hook.secret}
        asked = {
            "hook": {"uri": hook.url, "authentication": secret},
            "format": "Default",
            "type": "Shipment",
            "service": service,
            "events": EVENTS,
            "shipmentIDs": list(numbers),
        }
        answer = await self._post("", {}, json=asked)
        said = json_object(answer.content) if answer.content.strip() else {}
        ends = iso_moment(at(said, "expires"), None, OffsetSource.GIVEN)
        return Subscribed(until=ends and ends.occurred_at, name=_name_in(said), asks=True)

    async def confirm(self, asked: Handshake) -> None:
        """Activate the subscription."""
        await self._post(f"/{asked.subscription}", {"DHL-API-Hook-Secret": asked.secret})

    async def _post(self, path: str, headers: Mapping[str, str], **body: Any) -> Response:
        headers = {"DHL-API-Key": self._key, **headers}
        return await call(
            self._http, "POST", f"{self._url}{path}", accept=(200, 201, 202, 204), headers=headers, **body
        )


def handshake_in(body: bytes) -> Handshake | None:
    """What a message to the hook asks before a subscription begins: of its address the id alone is believed."""
    said = json_object(body)
    if said.get("scope") != "subscription.validate":
        return None
    name, secret = _named(said.get("self")), text_of(said.get("secret"), 500)
    return Handshake(name, secret) if name and secret else None


def _name_in(said: Mapping[str, Json]) -> str:
    """The subscription's id in the answer that it was taken: the sheet does not say under which key."""
    given = next((text_of(said[key], 100) for key in ("id", "subscriptionId", "subscriptionID") if key in said), "")
    return given or _named(said.get("self"))


def _named(address: Json) -> str:
    found = re.search(r"/subscription/([\w-]{1,100})$", text_of(address, 500), re.ASCII)
    return found[1] if found else ""
