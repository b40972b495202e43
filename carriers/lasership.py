"""LaserShip, now OnTrac: answers of its old tracking page are read; it is not asked.

The page's data was never documented for the public and may be gone. Codes: in the class, of a client of 2014 to
2019. Vain attempts, damages and returns have types that nobody has written down: they say nothing here, and their
reason is shown.

Quirks: events have UTC beside the local time, neither with a mark. `EventType` may be empty. A piece's number may be
another than the one asked about; the pieces of an order share its events. An answer without `Events` is no news.
Signatures are codes of places, or names, and are not read.
"""

from datetime import UTC

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.people import unnamed
from carriers.reading import Json, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.times import expected, iso_moment, local_moment, parsed_date, with_local, zone
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_coded, state_zone

NEW_YORK = zone("America/New_York")
ORDER = frozenset(("OrderNumber", "ReceivedOn", "UTCReceivedOn", "Pieces"))
ERROR = frozenset(("Error", "ErrorMessage"))


class LaserShip(Carrier):
    """LaserShip's last mile in the east of the United States."""

    slug, name, website = "lasership", "LaserShip", "https://www.lasership.com"
    home = "US"
    number_patterns = (
        "L[AIEHNX][1-3][0-9]{7}",
        "1LS7[12](?:[0-9]{10}|[0-9]{13})(?:-1)?",
        "1LSCX[0-9A-Z]{10}",
    )
    number_form, example = "[0-9A-Z-]{6,30}", "LX10000001"
    confidence = "low"
    renames = True
    unsaid = (
        ("error", "its error object is said of a number that is not known"),
        ("held", "no type of a hold is known"),
        ("returned", "no type of a return is known"),
        ("many_parcels", "the pieces of an order share its events"),
    )
    table = table(
        {
            "OrderCreated": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "OrderReceived": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "Received": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),  # origin scan
            "Arrived": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "OutForDelivery": Says(Status.OUT_FOR_DELIVERY),
            "Delivered": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
            "Released": Says(Status.DELIVERED, SubStatus.SAFE_PLACE, doubtful=True),  # left without a signature
        }
    )

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; one without events is not found."""
        said = json_object(body)
        rows = dicts(said.get("Events"))
        if said and said.keys() <= ERROR:
            return [Parcel("", not_found=True)]
        typed = all("EventType" in row or "DateTime" in row for row in rows)
        if not typed or not (ORDER & said.keys() or any("UTCDateTime" in row for row in rows)):
            raise UnreadablePayload("no answer of LaserShip's tracking")
        pieces = (text_of(each.get("TrackingNumber"), 64) for each in dicts(said.get("Pieces")))
        numbers = sorted({number for number in pieces if number}) or [""]
        events = numbered([event for row in rows if (event := _event(row))])
        over = any(event.status is Status.DELIVERED for event in events)
        eta = None if over else _eta(said.get("EstimatedDeliveryDate"), object_at(said, "Destination"))
        return [Parcel(numbers[0], events, eta, not_found=not rows, aliases=tuple(numbers[1:]))]


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    where = _place(*(get(name) for name in ("City", "PostalCode", "State", "Country", "Location")))
    moment = _moment(get("UTCDateTime"), get("DateTime"), where)
    told = _said(get("EventType"), get("EventShortText") or get("EventLabel"), get("EventLongText"), get("Reason"))
    return told.at(moment, where) if moment and (told.code or told.text) else None


def _moment(instant: Json, printed: Json, where: Place | None) -> Moment | None:
    """The instant with the local time beside it; without one the local time in its state's zone."""
    at = iso_moment(instant, UTC, OffsetSource.GIVEN)
    state = state_zone(where.state, where.postcode) if where else None
    return with_local(at, iso_moment(printed, state, OffsetSource.PLACE))


@remembered
def _said(given: Json, short: Json, long: Json, reason: Json) -> Said:
    code, text, why = text_of(given, 60), text_of(short, 290) or text_of(long, 290), text_of(reason, 200)
    return meant(LaserShip.table.find(code), code, text=unnamed(f"{text} ({why})" if why else text))


@remembered
def _place(city: Json, postcode: Json, state: Json, country: Json, left: Json) -> Place | None:
    known = country_coded(text_of(country))
    return Place(text_of(city, 100), text_of(postcode, 20), text_of(state, 20), known, "", text_of(left, 60)) or None


def _eta(given: Json, destination: dict[str, Json]) -> Eta | None:
    day = parsed_date(text_of(given, 40)[:10], "%Y-%m-%d")
    if day is None:
        return None
    where = state_zone(text_of(destination.get("State"), 20), text_of(destination.get("PostalCode"), 20)) or NEW_YORK
    return expected(local_moment(day, None, where, OffsetSource.PLACE))
