"""GS1 EPCIS: events in the words of the Core Business Vocabulary, posted to the hook or read from files.

Read are documents, query results (a subscription's webhook) and bare events, in the JSON of 2.0 and in the XML of 1.2
and 2.0. Every partner runs a repository of its own, so none is asked; security is agreed with the partner, and here the
sender is believed for the token in the hook's address: there is nothing else to check.

Codes: carriers/tables/gs1_epcis.csv, our reading of the CBV. A disposition wins over the business step, save those of
the list `moving`, which decide where no step does: the CBV gives `active` to what was just commissioned and
`in_progress` to everything that proceeds (https://ref.gs1.org/cbv/, 2026-11). It has no word for a delivery: that is
receiving or accepting at the location to which the goods were sent (the list `destination`, doubtful).

Quirks: an error declaration takes the event of its id back; what happens to a pallet happens to all that was put on it
in the same body; `eventTime` is an instant, and its offset is for showing alone. Keys that name no parcel, consignment
or shipment (items, say) are passed over.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from carriers.base import Carrier, UnreadablePayload, mapped
from carriers.event import Moment, Parcel, Place, TrackingEvent
from carriers.gs1_keys import location, parcel_number
from carriers.reading import Json, at, dicts, json_of, local_name, object_at, opening, some_readable, text_of, xml_of
from carriers.sequence import numbered
from carriers.tables import Row, table_file
from carriers.times import given_moment, iso_moment

DOCUMENTS = frozenset(("EPCISDocument", "EPCISQueryDocument"))
EVENTS = frozenset(
    ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent", "QuantityEvent")
)
MAX_TOLD = 50_000
"""Events of all parcels that one body may come to, when pallets are resolved."""

_WORD = re.compile(r"(?:.*[/:](?:BizStep-|Disp-)?)?([a-z_]+)")
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


class _Happened(NamedTuple):
    """An event and the keys in it. `whole` holds others; `added` says whether from then on, or no longer."""

    event: TrackingEvent
    numbers: tuple[str, ...]
    whole: str
    added: bool
    place: str
    ends: frozenset[str]
    withdrawn: bool


class Gs1Epcis(Carrier):
    """Any partner that tells of its logistic units by GS1's standard."""

    slug = "gs1_epcis"
    name = "GS1 EPCIS"
    website = "https://www.gs1.org"
    number_form, example = "[0-9A-Za-z_-]{4,30}", "00095211100000000014"
    pushes = True
    unsaid = (("not_found", "a feed of events says nothing else"), ("error", "a feed of events says nothing else"))
    table = table_file("gs1_epcis.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        listed = _xml_events(xml_of(body)) if opening(body) == b"<" else _events(json_of(body))
        happened = [told for each in listed if (told := _happened(each))]
        if not happened:
            some_readable(map(_wrong, listed))
        return [*_parcels(sorted(happened, key=lambda each: each.event.moment.occurred_at))]


def _events(said: Json) -> list[dict[str, Json]]:
    """The events of a document or query result, or those that stand bare."""
    if _type(said) in DOCUMENTS:
        found = at(said, "epcisBody", "queryResults", "resultsBody") or at(said, "epcisBody")
        listed = found.get("eventList", found.get("event")) if isinstance(found, dict) else None
        return [each for each in dicts(listed) if _type(each) in EVENTS]
    bare = [each for each in dicts(said) if _type(each) in EVENTS]
    if not bare:
        raise UnreadablePayload("no EPCIS document, and no event of one")
    return bare


def _type(said: Json) -> str:
    return text_of(said.get("type") or said.get("isA")) if isinstance(said, dict) else ""


def _xml_events(root: etree._Element) -> list[dict[str, Json]]:
    """The events of an XML document, in the words of the JSON one."""
    if local_name(root) not in DOCUMENTS:
        raise UnreadablePayload("no EPCIS document")
    return [_xml_event(each) for each in root.iter("{*}ObjectEvent", "{*}AggregationEvent", "{*}TransactionEvent")]


def _xml_event(event: etree._Element) -> dict[str, Json]:
    def keys(path: str) -> list[str]:
        return [text_of(each.text) for each in event.iterfind(path)]

    def value(path: str) -> str:
        return text_of(event.findtext(path))

    said: dict[str, Json] = {
        name: value(f"{{*}}{name}")
        for name in ("eventTime", "eventTimeZoneOffset", "action", "bizStep", "disposition", "parentID")
    }
    said["type"], said["eventID"] = local_name(event), value(".//{*}eventID")
    said["epcList"], said["childEPCs"] = keys("{*}epcList/{*}epc"), keys("{*}childEPCs/{*}epc")
    said["readPoint"], said["bizLocation"] = {"id": value("{*}readPoint/{*}id")}, {"id": value("{*}bizLocation/{*}id")}
    said["destinationList"] = [
        {"type": text_of(each.get("type")), "destination": text_of(each.text)} for each in event.iter("{*}destination")
    ]
    if event.find(".//{*}errorDeclaration") is not None:
        said["errorDeclaration"] = {}
    return said


def _happened(said: dict[str, Json]) -> _Happened | None:
    moment = _moment(said)
    words = _word(said.get("bizStep")), *_dispositions(said)
    numbers = [*_numbers(said.get("epcList")), *_numbers(said.get("childEPCs"))]
    whole = parcel_number(text_of(said.get("parentID"), 200))
    if moment is None or not any(words) or not (numbers or whole):
        return None
    read, business = (text_of(object_at(said, name).get("id"), 200) for name in ("readPoint", "bizLocation"))
    place = location(read) or location(business) or read or business
    taken = said.get("action")
    id_ = (
        text_of(said.get("eventID"), 200)
        or f"{moment.occurred_at:%Y%m%dT%H%M%S} {'/'.join(words)} {taken} {place}"[:300]
    )
    event = TrackingEvent(moment, place=Place(code=place[:100]) if place else None, id=text_of(id_), by_instant=True)
    return _Happened(
        _meant(event, words[0], words[1:]),
        tuple(dict.fromkeys(numbers)),
        whole,
        taken != "DELETE",
        location(business) or location(read),
        _ends(said),
        said.get("errorDeclaration") is not None,
    )


def _wrong(said: dict[str, Json]) -> str:
    """Why an event that told nothing cannot be read; empty if it is whole, and of something else."""
    if _moment(said) is None:
        return f"eventTime is {text_of(said.get('eventTime'), 40)!r}"
    return "; ".join(f"{name} is no list" for name in _KEYS if not isinstance(said.get(name, []), list))


_KEYS = "epcList", "childEPCs"


def _moment(said: dict[str, Json]) -> Moment | None:
    printed, offset = said.get("eventTime"), text_of(said.get("eventTimeZoneOffset"), 10)
    if not _OFFSET.fullmatch(offset):
        offset = ""
    moment = iso_moment(printed)
    if moment is None or moment.until or not offset:
        return None if moment and moment.until else moment
    try:
        if moment.offset_source == "given":
            zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
            return given_moment(moment.occurred_at.astimezone(zone))
        return given_moment(datetime.fromisoformat(moment.local_time + offset))
    except (ValueError, OverflowError):
        return moment


def _word(said: Json) -> str:
    """A word of the CBV, also as its address or URN."""
    found = _WORD.fullmatch(text_of(said, 120))
    return found[1] if found else ""


def _dispositions(said: dict[str, Json]) -> list[str]:
    lasting = object_at(said, "persistentDisposition").get("set")
    return [
        _word(said.get("disposition")),
        *(_word(each) for each in (lasting if isinstance(lasting, list) else [])[:5]),
    ]


def _numbers(keys: Json) -> list[str]:
    listed = keys if isinstance(keys, list) else []
    return [number for key in listed if isinstance(key, str) and (number := parcel_number(key[:200]))]


def _ends(said: dict[str, Json]) -> frozenset[str]:
    """The locations of those to whom the goods are sent; who merely holds them next is not one."""
    found = (
        location(text_of(each.get("destination"), 200))
        for each in dicts(said.get("destinationList"))
        if re.fullmatch("(.*[:/-])?(location|owning_party)", text_of(each.get("type"), 100))
    )
    return frozenset(found) - {""}


def _meant(event: TrackingEvent, step: str, dispositions: Sequence[str]) -> TrackingEvent:
    """The event with the meaning of a disposition that has one, else of its step, else of a general disposition."""
    tried = (
        [("disposition", each) for each in dispositions] + [("", step)] + [("moving", each) for each in dispositions]
    )
    rows: list[tuple[str, str, Row]] = [
        (within, code, row) for within, code in tried if code and (row := Gs1Epcis.table.find(code, within=within))
    ]
    within, code, row = next((each for each in rows if each[2].status), rows[0] if rows else ("", step, None))
    other = step if within else next(iter(dispositions), "")
    code = code or next(each for each in dispositions if each)
    return mapped(event._replace(code=code, list=within, context=other), row)


def _parcels(happened: Sequence[_Happened]) -> Iterator[Parcel]:
    """The parcels that the events, in the order of time, tell of."""
    wrong = {each.event.id for each in happened if each.withdrawn}
    ends: defaultdict[str, set[str]] = defaultdict(set)
    for each in happened:
        for number in (*each.numbers, each.whole):
            ends[number] |= each.ends
    told: defaultdict[str, list[TrackingEvent]] = defaultdict(list)
    gone: defaultdict[str, dict[str, None]] = defaultdict(dict)
    inside: defaultdict[str, dict[str, None]] = defaultdict(dict)
    count = 0
    for each in happened:
        concerned = _with_contents((*each.numbers, each.whole), inside)
        if (count := count + len(concerned)) > MAX_TOLD:
            raise UnreadablePayload(f"more than {MAX_TOLD} events of all its parcels")
        for number in concerned:
            if each.event.id in wrong:
                gone[number][each.event.id] = None
            else:
                told[number].append(_arrived(each, ends[number]))
        if each.whole and each.event.id not in wrong:
            if each.added:
                inside[each.whole] |= dict.fromkeys(each.numbers)
            else:
                for child in each.numbers or tuple(inside[each.whole]):
                    inside[each.whole].pop(child, None)
    for number in told | gone:
        known = {event.id: event for event in told[number]}
        other = (number[2:],) if number.startswith("00") and len(number) == 20 else ()
        yield Parcel(number, numbered([*known.values()][::-1]), withdrawn=tuple(gone[number]), aliases=other)


def _with_contents(numbers: Sequence[str], inside: dict[str, dict[str, None]]) -> dict[str, None]:
    """The numbers and everything that is inside of them, each once."""
    found: dict[str, None] = {}
    left = [number for number in numbers if number][::-1]
    while left and len(found) <= MAX_TOLD:
        number = left.pop()
        if number not in found:
            found[number] = None
            left += inside.get(number, ())
    return found


def _arrived(happened: _Happened, ends: set[str]) -> TrackingEvent:
    """The event, as a delivery if it is one's receiving at the end of the way."""
    event = happened.event
    row = Gs1Epcis.table.find(event.code, within="destination") if not event.list and happened.place in ends else None
    return mapped(event._replace(context=f"at {happened.place}"), row) if row else event
