"""DHL Express: the tracking of the MyDHL API, polled; answers of the older XML service (XML-PI) are read too.

XML-PI's pieces and estimates are as public clients have them (read 2026-11); its SOAP twin wraps lists in arrays.

Codes: carriers/tables/dhl_express.csv, DHL's whole list, and what a delivery means while a piece of the shipment is
still on its way (the list `part`).

Quirks: `status: Success` speaks of the lookup, not of the parcel; a time is the place's own, with its offset in a field
apart, which older editions leave out: then the zone of the service area's country holds. Numbers that are not known are
absent from an answer about several. Waybills come again after some months.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from httpx import AsyncClient, BasicAuth
from lxml import etree
from pydantic import SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.check_digits import CheckDigit, modulo_7
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.reading import Json, dicts, json_of, local_name, opening, text_of, unsigned, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import expected, iso_moment
from carriers.zones import country_named, country_zone

PLACE = OffsetSource.PLACE
OFFSET = re.compile(r"[+-][0-9]{2}:?[0-9]{2}")
ENDS = frozenset(("OK", "DD"))
"""The codes of a piece that has been delivered."""


class DhlExpressCredentials(Credentials):
    """The API user and secret of a DHL Express account."""

    api_user: str
    api_secret: SecretStr


class DhlExpress(Carrier):
    """DHL Express, world-wide."""

    slug = "dhl_express"
    name = "DHL Express"
    website = "https://www.dhl.com"
    number_patterns = (r"J[A-Z]{1,3}[0-9]{10,24}", r"[0-9]{10}")
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {r"[0-9]{10}": modulo_7}
    number_form, example = "[0-9]{10}|J[A-Z]{1,3}[0-9A-Z]{8,30}", "1234567891"
    credentials = DhlExpressCredentials
    base_url = "https://express.api.dhl.com/mydhlapi"
    batch_size = 20  # of 200: with all their pieces, an answer about more could be larger than what is read
    rate = RateLimit(1, 1.0)
    confidence = "high"
    table = table_file("dhl_express.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about the waybills, and one about the numbers of pieces if there are any."""
        known = DhlExpressCredentials.of(account)
        pieces = tuple(number for number in numbers if number[:1] in "Jj")
        waybills = tuple(number for number in numbers if number not in pieces)
        answers = []
        for name, asked in (("shipmentTrackingNumber", waybills), ("pieceTrackingNumber", pieces)):
            if asked:
                answer = await call(
                    http,
                    "GET",
                    f"{account.base_url or self.base_url}/tracking",
                    accept=(200, 404),
                    params={name: list(asked), "trackingView": "all-checkpoints", "levelOfDetail": "all"},
                    headers={"x-version": "3.1.0", "accept-language": "eng"},
                    auth=BasicAuth(known.api_user, known.api_secret.get_secret_value()),
                )
                answers.append(Answer(answer.content, asked))
        return answers

    def tracking_url(self, number: str) -> str:
        return f"https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}"

    def parse(self, body: bytes) -> list[Parcel]:
        if opening(body) == b"<":
            return _xml_parcels(xml_of(body))
        answer = json_of(body)
        said = answer if isinstance(answer, dict) else {}
        listed = said.get("shipments", answer)
        shipments = [each for each in dicts(listed) if "shipmentTrackingNumber" in each]
        if shipments:
            return [parcel for each in shipments for parcel in _parcels(each)]
        if said == {"shipments": []}:
            return [Parcel("", not_found=True)]
        if "message" in said and said.keys() & {"title", "detail"}:
            return [Parcel("", not_found=True)] if text_of(said.get("status")) == "404" else []
        raise UnreadablePayload("neither shipments nor a problem of the MyDHL API")


def _parcels(said: dict[str, Json]) -> Iterator[Parcel]:
    """The shipment, and each of its pieces that has events, unless there is only one."""
    number = text_of(said.get("shipmentTrackingNumber"), 40)
    listed = [
        (text_of(each.get("trackingNumber"), 40), dicts(each.get("events"))) for each in dicts(said.get("pieces"))
    ]
    pieces = list({piece: events for piece, events in listed if piece}.items())  # one that is repeated is one
    told = dicts(said.get("events")) or _once(event for _, events in pieces for event in events)
    gone = [any(text_of(event.get("typeCode")) in ENDS for event in events) for _, events in pieces if events]
    eta = _eta(said, _end(said.get("receiverDetails")))
    only = [piece for piece, _ in pieces if piece != number] if len(pieces) == 1 else []
    yield Parcel(number, _events(told, "part" if any(gone) and not all(gone) else ""), eta, aliases=tuple(only))
    if len(pieces) > 1:
        for piece, events in pieces:
            if events:
                yield Parcel(piece, _events(events), eta)


def _once(events: Iterator[dict[str, Json]]) -> list[dict[str, Json]]:
    """The events of all pieces, in the order of time, those that they share only once."""
    known = {tuple(text_of(each.get(name)) for name in ("date", "time", "typeCode")): each for each in events}
    return [known[key] for key in sorted(known, reverse=True)]


def _events(listed: Sequence[dict[str, Json]], within: str = "") -> tuple[TrackingEvent, ...]:
    return numbered([event for each in listed if (event := _event(each, within))])


def _event(said: dict[str, Json], within: str) -> TrackingEvent | None:
    get, area = said.get, _first(said.get("serviceArea")).get
    told, zone = _located(within, get("typeCode"), get("description"), area("code"), area("description"))
    moment = _moment(get("date"), get("time"), _offset(get("GMTOffset")), zone)
    return told.at(moment) if moment else None


def _first(areas: Json) -> dict[str, Json]:
    """The first object of a list; an empty one where there is none."""
    if type(areas) is list and areas and type(areas[0]) is dict:
        return areas[0]
    return next(iter(dicts(areas)), {})


def _moment(day: Json, clock: Json, offset: str, zone: ZoneInfo | None) -> Moment | None:
    if type(day) is type(clock) is str and (plain := iso_moment(f"{day}T{clock}{offset}", zone, PLACE)):
        return plain
    date, hour = text_of(day), text_of(clock)
    whole = iso_moment(f"{date}T{hour}{offset}", zone, PLACE) if hour else None
    return whole or iso_moment(date, zone, PLACE)


@remembered
def _offset(given: Json) -> str:
    text = text_of(given)
    return text if OFFSET.fullmatch(text) else ""


@remembered
def _located(within: str, given: Json, described: Json, *where: Json) -> tuple[Told, ZoneInfo | None]:
    """What an event says and where, and the zone of that place."""
    place, zone = _place(*where)
    return _said(within, given, described).placed(place), zone


def _said(within: str, given: Json, described: Json) -> Said:
    code, find = text_of(given, 20).upper(), DhlExpress.table.find
    part = find(code, within=within) if within else None
    text = unsigned(text_of(described))
    return meant(part or find(code), code, "", "another piece is on its way" if part else "", text)


@remembered
def _place(code: Json, described: Json) -> tuple[Place | None, ZoneInfo | None]:
    """A service area, "Barcelona-ES", and the zone of its country."""
    text = text_of(described, 100)
    city, _, last = text.rpartition("-")
    known = last.strip().upper() if re.fullmatch(r"\s*[A-Z]{2}", last) else country_named(last)
    place = Place(city.strip() if known else text, country=known, code=text_of(code, 20)) or None
    return place, country_zone(known) if known else None


def _end(receiver: Json) -> ZoneInfo | None:
    """The zone of where the shipment goes, by its service area, else by its address."""
    said = _first(receiver)
    area, address = _first(said.get("serviceArea")), _first(said.get("postalAddress"))
    return _place(area.get("code"), area.get("description"))[1] or country_zone(text_of(address.get("countryCode"), 2))


def _eta(said: dict[str, Json], zone: ZoneInfo | None) -> Eta | None:
    given = text_of(said.get("estimatedDeliveryDate")) or text_of(said.get("estimatedTimeOfDelivery"))
    return expected(iso_moment(given, zone, PLACE))


def _xml_parcels(root: etree._Element) -> list[Parcel]:
    """What XML-PI says, told in the words of its successor."""
    told = next(root.iter("{*}TrackingResponse"), root)
    kind = local_name(told)
    if kind == "ShipmentTrackingErrorResponse":
        return []
    shipments = _items(told.iterfind("{*}AWBInfo"))
    unknown = [text_of(each.findtext("{*}PieceID"), 40) for each in told.iterfind("{*}Fault/{*}PieceFault")]
    if kind != "TrackingResponse" or not (shipments or unknown):
        raise UnreadablePayload(f"no answer of DHL's XML service, but {kind[:40]!r}")
    found = [parcel for each in shipments for parcel in _xml_parcel(each)]
    return found + [Parcel(number, not_found=True) for number in unknown]


def _items(listed: Iterable[etree._Element]) -> list[etree._Element]:
    """The elements, or the items of each that is an array, as the SOAP twin of XML-PI writes them."""
    return [item for each in listed for item in each.xpath("*[starts-with(local-name(), 'ArrayOf')]") or [each]]


def _xml_parcel(shipment: etree._Element) -> Iterator[Parcel]:
    events = [_xml_event(each) for each in _items(shipment.iterfind("{*}ShipmentInfo/{*}ShipmentEvent"))]
    pieces = [
        {
            "trackingNumber": text_of(piece.findtext("{*}PieceDetails/{*}LicensePlate"), 40),
            "events": [_xml_event(each) for each in _items(piece.iterfind("{*}PieceEvent"))],
        }
        for piece in _items(shipment.iter("{*}PieceInfo"))
    ]
    number = text_of(shipment.findtext("{*}AWBNumber"), 40)
    if not events and not pieces and text_of(shipment.findtext("{*}Status/{*}ActionStatus")).lower() != "success":
        yield Parcel(number, not_found=True)
        return
    head = {
        "shipmentTrackingNumber": number,
        "estimatedDeliveryDate": text_of(shipment.findtext("{*}ShipmentInfo/{*}EstDlvyDate")).replace(" ", "T"),
        "receiverDetails": {"serviceArea": _xml_area(shipment.find("{*}ShipmentInfo/{*}DestinationServiceArea"))},
    }
    yield from _parcels(head | {"events": events, "pieces": pieces})


def _xml_event(event: etree._Element) -> dict[str, Json]:
    def value(path: str) -> str:
        return text_of(event.findtext(path))

    return {
        "date": value("{*}Date"),
        "time": value("{*}Time"),
        "typeCode": value("{*}ServiceEvent/{*}EventCode"),
        "description": value("{*}ServiceEvent/{*}Description"),
        "serviceArea": _xml_area(event.find("{*}ServiceArea")),
    }


def _xml_area(area: etree._Element | None) -> dict[str, Json]:
    if area is None:
        return {}
    return {
        "code": text_of(area.findtext("{*}ServiceAreaCode")),
        "description": text_of(area.findtext("{*}Description")),
    }
