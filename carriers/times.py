"""The times that carriers print: dates, times of day and ISO 8601, in their zones or with their offsets."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from carriers.base import UnreadablePayload
from carriers.event import Eta, Moment, OffsetSource
from carriers.reading import text_of
from carriers.remembering import SHORT

_GIVEN, _UNKNOWN = OffsetSource.GIVEN, OffsetSource.UNKNOWN
_new, _iso, _combined = tuple.__new__, datetime.fromisoformat, datetime.combine
"""Looked up once, for it is done for every row: a member of an enumeration takes as long to find as a time to read."""
YEARS = range(1970, 2200)
"""Years that a parcel can live in. A date outside of them (0001-01-01, 9999-12-31) is how a carrier says none."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    return ZoneInfo(name)


def local_moment(day: date, clock: time | None, where: tzinfo, source: OffsetSource) -> Moment:
    """The moment of a wall time in a zone; a date alone spans its day. The doubled autumn hour is the earlier one.

    UnreadablePayload for a day outside `YEARS`, which `parsed_date` never gives.
    """
    if clock is not None and (ahead := _ahead(where, day)) is not None:
        printed = f"{_text(day)}T{_text(clock)[:8]}"
        return _new(Moment, (_combined(day, clock, UTC) - ahead, printed, source, None))
    if day.year not in YEARS:
        raise UnreadablePayload(f"a date out of range: {day}")
    if clock is None:
        return _whole_day(day, where, source)
    wall = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    return Moment(wall.replace(tzinfo=where).astimezone(UTC), wall.isoformat(timespec="seconds"), source)


@lru_cache(maxsize=4096)
def _whole_day(day: date, where: tzinfo, source: OffsetSource) -> Moment:
    start = datetime.combine(day, time(), where).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), where).astimezone(UTC) - timedelta(seconds=1)
    return Moment(start, day.isoformat(), source, end)


def wall_time(day: date, clock: time) -> str:
    """A day and a time of it as a moment's local time."""
    return f"{_text(day)}T{_text(clock)[:8]}"


@lru_cache(maxsize=4096)
def _text(part: date | time) -> str:
    return part.isoformat()


@lru_cache(maxsize=4096)
def _ahead(where: tzinfo, day: date | str) -> timedelta | None:
    """How far a zone is ahead of UTC on a day; none if that changes in it, or if it is no day of `YEARS`."""
    try:
        start = datetime.combine(date.fromisoformat(day) if isinstance(day, str) else day, time(), where)
        ahead = start.utcoffset()
        whole = start.year in YEARS and ahead == (start + timedelta(days=1)).utcoffset()
    except (ValueError, OverflowError):
        return None
    return ahead if whole else None


def iso_moment(
    value: object, default: tzinfo | None = None, source: OffsetSource = OffsetSource.CARRIER
) -> Moment | None:
    """The moment of an ISO 8601 time or date; `default` is the zone of a time that prints none (none: UTC, unknown)."""
    if type(value) is str and 19 <= len(value) <= SHORT and value[16] == ":" and value[10] in "T " and value[7] == "-":
        printed, offset = value[:19], value[19:]  # the usual form, YYYY-MM-DDTHH:MM:SS
        if offset:
            ahead, known = _printed(offset, value[:4]), _GIVEN
        elif default is None:
            ahead, known = _ahead(UTC, value[:10]), _UNKNOWN
        else:
            ahead, known = _ahead(default, value[:10]), source
        if ahead is not None:
            try:
                instant = _iso(printed + "+00:00") - ahead
            except ValueError:
                return None
            if printed[10] != "T":
                printed = f"{printed[:10]}T{printed[11:]}"
            return _new(Moment, (instant, printed, known, None))
    return _other_moment(text_of(value), default or UTC, source if default else _UNKNOWN)


def _other_moment(text: str, known: tzinfo, source: OffsetSource) -> Moment | None:
    if not text:
        return None
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


@lru_cache(maxsize=4096)
def _printed(offset: str, year: str) -> timedelta | None:
    """What to take off an ISO time for its end, an offset that may stand behind milliseconds; none for any other.

    None, too, if the year is not one of `YEARS`. Finer fractions are left out: they hardly ever come again.
    """
    try:
        stamp = datetime.fromisoformat(f"{year}-01-01T00:00:00{offset}")
    except ValueError:
        return None
    ahead = stamp.utcoffset()
    if ahead is None or stamp.year not in YEARS or not (offset[0] in "Z+-" or (offset[0] == "." and len(offset) <= 10)):
        return None
    return ahead - timedelta(microseconds=stamp.microsecond)


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


def exact_time(value: object) -> time | None:
    """A time of day written as HHMMSS or HH:MM:SS, to which carriers give the very second; none in any other form."""
    if type(value) is not str or not (
        (len(value) == 6 and value.isdecimal()) or (len(value) == 8 and value[2] == ":" and value[5] == ":")
    ):
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
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


def with_local(instant: Moment | None, local: Moment | None) -> Moment | None:
    """An instant with the local time that a carrier prints beside it; either alone where the other is none."""
    if instant is None or instant.until:
        return local or instant
    if local is None or local.until:
        return instant
    return Moment(instant.occurred_at, local.local_time, OffsetSource.GIVEN)


def expected(moment: Moment | None) -> Eta | None:
    """The expected delivery of a carrier that prints a day, or a time until when; none where it prints neither."""
    if moment is None:
        return None
    if moment.until:
        return Eta(moment.occurred_at, moment.until, date.fromisoformat(moment.local_time))
    return Eta(latest=moment.occurred_at)


def between(earliest: Moment | None, latest: Moment | None) -> Eta | None:
    """The expected delivery in a window, of which one end may be open; none where both are."""
    if earliest is None and latest is None:
        return None
    return Eta(earliest.occurred_at if earliest else None, (latest.until or latest.occurred_at) if latest else None)


def epoch_moment(milliseconds: object, where: tzinfo = UTC) -> Moment | None:
    """The moment of milliseconds since 1970, with the local time of a zone; none if they are none."""
    stamp = text_of(milliseconds, 20)
    if not (stamp.isascii() and stamp.isdecimal() and 0 < int(stamp) < _LAST):
        return None
    at = datetime.fromtimestamp(int(stamp) // 1000, UTC)
    return Moment(at, f"{at.astimezone(where):%Y-%m-%dT%H:%M:%S}", OffsetSource.GIVEN)


_LAST = datetime(YEARS[-1], 12, 31, tzinfo=UTC).timestamp() * 1000


@lru_cache(maxsize=256)
def named_offset(text: str) -> timezone | None:
    """The offset that stands by itself beside a time: GMT+8, UTC-03:30, +0530, GMT; none if it is none."""
    found = re.fullmatch(r"(?:GMT|UTC)?(?:([+-])([0-9]{1,2})(?::?([0-5][0-9]))?)?", text.upper().replace(" ", ""))
    if not text or found is None or int(found[2] or 0) > 14:
        return None
    minutes = int(found[2] or 0) * 60 + int(found[3] or 0)
    return offset(-minutes if found[1] == "-" else minutes)
