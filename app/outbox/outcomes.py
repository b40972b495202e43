"""What became of attempts: the ledger, the next try, the endpoints' health; of many at once, by a few statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update

from app.bulk import Insert, Update
from app.channels.base import Outcome
from app.channels.retrying import next_delay
from app.database import Session
from app.outbox import health
from app.outbox.leasing import Claimed
from app.outbox.preparing import Aside
from app.outbox.putting import Announcement, announce, listeners
from app.outbox.reasons import NotDelivered
from app.outbox.tables import attempts, messages
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

_chance = Random()  # jitter: no secret hangs on it


@dataclass(frozen=True, slots=True)
class Done:
    """A claimed message after an attempt; `well` if its endpoint was when it was claimed."""

    row: Claimed
    outcome: Outcome
    seconds: float
    well: bool = False


async def record(db: Session, attempted: Sequence[Done], first_pace: float) -> list[Done]:
    """Write attempts and what follows; those written, without the messages that another worker has taken over."""
    verdicts = {done.row.id: (done, *_verdict(db, done)) for done in attempted}
    written = await (_write if db.driver is not None else _write_by_sqlite)(db, list(verdicts.values()))
    tries = defaultdict[tuple[UUID, UUID], list[Done]](list)
    for done in written:
        if done.row.endpoint_id is not None:
            tries[done.row.company_id, done.row.endpoint_id].append(done)
        elif verdicts[done.row.id][1] == "failed":
            await _announce_failure(db, done.row, done.outcome)
    well = {
        each: len(all_)
        for each, all_ in tries.items()
        if all(done.well and done.outcome.state == "sent" for done in all_)
    }
    await health.note_successes(db, well)
    others = {each: [done.outcome for done in all_] for each, all_ in tries.items() if each not in well}
    await health.count(db, others, first_pace)
    return written


_RECORD = """
    WITH v AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::timestamptz[],
            $7::timestamptz[], $8::integer[], $9::text[], $10::integer[], $11::text[], $12::float[])
          AS v(company_id, id, lease_number, state, reason, due_at, sent_at, number, outcome, code, detail, seconds)
    ),
    marked AS (
        UPDATE messages AS m
        SET state = v.state, reason = v.reason, lease_until = NULL, due_at = v.due_at, sent_at = v.sent_at
        FROM v
        WHERE m.company_id = v.company_id AND m.id = v.id AND m.lease_number = v.lease_number AND m.state = 'due'
        RETURNING m.company_id, m.id
    ),
    noted AS (
        INSERT INTO attempts (company_id, message_id, number, at, outcome, code, detail, seconds)
        SELECT v.company_id, v.id, v.number, $13, v.outcome, v.code, v.detail, v.seconds
        FROM v JOIN marked USING (company_id, id)
        ON CONFLICT DO NOTHING
    )
    SELECT id FROM marked
"""

_Verdict = tuple[Done, str, str, datetime | None]


async def _write(db: Session, verdicts: Sequence[_Verdict]) -> list[Done]:
    """Write verdicts and attempts, in one statement; the messages that are still ours."""
    rows = [
        (*_ours(done.row), state, str(reason), due_at, db.now if state == "sent" else None, *_attempt(done))
        for done, state, reason, due_at in verdicts
    ]
    ids = {each["id"] for each in await db.driver.fetch(_RECORD, *zip(*rows, strict=True), db.now)}
    return [done for done, *_ in verdicts if done.row.id in ids]


_MARK = Update(messages, ("company_id", "id"), ("state", "reason", "due_at", "sent_at", "lease_until"))
_NOTE = Insert(
    attempts,
    ("company_id", "message_id", "at", "number", "outcome", "code", "detail", "seconds"),
    conflict="DO NOTHING",
)


async def _write_by_sqlite(db: Session, verdicts: Sequence[_Verdict]) -> list[Done]:
    ours = tuple_(messages.c.company_id, messages.c.id, messages.c.lease_number)
    mine = ours.in_([_ours(done.row) for done, *_ in verdicts])
    ids = {each.id for each in await db.all(select(messages.c.id).where(mine, messages.c.state == "due"))}
    kept = [each for each in verdicts if each[0].row.id in ids]
    now = db.now
    marks = [
        (done.row.company_id, done.row.id, state, str(reason), due_at, now if state == "sent" else None, None)
        for done, state, reason, due_at in kept
    ]
    await _MARK(db, marks)
    await _NOTE(db, [(done.row.company_id, done.row.id, now, *_attempt(done)) for done, *_ in kept])
    return [done for done, *_ in kept]


def _attempt(done: Done) -> tuple[int, str, int | None, str, float]:
    """What the ledger says of it."""
    tried = done.outcome
    return done.row.attempts, tried.state, tried.code, tried.detail, done.seconds


def _ours(row: Claimed) -> tuple[UUID, UUID, int]:
    return row.company_id, row.id, row.lease_number


async def set_aside(db: Session, given: Sequence[tuple[Claimed, Aside]]) -> list[None]:
    """Claimed messages that are not sent after all, or not yet."""
    alike = defaultdict[Aside, list[Claimed]](list)
    for row, aside in given:
        alike[aside].append(row)
    for aside, rows in alike.items():
        due = {} if aside.due_at is None else {"due_at": aside.due_at}
        await _give_up(db, rows, {"state": aside.state, "reason": aside.reason, **due})
    return [None] * len(given)


async def release(db: Session, rows: Sequence[Claimed]) -> None:
    """Give claimed messages back unsent: the process stops."""
    if rows:
        await _give_up(db, rows, {})


async def _give_up(db: Session, rows: Sequence[Claimed], values: dict[str, Any]) -> None:
    ours = tuple_(messages.c.company_id, messages.c.id, messages.c.lease_number).in_([_ours(row) for row in rows])
    unsent = {"lease_until": None, "attempts": messages.c.attempts - 1}
    await db.run(update(messages).where(ours, messages.c.state == "due").values(unsent | values))


def _verdict(db: Session, done: Done) -> tuple[str, str, datetime | None]:
    """State, reason, and when it is due; none of it says more than this attempt."""
    row = done.row
    delay = next_delay(row.attempts - row.attempts_before, done.outcome, _chance)
    state, reason = verdict(done.outcome, retried=delay is not None)
    return state, reason, row.due_at if delay is None else db.now + delay


def verdict(outcome: Outcome, *, retried: bool) -> tuple[str, str]:
    """The state of a message after this attempt, and the reason if it was not sent."""
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


async def _announce_failure(db: Session, row: Claimed, outcome: Outcome) -> None:
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
