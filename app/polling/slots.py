"""When calls may go out: a carrier's rate limit as times booked ahead, shared by every worker through the account."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from carriers.base import RateLimit

HORIZON = timedelta(seconds=5)
"""How far ahead calls are booked: a worker that dies loses no more of the account's time than this."""

BURST = 10
"""A tenth of the calls may go out at once, so that 250 a day are not one every six minutes."""


def book(
    rate: RateLimit, booked_until: datetime | None, now: datetime, questions: Iterable[int]
) -> tuple[list[datetime], datetime | None]:
    """Times for questions of so many calls each, soonest first, and until when the account is booked then.

    Fewer than there are questions, if more would be too far ahead. A question's time is that of its last call: no span
    of `rate.seconds` ever has more than `rate.calls` of them, as what a burst takes, the pace between gives back.
    """
    burst = max(1, rate.calls // BURST)
    pace = -(-timedelta(seconds=rate.seconds) // (rate.calls - burst + 1))  # rounded up
    times: list[datetime] = []
    booked = booked_until
    for calls in questions:
        at = _next(booked, now, pace * (burst - 1))
        if at > now + HORIZON:
            break
        for _ in range(calls):
            at = _next(booked, now, pace * (burst - 1))
            booked = (at if booked is None else max(booked, at)) + pace
        times.append(at)
    return times, booked


def _next(booked: datetime | None, now: datetime, burst: timedelta) -> datetime:
    return now if booked is None else max(now, booked - burst)
