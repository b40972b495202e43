"""Reading what carriers send: the one guarded way to JSON and XML, and their times.

Bounds are those of a carrier's body: 4 MiB, depth 64, arrays of 10,000, strings up to the body. Whatever does not fit
raises UnreadablePayload, and nothing else does.
"""

import re
from codecs import BOM_UTF8
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from lxml import etree

from carriers.base import UnreadablePayload
from carriers.event import Moment, OffsetSource

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_ARRAY = 10_000
MAX_ELEMENTS = 20_000

YEARS = range(1970, 2200)
"""Years that a parcel can live in. A date outside of them (0001-01-01, 9999-12-31) is how a carrier says none."""

SHORT = 64
"""Characters up to which a text is remembered with what it was read as: towns, codes and days come again and again."""

Json = Any
"""A decoded JSON value; typed only where an adapter takes it apart."""


def json_of(body: bytes, charset: str = "") -> Json:
    """The JSON value of a body, within the bounds; `charset` is what a carrier writes where it is not UTF-8."""
    _sized(body)
    try:
        value = orjson.loads(_recoded(body.removeprefix(BOM_UTF8), charset))
    except orjson.JSONDecodeError as error:
        raise UnreadablePayload(f"not JSON: {error}") from error
    except RecursionError as error:
        raise UnreadablePayload("JSON nested too deeply") from error
    _bounded(value)
    return value


def json_object(body: bytes, charset: str = "") -> dict[str, Any]:
    """The JSON object of a body."""
    value = json_of(body, charset)
    if not isinstance(value, dict):
        raise UnreadablePayload("not a JSON object")
    return value


def xml_of(body: bytes) -> etree._Element:
    """The root element of an XML body; a document type is refused, so no entity is ever expanded."""
    _sized(body)
    ascii_only = body.replace(b"\0", b"")  # UTF-16 and UTF-32 hide the words between zeros
    if b"<!DOCTYPE" in ascii_only or b"<!ENTITY" in ascii_only:
        raise UnreadablePayload("XML with a document type")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise UnreadablePayload(f"not XML: {error}") from error
    if root is None:
        raise UnreadablePayload("XML without an element")
    if root.getroottree().docinfo.doctype:
        raise UnreadablePayload("XML with a document type")
    level, count = [root], 1
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        count += len(level)
        if not level:
            break
    else:
        raise UnreadablePayload(f"XML nested deeper than {MAX_DEPTH}")
    if count > MAX_ELEMENTS:
        raise UnreadablePayload(f"XML of more than {MAX_ELEMENTS} elements")
    return root


def text_of(value: object, limit: int = 500) -> str:
    """A scalar as clean text: control characters out, spaces folded, capped; empty for anything else."""
    if type(value) is str and len(value) <= SHORT:
        plain = _cleaned(value)
        return plain if len(plain) <= limit else plain[:limit]
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return _clean(str(value))[:limit]


def _clean(text: str) -> str:
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


_cleaned = lru_cache(maxsize=8192)(_clean)


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; a single object counts as a list of one, anything else as none."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def at(value: object, *path: str) -> Json:
    """What stands at a path of keys, or none."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    return ZoneInfo(name)


def local_moment(day: date, clock: time | None, where: tzinfo, source: OffsetSource) -> Moment:
    """The moment of a wall time in a zone; a date alone spans its day. The doubled autumn hour is the earlier one.

    UnreadablePayload for a day outside `YEARS`, which `parsed_date` never gives.
    """
    if day.year not in YEARS:
        raise UnreadablePayload(f"a date out of range: {day}")
    if clock is None:
        start = datetime.combine(day, time(), where).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), where).astimezone(UTC) - timedelta(seconds=1)
        return Moment(start, day.isoformat(), source, end)
    wall = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    return Moment(wall.replace(tzinfo=where).astimezone(UTC), wall.isoformat(timespec="seconds"), source)


def iso_moment(
    value: object, default: tzinfo | None = None, source: OffsetSource = OffsetSource.CARRIER
) -> Moment | None:
    """The moment of an ISO 8601 time or date; `default` is the zone of a time that prints none (none: UTC, unknown)."""
    text = text_of(value)
    known, source = (default, source) if default else (UTC, OffsetSource.UNKNOWN)
    if len(text) in (8, 10):
        day = parsed_date(text, "%Y-%m-%d", "%Y%m%d")
        return None if day is None else local_moment(day, None, known, source)
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    if stamp.year not in YEARS:
        return None
    return given_moment(stamp) if stamp.tzinfo else local_moment(stamp.date(), stamp.time(), known, source)


def given_moment(stamp: datetime) -> Moment:
    """The moment of a time that carries its offset."""
    try:
        utc = stamp.astimezone(UTC)
    except OverflowError as error:
        raise UnreadablePayload(f"a time out of range: {stamp}") from error
    return Moment(utc, stamp.replace(tzinfo=None).isoformat(timespec="seconds"), OffsetSource.GIVEN)


def parsed_date(text: str, *formats: str) -> date | None:
    """A date in one of the formats, or none: also for one outside `YEARS`. A format is made of %Y %y %m %d."""
    return _date(text, formats) if len(text) <= SHORT else None


@lru_cache(maxsize=4096)
def _date(text: str, formats: tuple[str, ...]) -> date | None:
    for form in formats:
        if found := _form(form).fullmatch(text):
            parts = found.groupdict()
            try:
                day = date(
                    int(parts["Y"]) if "Y" in parts else _century(int(parts["y"])), int(parts["m"]), int(parts["d"])
                )
            except ValueError:
                continue
            return day if day.year in YEARS else None
    return None


def parsed_time(text: str, *formats: str) -> time | None:
    """A time of day in one of the formats, or none. A format is made of %H %M %S."""
    return _time(text, formats) if len(text) <= SHORT else None


@lru_cache(maxsize=8192)
def _time(text: str, formats: tuple[str, ...]) -> time | None:
    for form in formats:
        if found := _form(form).fullmatch(text):
            try:
                return time(int(found["H"]), int(found["M"]), int(found["S"]) if "%S" in form else 0)
            except ValueError:
                continue
    return None


@lru_cache(maxsize=64)
def _form(form: str) -> re.Pattern[str]:
    """The pattern of a format; parts that touch have their full width, others may lack a leading zero."""
    pattern = ""
    for literal, part in re.findall(r"([^%]*)%(.)", form):
        width = 4 if part == "Y" else 2
        apart = "" if f"%{part}%" in form or (not literal and pattern) else "1,"
        digits = f"{{{apart}{width}}}" if part not in "Yy" else f"{{{width}}}"
        pattern += f"{re.escape(literal)}(?P<{part}>[0-9]{digits})"
    return re.compile(pattern)


def _century(year: int) -> int:
    return year + (1900 if year > 68 else 2000)


def offset(minutes: int) -> timezone:
    """A fixed offset in minutes east of UTC; UnreadablePayload beyond a day."""
    try:
        return timezone(timedelta(minutes=minutes))
    except ValueError as error:
        raise UnreadablePayload(f"an offset of {minutes} minutes") from error


def _recoded(body: bytes, charset: str) -> bytes:
    if not charset or body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(charset, "replace").encode()
    return body


def _sized(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise UnreadablePayload(f"a body of {len(body)} bytes: at most {MAX_BODY} are read")


def _bounded(value: Json) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Json] = []
        for item in level:
            if type(item) is dict:
                below += [child for child in item.values() if type(child) in _NESTS]
            elif type(item) is list:
                if len(item) > MAX_ARRAY:
                    raise UnreadablePayload(f"a JSON array of {len(item)} values: at most {MAX_ARRAY} are read")
                below += [child for child in item if type(child) in _NESTS]
        if not below:
            return
        level = below
    raise UnreadablePayload(f"JSON nested deeper than {MAX_DEPTH}")


_NESTS = frozenset((dict, list))  # what the decoder makes, never a subclass
