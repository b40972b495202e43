"""Bring and Posten Norge: Tracking API v2, one number or reference a call, and Event Cast's pushes.

Codes: in the class, the whole list of both (developer.bring.com, Tracking API and Event Cast, read as kept in
github.com/bring/developer-site on 2026-11-22: the page's address, a push's times and errors inside answers too).

Quirks: a consignment holds several packages, and each is a parcel, its consignment's number another of it. An unknown
number is an error of 404 inside an answer. A push tells one event, in UTC, with an id that no poll has; so events are
known by their instants. It bears no signature but headers that the shop chose, and is believed for its address. Ready
for pick-up says neither locker nor shop. Signatures are not kept. The same answer comes as XML to whom asks for it:
that is read, too, after the examples that are kept there, and so are the older addresses' answers of its form.
"""

from collections.abc import Mapping, Sequence

from httpx import AsyncClient
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import Json, at, child_text, dicts, json_object, local_name, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import Says, table
from carriers.telling import Told, told_at, told_of
from carriers.times import expected, iso_moment, local_moment, parsed_date, zone
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_coded

OSLO = zone("Europe/Oslo")

UNKNOWN = b"No shipments found"
"""The whole answer to a question for XML about a number that is not known."""
EVENT = {
    "Status": "status",
    "Description": "description",
    "OccuredAtIsoDateTime": "dateIso",
    "City": "city",
    "PostalCode": "postalCode",
    "CountryCode": "countryCode",
}


class BringCredentials(Credentials):
    """A user of Mybring, an e-mail address, and its API key; `lang` is the language of texts."""

    api_uid: str
    api_key: SecretStr
    lang: str = Field(default="en", pattern="^(en|no|sv|da)$")


class Bring(Carrier):
    """Bring's and Posten Norge's parcels in the Nordic countries."""

    slug, name, website = "bring", "Bring / Posten", "https://www.bring.com"
    home = "NO"
    number_patterns = ("370[0-9]{15}", "[A-Z]{2}[0-9]{9}NO", "[0-9]{17}")
    number_form, example = "[0-9A-Z-]{4,40}", "370000000000000000"
    credentials = BringCredentials
    base_url = "https://api.bring.com"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    renames = True
    pushes = True
    table = table(
        {
            "PRE_NOTIFIED": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "COLLECTED": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "HANDED_IN": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "IN_TRANSIT": Says(Status.IN_TRANSIT),
            "INTERNATIONAL": Says(Status.IN_TRANSIT),
            "TERMINAL": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "CUSTOMS": Says(Status.IN_TRANSIT, SubStatus.CUSTOMS),
            "TRANSPORT_TO_RECIPIENT": Says(Status.OUT_FOR_DELIVERY),
            "ATTEMPTED_DELIVERY": Says(Status.FAILED_ATTEMPT),
            "READY_FOR_PICKUP": Says(Status.AVAILABLE_FOR_PICKUP),
            "DELIVERED": Says(Status.DELIVERED),
            "DELIVERED_SENDER": Says(Status.RETURNED),
            "RETURN": Says(Status.EXCEPTION, SubStatus.RETURNING),
            "DEVIATION": Says(Status.IN_TRANSIT, SubStatus.DELAYED, doubtful=True),
            "DELIVERY_ORDERED": Says(Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
            "DELIVERY_CHANGED": Says(Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
            "DELIVERY_CANCELLED": Says(Status.EXCEPTION, SubStatus.CANCELLED, doubtful=True),  # a booked delivery
            "NOTIFICATION_SENT": Says(),
            "UNKNOWN": Says(),
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call for each number; an error inside an answer is told."""
        known = BringCredentials.of(account)
        answers = []
        for number in numbers:
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/tracking/api/v2/tracking.json",
                accept=(200, 400, 404),
                params={"q": "".join(number.split()), "lang": known.lang},
                headers={"X-Mybring-API-Uid": known.api_uid, "X-Mybring-API-Key": known.api_key.get_secret_value()},
            )
            _refuse(dicts(json_object(answer.content).get("consignmentSet")))
            answers.append(Answer(answer.content, (number,)))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        """A parcel for each package, or that of a push; none for an error that is not about the number."""
        if body.strip() == UNKNOWN:
            return [Parcel("", not_found=True)]
        said = _of_xml(xml_of(body)) if opening(body) == b"<" else json_object(body)
        if {"status", "created"} <= said.keys() and {"shipment", "package"} & said.keys():
            return [_pushed(said)]
        consignments = dicts(said.get("consignmentSet"))
        if "consignmentSet" not in said or any(
            not {"error", "packageSet", "consignmentId"} & each.keys() for each in consignments
        ):
            raise UnreadablePayload("neither consignments nor an event of Bring")
        errors = [_error(each) for each in consignments]
        if all(errors) and (not errors or "404" in errors):
            return [Parcel("", not_found=True)]
        return [
            _parcel(package, consignment)
            for consignment in consignments
            if not _error(consignment)
            for package in dicts(consignment.get("packageSet")) or [{}]
        ]

    def tracking_url(self, number: str) -> str:
        return f"https://tracking.bring.com/tracking/{number}"


def _of_xml(root: etree._Element) -> dict[str, Json]:
    """An answer in XML, in the form of the one in JSON."""
    if local_name(root) != "ConsignmentSet":
        raise UnreadablePayload(f"no consignments of Bring, but {local_name(root)[:40]!r}")
    return {
        "consignmentSet": [
            {
                "consignmentId": whole.get("consignmentId"),
                "packageSet": [
                    {
                        "packageNumber": package.get("packageId"),
                        "dateOfEstimatedDelivery": child_text(package, "EstimatedDeliveryDate")
                        or child_text(package, "DateOfEstimatedDelivery"),
                        "productName": child_text(package, "ProductName"),
                        "eventSet": [
                            {name: child_text(event, tag, 500) for tag, name in EVENT.items()}
                            for event in package.iterfind("{*}EventSet/{*}Event")
                        ],
                    }
                    for package in whole.iterfind("{*}PackageSet/{*}Package")
                ],
            }
            for whole in root.iterfind("{*}Consignment")
        ]
    }


def _error(consignment: Mapping[str, Json]) -> str:
    return text_of(at(consignment, "error", "code"), 20)


def _refuse(consignments: Sequence[Mapping[str, Json]]) -> None:
    """Raise what an error inside an answer means, where nothing else is told; an unknown number is an answer."""
    codes = [_error(each) for each in consignments]
    if not codes or not all(codes) or "404" in codes:
        return
    if codes[0] in ("401", "403"):
        raise CredentialsRefused(f"Bring refuses the user ({codes[0]})")
    if codes[0] == "400":
        raise RequestRefused("Bring refuses the request (400)")
    raise CarrierUnavailable(f"Bring's tracking failed ({codes[0]})")


def _parcel(package: Mapping[str, Json], consignment: Mapping[str, Json]) -> Parcel:
    number, whole = text_of(package.get("packageNumber"), 64), text_of(consignment.get("consignmentId"), 64)
    events = numbered(_events(dicts(package.get("eventSet"))))
    return Parcel(
        number or whole,
        events,
        None if ended(events) else _eta(package.get("dateOfEstimatedDelivery") or package.get("estimatedDelivery")),
        aliases=(whole,) if whole and number and whole != number else (),
        service=text_of(package.get("productName"), 100),
    )


def _events(listed: Sequence[Mapping[str, Json]]) -> list[TrackingEvent]:
    events = []
    for said in listed:
        get = said.get
        moment = iso_moment(get("dateIso"), OSLO)
        what = _told(get("status"), get("description"), get("city"), get("postalCode"), get("countryCode"))
        if moment and what:
            events.append(told_at(moment, what))
    return events


def _pushed(said: Mapping[str, Json]) -> Parcel:
    number, whole = text_of(said.get("package"), 64), text_of(said.get("shipment"), 64)
    moment, what = iso_moment(said["created"]), _told(said["status"], None, None, None, None)
    events = (told_at(moment, what),) if moment and what else ()
    return Parcel(number or whole, events, aliases=(whole,) if whole and number and whole != number else ())


@remembered
def _told(given: Json, described: Json, city: Json, postcode: Json, country: Json) -> Told | None:
    """What an event says, and where; none if it has neither status nor text."""
    code, text = text_of(given, 60).upper(), text_of(described)
    place = Place(text_of(city, 100), text_of(postcode, 20), country=country_coded(text_of(country))) or None
    return told_of(meant(Bring.table.find(code), code, text=text), place, by_instant=True) if code or text else None


@remembered
def _eta(given: Json) -> Eta | None:
    day = parsed_date(text_of(given, 40)[:10], "%Y-%m-%d", "%d.%m.%Y")
    if day is None:
        return None
    return expected(local_moment(day, None, OSLO, OffsetSource.CARRIER))
