"""Small histories of one parcel, written by hand: events by their hour after noon of the day of shipping."""

from datetime import UTC, datetime, timedelta

from app.lifecycle import Fact, Source, State
from carriers.vocabulary import Status, SubStatus

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=400)


def fact(
    key: str,
    hours: float,
    status: Status | None,
    sub_status: SubStatus | None = None,
    *,
    weak: bool = False,
    doubtful: bool = False,
    sequence: int = 0,
    source: Source = Source.CARRIER,
    withdrawn: bool = False,
) -> Fact:
    """An event so many hours after noon of the day of shipping."""
    at = NOON + timedelta(hours=hours)
    return Fact(key, at, None, status, sub_status, weak, doubtful, sequence, source, withdrawn)


def on_day(key: str, days: int, status: Status, sub_status: SubStatus | None = None) -> Fact:
    """An event of which only the day is known."""
    start = NOON.replace(hour=0) + timedelta(days=days)
    return Fact(key, start, start + timedelta(days=1, seconds=-1), status, sub_status)


COLLECTED = fact("collected", 0, Status.IN_TRANSIT, SubStatus.PICKED_UP)
OUT = fact("out", 20, Status.OUT_FOR_DELIVERY)
ABSENT = fact("absent", 23, Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT)
HELD = fact("held", 30, Status.EXCEPTION, SubStatus.HELD)
SECOND_ROUND = fact("second round", 44, Status.OUT_FOR_DELIVERY)
DELIVERED = fact("delivered", 24, Status.DELIVERED, SubStatus.TO_RECIPIENT)
RETURNED = fact("returned", 90, Status.RETURNED)


def standing(state: State) -> tuple[Status, SubStatus | None]:
    """Status and sub-status together."""
    return state.status, state.sub_status
