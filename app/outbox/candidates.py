"""Messages that could be claimed now, oldest due first, each with what its endpoint says of itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, select, true

from app.bulk import Fetch
from app.database import Instant, Session
from app.outbox.leasing import free
from app.outbox.tables import endpoints, messages

FIRST_ATTEMPTS = 3
"""Newer messages of a shipment wait while an older one to the same endpoint is in its first attempts."""


class Candidate(NamedTuple):
    """A due message; `blocked` if another of the shipment is first, or under way, or its endpoint is gone."""

    company_id: UUID
    id: UUID
    endpoint_id: UUID | None
    shipment_id: UUID
    lease_until: datetime | None
    blocked: bool
    url: str
    secrets: bytes
    failures: int
    open_until: datetime | None
    pace: float | None
    paced_until: datetime | None


async def due(db: Session, full: Sequence[UUID], number: int, *, letters: bool) -> list[Candidate]:
    """The first due and free messages, so many; without letters if there is no room for them.

    Those that no endpoint takes now, or only `full` ones, are left out before they are counted.
    """
    values = {"now_": db.now, "letters_": letters, "full_": full, "number_": number}
    return await _DUE(db, [db.now, letters, full, number], values)


_ENDPOINT = [endpoints.c[name] for name in ("url", "secrets", "failures", "open_until", "pace", "paced_until")]
_NOW = bindparam("now_", type_=Instant())

_OFF = select(endpoints.c.id).where(or_(~endpoints.c.enabled, endpoints.c.open_until > _NOW))
_HEAD = (
    select(
        messages.c.company_id,
        messages.c.id,
        messages.c.endpoint_id,
        messages.c.shipment_id,
        messages.c.lease_until,
        messages.c.due_at,
    )
    .where(
        *free(_NOW),
        or_(
            and_(messages.c.endpoint_id.is_(None), bindparam("letters_") == true()),
            and_(
                messages.c.endpoint_id.not_in(bindparam("full_", expanding=True)),
                messages.c.endpoint_id.not_in(_OFF),
            ),
        ),
    )
    .order_by(messages.c.due_at, messages.c.id)
    .limit(bindparam("number_"))
    .subquery("head")
)
_OTHER = messages.alias("other")
_AHEAD = exists().where(
    _OTHER.c.company_id == _HEAD.c.company_id,
    _OTHER.c.endpoint_id == _HEAD.c.endpoint_id,
    _OTHER.c.shipment_id == _HEAD.c.shipment_id,
    _OTHER.c.id != _HEAD.c.id,
    _OTHER.c.state == "due",
    or_(
        _OTHER.c.lease_until >= _NOW,
        and_(_OTHER.c.id < _HEAD.c.id, _OTHER.c.attempts - _OTHER.c.attempts_before < FIRST_ATTEMPTS),
    ),
)
_SAME = and_(endpoints.c.company_id == _HEAD.c.company_id, endpoints.c.id == _HEAD.c.endpoint_id)

_DUE = Fetch(
    [None] * len(Candidate._fields),
    Candidate,
    f"""
    WITH head AS (
        SELECT company_id, id, endpoint_id, shipment_id, lease_until, due_at
        FROM messages
        WHERE state = 'due' AND due_at <= $1 AND (lease_until IS NULL OR lease_until < $1)
          AND (
            endpoint_id IS NULL AND $2
            OR endpoint_id <> ALL($3::uuid[])
            AND endpoint_id NOT IN (SELECT id FROM endpoints WHERE NOT enabled OR open_until > $1)
          )
        ORDER BY due_at, id
        LIMIT $4
    )
    SELECT h.company_id, h.id, h.endpoint_id, h.shipment_id, h.lease_until,
        h.endpoint_id IS NOT NULL AND (e.id IS NULL OR EXISTS (
            SELECT 1 FROM messages o
            WHERE o.company_id = h.company_id AND o.endpoint_id = h.endpoint_id AND o.shipment_id = h.shipment_id
              AND o.id <> h.id AND o.state = 'due'
              AND (o.lease_until >= $1 OR o.id < h.id AND o.attempts - o.attempts_before < {FIRST_ATTEMPTS})
        )),
        e.url, e.secrets, e.failures, e.open_until, e.pace, e.paced_until
    FROM head h LEFT JOIN endpoints e ON e.company_id = h.company_id AND e.id = h.endpoint_id
    ORDER BY h.due_at, h.id
    """,  # noqa: S608  (of our own number)
    select(
        *(_HEAD.c[name] for name in Candidate._fields[:5]),
        and_(_HEAD.c.endpoint_id.is_not(None), or_(endpoints.c.id.is_(None), _AHEAD)),
        *_ENDPOINT,
    )
    .select_from(_HEAD.outerjoin(endpoints, _SAME))
    .order_by(_HEAD.c.due_at, _HEAD.c.id),
)
