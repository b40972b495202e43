"""What a shop posts in tests, and short ways to post it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from pydantic import BaseModel

RECIPIENT = {
    "name": "Anna Prova",
    "email": "anna@example.com",
    "phone": "055 123456",
    "street": "Via della Prova 9",
    "postcode": "50100",
    "city": "Firenze",
    "country": "IT",
}
ORDER = {
    "reference": "#1001",
    "placed_at": "2026-03-01T10:00:00+01:00",
    "platform": "shop",
    "total": {"amount": "59.90", "currency": "EUR"},
    "items": [{"sku": "A1", "name": "Tazza", "quantity": 2}],
}


def parcel(number: str = "ABC123456", carrier: str = "own", **more: Any) -> dict[str, Any]:
    """A shipment as posted."""
    return {"carrier": carrier, "tracking_number": number, "recipient": RECIPIENT, **more}


async def post_parcel(client: AsyncClient, number: str = "ABC123456", carrier: str = "own", **more: Any) -> str:
    """Post a new shipment; its id."""
    answer = await client.post("/v1/shipments", json=parcel(number, carrier, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ago(**span: float) -> str:
    """A time before now, as a shop writes it; ahead of now for negative spans."""
    return (datetime.now(UTC).replace(microsecond=0) - timedelta(**span)).isoformat()


def happened(status: str, sub_status: str | None = None, *, at: str, **more: Any) -> dict[str, Any]:
    """An event as posted."""
    return {"occurred_at": at, "status": status, **({"sub_status": sub_status} if sub_status else {}), **more}


def fits(shape: type[BaseModel], value: dict[str, Any]) -> set[str]:
    """The fields of a valid answer; the shape must know them all."""
    shape.model_validate(value)
    names = {field.alias or name for name, field in shape.model_fields.items()}
    assert set(value) == names
    return names
