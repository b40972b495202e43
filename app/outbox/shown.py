"""A message of the outbox as it is answered: who was to be told what, whether it was sent, and why not."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.database import Session
from app.outbox.ledger import of_shipment
from app.triggers import NotSent

IN_WORDS: Mapping[str, str] = {
    NotSent.RETURN_SHIPMENT: "Recipients hear of outbound shipments only; this is a return.",
    NotSent.NOT_LIVE: "The shop is not live yet, so its recipients get nothing: PATCH /v1/shop with live: true.",
    NotSent.NO_ADDRESS: "There is no e-mail address to send it to.",
    NotSent.DOUBTFUL: "The carrier's code is not surely understood; the recipient is not told of a guess.",
    NotSent.TOO_OLD: "What happened was already too long ago to be news.",
    NotSent.FIRST_IMPORT: "Of a history that came all at once, only the present status is told.",
    NotSent.ALREADY_TOLD: "This was told already.",
    NotSent.TOLD_RECENTLY: "The same status was told less than six hours before.",
    NotSent.CAP_DAY: "The recipient has had the most messages of one day.",
    NotSent.CAP_TOTAL: "The recipient has had the most messages about one shipment.",
    NotSent.REPLAY: "History was read again and gave another status; nothing had happened just then.",
    NotSent.LEFT_STATE: "It no longer held when the message was due.",
}
"""Every reason not to send, as a person would say it."""


async def shown(db: Session, company_id: UUID, shipment_id: UUID) -> list[dict[str, Any]]:
    """The ledger of a shipment, oldest message first."""
    return [_message(row, tried) for row, tried in await of_shipment(db, company_id, shipment_id)]


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
        "reason_in_words": IN_WORDS.get(row.reason, row.reason) or None,
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
