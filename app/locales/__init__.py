"""The words that people read: for every status and sub-status a label and a sentence, in each language.

The words are data: `it.csv`, `en.csv`, a row for each status and sub-status in each form that differs (`plain`,
`return` for a customer's return, `formal`, `formal_return`), and `it.json`, `en.json` for the phrases of e-mail and
pages.
What stands in braces is filled in when it is known; `without` is the sentence when it is not.
A locale is a tag as shops and recipients give it (`it`, `it-CH`, `en_GB`): its language chooses the words, the whole
of it how dates and amounts are written.
"""

import csv
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency

from carriers.vocabulary import Direction, Status, SubStatus

Form = Literal["plain", "return", "formal", "formal_return"]

LANGUAGES = ("en", "it")
DEFAULT = "en"
# Without a country, English dates are written as in Europe: 14 March.
_BABEL = {"en": "en_GB"}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Words(NamedTuple):
    """A label, a sentence, and the sentence when a fact it names is not known (none if it names none)."""

    label: str
    sentence: str
    without: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence may name. `on`: the day it happened; `day`: a day to come; both in the reader's zone.

    `delivered` of `parcels` have arrived. `today` is false once the day of an "expected today" is over.
    """

    on: date | None = None
    day: date | None = None
    place: str = ""
    amount: str = ""
    delivered: int | None = None
    parcels: int | None = None
    today: bool = True


NOTHING = Facts()


def supported() -> tuple[str, ...]:
    """The languages there are words for."""
    return LANGUAGES


def choose(*wanted: str | None) -> str:
    """The first of the wanted locales that there are words for, as it was given; English if none."""
    for tag in wanted:
        if tag and _language(tag) in LANGUAGES:
            return tag
    return DEFAULT


def label(
    status: Status | str,
    sub_status: SubStatus | str | None,
    locale: str,
    direction: Direction | str = Direction.OUTBOUND,
) -> str:
    """What a status is called: by its sub-status if it has one ("In giacenza")."""
    return _words(status, sub_status, locale, direction, formal=False).label


def sentence(
    status: Status | str,
    sub_status: SubStatus | str | None,
    locale: str,
    direction: Direction | str = Direction.OUTBOUND,
    facts: Facts = NOTHING,
    *,
    formal: bool = False,
) -> str:
    """What a status means, said to the recipient, with the facts that are known."""
    words = _words(status, sub_status, locale, direction, formal=formal)
    if not facts.today and Status(status) is Status.OUT_FOR_DELIVERY:
        return words.without
    return _filled(words, locale, facts)


def stale_label(locale: str) -> str:
    """What the mark of a shipment without news is called."""
    return _table(_supported_language(locale))["plain", "stale", ""].label


def stale_sentence(locale: str, since: date | None = None) -> str:
    """What the mark means; `since` is the day of the last news."""
    return _filled(_table(_supported_language(locale))["plain", "stale", ""], locale, Facts(on=since))


def phrase(key: str, locale: str, **facts: str) -> str:
    """One of the phrases of e-mail and pages, filled in."""
    return _elided(phrases(_supported_language(locale))[key].format_map(facts), locale)


def date_in_words(day: date, locale: str) -> str:
    """A day: "14 marzo"."""
    return format_skeleton("MMMMd", day, locale=_babel(locale))


def day_in_words(day: date, locale: str) -> str:
    """A day with its weekday: "venerdì 14 marzo"."""
    return f"{format_date(day, 'EEEE', locale=_babel(locale))} {date_in_words(day, locale)}"


def moment_in_words(moment: datetime, locale: str, zone: str) -> str:
    """A day and time in the reader's zone: "venerdì 14 marzo, 10:32"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day_in_words(local.date(), locale)}, {time_in_words(local.time(), locale)}"


def time_in_words(clock: time, locale: str) -> str:
    """A time of day: "10:32"."""
    return format_time(clock, "short", locale=_babel(locale))


def country_in_words(code: str, locale: str) -> str:
    """A country by its ISO 3166 code: "Germania"; the code itself if it is none."""
    return str(_babel(locale).territories.get(code, code))


def local_date(moment: datetime, zone: str) -> date:
    """The day of an instant in the reader's zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def amount_in_words(amount: str, currency: str, locale: str) -> str:
    """An amount: "59,90 €"."""
    return format_currency(amount, currency, locale=_babel(locale))


@lru_cache(maxsize=1024)
def _words(
    status: Status | str, sub_status: SubStatus | str | None, locale: str, direction: Direction | str, *, formal: bool
) -> Words:
    table = _table(_supported_language(locale))
    forms: list[Form] = ["plain"]
    if formal:
        forms.insert(0, "formal")
    if direction == Direction.RETURN:
        forms[:0] = ["formal_return", "return"] if formal else ["return"]
    for sub in dict.fromkeys((sub_status or "", "")):
        for form in forms:
            if words := table.get((form, str(status), str(sub))):
                return words
    raise ValueError(f"{status!r} is no status")


def _filled(words: Words, locale: str, facts: Facts) -> str:
    known = {
        "date": facts.on and date_in_words(facts.on, locale),
        "day": facts.day and day_in_words(facts.day, locale),
        "place": facts.place,
        "amount": facts.amount,
        "n": None if facts.delivered is None else str(facts.delivered),
        "m": None if facts.parcels is None else str(facts.parcels),
    }
    if not all(known[name] for name in _PLACEHOLDER.findall(words.sentence)):
        return words.without
    return _elided(words.sentence.format_map(known), locale)


def _elided(text: str, locale: str) -> str:
    """Italian numbers that begin with a vowel: "l'8 marzo", "dall'11 marzo"."""
    if _language(locale) != "it":
        return text
    return re.sub(r"\b(?:([Ii])l|([Dd])al) (?=(?:8|11)\b)", lambda m: "l'" if m[1] else f"{m[2]}all'", text)


@lru_cache(maxsize=1024)
def _language(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].lower()


def _supported_language(tag: str) -> str:
    return _language(choose(tag))


@cache
def _babel(tag: str) -> Locale:
    for name in (tag.replace("-", "_"), _language(tag)):
        try:
            return Locale.parse(_BABEL.get(name.lower(), name))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(_BABEL[DEFAULT])


@cache
def _table(language: str) -> dict[tuple[str, str, str], Words]:
    text = files(__name__).joinpath(f"{language}.csv").read_text("utf-8")
    return {
        (row["form"], row["status"], row["sub_status"]): Words(
            row["label"], row["sentence"], row["without"] or row["sentence"]
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def phrases(language: str) -> dict[str, str]:
    """The phrases of e-mail and pages in one of the languages there are words for."""
    found: dict[str, str] = json.loads(files(__name__).joinpath(f"{language}.json").read_text("utf-8"))
    return found
