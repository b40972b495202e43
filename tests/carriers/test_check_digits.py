"""Check digits: published numbers fit, and a slip of the pen does not."""

from string import ascii_uppercase, digits

import pytest

from carriers import candidates, carrier
from carriers.check_digits import CheckDigit, fedex_12, gs1, luhn, modulo_7, modulo_37_36, s10, standard, ups_1z

KNOWN: list[tuple[CheckDigit, str]] = [
    (s10, "RR123456785JP"),
    (s10, "RB123456785GB"),
    (ups_1z, "1Z999AA10123456784"),
    (fedex_12, "986578788855"),
    (fedex_12, "477179081230"),
    (gs1, "041441760228964"),
    (gs1, "00340434292135100148"),
    (modulo_7, "3318810025"),
    (luhn, "320595463938"),
    (modulo_37_36, "A12425GABC1234002M"),
]
"""Numbers that carriers and standards publish as examples."""


@pytest.mark.parametrize(("check", "number"), KNOWN)
def test_a_check_digit_fits_its_number_alone(check: CheckDigit, number: str) -> None:
    """Any other digit in its place does not, nor letter where one may stand."""
    place = 10 if check is s10 else -1
    signs = digits + ascii_uppercase if check is modulo_37_36 else digits
    others = [number[:place] + sign + (number[11:] if check is s10 else "") for sign in signs]

    assert check(number)
    assert [other for other in others if check(other)] == [number]


def test_letters_where_a_digit_must_stand_do_not_fit() -> None:
    """A UPS number may have letters anywhere else."""
    assert not ups_1z("1Z999AA1012345678A")


def test_standards_are_known_by_their_form() -> None:
    """A postal number and an SSCC, whoever carries it."""
    assert [standard(each) for each in ("RR123456785JP", "00340434292135100148", "1234567891")] == [s10, gs1, None]


def test_a_wrong_check_digit_makes_a_carrier_the_last() -> None:
    """It is named all the same: labels are misread, and some contracts number otherwise."""
    right, wrong = candidates("3318810025"), candidates("3318810026")

    assert (right[0].carrier.slug, right[0].likeness.check_digit) == ("dhl_express", True)
    assert (wrong[-1].carrier.slug, wrong[-1].likeness.check_digit) == ("dhl_express", False)


def test_the_pattern_that_fits_is_the_evidence() -> None:
    """Not merely the first one that matches."""
    assert carrier("dhl_unified").likeness("00340434292135100148") == ("00340434[0-9]{12}", True)
    assert carrier("ups").likeness("V0123456789") == (r"[AHJKTV]\d{10}", None)
    assert carrier("ups").likeness("?") is None
