"""A message of the outbox as it is answered: who was to be told what, whether it was sent, and why not."""

from typing import Any
from uuid import UUID

from app.database import Session
from app.outbox.ledger import of_shipment
from app.outbox.reasons import IN_WORDS


async def shown(db: Session, company_id: UUID, shipment_id: UUID) -> list[dict[str, Any]]:
    """The ledger of a shipment, oldest message first."""
    return [_message(row, tried) for row, tried in await of_shipment(db, company_id, shipment_id)]


def shown_with_place(row: Any, tried: list[Any]) -> dict[str, Any]:
    """A message as it stands in a list: with its shop, and its shipment if it is about one."""
    notice = row.target.startswith("notice:") and row.type != "messages_held"
    return {"shop_id": row.shop_id, "shipment_id": None if notice else row.shipment_id, **_message(row, tried)}


def _message(row: Any, tried: list[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "audience": row.audience,
        "channel": row.channel,
        "to": masked(str(row.payload.get("to") or "")) or None,
        "endpoint_id": row.endpoint_id,
        "rule_id": row.rule_id,
        "type": row.type,
        "status": row.status,
        "sub_status": row.sub_status,
        "event_key": row.event_key,
        "version": row.version,
        "state": row.state,
        "reason": row.reason or None,
        "reason_in_words": IN_WORDS.get(row.reason),
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "created_at": row.created_at,
        "attempts": [
            {
                "number": attempt.number,
                "at": attempt.at,
                "outcome": attempt.outcome,
                "code": attempt.code,
                "detail": attempt.detail,
                "seconds": attempt.seconds,
            }
            for attempt in tried
        ],
    }


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else: the first letter and the domain."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else ""
