"""Dates and times of day in the forms that carriers print."""

from datetime import date, time

import pytest

from carriers.times import parsed_date, parsed_time


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("20260312", "%Y%m%d", date(2026, 3, 12)),
        ("2026312", "%Y%m%d", None),
        ("5.3.2026", "%d.%m.%Y", date(2026, 3, 5)),
        ("05/03/26", "%d/%m/%y", date(2026, 3, 5)),
        ("05/03/99", "%d/%m/%y", date(1999, 3, 5)),
        ("31/02/2026", "%d/%m/%Y", None),
        ("2026-03-12x", "%Y-%m-%d", None),
        ("٢٠٢٦-٠٣-١٢", "%Y-%m-%d", None),
    ],
)
def test_a_date_is_read_in_its_form_alone(text: str, form: str, day: date | None) -> None:
    """Parts that touch have their full width; what is no day of a calendar is none."""
    assert parsed_date(text, form) == day


@pytest.mark.parametrize(
    ("text", "form", "clock"),
    [
        ("074700", "%H%M%S", time(7, 47)),
        ("7.05", "%H.%M", time(7, 5)),
        ("23:59:59", "%H:%M:%S", time(23, 59, 59)),
        ("24:00", "%H:%M", None),
        ("7:5x", "%H:%M", None),
    ],
)
def test_a_time_is_read_in_its_form_alone(text: str, form: str, clock: time | None) -> None:
    """Hours and minutes may lack their zero where a sign parts them."""
    assert parsed_time(text, form) == clock
