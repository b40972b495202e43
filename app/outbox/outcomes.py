"""What became of an attempt: the ledger, the next try, the endpoint's health."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from app.channels.base import Outcome
from app.channels.retrying import next_delay
from app.database import Session
from app.outbox.preparing import Aside
from app.outbox.putting import Announcement, announce, listeners
from app.outbox.reasons import NotDelivered
from app.outbox.tables import attempts, endpoints, messages
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

OPENS_AFTER = 10
PROBE = timedelta(seconds=30)
DISABLED_AFTER = timedelta(days=5)
DISABLED_ATTEMPTS = 20
_chance = Random()  # jitter: no secret hangs on it


async def record(db: Session, row: Row[Any], outcome: Outcome, seconds: float) -> bool:
    """Write the attempt and what follows; false, and nothing written, if another worker has taken the message over."""
    number = row.attempts + 1
    delay = next_delay(number, outcome, _chance)
    state, reason = _verdict(outcome, retried=delay is not None)
    changed = await db.run(
        update(messages)
        .where(
            messages.c.company_id == row.company_id,
            messages.c.id == row.id,
            messages.c.lease_number == row.lease_number + 1,
            messages.c.state == "due",
        )
        .values(
            state=state,
            reason=reason,
            lease_until=None,
            due_at=row.due_at if delay is None else db.now + delay,
            sent_at=db.now if state == "sent" else None,
        )
    )
    if not changed:
        return False
    await db.run(
        db.insert(attempts)
        .values(
            company_id=row.company_id,
            message_id=row.id,
            number=number,
            at=db.now,
            outcome=outcome.state,
            code=outcome.code,
            detail=outcome.detail,
            seconds=seconds,
        )
        .on_conflict_do_nothing()
    )
    if row.endpoint_id is not None:
        await _health(db, row, outcome)
    elif state == "failed":
        await _announce_failure(db, row, outcome)
    return True


async def set_aside(db: Session, row: Row[Any], aside: Aside) -> None:
    """A claimed message that is not sent after all, or not yet."""
    await db.run(
        update(messages)
        .where(
            messages.c.company_id == row.company_id,
            messages.c.id == row.id,
            messages.c.lease_number == row.lease_number + 1,
        )
        .values(
            state=aside.state,
            reason=aside.reason,
            due_at=aside.due_at or row.due_at,
            lease_until=None,
            attempts=row.attempts,
        )
    )


async def release(db: Session, row: Row[Any]) -> None:
    """Give a claimed message back unsent: the process stops."""
    await db.run(
        update(messages)
        .where(
            messages.c.company_id == row.company_id,
            messages.c.id == row.id,
            messages.c.lease_number == row.lease_number + 1,
        )
        .values(lease_until=None, attempts=row.attempts)
    )


def _verdict(outcome: Outcome, *, retried: bool) -> tuple[str, str]:
    match outcome.state:
        case "sent":
            return "sent", ""
        case "unknown":
            return "unknown", NotDelivered.CONNECTION_LOST
        case "retry" if retried:
            return "due", ""
        case "retry":
            return "failed", NotDelivered.ATTEMPTS_FAILED
        case "gone":
            return "failed", NotDelivered.ENDPOINT_GONE
        case _:
            return "failed", NotDelivered.REFUSED


async def _health(db: Session, row: Row[Any], outcome: Outcome) -> None:
    """One success makes an endpoint well; ten failures in a row open its circuit, five days of them switch it off."""
    mine = endpoints.c.company_id == row.company_id, endpoints.c.id == row.endpoint_id
    if outcome.state == "sent":
        well = {"failures": 0, "failing_since": None, "open_until": None, "warned_at": None, "last_success_at": db.now}
        await db.run(update(endpoints).where(*mine).values(well))
        return
    now = await db.first(select(endpoints).where(*mine).with_for_update())
    if now is None:
        return
    failures, since = now.failures + 1, now.failing_since or db.now
    values: dict[str, Any] = {"failures": failures, "failing_since": since}
    if failures >= OPENS_AFTER:
        values["open_until"] = db.now + PROBE
    if outcome.state == "gone":
        values |= {"enabled": False, "disabled_reason": "it answered 410: gone"}
    elif db.now - since >= DISABLED_AFTER and failures >= DISABLED_ATTEMPTS:
        values |= {"enabled": False, "disabled_reason": f"nothing but failures since {since:%Y-%m-%d %H:%M} UTC"}
    await db.run(update(endpoints).where(*mine).values(values))


async def _announce_failure(db: Session, row: Row[Any], outcome: Outcome) -> None:
    """Machines hear of a letter that could not be sent."""
    found = await db.first(
        select(shipments).where(shipments.c.company_id == row.company_id, shipments.c.id == row.shipment_id)
    )
    if found is None:
        return
    shipment = Shipment.of(found)
    data = {
        "id": shipment.id,
        "version": shipment.version,
        "tracking_number": shipment.tracking_number,
        "message": {"id": row.id, "rule": row.type, "channel": row.channel, "audience": row.audience},
        "code": outcome.code,
        "reason": outcome.detail,
    }
    to = await listeners(db, row.company_id, row.shop_id)
    await announce(db, to, shipment, [Announcement("message.failed", str(UUID(str(row.id))), data)])
