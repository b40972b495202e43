"""When to try again: one schedule for every channel, spread by chance, shifted by what the other side asks for."""

from datetime import timedelta
from random import Random

from app.channels.base import Outcome

RETRY_SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=30),
)
"""The wait before each of the 12 attempts; 76 h 42 min 35 s from the first to the last."""

JITTER = 0.2
BUSY_WAIT = timedelta(seconds=60)
"""Least wait after an attempt that was not answered in time, or answered with 429: there is too much to do."""

_BUSY = frozenset({421, 429, 450, 451, 452})  # 429 of web servers, and what mail servers say for it


def next_delay(attempt: int, outcome: Outcome, random: Random) -> timedelta | None:
    """The wait after attempt number `attempt` (from 1) ended so; none if it is not to be tried again.

    Never shorter than the schedule, up to a fifth longer; a wait that the other side asks for counts from one to two
    times the scheduled one.
    """
    if outcome.state != "retry" or attempt >= len(RETRY_SCHEDULE):
        return None
    scheduled = RETRY_SCHEDULE[attempt]
    if outcome.timed_out or outcome.code in _BUSY:
        scheduled = max(scheduled, BUSY_WAIT)
    wait = scheduled * (1 + JITTER * random.random())
    if outcome.retry_after is None:
        return wait
    # Clamped as seconds: a date a thousand years away is no timedelta.
    asked = min(max(outcome.retry_after, scheduled.total_seconds()), 2 * scheduled.total_seconds())
    return max(wait, timedelta(seconds=asked))
