"""How a shop writes times, days, amounts and countries: one form each, and nothing else is read as one."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from babel import Locale
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, WithJsonSchema

from app.wrong_fields import AMOUNT, COUNTRY, DAY, TIME

_YEARS = range(1990, 2200)

NOT_BLANK = Field(json_schema_extra={"pattern": r"\S"})
"""For the schema of a text that must not be empty: blanks around it are taken off, so blanks alone are nothing."""

D = TypeVar("D", date, datetime)


def _plausible(value: D) -> D:
    if value.year not in _YEARS:
        raise ValueError(f"must lie between {_YEARS.start} and {_YEARS.stop - 1}")
    return value


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMOUNT = re.compile(r"\d{1,10}(\.\d{1,2})?", re.ASCII)
# Territories of CLDR that are no country of ISO 3166: unions, exceptional reservations, private use but Kosovo's XK.
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
COUNTRIES = (
    frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRIES
)


def _time_in_text(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return value
    raise ValueError(TIME)


def _day_in_text(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        return value
    raise ValueError(DAY)


def _amount_in_text(value: object) -> object:
    if isinstance(value, Decimal) or (isinstance(value, str) and _AMOUNT.fullmatch(value)):
        return value
    raise ValueError(AMOUNT)


def _iso_country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError(f"{value} is no country of ISO 3166. {COUNTRY}")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_time_in_text), AfterValidator(_plausible)]
"""A time of RFC 3339, with its offset, in years that every zone and database can hold."""

Day = Annotated[date, BeforeValidator(_day_in_text), AfterValidator(_plausible)]
Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(_amount_in_text),
    WithJsonSchema({"type": "string", "examples": ["59.90"]}),
]
Country = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2}$", to_upper=True),
    AfterValidator(_iso_country),
    Field(examples=["IT"]),
]
"""ISO 3166 alpha-2."""
