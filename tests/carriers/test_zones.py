"""Zones: of the countries that keep one."""

from zoneinfo import ZoneInfo

import pytest

from carriers.zones import MAINLAND, OTHER_NAMES, country_coded, country_named, country_zone, province_zone, state_zone


@pytest.mark.parametrize(
    ("country", "zone"),
    [("IT", "Europe/Rome"), ("es", "Europe/Madrid"), ("GB", "Europe/London"), ("US", None), ("", None), ("XX", None)],
)
def test_a_country_has_a_zone_if_it_keeps_one(country: str, zone: str | None) -> None:
    assert country_zone(country) == (ZoneInfo(zone) if zone else None)


@pytest.mark.parametrize(
    ("name", "country"), [("ITALY", "IT"), (" Spain ", "ES"), ("UK", "GB"), ("CA", ""), ("Milan", ""), ("", "")]
)
def test_a_country_is_known_by_its_english_name(name: str, country: str) -> None:
    assert country_named(name) == country


@pytest.mark.parametrize(
    ("code", "country"),
    [("swe", "SE"), ("DNK", "DK"), (" it ", "IT"), ("XYZ", ""), ("Milan", ""), ("12", ""), ("", "")],
)
def test_a_country_is_known_by_its_code_of_three_letters(code: str, country: str) -> None:
    assert country_coded(code) == country


def test_every_country_written_out_is_one() -> None:
    assert [country for country in MAINLAND if country_zone(country) is None] == []
    assert [name for name in OTHER_NAMES if country_named(name.upper()) != OTHER_NAMES[name]] == []


def test_a_canadian_province_keeps_a_zone() -> None:
    """By its letters, in any case."""
    assert [str(province_zone(each)) for each in ("ON", "nl", "XX")] == ["America/Toronto", "America/St_Johns", "None"]


@pytest.mark.parametrize(
    ("state", "postcode", "zone"),
    [
        ("ca", "", "America/Los_Angeles"),
        ("AZ", "85040", "America/Phoenix"),
        ("TX", "79901", "America/Denver"),
        ("ID", "83702-1234", "America/Boise"),
        ("ID", "", None),
        ("ON", "", None),
    ],
)
def test_a_state_keeps_a_zone_and_where_it_keeps_two_the_zip_code_tells(
    state: str, postcode: str, zone: str | None
) -> None:
    assert state_zone(state, postcode) == (ZoneInfo(zone) if zone else None)
