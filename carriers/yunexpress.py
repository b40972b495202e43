"""YunExpress: answers and pushes of its tracking service are read; it is not asked.

Its documents are for customers alone, and the host was not confirmed. Codes: in the class, what client code shows; the
list of nodes is not whole. Vain attempts, holds and returns are told in words alone, under nodes that say only that the
parcel moves: there the phrases of the list `text` decide, which are our reading and doubtful, as is the end of a
customs clearance (`customs text`).

Quirks: `process_utc_time` is the instant, `process_time` the local one, whose zone changes along the way. The summary
(`package_status`, the list `package`) speaks of an end that no event tells. A refusal about something else than the
number is an error. A push has the same parcels in `data`; an encrypted one cannot be read. After the hand-over the
local carrier, whose number is told, knows more. Proofs of delivery are not read.
"""

import re
from datetime import UTC
from typing import ClassVar

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.people import unnamed
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended, with_summary
from carriers.tables import Says, table
from carriers.times import between, iso_moment, with_local
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_coded, country_zone

NOT_THE_NUMBER = re.compile(r"sign|token|auth|permission|limit|frequen|system|time ?out|签名|权限|系统", re.IGNORECASE)
FAILED = Says(Status.FAILED_ATTEMPT, doubtful=True)
READY = Says(Status.AVAILABLE_FOR_PICKUP, doubtful=True)
RETURNING = Says(Status.EXCEPTION, SubStatus.RETURNING, doubtful=True)
CLEARED = Says(Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED, doubtful=True)


class YunExpress(Carrier):
    """YunExpress (云途): small parcels from China, delivered by local carriers."""

    slug, name, website = "yunexpress", "YunExpress", "https://www.yuntrack.com"
    number_patterns = ("YT[0-9]{16}",)
    number_form, example = "[0-9A-Z-]{6,40}", "YT2500000000000001"
    confidence = "low"
    unsaid = (("dst_nights", "its times are instants, with the local one beside them"),)
    table = table(
        {
            "ORDER_CREATION": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "FIRST_MILE_ARRIVE": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "INTERNATIONAL_SHIP": Says(Status.IN_TRANSIT, SubStatus.DEPARTED),
            "MAIN_LINE_ARRIVE": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "CUSTOMS_CLEARANCE": Says(Status.IN_TRANSIT, SubStatus.CUSTOMS),
            "IN_TRANSIT": Says(Status.IN_TRANSIT),
            "LAST_MILE_DELIVERY": Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, doubtful=True),
            "DELIVERED": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
            "XD/CS": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP, doubtful=True),  # these three are older
            "XD/ZC": Says(Status.IN_TRANSIT),
            "MD/TT": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT, doubtful=True),
            ("package", "N"): Says(),  # not found
            ("package", "F"): Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            ("package", "T"): Says(Status.IN_TRANSIT),
            ("package", "D"): Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
            ("package", "E"): Says(Status.EXCEPTION, doubtful=True),  # perhaps something is wrong
            ("package", "R"): RETURNING,
            ("package", "C"): Says(Status.EXCEPTION, SubStatus.CANCELLED),
            ("customs text", "cleared"): CLEARED,
            ("customs text", "released"): CLEARED,
            ("customs text", "clearance*complete"): CLEARED,
            ("customs text", "clearance*finished"): CLEARED,
            ("text", "return"): RETURNING,
            ("text", "refused"): Says(Status.EXCEPTION, SubStatus.REFUSED, doubtful=True),
            ("text", "damaged"): Says(Status.EXCEPTION, SubStatus.DAMAGED, doubtful=True),
            ("text", "on hold"): Says(Status.EXCEPTION, SubStatus.HELD, doubtful=True),
            ("text", "attempt"): FAILED,
            ("text", "delivery*failed"): FAILED,
            ("text", "not*delivered"): FAILED,
            ("text", "unsuccessful"): FAILED,
            ("text", "ready for collection"): READY,
            ("text", "available for pickup"): READY,
            ("text", "out for delivery"): Says(Status.OUT_FOR_DELIVERY, doubtful=True),
        }
    )
    texts: ClassVar[Phrases] = Phrases(table, "text")
    customs: ClassVar[Phrases] = Phrases(table, "customs text")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push, none for an error."""
        said = json_object(body)
        pushed = said.get("data_code") == "tisPushData"
        if not pushed and not {"success", "result"} <= said.keys() and not {"success", "code", "msg"} <= said.keys():
            raise UnreadablePayload("neither an answer nor a push of YunExpress")
        listed = said.get("data") if pushed else said.get("result")
        if isinstance(listed, dict) and "result" in listed:
            listed = listed["result"]
        found = [each for each in dicts(listed) if {"track_Info", "track_info", "package_status"} & each.keys()]
        if found:
            return [_parcel(each) for each in found]
        if pushed or dicts(listed) or not {"code", "msg"} <= said.keys():
            raise UnreadablePayload("no parcels of YunExpress, or encrypted ones")
        message = text_of(said["msg"], 200)
        known_error = said["success"] not in (True, "true") and (not message or NOT_THE_NUMBER.search(message))
        return [] if known_error else [Parcel("", not_found=True)]


def _parcel(said: dict[str, Json]) -> Parcel:
    told = object_at(said, "track_Info") or object_at(said, "track_info")
    number, local = text_of(told.get("waybill_number"), 64), text_of(told.get("tracking_number"), 64)
    package = text_of(said.get("package_status"), 10).upper()
    events = numbered([event for each in dicts(told.get("track_events")) if (event := _event(each))])
    events = with_summary(events, meant(YunExpress.table.find(package, within="package"), package, "package"))
    start, end = (iso_moment(told.get(f"EstimatedDelivery{which}DateZone")) for which in ("From", "To"))
    return Parcel(
        number or local,
        events,
        None if ended(events) else between(start, end),
        not_found=not events and package in ("N", ""),
        aliases=(local,) if number and local and local != number else (),
        onward=local if number and local != number else "",
    )


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    where = _place(*(get(f"process_{name}") for name in ("city", "province", "country", "location")))
    moment = _moment(get("process_utc_time"), get("process_time"), where.country if where else "")
    told = _said(get("track_node_code"), get("process_content"), get("track_node_description"))
    return told.at(moment, where) if moment and (told.code or told.text) else None


def _moment(instant: Json, printed: Json, country: str) -> Moment | None:
    """The instant with the time that is printed for it; without one the printed time in its country's zone."""
    return with_local(
        iso_moment(instant, UTC, OffsetSource.GIVEN), iso_moment(printed, country_zone(country), OffsetSource.PLACE)
    )


@remembered
def _said(given: Json, content: Json, described: Json) -> Said:
    code, text = text_of(given, 40).upper(), text_of(content) or text_of(described)
    phrases = _PHRASES.get(code)
    told = phrases.find(text) if phrases else None
    return meant(told or YunExpress.table.find(code), code, "", "text" if told else "", unnamed(text))


_PHRASES = {
    "CUSTOMS_CLEARANCE": YunExpress.customs,
    **dict.fromkeys(("IN_TRANSIT", "LAST_MILE_DELIVERY", ""), YunExpress.texts),
}


@remembered
def _place(city: Json, province: Json, country: Json, location: Json) -> Place | None:
    town, name = text_of(city, 100), text_of(location, 100)
    return (
        Place(town, "", text_of(province, 60), country_coded(text_of(country)), "", "" if name == town else name)
        or None
    )
