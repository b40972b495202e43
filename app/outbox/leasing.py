"""Leases of messages: taken, with a number that only grows, by which whoever comes too late is told from the holder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select, tuple_, update

from app.bulk import Fetch, names_of
from app.database import Instant, Session
from app.outbox.tables import messages


class Claimed(NamedTuple):
    """A message that is ours for a while: what sending it takes. `attempts` counts the one that follows."""

    company_id: UUID
    id: UUID
    shop_id: UUID
    shipment_id: UUID
    endpoint_id: UUID | None
    channel: str
    audience: str
    type: str
    rule_id: UUID | None
    payload: Mapping[str, Any]
    decided_at: datetime | None
    due_at: datetime
    created_at: datetime
    lease_number: int
    attempts: int
    attempts_before: int


_COLUMNS = [messages.c[name] for name in Claimed._fields]


def free(now: Any) -> tuple[ColumnElement[bool], ...]:
    """Due at this time, and nobody's."""
    return (
        messages.c.state == "due",
        messages.c.due_at <= now,
        or_(messages.c.lease_until.is_(None), messages.c.lease_until < now),
    )


async def lease(db: Session, ids: Sequence[tuple[UUID, UUID]], until: datetime) -> list[Claimed]:
    """Take messages, by company and id, as far as they are free still; in no order."""
    values = {"ids": ids, "now_": db.now, "until_": until}
    return await _LEASE(db, [*zip(*ids, strict=True), db.now, until], values)


_LEASE = Fetch(
    _COLUMNS,
    Claimed,
    f"""
    WITH free AS (
        SELECT m.company_id, m.id
        FROM messages m JOIN unnest($1::uuid[], $2::uuid[]) AS v(company_id, id) USING (company_id, id)
        WHERE m.state = 'due' AND m.due_at <= $3 AND (m.lease_until IS NULL OR m.lease_until < $3)
        ORDER BY m.company_id, m.id
        FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE messages AS m SET lease_until = $4, lease_number = m.lease_number + 1, attempts = m.attempts + 1
    FROM free WHERE m.company_id = free.company_id AND m.id = free.id
    RETURNING {names_of(_COLUMNS, "m.")}
    """,  # noqa: S608  (of our own names)
    update(messages)
    .where(
        tuple_(messages.c.company_id, messages.c.id).in_(
            select(messages.c.company_id, messages.c.id).where(
                tuple_(messages.c.company_id, messages.c.id).in_(bindparam("ids", expanding=True)),
                *free(bindparam("now_", type_=Instant())),
            )
        )
    )
    .values(
        lease_until=bindparam("until_", type_=Instant()),
        lease_number=messages.c.lease_number + 1,
        attempts=messages.c.attempts + 1,
    )
    .returning(*_COLUMNS),
)
