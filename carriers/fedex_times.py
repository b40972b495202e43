"""FedEx's times. They print their offset as a rule; without one, they are read in the zone of where they were taken.

Only the times of scans are sure: a midnight in `dateAndTimes` may mean nothing and is read as the day. An estimate is
of a place that the answer does not name, so without offset it counts for its day only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from carriers.event import Eta, Moment, OffsetSource
from carriers.reading import Json, at, dicts, object_at, text_of
from carriers.remembering import remembered
from carriers.times import iso_moment, local_moment
from carriers.zones import country_zone

PLACE = OffsetSource.PLACE
AT_THE_DOOR = ("ACTUAL_DELIVERY", "ATTEMPTED_DELIVERY")
AT_THE_START = ("ACTUAL_PICKUP", "ACTUAL_TENDER", "SHIPMENT_DATA_RECEIVED", "SHIP")
PAST_TIMES = AT_THE_DOOR + AT_THE_START
"""Times of what has happened, newest first; for a present status without any scan."""

Scan = tuple[dict[str, Json], Moment]


def scans_of(shipment: dict[str, Json]) -> list[Scan]:
    """The scans that have a time, each with it, in the answer's order."""
    scans = dicts(shipment.get("scanEvents"))
    return [(scan, found) for scan in scans if (found := iso_moment(scan.get("date"), _zone(scan), PLACE))]


def times_of(shipment: dict[str, Json], scans: Sequence[Scan]) -> dict[str, Moment | None]:
    """The times of `dateAndTimes` by their type."""
    listed = [(text_of(each.get("type")), each.get("dateTime")) for each in dicts(shipment.get("dateAndTimes"))]
    if not listed:
        return {}
    instants = [moment.occurred_at for _, moment in scans]
    first = _zone(scans[instants.index(min(instants))][0]) if scans else None
    last = _zone(scans[-1 - instants[::-1].index(max(instants))][0]) if scans else None
    now = _zone(object_at(shipment, "latestStatusDetail")) or last
    zones = dict.fromkeys(AT_THE_DOOR, now) | dict.fromkeys(AT_THE_START, first)
    return {kind: _dated(value, zones.get(kind)) for kind, value in listed}


def eta_of(shipment: dict[str, Json], times: Mapping[str, Moment | None]) -> Eta | None:
    """The window, else the estimated time; none once delivered."""
    if times.get("ACTUAL_DELIVERY"):
        return None
    window = at(shipment, "estimatedDeliveryTimeWindow", "window")
    begins, ends = _dated(at(window, "begins")), _dated(at(window, "ends"))
    if begins and ends and OffsetSource.UNKNOWN not in (begins.offset_source, ends.offset_source):
        return Eta(begins.occurred_at, ends.until or ends.occurred_at)
    expected = times.get("ESTIMATED_DELIVERY") or ends
    if expected is None:
        return None
    if expected.until or expected.offset_source is OffsetSource.UNKNOWN:
        return Eta(day=date.fromisoformat(expected.local_time[:10]))
    return Eta(latest=expected.occurred_at)


def _dated(value: Json, where: ZoneInfo | None = None) -> Moment | None:
    """A time, `where` being the zone of one without offset; a midnight stands for its day."""
    moment = None if value is None else iso_moment(value, where, PLACE)
    if moment is None or moment.until is not None or not moment.local_time.endswith("T00:00:00"):
        return moment
    stamp = text_of(value)
    if stamp[10:19] not in ("T00:00:00", " 00:00:00"):
        return moment
    kept = datetime.fromisoformat(stamp).tzinfo or where or UTC
    return local_moment(date.fromisoformat(stamp[:10]), None, kept, moment.offset_source)


def _zone(scanned: dict[str, Json]) -> ZoneInfo | None:
    return _zone_of(object_at(scanned, "scanLocation").get("countryCode"))


@remembered
def _zone_of(country: Json) -> ZoneInfo | None:
    return country_zone(text_of(country))
