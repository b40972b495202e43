"""When a message is tried again."""

from datetime import timedelta
from random import Random

import pytest

from app.channels.base import Outcome
from app.channels.retrying import RETRY_SCHEDULE, next_delay

FAILED = Outcome("retry", 500)


class Certain(Random):
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


def test_the_schedule_is_twelve_attempts_over_76_hours() -> None:
    assert [int(each.total_seconds()) for each in RETRY_SCHEDULE] == [
        0, 5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400, 108000,
    ]  # fmt: skip
    assert sum(RETRY_SCHEDULE, timedelta()) == timedelta(hours=76, minutes=42, seconds=35)


@pytest.mark.parametrize("attempt", range(1, 12))
def test_the_wait_is_the_scheduled_one_and_up_to_a_fifth_more(attempt: int) -> None:
    assert next_delay(attempt, FAILED, Certain(0)) == RETRY_SCHEDULE[attempt]
    assert next_delay(attempt, FAILED, Certain(1)) == RETRY_SCHEDULE[attempt] * 1.2


def test_after_the_twelfth_attempt_nothing_is_tried_again() -> None:
    assert next_delay(12, FAILED, Certain(0)) is None
    assert next_delay(13, FAILED, Certain(0)) is None


@pytest.mark.parametrize("state", ["sent", "failed", "gone", "unknown"])
def test_only_what_can_heal_is_tried_again(state: str) -> None:
    assert next_delay(1, Outcome(state), Certain(0)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attempt", "outcome", "seconds"),
    [
        (1, Outcome("retry", 429), 60),
        (1, Outcome("retry", None, timed_out=True), 60),
        (2, Outcome("retry", 429), 60),
        (3, Outcome("retry", 429), 120),
        (1, Outcome("retry", None), 5),
        (1, Outcome("retry", 451), 60),
        (4, Outcome("retry", 503, retry_after=900), 900),
        (4, Outcome("retry", 503, retry_after=1), 600),
        (4, Outcome("retry", 503, retry_after=86400), 1200),
        (4, Outcome("retry", 503, retry_after=1e300), 1200),
        (1, Outcome("retry", 429, retry_after=90), 90),
        (1, Outcome("retry", 429, retry_after=3600), 120),
        (1, Outcome("retry", 503, retry_after=0), 5),
    ],
)
def test_the_other_side_may_ask_for_up_to_twice_the_wait(attempt: int, outcome: Outcome, seconds: int) -> None:
    assert next_delay(attempt, outcome, Certain(0)) == timedelta(seconds=seconds)
