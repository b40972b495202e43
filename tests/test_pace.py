"""How often a shipment is asked about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.pace import RESTS, STOPPED_FINAL, STOPPED_SILENT, SUNDAY, Asked, next_poll
from carriers.vocabulary import Status, SubStatus

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
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


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        (replace(MOVING, sub_status=SubStatus.AT_DESTINATION_DEPOT), 1),
        (replace(MOVING, promised_on=date(2026, 3, 12)), 1),
        (replace(MOVING, promised_on=date(2026, 3, 13)), 3),
        (replace(MOVING, status=Status.OUT_FOR_DELIVERY, promised_on=date(2026, 3, 12)), 0.5),
        (replace(MOVING, status=Status.AVAILABLE_FOR_PICKUP, promised_on=date(2026, 3, 12)), 12),
        (replace(MOVING, status=Status.EXCEPTION, sub_status=SubStatus.LOST, promised_on=date(2026, 3, 12)), 24),
        (replace(MOVING, backstop=True), 12),
        (replace(MOVING, status=Status.EXCEPTION, sub_status=SubStatus.LOST, backstop=True), 24),
    ],
)
def test_a_parcel_is_asked_about_more_often_where_news_is_likely(asked: Asked, hours: float) -> None:
    """At the depot of its destination and on the promised day; less often if its news is pushed."""
    assert next_poll(asked, NOW, {}, 0) == (NOW + timedelta(hours=hours), "")


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-03-12T18:00", "2026-03-12T21:00"),
        ("2026-03-12T19:00", "2026-03-13T04:00"),
        ("2026-03-13T00:00", "2026-03-13T06:00"),
        ("2026-03-13T04:00", "2026-03-13T07:00"),
        ("2026-03-13T02:30", "2026-03-13T06:00"),
        ("2026-03-15T09:00", "2026-03-15T15:00"),
        ("2026-03-14T17:00", "2026-03-14T20:00"),
    ],
    ids=["evening", "late", "midnight", "morning", "small hours", "Sunday", "Saturday"],
)
def test_by_night_and_on_sunday_a_parcel_is_asked_about_less(local: str, expected: str) -> None:
    """By the clock of where it goes: not at all while the interval ends at night, but in the morning at the latest."""
    now, then = (datetime.fromisoformat(each).replace(tzinfo=ROME).astimezone(UTC) for each in (local, expected))

    assert next_poll(replace(MOVING, zone=ROME), now, {}, 0) == (then, "")


def test_the_week_is_that_of_the_destination() -> None:
    """Friday is the day of rest in Riyadh; where nobody knows the clock, none is looked at."""
    friday = datetime(2026, 3, 13, 7, tzinfo=UTC)
    riyadh = replace(MOVING, zone=ZoneInfo("Asia/Riyadh"), rest=RESTS["SA"])
    night = datetime(2026, 3, 13, 1, tzinfo=UTC)

    assert next_poll(riyadh, friday, {}, 0)[0] == friday + timedelta(hours=6)
    assert next_poll(replace(riyadh, rest=SUNDAY), friday, {}, 0)[0] == friday + timedelta(hours=3)
    assert next_poll(MOVING, night, {}, 0)[0] == night + timedelta(hours=3)


def test_what_somebody_wants_every_few_minutes_is_asked_by_night_too() -> None:
    """As in a demonstration."""
    night = datetime(2026, 3, 13, 1, tzinfo=UTC)

    assert next_poll(replace(MOVING, zone=ROME), night, {"in_transit": 0.1}, 0)[0] == night + timedelta(minutes=6)
