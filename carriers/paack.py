"""Paack: what its tracking page loads is read; nothing is asked, for the interface of retailers is not public.

Codes: carriers/tables/paack.csv, the labels that the page has shown; the set is open, and no failed attempt was seen.
The active event is an event of its own where the list lacks it.

Quirks: a time is ISO 8601, or a number, read as milliseconds since 1970. An order is known by its number and its
postcode together. The retailer's name is not kept.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Eta, Moment, Parcel, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import table_file
from carriers.times import given_moment, iso_moment

MILLISECONDS = re.compile("[0-9]{12,13}")
ROUTE = "routes/tracking.order"
"""Under which the page keeps what it has loaded."""


class Paack(Carrier):
    """Paack's deliveries by appointment in Spain, Portugal, France and Italy."""

    slug, name, website = "paack", "Paack", "https://www.paack.co"
    home = "ES"
    number_form, example = "[0-9A-Z][0-9A-Z._#-]{2,49}", "ORD-17"
    confidence = "low"
    unsaid = (
        ("many_parcels", "its page shows one order"),
        ("error", "what it says when something is wrong is not known"),
    )
    table = table_file("paack.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        """The order that the page has loaded, with the page's state around it or without."""
        said = json_object(body)
        loaded = next(
            (each for each in (at(said, "state", "loaderData", ROUTE), said.get(ROUTE)) if isinstance(each, dict)), said
        )
        if "orderTrackData" not in loaded:
            raise UnreadablePayload("no order of Paack's tracking page")
        order = loaded["orderTrackData"]
        if not isinstance(order, dict):
            return [Parcel("", not_found=True)]
        return [self._parcel(order, loaded)]

    def _parcel(self, order: Mapping[str, Json], loaded: dict[str, Json]) -> Parcel:
        events = [event for each in dicts(loaded.get("eventList")) if (event := _event(each))]
        active = _event(object_at(loaded, "activeEvent"))
        if active and not any((event.code, event.moment) == (active.code, active.moment) for event in events):
            events.append(active)
        return Parcel(
            text_of(order.get("external_id"), 64),
            numbered(events[::-1]),
            None if ended(events) else _eta(order.get("expected_delivery_ts")),
            pickup_point=text_of(order.get("pudo_name"), 100),
        )


def _event(said: Mapping[str, Json]) -> TrackingEvent | None:
    moment, told = _moment(said.get("timestamp")), _said(said.get("label"))
    return told.at(moment) if moment and told.code else None


@remembered
def _said(given: Json) -> Said:
    code = text_of(given, 60)
    return meant(Paack.table.find(code), code)


def _moment(given: Json) -> Moment | None:
    text = text_of(given, 40)
    if MILLISECONDS.fullmatch(text):
        return given_moment(datetime.fromtimestamp(int(text) // 1000, UTC))
    return iso_moment(text)


def _eta(given: Json) -> Eta | None:
    ends = [_moment(at(given, name)) for name in ("start", "end")]
    earliest, latest = (end.occurred_at if end else None for end in ends)
    return Eta(earliest, latest) if earliest or latest else None
