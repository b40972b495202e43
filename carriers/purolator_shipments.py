"""Purolator's Shipment Tracking Service, version 2 of its tracking (SOAP): answers by PIN or reference.

Read from its schema and the sample answer of a public client (2026-11). The codes of events are not public, so their
descriptions decide (the list `event`), and of the package's status the one that says delivered (`package`). Times have
no zone: that of the event's province or state. What follows a verb with a place or name in it is left out.
"""

import re
from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

from lxml import etree

from carriers.base import meant
from carriers.event import OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import child_text, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import with_summary
from carriers.tables import table_file
from carriers.times import expected, iso_moment
from carriers.zones import province_zone, state_zone

TABLE = table_file("purolator.csv")
TEXTS = Phrases(TABLE, "event")
NAMED = re.compile(r"\b(delivered|received|signed|picked up by purolator)\b.*", re.IGNORECASE)


def shipments(root: etree._Element) -> list[Parcel]:
    """The packages of each result, and the numbers of which nothing is known."""
    return [parcel for each in root.iter("{*}SearchResult") for parcel in _parcels(each)]


def _parcels(result: etree._Element) -> Iterator[Parcel]:
    asked, packages = child_text(result, "trackingId", 40), list(result.iterfind("{*}Shipment/{*}packages/{*}package"))
    if not packages:
        yield Parcel(asked, not_found=True)
    others = (asked,) if len(packages) == 1 and child_text(result, "type") == "PIN" else ()
    for each in packages:
        number = child_text(each, "pin", 40) or asked
        yield _parcel(each, number)._replace(aliases=tuple(other for other in others if other not in ("", number)))


def _parcel(package: etree._Element, number: str) -> Parcel:
    listed = list(package.iterfind("{*}events/{*}event")) or list(package.iterfind("{*}lastEvent"))
    events = numbered([event for each in listed if (event := _event(each)) is not None])
    status = text_of(package.findtext("{*}status/{*}code"), 20)
    head = meant(TABLE.find(status, within="package"), status, "package")
    eta = expected(iso_moment(child_text(package, "estimatedDeliveryDate")[:10]))
    return Parcel(number, with_summary(events, head), eta)


def _event(said: etree._Element) -> TrackingEvent | None:
    def part(name: str) -> str:
        return text_of(said.findtext(f"{{*}}location/{{*}}{name}"), 100)

    place, zone = _place(part("City"), part("PostalCode"), part("provinceState"), part("CountryCode"))
    moment = iso_moment(child_text(said, "dateTime"), zone or UTC, OffsetSource.PLACE if zone else OffsetSource.UNKNOWN)
    told = _said(child_text(said, "code", 20), child_text(said, "description", 300))
    return told.at(moment, place) if moment and (told.code or told.text) else None


@remembered
def _said(code: str, described: str) -> Said:
    return meant(TEXTS.find(described), code, "event", "text", NAMED.sub(r"\1", described))


@remembered
def _place(city: str, postcode: str, region: str, country: str) -> tuple[Place | None, ZoneInfo | None]:
    zone = state_zone(region, postcode) if country.upper() == "US" else province_zone(region)
    return Place(city, postcode, region.upper(), country.upper()) or None, zone
