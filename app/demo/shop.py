"""What the demo's shop does: it says where webhooks go, posts its shipments and looks them up, all through the API."""

from collections.abc import Sequence
from typing import Any

from httpx import AsyncClient

from app.demo.parcels import DemoParcel, Tempo, posted
from app.errors import NoveError
from app.outbox.endpoints import TYPES

INTERESTING = {
    "delivered": "SANDBOX-DELIVERED-001",
    "tried three times": "SANDBOX-FAILED-001",
    "to be collected": "SANDBOX-PICKUP-001",
    "held by customs": "SANDBOX-CUSTOMS-001",
    "refused, sent back": "SANDBOX-REFUSED-001",
    "BRT, held": "020061200102001",
    "GLS, sent back": "M1629000103",
}
"""Parcels whose tracking pages are worth a look."""


async def add_endpoint(api: AsyncClient, base: str) -> str:
    """The receiver as the shop's endpoint; its signing secret."""
    said = await _called(api, "POST", "/v1/endpoints", {"url": f"{base}/demo/webhooks", "types": list(TYPES)})
    return str(said["secret"])


async def post_all(api: AsyncClient, parcels: Sequence[DemoParcel], tempo: Tempo) -> None:
    """Post the parcels, in one call."""
    rows = [posted(parcel, place, tempo) for place, parcel in enumerate(parcels)]
    said = await _called(api, "POST", "/v1/shipments/batch", {"shipments": rows})
    if wrong := [row for row in said["items"] if row["status"] != 201]:
        raise NoveError(f"The demo's shipments were not taken: {wrong[0]}")


async def tracking_pages(api: AsyncClient) -> dict[str, str]:
    """The tracking pages to look at, by what happens there."""
    said = await _called(api, "GET", "/v1/shipments?limit=100")
    pages = {item["tracking_number"]: item["tracking_page"] for item in said["items"]}
    return {what: pages[number] for what, number in INTERESTING.items()}


async def _called(api: AsyncClient, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await api.request(method, path, json=body)
    if not answer.is_success:
        raise NoveError(f"The demo's own service answered {answer.status_code} to {method} {path}: {answer.text[:500]}")
    found: dict[str, Any] = answer.json()
    return found
