"""When calls may go out: a carrier's rate limit as times booked ahead, shared by every worker through the account."""

from datetime import datetime, timedelta

from carriers.base import RateLimit

HORIZON = timedelta(seconds=5)
"""How far ahead calls are booked: a worker that dies loses no more of the account's time than this."""

BURST = 10
"""A tenth of the calls may go out at once, so that 250 a day are not one every six minutes."""


def book(
    rate: RateLimit, booked_until: datetime | None, now: datetime, most: int
) -> tuple[list[datetime], datetime | None]:
    """At most `most` times for calls, soonest first, and until when the account is booked then.

    No span of `rate.seconds` ever has more than `rate.calls` of them: what a burst takes, the pace between gives back.
    """
    burst = max(1, rate.calls // BURST)
    pace = -(-timedelta(seconds=rate.seconds) // (rate.calls - burst + 1))  # rounded up
    times: list[datetime] = []
    booked = booked_until
    while len(times) < most:
        at = now if booked is None else max(now, booked - pace * (burst - 1))
        if at > now + HORIZON:
            break
        times.append(at)
        booked = (at if booked is None else max(booked, at)) + pace
    return times, booked
