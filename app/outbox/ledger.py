"""What the outbox holds of a shipment: every message, sent or not, with its reason and attempts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Column, Row, bindparam, select, text, tuple_

from app.bulk import Fetch, names_of
from app.database import Session
from app.errors import NotFound
from app.outbox.tables import attempts, messages
from app.shipments.shipment import Shipment
from app.shipments.tables import transitions
from app.triggers import Audience, Rule, Told, has_left
from carriers.vocabulary import Status, SubStatus

HELD = ("due", "sent", "unknown")
"""States of messages that were told or are to be; the others were decided against or given up."""


@dataclass(frozen=True, slots=True)
class ToldSoFar:
    """What the rules have told of a shipment, and how many messages its recipient has had."""

    told: tuple[Told, ...]
    today: int
    total: int


NOTHING_TOLD = ToldSoFar((), 0, 0)


class Past:
    """What rows of the outbox tell of several shipments: what `MESSAGES` and `STEPS` find."""

    def __init__(self, held: Sequence["_Message"], steps: Sequence["_Step"]) -> None:
        self._held, self._steps = _by_shipment(held), _by_shipment(steps)

    def of(self, shipment: Shipment, rules: Sequence[Rule], now: datetime) -> ToldSoFar:
        """What `triggers.decide` needs to know of a shipment as it is now; its newest step need not be written yet."""
        if shipment.id not in self._held:
            return NOTHING_TOLD
        return _told(self._held[shipment.id], [*self._steps[shipment.id], _step(shipment)], rules, now)


async def past_of(db: Session, ids: Sequence[tuple[UUID, UUID]]) -> Past:
    """What was told of shipments, by company and id."""
    if not ids:
        return Past((), ())
    held = await MESSAGES(db, list(zip(*ids, strict=True)), {"ids": ids})
    known = {each.shipment_id for each in held}
    theirs = [each for each in ids if each[1] in known]
    return Past(held, await STEPS(db, list(zip(*theirs, strict=True)), {"ids": theirs}) if theirs else ())


class _Message(NamedTuple):
    shipment_id: UUID
    rule_id: UUID
    cause: str
    due_at: datetime | None
    sent_at: datetime | None
    version: int
    audience: str
    created_at: datetime


class _Step(NamedTuple):
    shipment_id: UUID
    version: int
    status: Status
    sub_status: SubStatus | None


_Of = TypeVar("_Of", _Message, _Step)
_M = [messages.c[name] for name in _Message._fields]
_S = [transitions.c[name] for name in _Step._fields]


def _of_each(columns: Sequence[Column[Any]], found: str) -> str:
    """A query for each shipment by itself: no other plan can be thought of, however few rows there are at first."""
    return f"""
        SELECT {names_of(columns, "found.")} FROM unnest($1::uuid[], $2::uuid[]) AS wanted(company, shipment)
        CROSS JOIN LATERAL (
            SELECT {names_of(columns)} FROM {found} OFFSET 0
        ) AS found
    """  # noqa: S608  (of our own names)


_MINE = "company_id = wanted.company AND shipment_id = wanted.shipment"

MESSAGES = Fetch(
    _M,
    _Message,
    _of_each(_M, f"messages WHERE {_MINE} AND rule_id IS NOT NULL AND state IN {HELD} ORDER BY id"),
    select(*_M)
    .where(
        tuple_(messages.c.company_id, messages.c.shipment_id).in_(bindparam("ids", expanding=True)),
        messages.c.rule_id.is_not(None),
        messages.c.state.in_(HELD),
    )
    .order_by(messages.c.id),
)
STEPS = Fetch(
    _S,
    _Step,
    _of_each(_S, f"transitions WHERE {_MINE}"),
    select(*_S).where(
        tuple_(transitions.c.company_id, transitions.c.shipment_id).in_(bindparam("ids", expanding=True))
    ),
)


def _step(shipment: Shipment) -> _Step:
    """The newest, to where the shipment is."""
    return _Step(shipment.id, shipment.version, shipment.status, shipment.sub_status)


def _by_shipment(rows: Sequence[_Of]) -> defaultdict[UUID, list[_Of]]:
    found: defaultdict[UUID, list[_Of]] = defaultdict(list)
    for row in rows:
        found[row.shipment_id].append(row)
    return found


def _told(rows: Sequence[_Message], steps: Sequence[_Step], rules: Sequence[Rule], now: datetime) -> ToldSoFar:
    by_id = {rule.id: rule for rule in rules}
    told = []
    for row in rows:
        rule = by_id.get(str(row.rule_id))
        if rule is None:
            continue
        each = Told.of(rule.id, row.cause, row.sent_at or row.due_at or row.created_at, left=False)
        left = any(has_left(rule, each, step.status, step.sub_status) for step in steps if step.version > row.version)
        told.append(replace(each, left=left))
    to_recipient = [row for row in rows if row.audience == Audience.RECIPIENT]
    today = sum(1 for row in to_recipient if now - row.created_at < timedelta(days=1))
    return ToldSoFar(tuple(told), today, len(to_recipient))


async def of_shipment(db: Session, company_id: UUID, shipment_id: UUID) -> list[tuple[Row[Any], list[Row[Any]]]]:
    """Every message of a shipment, oldest first, each with its attempts."""
    rows = await db.all(
        select(messages)
        .where(messages.c.company_id == company_id, messages.c.shipment_id == shipment_id)
        .order_by(messages.c.id)
    )
    return await _with_attempts(db, company_id, rows)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages; those given must all hold."""

    states: Sequence[str] = ()
    channel: str | None = None
    endpoint_id: UUID | None = None
    shipment_id: UUID | None = None
    since: datetime | None = None


async def listed(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], filters: Filters, *, limit: int, before: UUID | None
) -> list[tuple[Row[Any], list[Row[Any]]]]:
    """The messages of these shops that fit, newest first, older than `before` if given; each with its attempts."""
    query = select(messages).where(messages.c.company_id == company_id, messages.c.shop_id.in_(shop_ids))
    if filters.states:
        query = query.where(messages.c.state.in_(filters.states))
        if set(filters.states) <= {"failed", "unknown"}:  # said as the index of those says it
            query = query.where(text("state IN ('failed', 'unknown')"))
    if filters.channel is not None:
        query = query.where(messages.c.channel == filters.channel)
    if filters.endpoint_id is not None:
        query = query.where(messages.c.endpoint_id == filters.endpoint_id)
    if filters.shipment_id is not None:
        query = query.where(messages.c.shipment_id == filters.shipment_id)
    if filters.since is not None:
        query = query.where(messages.c.created_at >= filters.since)
    if before is not None:
        query = query.where(messages.c.id < before)
    return await _with_attempts(db, company_id, await db.all(query.order_by(messages.c.id.desc()).limit(limit)))


async def one(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], message_id: UUID
) -> tuple[Row[Any], list[Row[Any]]]:
    """One message of these shops with its attempts; NotFound."""
    row = await find(db, company_id, shop_ids, message_id)
    [found] = await _with_attempts(db, company_id, [row])
    return found


async def find(db: Session, company_id: UUID, shop_ids: Sequence[UUID], message_id: UUID) -> Row[Any]:
    """One message of these shops; NotFound."""
    row = await db.first(
        select(messages).where(
            messages.c.company_id == company_id, messages.c.id == message_id, messages.c.shop_id.in_(shop_ids)
        )
    )
    if row is None:
        raise NotFound(f"No message {message_id}.")
    return row


async def _with_attempts(
    db: Session, company_id: UUID, rows: Sequence[Row[Any]]
) -> list[tuple[Row[Any], list[Row[Any]]]]:
    tried: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    if rows:
        for attempt in await db.all(
            select(attempts)
            .where(attempts.c.company_id == company_id, attempts.c.message_id.in_([row.id for row in rows]))
            .order_by(attempts.c.message_id, attempts.c.number)
        ):
            tried[attempt.message_id].append(attempt)
    return [(row, tried[row.id]) for row in rows]
