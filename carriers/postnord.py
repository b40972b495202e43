"""PostNord: Track and Trace v5 and v7, one identifier a call; no push is confirmed.

Codes: in the class, the words of `status` (v7: `eventStatus`), and the one pair with a number that is known, EN_ROUTE
with event code 113 (the list `with code`). An event's code is both, `EN_ROUTE 113`.

Quirks: a shipment's own status is not that of its items, so each item is a parcel, and the shipment's number another of
it. An unknown number is HTTP 200 without shipments; a fault about the identifier is taken for the same. Times have no
zone: that of the event's country holds, Sweden's where none is named. Names of consignees are not kept. The key stands
in the address. The website's own interface needs a key that is PostNord's: its answers are read, it is not asked. So
are answers in XML (`findByIdentifier.xml`), where each thing of a list has an element of its own.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, RequestRefused, UnreadablePayload, meant
from carriers.calling import call
from carriers.event import OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_object, local_name, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import Says, table
from carriers.telling import Told, told_at, told_of
from carriers.times import expected, iso_moment, zone
from carriers.vocabulary import Status, SubStatus
from carriers.xml_tree import tree_of, unwrapped
from carriers.zones import country_coded, country_zone

STOCKHOLM = zone("Europe/Stockholm")


class PostNordCredentials(Credentials):
    """The key of a subscription on PostNord's portal; `locale` is the language of texts."""

    api_key: SecretStr
    locale: str = Field(default="en", pattern="^(en|sv|no|da|fi)$")


class PostNord(Carrier):
    """PostNord in Sweden, Denmark, Norway and Finland."""

    slug, name, website = "postnord", "PostNord", "https://www.postnord.com"
    home = "SE"
    number_patterns = ("00370[0-9]{15}", "[A-Z]{2}[0-9]{9}(?:SE|DK|NO|FI)", "[0-9]{11,13}")
    number_form, example = "[0-9A-Z]{8,35}", "00370000000000000017"
    credentials = PostNordCredentials
    base_url = "https://api2.postnord.com"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    renames = True
    table = table(
        {
            "CREATED": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "INFORMED": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, doubtful=True),
            "EN_ROUTE": Says(Status.IN_TRANSIT),
            ("with code", "EN_ROUTE 113"): Says(Status.OUT_FOR_DELIVERY),  # delivery in progress
            "EXPECTED_DELAY": Says(Status.IN_TRANSIT, SubStatus.DELAYED),
            "DELAYED": Says(Status.IN_TRANSIT, SubStatus.DELAYED),
            "DELIVERY": Says(Status.OUT_FOR_DELIVERY),
            "AVAILABLE_FOR_DELIVERY": Says(Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),  # at a service point
            "AVAILABLE_FOR_DELIVERY_PAR_LOC": Says(Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
            "DELIVERED": Says(Status.DELIVERED),
            "DELIVERY_IMPOSSIBLE": Says(Status.FAILED_ATTEMPT, doubtful=True),
            "DELIVERY_REFUSED": Says(Status.EXCEPTION, SubStatus.REFUSED),
            "STOPPED": Says(Status.EXCEPTION, SubStatus.HELD),
            "RETURNED": Says(Status.EXCEPTION, SubStatus.RETURNING, doubtful=True),  # may still be under way
            "SPLIT": Says(),  # administrative
            "OTHER": Says(),  # administrative
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call of v5 for each number."""
        known = PostNordCredentials.of(account)
        answers = []
        for number in numbers:
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/rest/shipment/v5/trackandtrace/findByIdentifier.json",
                accept=(200, 400, 404),
                params={
                    "apikey": known.api_key.get_secret_value(),
                    "id": "".join(number.split()),
                    "locale": known.locale,
                },
            )
            said = _response(json_object(answer.content))
            if (faults := _faults(said)) and not dicts(said.get("shipments")) and not _unknown(faults):
                raise RequestRefused(f"PostNord refuses the request ({', '.join(faults)})")
            answers.append(Answer(answer.content, (number,)))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        """A parcel for each item; none for a fault that is not about the number."""
        said = _response(_of_xml(xml_of(body)) if opening(body) == b"<" else json_object(body))
        shipments = dicts(said.get("shipments"))
        if not shipments:
            faults = _faults(said)
            return [Parcel("", not_found=True)] if _unknown(faults) or not faults else []
        return [_parcel(item, shipment) for shipment in shipments for item in dicts(shipment.get("items")) or [{}]]


def _of_xml(root: etree._Element) -> dict[str, Json]:
    """The answer of `findByIdentifier.xml` as that of `.json`."""
    if local_name(root) != "TrackingInformationResponse":
        raise UnreadablePayload("no answer of PostNord's Track and Trace")
    said = unwrapped(tree_of(root))
    return {"TrackingInformationResponse": said if isinstance(said, dict) else {"shipments": []}}


def _response(said: dict[str, Json]) -> dict[str, Json]:
    inner = object_at(said, "TrackingInformationResponse") or said
    if not {"shipments", "compositeFault"} & inner.keys():
        raise UnreadablePayload("no answer of PostNord's Track and Trace")
    told = [inner["shipments"]] if "shipments" in inner else []
    if any(not isinstance(each, list | dict) and each is not None for each in told):
        raise UnreadablePayload("an answer of PostNord without a list of shipments")
    if any("shipmentId" not in each and "items" not in each for each in dicts(told[0] if told else None)):
        raise UnreadablePayload("shipments, but not of PostNord")
    if not dicts(inner.get("shipments")) and inner is said and not _faults(inner):
        raise UnreadablePayload("no shipments, and no word that they would be PostNord's")
    return inner


def _faults(said: Mapping[str, Json]) -> list[str]:
    faults = dicts(at(said, "compositeFault", "faults"))
    return [code for each in faults if (code := text_of(each.get("faultCode"), 80) or text_of(each.get("code"), 80))]


def _unknown(faults: Sequence[str]) -> bool:
    return any("identifier" in code.casefold() for code in faults)


def _parcel(item: dict[str, Json], shipment: dict[str, Json]) -> Parcel:
    number, whole = text_of(item.get("itemId"), 64), text_of(shipment.get("shipmentId"), 64)
    events = _events(dicts(item.get("events")))
    instants = [event.moment.occurred_at for event in events]
    newest = events[instants.index(max(instants))] if events else None
    head = _said(item.get("status"), None, None)
    if (
        newest
        and head.status
        and not any(head.status is event.status or head.code == event.code.partition(" ")[0] for event in events)
    ):
        events.append(head.at(newest.moment))
    told = numbered(events[::-1] if newest is events[0] and len(events) > 1 else events) if newest else ()
    promised = item.get("estimatedTimeOfArrival") or shipment.get("estimatedTimeOfArrival")
    return Parcel(
        number or whole,
        told,
        None if ended(events) else expected(iso_moment(promised, STOCKHOLM)),
        aliases=(whole,) if whole and number and whole != number else (),
        service=text_of(at(shipment, "service", "name"), 100),
        pickup_point=text_of(at(shipment, "deliveryPoint", "name"), 100) or text_of(shipment.get("deliveryPoint"), 100),
    )


def _events(listed: Sequence[dict[str, Json]]) -> list[TrackingEvent]:
    events = []
    for said in listed:
        get, where = said.get, object_at(said, "location").get
        words = get("status") or get("eventStatus"), get("eventCode"), get("eventDescription")
        what, known = _told(*words, where("displayName"), where("city"), where("postcode"), where("countryCode"))
        moment = iso_moment(get("eventTime"), known or STOCKHOLM, OffsetSource.PLACE if known else OffsetSource.CARRIER)
        if moment and what:
            events.append(told_at(moment, what))
    return events


@remembered
def _told(*given: Json) -> tuple[Told | None, ZoneInfo | None]:
    """What an event says by its first three, none if it has no words; and where by its last four, with the zone."""
    said, (place, known) = _said(*given[:3]), _place(*given[3:])
    return told_of(said, place) if said.code or said.text else None, known


@remembered
def _said(given: Json, number: Json, text: Json) -> Said:
    status, numeric = text_of(given, 60).upper(), text_of(number, 20)
    code, find = f"{status} {numeric}".strip(), PostNord.table.find
    exact = find(code, within="with code")
    return meant(exact or find(status), code, context=numeric if exact else "", text=text_of(text))


def _place(name: Json, city: Json, postcode: Json, code: Json) -> tuple[Place | None, ZoneInfo | None]:
    country, shown, town = country_coded(text_of(code)), text_of(name, 100), text_of(city, 100)
    place = Place(town, text_of(postcode, 20), country=country, name="" if shown == town else shown)
    return place or None, country_zone(country)
