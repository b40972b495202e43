"""How often a shipment is asked about: often where news is likely. The names of `HOURS` are those of `NOVE_POLL_HOURS`.

News is likely by the status, at the depot of the destination, on the promised day; it is not where people sleep or
rest, so by night a shipment is asked about a third as often, and half as often on the country's weekly day of rest.
Public holidays are asked through as any working day: a dozen days a year are not worth a calendar for every country.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from carriers.vocabulary import Status, SubStatus

HOURS: dict[str, float] = {
    "pending": 1,
    "pending_old": 6,
    "awaiting_pickup": 6,
    "in_transit": 3,
    "at_depot": 1,
    "promised": 1,
    "out_for_delivery": 0.5,
    "failed_attempt": 2,
    "available_for_pickup": 12,
    "exception": 6,
    "slow": 24,
    "backstop": 12,
    "final_first": 24,
    "final_last": 168,
}
"""`pending` also for a number not found, `pending_old` for both after two days; `at_depot` and `promised` where these
are shorter; `slow` for lost, cancelled and seized parcels; `backstop` for what the carrier pushes, where it is longer;
`final_first` and `final_last` are counted from the delivery or return, each asked once."""

PENDING_FRESH = timedelta(days=2)
GIVE_UP = timedelta(days=60)
SLOW = frozenset({SubStatus.LOST, SubStatus.CANCELLED, SubStatus.SEIZED})
MOVING = frozenset({Status.IN_TRANSIT, Status.FAILED_ATTEMPT, Status.EXCEPTION})
STOPPED_FINAL = "finished: asked a last time after the end of the journey"
STOPPED_SILENT = "stopped: no news for 60 days"

MORNING, EVENING = time(6), time(22)
BY_NIGHT, AT_REST = 3, 2
"""How many times longer the interval is, then."""

AT_ALL_TIMES = timedelta(minutes=10)
"""A shorter interval than this is somebody's wish, and is kept by night, too."""

SUNDAY = 6
RESTS = dict.fromkeys(("BH", "DZ", "EG", "IQ", "IR", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE"), 4)
RESTS |= {"IL": 5}
"""The weekly day of rest by country, where it is not Sunday: Friday, Saturday."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides when to ask next. `final_since` is when the journey ended, none while it goes on.

    `zone` is that of the destination, none if it has no one time or is asked about around the clock; `rest` its weekly
    day of rest. `backstop`: the carrier pushes its news.
    """

    status: Status
    sub_status: SubStatus | None
    not_found: bool
    created_at: datetime
    last_news_at: datetime
    final_since: datetime | None
    speed: float = 1.0
    zone: tzinfo | None = None
    rest: int = SUNDAY
    promised_on: date | None = None
    backstop: bool = False


def next_poll(asked: Asked, now: datetime, hours: Mapping[str, float], jitter: float) -> tuple[datetime | None, str]:
    """When to ask next, and why not if never; `jitter` (0 to 1) stretches the interval by up to a tenth.

    Quiet never slows it: only a carrier that fails does, and that is the account's matter.
    """
    if asked.final_since is not None:
        for name in ("final_first", "final_last"):
            # Compared without the jitter: the same draw does not come twice, and each is asked once.
            span = _span(name, asked, hours)
            if now < asked.final_since + span:
                return asked.final_since + span * (1 + jitter / 10), ""
        return None, STOPPED_FINAL
    if now - asked.last_news_at >= at_speed(GIVE_UP, asked.speed):
        return None, STOPPED_SILENT
    return _likely(asked, now, interval(asked, now, hours) * (1 + jitter / 10), jitter), ""


def interval(asked: Asked, now: datetime, hours: Mapping[str, float]) -> timedelta:
    """How long after an answer about a journey that goes on the next is worth a call, by day."""
    span = _span(_name(asked, now), asked, hours)
    if asked.status in MOVING and asked.sub_status not in SLOW:
        if asked.sub_status is SubStatus.AT_DESTINATION_DEPOT:
            span = min(span, _span("at_depot", asked, hours))
        if asked.promised_on is not None and now.astimezone(asked.zone or now.tzinfo).date() == asked.promised_on:
            span = min(span, _span("promised", asked, hours))
    return max(span, _span("backstop", asked, hours)) if asked.backstop else span


def _likely(asked: Asked, now: datetime, span: timedelta, jitter: float) -> datetime:
    """So long after now, or later if nobody works then; in the morning at the latest, not all in the same moment."""
    due = now + span
    if asked.zone is None or span < AT_ALL_TIMES:
        return due
    local = due.astimezone(asked.zone)
    if local.weekday() == asked.rest:
        due = now + AT_REST * span
        local = due.astimezone(asked.zone)
    if MORNING <= local.time() < EVENING:
        return due
    day = local.date() + timedelta(days=local.time() >= EVENING)
    morning = datetime.combine(day, MORNING, asked.zone).astimezone(now.tzinfo)
    return max(due, min(now + BY_NIGHT * span, morning + jitter * min(span, timedelta(hours=1))))


def _span(name: str, asked: Asked, hours: Mapping[str, float]) -> timedelta:
    return at_speed(_hours(hours.get(name, HOURS[name])), asked.speed)


_hours = lru_cache(maxsize=256)(lambda hours: timedelta(hours=hours))


@lru_cache(maxsize=1024)  # a division of so many digits takes longer than all else about a poll
def at_speed(span: timedelta, speed: float) -> timedelta:
    """How long a span lasts for a shipment whose journey passes so many times faster."""
    return span / speed


def _name(asked: Asked, now: datetime) -> str:
    if asked.status is Status.PENDING or asked.not_found:
        return "pending" if now - asked.created_at < at_speed(PENDING_FRESH, asked.speed) else "pending_old"
    if asked.sub_status in SLOW:
        return "slow"
    return asked.status
