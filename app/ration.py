"""An account's daily quota of calls, and how much of it may be spent by now.

A tenth may be spent when the day begins (at 0:00 UTC), the rest as it goes on; what is not used is there until it ends.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from sqlalchemy import Row

from app.accounts import CarrierAccount
from carriers.base import Carrier

DAY = timedelta(days=1)
AT_ONCE = 0.1
MOST_CALLS = 100_000_000


class Ration(NamedTuple):
    """A quota of calls, how many have been used of it, and the day's beginning."""

    quota: int
    used: int
    day: datetime

    def left(self, now: datetime) -> int:
        """How many calls may go out now."""
        passed = (now - self.day) / DAY
        return max(0, min(self.quota, int(self.quota * (AT_ONCE + (1 - AT_ONCE) * passed) + 1e-9)) - self.used)

    def next_at(self, calls: int = 1) -> datetime:
        """When so many calls may go out: tomorrow, if that would be more than the quota."""
        if self.used + calls > self.quota:
            return self.day + DAY
        part = ((self.used + calls) / self.quota - AT_ONCE) / (1 - AT_ONCE)
        return self.day + timedelta(seconds=ceil(max(0.0, part) * DAY.total_seconds()))


def day_of(now: datetime) -> datetime:
    """When the day began that quotas are for."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def ration_of(account: CarrierAccount | Row[Any], carrier: Carrier, now: datetime) -> Ration | None:
    """The account's ration today: by its own quota, or by the carrier's usual one; none if there is none."""
    quota = account.daily_quota or carrier.daily_quota
    if quota is None:
        return None
    day = day_of(now)
    return Ration(quota, account.spent if account.spent_on == day else 0, day)
