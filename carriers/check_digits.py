"""Check digits: whether a number was copied as it was made. Each takes a whole number in upper case without spaces.

Rules: UPU standard S10; ISO 7064 (Geopost); UPS, FedEx, DHL Express, GS1 and USPS as
https://github.com/jkeen/tracking_number_data has them (read 2026-11).
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

CheckDigit = Callable[[str], bool]
"""Whether the number's last place (of S10, the one before the country) fits the others."""

_S10_FORM, _SSCC_FORM = re.compile("[A-Z]{2}[0-9]{9}[A-Z]{2}"), re.compile("00[0-9]{18}")
_S10 = (8, 6, 4, 2, 3, 5, 9, 7)
_FEDEX = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)


class Likeness(NamedTuple):
    """The pattern that a number matches, and whether its check digit fits; none where the pattern has none."""

    pattern: str
    check_digit: bool | None


def standard(number: str) -> CheckDigit | None:
    """The check digit of a number in a form that all carriers share: a postal S10, an SSCC behind `00`."""
    if _S10_FORM.fullmatch(number):
        return s10
    return gs1 if _SSCC_FORM.fullmatch(number) else None


def s10(number: str) -> bool:
    """Two letters, eight digits, the check digit, a country: 11 less the sum modulo 11, where 10 is 0 and 11 is 5."""
    rest = 11 - _weighed(number[2:10], _S10) % 11
    return int(number[10]) == {10: 0, 11: 5}.get(rest, rest)


def modulo_7(number: str) -> bool:
    """The digits before it, as one number, modulo 7."""
    return int(number[-1]) == int(number[:-1]) % 7


def gs1(number: str) -> bool:
    """Digits weighed 3 and 1 in turn, 3 next to the check digit, to the next ten: SSCC, USPS, FedEx Ground."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(number[:-1])))
    return int(number[-1]) == -total % 10


def luhn(number: str) -> bool:
    """Digits weighed 1 and 2 in turn, the check digit among them, the digits of each product added, to a ten."""
    values = [int(digit) * (2 if n % 2 else 1) for n, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in values) % 10 == 0


def fedex_12(number: str) -> bool:
    """Eleven digits weighed 3, 1, 7, modulo 11 (10 is 0)."""
    return int(number[-1]) == _weighed(number[:-1], _FEDEX) % 11 % 10


def ups_1z(number: str) -> bool:
    """What follows `1Z`, letters as their place in the alphabet and two more, each second one doubled, to a ten."""
    if not number[-1].isdigit():
        return False
    values = [int(each) if each.isdigit() else (ord(each) - 63) % 10 for each in number[2:-1]]
    total = sum(value * (2 if n % 2 else 1) for n, value in enumerate(values))
    return int(number[-1]) == -total % 10


def modulo_37_36(number: str) -> bool:
    """ISO 7064 MOD 37,36, whose check character may be a letter: Geopost's (DPD, Chronopost)."""
    rest = 36
    for each in number[:-1]:
        rest = 2 * ((rest + int(each, 36)) % 36 or 36) % 37
    return int(number[-1], 36) == (37 - rest) % 36


def _weighed(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
