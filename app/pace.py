"""How often a shipment is asked about. The names of `HOURS` are those of the setting `NOVE_POLL_HOURS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from carriers.vocabulary import Status, SubStatus

HOURS: dict[str, float] = {
    "pending": 1,
    "pending_old": 6,
    "awaiting_pickup": 6,
    "in_transit": 3,
    "out_for_delivery": 0.5,
    "failed_attempt": 2,
    "available_for_pickup": 12,
    "exception": 6,
    "slow": 24,
    "final_first": 24,
    "final_last": 168,
}
"""`pending` also for a number not found, `pending_old` for both after two days; `slow` for lost, cancelled and seized
parcels; `final_first` and `final_last` are counted from the delivery or return, each asked once."""

PENDING_FRESH = timedelta(days=2)
GIVE_UP = timedelta(days=60)
SLOW = frozenset({SubStatus.LOST, SubStatus.CANCELLED, SubStatus.SEIZED})
STOPPED_FINAL = "finished: asked a last time after the end of the journey"
STOPPED_SILENT = "stopped: no news for 60 days"


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides when to ask next. `final_since` is when the journey ended, none while it goes on."""

    status: Status
    sub_status: SubStatus | None
    not_found: bool
    created_at: datetime
    last_news_at: datetime
    final_since: datetime | None
    speed: float = 1.0


def next_poll(asked: Asked, now: datetime, hours: Mapping[str, float], jitter: float) -> tuple[datetime | None, str]:
    """When to ask next, and why not if never; `jitter` (0 to 1) stretches the interval by up to a tenth.

    Quiet never slows it: only a carrier that fails does, and that is the account's matter.
    """

    def after(name: str) -> timedelta:
        return timedelta(hours=hours.get(name, HOURS[name])) / asked.speed

    if asked.final_since is not None:
        for name in ("final_first", "final_last"):
            # Compared without the jitter: the same draw does not come twice, and each is asked once.
            if now < asked.final_since + after(name):
                return asked.final_since + after(name) * (1 + jitter / 10), ""
        return None, STOPPED_FINAL
    if now - asked.last_news_at >= GIVE_UP / asked.speed:
        return None, STOPPED_SILENT
    return now + after(_name(asked, now)) * (1 + jitter / 10), ""


def _name(asked: Asked, now: datetime) -> str:
    if asked.status is Status.PENDING or asked.not_found:
        return "pending" if now - asked.created_at < PENDING_FRESH / asked.speed else "pending_old"
    if asked.sub_status in SLOW:
        return "slow"
    return asked.status.value
