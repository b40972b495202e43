"""Claiming messages that are due: with a lease and a number, so that each is sent by one worker at a time."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select, tuple_, update

from app.database import Session
from app.outbox.reasons import NotDelivered
from app.outbox.tables import endpoints, messages

LEASE = timedelta(seconds=30)
"""Twice the longest attempt: a lease that runs out means that its worker is gone."""

PER_ENDPOINT = 4
FIRST_ATTEMPTS = 3
"""Newer messages of a shipment wait while an older one to the same endpoint is in its first attempts."""

CANDIDATES = 200
LOST = "unknown"


async def claim(db: Session, room: int, busy: Mapping[UUID, int], lease: timedelta = LEASE) -> list[Row[Any]]:
    """At most `room` due messages, leased, oldest due first; `busy` counts what this process sends to each endpoint.

    A letter to a person whose worker died while sending it is not claimed: nobody knows whether it was taken, so it is
    marked unknown and never repeated.
    """
    full = [endpoint_id for endpoint_id, count in busy.items() if count >= PER_ENDPOINT]
    found = await db.all(_due(db, full).limit(CANDIDATES))
    chosen, taken, pairs = [], Counter(busy), set()
    for row in found:
        pair = row.endpoint_id, row.shipment_id
        if row.endpoint_id is not None:
            if taken[row.endpoint_id] >= (1 if row.failing else PER_ENDPOINT) or pair in pairs:
                continue
            taken[row.endpoint_id] += 1
            pairs.add(pair)
        chosen.append((row.company_id, row.id))
        if len(chosen) == room:
            break
    if not chosen:
        return []
    ids = tuple_(messages.c.company_id, messages.c.id).in_(chosen)
    rows = await db.all(
        select(messages).where(ids, *_free(db)).order_by(messages.c.due_at).with_for_update(skip_locked=True)
    )
    lost = [row for row in rows if row.lease_until is not None and row.endpoint_id is None]
    for row in lost:
        lost_by = {"state": LOST, "reason": NotDelivered.WORKER_STOPPED, "lease_until": None}
        await db.run(update(messages).where(*_this(row)).values(lost_by))
    claimed = [row for row in rows if row not in lost]
    for row in claimed:
        await db.run(
            update(messages)
            .where(*_this(row))
            .values(
                lease_until=db.now + lease, lease_number=messages.c.lease_number + 1, attempts=messages.c.attempts + 1
            )
        )
    return claimed


def _free(db: Session) -> tuple[ColumnElement[bool], ...]:
    return (
        messages.c.state == "due",
        messages.c.due_at <= db.now,
        or_(messages.c.lease_until.is_(None), messages.c.lease_until < db.now),
    )


def _due(db: Session, full: list[UUID]) -> Any:
    """Due and free messages; to machines only where the endpoint takes them and no other of the shipment is first."""
    other = messages.alias("other")
    ahead = exists().where(
        other.c.company_id == messages.c.company_id,
        other.c.endpoint_id == messages.c.endpoint_id,
        other.c.shipment_id == messages.c.shipment_id,
        other.c.id != messages.c.id,
        other.c.state == "due",
        or_(other.c.lease_until >= db.now, and_(other.c.id < messages.c.id, other.c.attempts < FIRST_ATTEMPTS)),
    )
    takes = and_(
        endpoints.c.enabled,
        or_(endpoints.c.open_until.is_(None), endpoints.c.open_until <= db.now),
        ~ahead,
        messages.c.endpoint_id.not_in(full),
    )
    same = and_(endpoints.c.company_id == messages.c.company_id, endpoints.c.id == messages.c.endpoint_id)
    return (
        select(
            messages.c.company_id,
            messages.c.id,
            messages.c.endpoint_id,
            messages.c.shipment_id,
            endpoints.c.open_until.is_not(None).label("failing"),
        )
        .select_from(messages.outerjoin(endpoints, same))
        .where(*_free(db), or_(messages.c.endpoint_id.is_(None), takes))
        .order_by(messages.c.due_at, messages.c.id)
    )


def _this(row: Row[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return messages.c.company_id == row.company_id, messages.c.id == row.id
