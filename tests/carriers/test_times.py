"""Times as they are printed: what they say, in their zones and on the nights of the change."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from carriers import UnreadablePayload
from carriers.event import Eta, Moment, OffsetSource
from carriers.times import (
    epoch_moment,
    exact_time,
    expected,
    given_moment,
    iso_moment,
    local_moment,
    named_offset,
    offset,
    parsed_date,
    parsed_time,
    with_local,
)

ROME = ZoneInfo("Europe/Rome")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (
            "2026-03-02T09:30:15.5+05:30",
            Moment(datetime(2026, 3, 2, 4, 0, 15, 500_000, UTC), "2026-03-02T09:30:15", OffsetSource.GIVEN),
        ),
        (
            "2026-03-02T09:30:00.1234567Z",
            Moment(datetime(2026, 3, 2, 9, 30, 0, 123_456, UTC), "2026-03-02T09:30:00", OffsetSource.GIVEN),
        ),
        ("2026-03-02 09:30", Moment(utc(2026, 3, 2, 8, 30), "2026-03-02T09:30:00", OffsetSource.CARRIER)),
        # The night in March has no half past two, the night in October has two: the earlier one counts.
        ("2026-03-29T02:30:00", Moment(utc(2026, 3, 29, 1, 30), "2026-03-29T02:30:00", OffsetSource.CARRIER)),
        ("2026-03-29T03:30:00", Moment(utc(2026, 3, 29, 1, 30), "2026-03-29T03:30:00", OffsetSource.CARRIER)),
        ("2026-10-25T02:30:00", Moment(utc(2026, 10, 25, 0, 30), "2026-10-25T02:30:00", OffsetSource.CARRIER)),
        ("2026-10-25T03:30:00", Moment(utc(2026, 10, 25, 2, 30), "2026-10-25T03:30:00", OffsetSource.CARRIER)),
        # A date spans its day, of 23 and of 25 hours too.
        (
            "2026-03-29",
            Moment(utc(2026, 3, 28, 23), "2026-03-29", OffsetSource.CARRIER, utc(2026, 3, 29, 21, 59, 59)),
        ),
        (
            "20261025",
            Moment(utc(2026, 10, 24, 22), "2026-10-25", OffsetSource.CARRIER, utc(2026, 10, 25, 22, 59, 59)),
        ),
    ],
)
def test_iso_times(value: str, moment: Moment) -> None:
    """A printed offset counts; without one the carrier's zone does, on the nights of the change too."""
    assert iso_moment(value, ROME) == moment


def test_iso_times_of_unknown_zone() -> None:
    """Where neither the time nor the carrier names a zone, it is read as UTC and says that it is unknown."""
    assert iso_moment("2026-03-02T09:30:00") == Moment(
        utc(2026, 3, 2, 9, 30), "2026-03-02T09:30:00", OffsetSource.UNKNOWN
    )
    assert iso_moment("2026-03-02") == Moment(
        utc(2026, 3, 2), "2026-03-02", OffsetSource.UNKNOWN, utc(2026, 3, 2, 23, 59, 59)
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        [],
        {},
        True,
        "soon",
        "2026-13-01",
        "2026-02-30",
        "2026-02-30T10:00:00",
        "2026-03-02T25:00:00",
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+05:00",
        "1900-01-01T00:00:00Z",
        "9999-12-31",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_iso_times_that_are_none(value: object) -> None:
    """What is no time gives none; nor do the dates with which carriers say none."""
    assert iso_moment(value, ROME) is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-W11-4T10:15:00", Moment(utc(2026, 3, 12, 9, 15), "2026-03-12T10:15:00", OffsetSource.CARRIER)),
        ("20260312T101500+0530", Moment(utc(2026, 3, 12, 4, 45), "2026-03-12T10:15:00", OffsetSource.GIVEN)),
        ("2026-03-12x10:15:00", Moment(utc(2026, 3, 12, 9, 15), "2026-03-12T10:15:00", OffsetSource.CARRIER)),
        (" 2026-03-12 10:15:00\n", Moment(utc(2026, 3, 12, 9, 15), "2026-03-12T10:15:00", OffsetSource.CARRIER)),
        ("2026-03-12 10:15:00Z", Moment(utc(2026, 3, 12, 10, 15), "2026-03-12T10:15:00", OffsetSource.GIVEN)),
        ("2026-03-12T10:15:00-24:00", None),
        ("2026-03-12T10:15:00 Rome", None),
    ],
)
def test_iso_times_in_unusual_forms(value: str, moment: Moment | None) -> None:
    """What does not look like most times is read all the same, or not at all."""
    assert iso_moment(value, ROME) == moment


@pytest.mark.parametrize(
    ("value", "clock"),
    [
        ("101500", time(10, 15)),
        ("10:15:09", time(10, 15, 9)),
        *((other, None) for other in ("74700", "246000", "10:15Z", "10:15+01", "101500.5", "٣٣٣٣٣٣", "", None, 101500)),
    ],
)
def test_exact_times(value: object, clock: time | None) -> None:
    """Six digits, or three pairs of them; nothing else that a time may look like."""
    assert exact_time(value) == clock


def test_times_out_of_the_calendar() -> None:
    """A time that UTC cannot hold, or an offset beyond a day, is unreadable and no crash."""
    for read in (
        lambda: given_moment(datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
        lambda: local_moment(date(1, 1, 1), time(0, 30), ROME, OffsetSource.CARRIER),
        lambda: local_moment(date(9999, 12, 31), None, ROME, OffsetSource.CARRIER),
        lambda: offset(24 * 60),
        lambda: offset(10**12),
    ):
        with pytest.raises(UnreadablePayload):
            read()


def test_dates_and_times_in_a_carriers_format() -> None:
    """The first format that fits is taken; none fits nonsense or a year that says none."""
    assert parsed_date("02/03/2026", "%Y%m%d", "%d/%m/%Y") == date(2026, 3, 2)
    assert parsed_time("09.30", "%H:%M", "%H.%M") == time(9, 30)
    assert offset(-90).utcoffset(None).total_seconds() == -5400
    assert parsed_date("01/01/0001", "%d/%m/%Y") is None
    assert parsed_date("31/02/2026", "%d/%m/%Y") is None
    assert parsed_time("24.30", "%H.%M") is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("GMT+8", 480), ("UTC-03:30", -210), ("+0530", 330), ("GMT", 0), ("gmt +1", 60)],
)
def test_an_offset_that_stands_by_itself_is_read(text: str, minutes: int) -> None:
    assert named_offset(text) == offset(minutes)


@pytest.mark.parametrize("text", ["", "8", "CET", "GMT+15", "GMT+8:99", "+²"])
def test_what_is_no_offset_is_none(text: str) -> None:
    assert named_offset(text) is None


def test_an_instant_keeps_the_local_time_that_is_printed_beside_it() -> None:
    instant = epoch_moment("1772971860000")
    local = Moment(utc(2026, 3, 8, 13, 11), "2026-03-08T13:11:00", OffsetSource.UNKNOWN)

    assert instant == Moment(utc(2026, 3, 8, 12, 11), "2026-03-08T12:11:00", OffsetSource.GIVEN)
    assert epoch_moment(1772971860000, ROME) == with_local(instant, local)
    assert (with_local(None, local), with_local(instant, None)) == (local, instant)


@pytest.mark.parametrize("value", ["", "x", "-5", 1.5, None, 10**18, "²"])
def test_what_is_no_instant_is_none(value: object) -> None:
    assert epoch_moment(value) is None


def test_what_is_expected_is_a_whole_day_or_a_time_until_when() -> None:
    assert expected(iso_moment("2026-03-08", ROME)) == Eta(
        utc(2026, 3, 7, 23), utc(2026, 3, 8, 22, 59, 59), date(2026, 3, 8)
    )
    assert expected(iso_moment("2026-03-08T13:11:00+01:00")) == Eta(latest=utc(2026, 3, 8, 12, 11))
    assert expected(None) is None
