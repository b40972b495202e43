"""What waits in the database, for how long, and who holds it: one statement, for the metrics and the doctor.

It reads by the indexes of the claims, and counts at most 10,000 of a kind, so that it stays cheap when much waits.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text

from app.database import Instant, Session
from app.ration import day_of
from carriers import carriers

TIMED = ("refold", "late", "stale")


@dataclass(frozen=True, slots=True)
class Queue:
    """What is due of one kind, since when the oldest; how much of it is leased, and with how much the lease ran out."""

    due: int = 0
    oldest: datetime | None = None
    held: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """The state of an installation, as of `at`.

    `queues` by `polls`, `messages`, `arrivals`, `timed`; `kept` arrivals, `quarantined` or `failed`; `endpoints` by
    state; `accounts` by carrier and state. States: `well`, `failing`, `resting` (the circuit is open), `disabled`.
    """

    at: datetime
    queues: dict[str, Queue]
    kept: dict[str, int]
    endpoints: dict[str, int]
    accounts: dict[tuple[str, str], int]
    quotas: dict[str, float] = field(default_factory=dict)
    """By carrier, how much of its quota the account that has used the most has used today."""


async def look(db: Session) -> Backlog:
    """The backlog now."""
    rows = (await db.connection.execute(_STATEMENT, {"now": db.now, "today": day_of(db.now)})).all()
    found: dict[str, dict[tuple[str, str], Any]] = {"queue": {}, "kept": {}, "endpoint": {}, "account": {}, "quota": {}}
    for row in rows:
        found[row.topic][row.name, row.state] = row
    queues = {name: Queue(row.number, row.oldest, row.held, row.expired) for (name, _), row in found["queue"].items()}
    timed = [queues.pop(name) for name in TIMED]
    oldest = min((each.oldest for each in timed if each.oldest), default=None)
    queues["timed"] = Queue(sum(each.due for each in timed), oldest)
    return Backlog(
        db.now,
        queues,
        {state: row.number for (_, state), row in found["kept"].items()},
        {state: row.number for (_, state), row in found["endpoint"].items()},
        {key: row.number for key, row in found["account"].items()},
        _quotas(found["quota"]),
    )


def _quotas(spent: dict[tuple[str, str], Any]) -> dict[str, float]:
    """Of the most calls used by carrier and quota; 0 stands for what the carrier allows everybody."""
    used: dict[str, float] = {}
    for (slug, own), row in spent.items():
        carrier = carriers().get(slug)
        if carrier is not None and (quota := int(own) or carrier.daily_quota):
            used[slug] = max(used.get(slug, 0.0), row.number / quota)
    return used


_STATEMENT = (
    text(
        """
    SELECT 'queue' AS topic, 'polls' AS name, '' AS state, count(*) AS number, min(at) AS oldest,
           count(*) FILTER (WHERE lease_until > :now) AS held, count(*) FILTER (WHERE lease_until <= :now) AS expired
    FROM (
        SELECT s.next_poll_at AS at, s.lease_until
        FROM carrier_accounts AS a JOIN shipments AS s ON s.company_id = a.company_id AND s.account_id = a.id
        WHERE a.removed_at IS NULL AND a.disabled_at IS NULL AND s.next_poll_at <= :now LIMIT 10000
    ) AS polls
    UNION ALL
    SELECT 'queue', 'messages', '', count(*), min(due_at),
           count(*) FILTER (WHERE lease_until > :now), count(*) FILTER (WHERE lease_until <= :now)
    FROM (
        SELECT due_at, lease_until FROM messages
        WHERE state = 'due' AND due_at <= :now ORDER BY due_at, id LIMIT 10000
    ) AS messages
    UNION ALL
    SELECT 'queue', 'arrivals', '', count(*), min(at), 0, 0
    FROM (
        SELECT next_try_at AS at FROM arrivals WHERE next_try_at <= :now ORDER BY next_try_at LIMIT 10000
    ) AS arrivals
    UNION ALL
    SELECT 'queue', 'refold', '', count(*), min(at), 0, 0
    FROM (SELECT refold_at AS at FROM shipments WHERE refold_at <= :now ORDER BY refold_at LIMIT 10000) AS refold
    UNION ALL
    SELECT 'queue', 'late', '', count(*), min(at), 0, 0
    FROM (SELECT late_at AS at FROM shipments WHERE late_at <= :now ORDER BY late_at LIMIT 10000) AS late
    UNION ALL
    SELECT 'queue', 'stale', '', count(*), min(at), 0, 0
    FROM (SELECT stale_at AS at FROM shipments WHERE stale_at <= :now ORDER BY stale_at LIMIT 10000) AS stale
    UNION ALL
    SELECT 'kept', '', state, count(*), NULL, 0, 0
    FROM (
        SELECT state FROM arrivals WHERE state IN ('quarantined', 'failed') AND state <> 'taken' LIMIT 10000
    ) AS kept
    GROUP BY state
    UNION ALL
    SELECT 'endpoint', '', health, count(*), NULL, 0, 0
    FROM (
        SELECT CASE WHEN NOT enabled THEN 'disabled' WHEN open_until > :now THEN 'resting'
                    WHEN failures > 0 THEN 'failing' ELSE 'well' END AS health
        FROM endpoints
    ) AS endpoints
    GROUP BY health
    UNION ALL
    SELECT 'account', carrier, health, count(*), NULL, 0, 0
    FROM (
        SELECT carrier, CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN open_until > :now THEN 'resting'
                             WHEN failures > 0 THEN 'failing' ELSE 'well' END AS health
        FROM carrier_accounts WHERE removed_at IS NULL
    ) AS accounts
    GROUP BY carrier, health
    UNION ALL
    SELECT 'quota', carrier, CAST(coalesce(daily_quota, 0) AS TEXT), max(spent), NULL, 0, 0
    FROM carrier_accounts
    WHERE removed_at IS NULL AND spent_on = :today
    GROUP BY carrier, daily_quota
    """
    )
    .bindparams(bindparam("now", type_=Instant()), bindparam("today", type_=Instant()))
    .columns(oldest=Instant())
)
