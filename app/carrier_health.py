"""How a carrier does, by the company's accounts with it: over some hours, and now."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, and_, case, func, select

from app import accounts, carrier_calls, subscriptions
from app.account_state import State, state_of
from app.accounts import CarrierAccount
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NotFound
from app.lifecycle import Source
from app.ration import DAY, ration_of
from app.shipments.tables import events, shipments
from app.tally import Calls, Tally
from carriers import carrier as carrier_of
from carriers import carriers

MOST_HOURS = 24 * 30
COUNTED = 1_000
LOOKED_AT, SAMPLE = 20_000, 1_000
"""Of the company's newest arrivals (of the account's shipments, where others' arrivals are all of these) so many are
looked through, and of an account's arrivals so many are read."""


@dataclass(frozen=True, slots=True)
class Delay:
    """From the carrier's time of an arrival's newest event until it came, over a sample of the newest arrivals.

    Seconds: half are below `middle`, nine in ten below `long`. `unmapped`: of the sample's `events`, the share whose
    code stands in no table. None where there is nothing to say.
    """

    arrivals: int
    events: int
    middle: float | None
    long: float | None
    unmapped: float | None


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's quota of calls today; `own` if it was set for the account. `due` shipments wait to be asked about,
    counted up to 1,000; `now` is how many calls may go out by the ration, `next_at` when the next may if none.
    """

    limit: int
    own: bool
    used: int
    resets_at: datetime
    now: int
    next_at: datetime | None
    due: int

    @property
    def short(self) -> bool:
        """Whether more is due than may be asked."""
        return self.due > 0 and self.now == 0


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account: how it does, its calls since then, how late news is; its quota, if it has one."""

    account: CarrierAccount
    state: State
    calls: Calls
    delay: Delay
    quota: Quota | None
    subscriptions: dict[str, int]

    @property
    def mean_seconds(self) -> float | None:
        """How long a call took."""
        return share(self.calls.seconds, self.calls.calls)


def share(part: float, whole: int) -> float | None:
    """A part of the whole; none of nothing."""
    return part / whole if whole else None


async def facts(db: Session, tally: Tally, companies: Iterable[UUID], slug: str, hours: int) -> dict[str, Any]:
    """What is told of a carrier, account by account of these companies, over so many hours back from now.

    Shares are from 0 to 1, spans of time in seconds; none where there was nothing. NotFound if there is none such.
    """
    carrier = carriers().get(slug)
    if carrier is None:
        raise NotFound(f"No carrier {slug[:40]!r}: GET /v1/carriers lists them.")
    since = (db.now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    found = [each for company_id in companies for each in await of_carrier(db, tally, company_id, slug, since)]
    return {
        "carrier": slug,
        "name": carrier.name,
        "since": since,
        "until": db.now,
        "accounts": [_told(each) for each in found],
    }


_OF_ACCOUNT = (
    *("company_id", "id", "name", "failures", "open_until"),
    *("last_error", "last_error_at", "disabled_at", "disabled_reason"),
)


def _told(found: AccountHealth) -> dict[str, Any]:
    calls, delay, quota = found.calls, found.delay, found.quota
    return {
        **{name: getattr(found.account, name) for name in _OF_ACCOUNT},
        "state": found.state,
        "since": found.account.last_success_at,
        "calls": {
            "calls": calls.calls,
            "success": share(calls.answered, calls.calls),
            "throttled": calls.throttled,
            "credentials_refused": calls.refused,
            "failed": calls.calls - calls.answered - calls.throttled - calls.refused,
            "mean_seconds": found.mean_seconds,
            "slowest_seconds": calls.slowest if calls.calls else None,
            "parcels": calls.asked,
            "not_found": share(calls.not_found, calls.asked),
        },
        "news": {
            "arrivals": delay.arrivals,
            "events": delay.events,
            "median_delay_seconds": delay.middle,
            "long_delay_seconds": delay.long,
            "unmapped": delay.unmapped,
        },
        "subscriptions": found.subscriptions,
        "quota": {**asdict(quota), "short": quota.short} if quota else None,
    }


async def of_carrier(db: Session, tally: Tally, company_id: UUID, carrier: str, since: datetime) -> list[AccountHealth]:
    """The company's accounts with a carrier, oldest first, since an hour's beginning."""
    mine = await accounts.of_company(db, company_id, carrier)
    calls = await carrier_calls.sums(db, tally, company_id, [each.id for each in mine], since)
    return [
        AccountHealth(
            each,
            state_of(each, db.now),
            calls[each.id],
            await _delay(db, each, since),
            await _quota(db, each),
            await subscriptions.counted(db, company_id, each.id),
        )
        for each in mine
    ]


async def _quota(db: Session, account: CarrierAccount) -> Quota | None:
    ration = ration_of(account, carrier_of(account.carrier), db.now)
    if ration is None:
        return None
    due = (
        select(shipments.c.id)
        .where(
            shipments.c.company_id == account.company_id,
            shipments.c.account_id == account.id,
            shipments.c.next_poll_at <= db.now,
        )
        .limit(COUNTED)
        .subquery()
    )
    left = ration.left(db.now)
    return Quota(
        ration.quota,
        account.daily_quota is not None,
        ration.used,
        ration.day + DAY,
        left,
        None if left else ration.next_at(),
        await db.value(select(func.count()).select_from(due)),
    )


async def _delay(db: Session, account: CarrierAccount, since: datetime) -> Delay:
    """By the primary keys alone, since ids of arrivals are in the order of time; else by the account's shipments.

    Those that are asked about are found so even where another account's pushes have filled the newest arrivals.
    """
    newest = (
        select(*_READ)
        .where(arrivals.c.company_id == account.company_id)
        .order_by(arrivals.c.id.desc())
        .limit(LOOKED_AT)
    ).subquery()
    rows = await _sampled(db, account, since, newest)
    if len(rows) == SAMPLE:
        return _summed(rows)
    mine = (
        select(shipments.c.id, shipments.c.last_news_at)
        .where(
            shipments.c.company_id == account.company_id,
            shipments.c.account_id == account.id,
            shipments.c.next_poll_at.is_not(None),
        )
        .order_by(shipments.c.next_poll_at.desc())
        .limit(LOOKED_AT)
    ).subquery()
    said = (
        select(*_READ)
        .join(mine, mine.c.id == arrivals.c.shipment_id)
        .where(arrivals.c.company_id == account.company_id, mine.c.last_news_at >= since)
    ).subquery()
    return _summed(max(rows, await _sampled(db, account, since, said), key=len))


_READ = arrivals.c.id, arrivals.c.account_id, arrivals.c.shipment_id, arrivals.c.received_at


async def _sampled(db: Session, account: CarrierAccount, since: datetime, among: Subquery) -> Sequence[Any]:
    """The account's newest arrivals among these that brought events, each with what its events say."""
    sample = (
        select(among)
        .where(among.c.account_id == account.id, among.c.shipment_id.is_not(None), among.c.received_at >= since)
        .order_by(among.c.id.desc())
        .limit(SAMPLE)
        .subquery()
    )
    unmapped = and_(events.c.status.is_(None), events.c.row.is_(None))
    return await db.all(
        select(
            sample.c.received_at,
            func.max(events.c.occurred_at).label("newest"),
            func.count().label("events"),
            func.sum(case((unmapped, 1), else_=0)).label("unmapped"),
        )
        .join(
            events,
            and_(
                events.c.company_id == account.company_id,
                events.c.shipment_id == sample.c.shipment_id,
                events.c.arrival_id == sample.c.id,
                events.c.source == Source.CARRIER,
            ),
        )
        .group_by(sample.c.id, sample.c.received_at)
    )


def _summed(rows: Sequence[Any]) -> Delay:
    late = [max(row.received_at - row.newest, timedelta(0)).total_seconds() for row in rows]
    count = sum(row.events for row in rows)
    return Delay(
        len(rows),
        count,
        median(late) if late else None,
        quantiles(late, n=10, method="inclusive")[-1] if len(late) > 1 else max(late, default=None),
        share(sum(row.unmapped for row in rows), count),
    )
