"""Sending messages again: the same id and the same bytes, in the order of the shipment, by a schedule begun anew.

Webhooks may be sent again whatever became of them, as receivers drop ids that they have seen. A letter may only if it
failed, so that nobody gets one twice; when it leaves it is checked as any other, whether it is still true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, true, tuple_, update

from app.database import Session
from app.errors import Conflict
from app.outbox.endpoints import Endpoint
from app.outbox.ledger import find
from app.outbox.tables import endpoints, messages
from app.shipments.shipment import Shipment

BATCH = 1000
"""The most messages that one call sends again."""

Only = Literal["failed", "all"]


@dataclass(frozen=True, slots=True)
class Span:
    """The webhooks that came about from `since` on and before `until`.

    `failed` are those given up and those that wait for another try after failures.
    """

    since: datetime
    until: datetime
    only: Only = "failed"


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages are sent again, and after which one to go on if there are more."""

    queued: int
    after: UUID | None = None


async def message(db: Session, company_id: UUID, shop_ids: Sequence[UUID], message_id: UUID) -> Replayed:
    """Send one message again; one that waits for its next try is sent now. NotFound, Conflict."""
    row = await find(db, company_id, shop_ids, message_id)
    this = messages.c.company_id == company_id, messages.c.id == message_id
    if row.endpoint_id is None:
        if row.state != "failed":
            raise Conflict(
                f"Only a failed letter is sent again, and this one is {row.state}: nobody shall get a letter twice.",
                code="not_repeatable",
            )
        return await _again(db, and_(*this, messages.c.state == "failed"))
    endpoint = await db.first(
        select(endpoints.c.enabled).where(endpoints.c.company_id == company_id, endpoints.c.id == row.endpoint_id)
    )
    if endpoint is None:
        raise Conflict("The endpoint has been deleted, so there is nowhere to send it.", code="endpoint_removed")
    _need_enabled(enabled=endpoint.enabled)
    return await _again(db, and_(*this))


async def shipment(db: Session, about: Shipment) -> Replayed:
    """Send the webhooks about a shipment again, to every endpoint that is enabled."""
    mine = messages.c.company_id == about.company_id, messages.c.shipment_id == about.id
    listens = exists().where(
        endpoints.c.company_id == messages.c.company_id, endpoints.c.id == messages.c.endpoint_id, endpoints.c.enabled
    )
    return await _again(db, and_(*mine, listens))


async def endpoint(db: Session, to: Endpoint, span: Span, after: UUID | None = None) -> Replayed:
    """Send an endpoint the webhooks of a time again, oldest first."""
    _need_enabled(enabled=to.enabled)
    waits = and_(messages.c.state == "due", messages.c.attempts > messages.c.attempts_before)
    return await _again(
        db,
        and_(
            messages.c.company_id == to.company_id,
            messages.c.endpoint_id == to.id,
            messages.c.created_at >= span.since,
            messages.c.created_at < span.until,
            messages.c.id > after if after else true(),
            or_(messages.c.state == "failed", waits) if span.only == "failed" else true(),
        ),
    )


def _need_enabled(*, enabled: bool) -> None:
    if not enabled:
        raise Conflict(
            "The endpoint is switched off: enable it first (PATCH /v1/endpoints/{id}).", code="endpoint_disabled"
        )


async def _again(db: Session, which: ColumnElement[bool]) -> Replayed:
    """A bounded lot of these, those under way left out."""
    still = or_(messages.c.lease_until.is_(None), messages.c.lease_until < db.now)
    rows = await db.all(
        select(messages.c.company_id, messages.c.id)
        .where(which, still, messages.c.state.in_(("sent", "failed", "cancelled", "due")))
        .where(or_(messages.c.endpoint_id.is_not(None), messages.c.state == "failed"))
        .order_by(messages.c.id)
        .limit(BATCH + 1)
        .with_for_update(skip_locked=True)
    )
    ids = [(row.company_id, row.id) for row in rows[:BATCH]]
    if ids:
        await db.run(
            update(messages)
            .where(tuple_(messages.c.company_id, messages.c.id).in_(ids))
            .values(
                state="due",
                reason="",
                due_at=db.now,
                sent_at=None,
                lease_until=None,
                attempts_before=messages.c.attempts,
            )
        )
    return Replayed(len(ids), rows[BATCH - 1].id if len(rows) > BATCH else None)
