"""The health of endpoints: their failures, the circuit, the pace after an outage, and what the shop is told of it.

Ten failures in a row open a circuit, and so do seven in ten of at least ten attempts within five minutes, counted from
the first that fails. Then one message at a time may try; its success closes the circuit, and the answers of those that
were under way before do not. Five days of nothing but failures switch an endpoint off.
An endpoint whose circuit was open gets only so many messages a second at first; the number doubles as it takes them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import case, or_, select, update

from app import shops
from app.channels.base import Outcome
from app.database import Session
from app.outbox import notices
from app.outbox.endpoints import FRESH, WELL
from app.outbox.notices import Kind, Notice
from app.outbox.tables import endpoints

OPENS_AFTER = 10
RECENT = timedelta(minutes=5)
SHARE, OF_AT_LEAST = 0.7, 10
PROBE = timedelta(seconds=30)
WARNED_AFTER = timedelta(hours=24)
DISABLED_AFTER = timedelta(days=5)
DISABLED_ATTEMPTS = 20
FULL_PACE = 1000.0
"""Messages a second from which on an endpoint that recovers is limited no more."""

NOTED_EVERY = timedelta(seconds=1)
"""How exact the time of the last success is."""

Tries = Mapping[tuple[UUID, UUID], Sequence[Outcome]]
"""What became of attempts, in their order, by company and endpoint."""


async def note_successes(db: Session, found: Mapping[tuple[UUID, UUID], int]) -> None:
    """Endpoints that were well have taken so many messages."""
    rows = [(*each, found[each]) for each in sorted(found)]
    if rows and db.driver is not None:
        times = db.now, db.now - NOTED_EVERY, db.now - RECENT
        await db.driver.execute(_NOTE_SUCCESSES, *zip(*rows, strict=True), *times)
        return
    counted = endpoints.c.recent_from > db.now - RECENT
    for company_id, endpoint_id, number in rows:
        await db.run(
            update(endpoints)
            .where(
                endpoints.c.company_id == company_id,
                endpoints.c.id == endpoint_id,
                endpoints.c.open_until.is_(None),
                or_(
                    endpoints.c.failures > 0,
                    counted,
                    endpoints.c.last_success_at.is_(None),
                    endpoints.c.last_success_at < db.now - NOTED_EVERY,
                ),
            )
            .values(
                **WELL,
                last_success_at=db.now,
                recent_tried=endpoints.c.recent_tried + case((counted, number), else_=0),
            )
        )


_NOTE_SUCCESSES = """
    UPDATE endpoints AS e
    SET failures = 0, failing_since = NULL, warned_at = NULL, open_until = NULL, last_success_at = $4,
        recent_tried = e.recent_tried + CASE WHEN e.recent_from > $6 THEN v.number ELSE 0 END
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS v(company_id, id, number)
    WHERE e.company_id = v.company_id AND e.id = v.id AND e.open_until IS NULL
      AND (e.failures > 0 OR e.recent_from > $6 OR e.last_success_at IS NULL OR e.last_success_at < $5)
"""


async def count(db: Session, tries: Tries, first_pace: float) -> None:
    """Count attempts to endpoints one after the other; `first_pace` is the messages a second after an outage."""
    for company_id, endpoint_id in sorted(tries):
        mine = endpoints.c.company_id == company_id, endpoints.c.id == endpoint_id
        row = await db.first(select(endpoints).where(*mine).with_for_update())
        if row is None:
            continue
        now = dict(row._mapping)
        for outcome in tries[company_id, endpoint_id]:
            _count(db, now, outcome, first_pace)
        changed = {name: value for name, value in now.items() if value != row._mapping[name]}
        await db.run(update(endpoints).where(*mine).values(**changed))
        if row.enabled and not now["enabled"]:
            since = now["failing_since"] or db.now
            await _tell(db, "endpoint_disabled", now, f"{since.isoformat()}/{db.now.isoformat()}")


def _count(db: Session, row: dict[str, Any], outcome: Outcome, first_pace: float) -> None:
    failed = outcome.state != "sent"
    if failed and not _recent(row, db.now):
        row |= {"recent_from": db.now, "recent_tried": 0, "recent_failed": 0}
    if _recent(row, db.now):
        row |= {"recent_tried": row["recent_tried"] + 1, "recent_failed": row["recent_failed"] + failed}
    if not failed:
        if row["open_until"] is not None and row["open_until"] > db.now:
            row |= {**WELL, "open_until": row["open_until"], "last_success_at": db.now}
            return
        if row["open_until"] is not None:
            row |= {**FRESH, "pace": first_pace, "pace_taken": 0, "paced_until": db.now}
        elif row["pace"] is not None:
            row["pace_taken"] += 1
            if row["pace_taken"] >= row["pace"]:
                pace = 2 * row["pace"]
                row |= {"pace": None if pace > FULL_PACE else pace, "pace_taken": 0}
        row |= {**WELL, "last_success_at": db.now}
        return
    row["failures"] += 1
    row["failing_since"] = row["failing_since"] or db.now
    row |= {"last_failure_at": db.now, "last_error": _error(outcome), "pace_taken": 0}
    if row["pace"] is not None:
        row["pace"] = first_pace
    many = row["recent_tried"] >= OF_AT_LEAST and row["recent_failed"] >= SHARE * row["recent_tried"]
    if many or row["failures"] >= OPENS_AFTER or row["open_until"] is not None:
        row["open_until"] = db.now + PROBE
    if outcome.state == "gone":
        row |= {"enabled": False, "disabled_reason": "it answered 410: gone"}
    elif db.now - row["failing_since"] >= DISABLED_AFTER and row["failures"] >= DISABLED_ATTEMPTS:
        since = f"{row['failing_since']:%Y-%m-%d %H:%M} UTC"
        row |= {"enabled": False, "disabled_reason": f"nothing but failures since {since}"}


def _recent(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether its attempts are being counted just now."""
    return row["recent_from"] is not None and row["recent_from"] > now - RECENT


def _error(outcome: Outcome) -> str:
    code = f"HTTP {outcome.code}" if outcome.code else "no answer in time" if outcome.timed_out else ""
    return ": ".join(filter(None, (code, outcome.detail)))[:300]


async def warn(db: Session) -> int:
    """Tell shops of endpoints that have failed for a day, once for each streak; how many."""
    rows = await db.all(
        select(endpoints)
        .where(endpoints.c.failing_since <= db.now - WARNED_AFTER, endpoints.c.warned_at.is_(None), endpoints.c.enabled)
        .order_by(endpoints.c.failing_since)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    for row in rows:
        mine = endpoints.c.company_id == row.company_id, endpoints.c.id == row.id
        await db.run(update(endpoints).where(*mine).values(warned_at=db.now))
        await _tell(db, "endpoint_failing", dict(row._mapping), row.failing_since.isoformat())
    return len(rows)


async def _tell(db: Session, kind: Kind, row: Mapping[str, Any], cause: str) -> None:
    shop = await shops.get(db, row["company_id"], row["shop_id"])
    facts = {
        "endpoint_id": str(row["id"]),
        "url": _without_query(row["url"]),
        "since": row["failing_since"].isoformat() if row["failing_since"] else None,
        "failures": row["failures"],
        "reason": row["disabled_reason"],
        "last_error": row["last_error"],
    }
    await notices.put(db, shop, [Notice(kind, row["id"], cause, facts)])


def _without_query(url: str) -> str:
    """The address without what may be a secret of the shop's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
