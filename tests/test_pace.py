"""How often a shipment is asked about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.pace import STOPPED_FINAL, STOPPED_SILENT, Asked, next_poll
from carriers.vocabulary import Status, SubStatus

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
MOVING = Asked(Status.IN_TRANSIT, None, False, NOW - timedelta(days=5), NOW - timedelta(hours=1), None)


@pytest.mark.parametrize(
    ("status", "sub_status", "hours"),
    [
        (Status.AWAITING_PICKUP, None, 6),
        (Status.IN_TRANSIT, SubStatus.ARRIVED, 3),
        (Status.OUT_FOR_DELIVERY, None, 0.5),
        (Status.FAILED_ATTEMPT, None, 2),
        (Status.AVAILABLE_FOR_PICKUP, None, 12),
        (Status.EXCEPTION, SubStatus.HELD, 6),
        (Status.EXCEPTION, SubStatus.LOST, 24),
        (Status.EXCEPTION, SubStatus.CANCELLED, 24),
        (Status.EXCEPTION, SubStatus.SEIZED, 24),
    ],
)
def test_each_status_has_its_interval(status: Status, sub_status: SubStatus | None, hours: float) -> None:
    """The interval follows the status, and the sub-status where a person has to act first."""
    asked = replace(MOVING, status=status, sub_status=sub_status)

    assert next_poll(asked, NOW, {}, 0) == (NOW + timedelta(hours=hours), "")


@pytest.mark.parametrize(("age", "hours"), [(timedelta(hours=47), 1), (timedelta(hours=49), 6)])
def test_a_number_that_the_carrier_does_not_know_is_asked_hourly_for_two_days(age: timedelta, hours: float) -> None:
    """Then every six hours; being not found counts like being pending."""
    pending = replace(MOVING, status=Status.PENDING, created_at=NOW - age)
    not_found = replace(MOVING, not_found=True, created_at=NOW - age)

    assert [next_poll(asked, NOW, {}, 0)[0] for asked in (pending, not_found)] == [NOW + timedelta(hours=hours)] * 2


def test_a_finished_journey_is_asked_about_twice_more() -> None:
    """Once after a day, once after a week, then never."""
    done = replace(MOVING, status=Status.DELIVERED, final_since=NOW)
    day, week = NOW + timedelta(days=1), NOW + timedelta(days=7)

    assert [next_poll(done, now, {}, 0) for now in (NOW, day, week)] == [(day, ""), (week, ""), (None, STOPPED_FINAL)]
    assert next_poll(done, day + timedelta(minutes=1), {}, 1)[0] == NOW + timedelta(days=7) * 1.1


def test_sixty_days_without_news_end_the_asking_and_say_so() -> None:
    """The note is for whoever wonders why."""
    silent = replace(MOVING, last_news_at=NOW - timedelta(days=60))

    assert next_poll(silent, NOW, {}, 0) == (None, STOPPED_SILENT)


def test_speed_settings_and_jitter_move_the_interval() -> None:
    """A setting replaces the hours, speed divides them, jitter only stretches them, by a tenth at most."""
    set_hours = next_poll(MOVING, NOW, {"in_transit": 5}, 0)[0]
    fast = next_poll(replace(MOVING, speed=3600, last_news_at=NOW), NOW, {}, 0)[0]
    stretched = next_poll(MOVING, NOW, {}, 1)[0]

    assert (set_hours, fast, stretched) == (
        NOW + timedelta(hours=5),
        NOW + timedelta(seconds=3),
        NOW + timedelta(hours=3) * 1.1,
    )
