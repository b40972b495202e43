"""UPS's times: a day and an hour of the place, and the gmt trio that tells the instant."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo

from carriers.event import Eta, Moment, OffsetSource, Place, made_moment
from carriers.reading import Json, text_of
from carriers.remembering import remembered
from carriers.times import exact_time, local_moment, offset, parsed_date, parsed_time, wall_time
from carriers.zones import country_zone

GIVEN = OffsetSource.GIVEN


def moment_of(place: Place | None, day: Json, clock: Json, gmt: Sequence[Json] = (None, None, None)) -> Moment | None:
    """The gmt trio tells the instant; the local time is only printed, unless it is all there is: then in its place."""
    local, wall = _day(day), _clock(clock)
    if (there := _day(gmt[0])) and (then := _clock(gmt[1])):
        instant = datetime.combine(there, then, UTC)
        printed = (
            wall_time(local, wall) if local and wall else instant.astimezone(_zone(gmt[2]) or UTC).isoformat()[:19]
        )
        return made_moment((instant, printed, GIVEN, None))
    if local is None:
        return None
    zone, source = _zone(gmt[2]), GIVEN
    if zone is None:
        zone = country_zone(place.country) if place else None
        source = OffsetSource.PLACE if zone else OffsetSource.UNKNOWN
    return local_moment(local, wall, zone or UTC, source)


def eta_of(days: Mapping[str, Json]) -> Eta | None:
    """The expected day; its hours are left out, for nothing says in which zone they are."""
    if days.get("DEL"):
        return None
    day = _day(days.get("RDD")) or _day(days.get("SDD"))
    return Eta(day=day) if day else None


@remembered
def _day(value: Json) -> date | None:
    return parsed_date(text_of(value), "%Y%m%d", "%Y-%m-%d")


def _clock(value: Json) -> time | None:
    if type(value) is str and value and (exact := exact_time(value.zfill(6))):
        return exact
    text = text_of(value)
    if ":" not in text:
        return parsed_time(text.zfill(6), "%H%M%S") if text else None
    return parsed_time(text, "%H:%M:%S", "%H:%M")


@remembered
def _zone(value: Json) -> tzinfo | None:
    parts = re.fullmatch(r"([+-]?)(\d{1,2})[:.]?(\d{2})", text_of(value))
    if not parts or int(parts[2]) >= 15:
        return None
    return offset((-1 if parts[1] == "-" else 1) * (int(parts[2]) * 60 + int(parts[3])))
