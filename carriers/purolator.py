"""Purolator: the Tracking Service 1.2 of E-Ship Web Services (SOAP), several PINs a call; it pushes nothing.

Answers of version 2, the Shipment Tracking Service, are read too (carriers/purolator_shipments.py), and not asked for.

Codes: carriers/tables/purolator.csv. A scan has one of six types; what an Undeliverable or an Other means, its English
text refines (the lists of these names, ours; some texts stand in Purolator's own PHP sample, read 2026-11). An Other
whose text says nothing is weak and doubtful: there are many.

Quirks: times are the depot's own, without zone: that of its province. A PIN that is not known has no scans, or is an
error, whose codes are not public: one that speaks of a PIN or of nothing found. "New tracking number assigned" joins
two PINs: the other one is an alias. What follows "delivered" may be a name and is not kept, nor are the details.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import ClassVar
from zoneinfo import ZoneInfo

from httpx import AsyncClient, BasicAuth
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, luhn
from carriers.event import Eta, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.purolator_shipments import shipments
from carriers.reading import child_text, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.soap import envelope, fault_of, fill, written
from carriers.tables import table_file
from carriers.times import expected, iso_moment, local_moment, parsed_date, parsed_time
from carriers.zones import province_zone

SERVICE = "http://purolator.com/pws/service/v1"
TYPES = "http://purolator.com/pws/datatypes/v1"

ANSWERS = ("TrackPackagesByPinResponse", "TrackingByPinsOrReferencesResponse", "TrackingInformation")

PIN = r"[0-5][0-9]{11}"
UNKNOWN = re.compile(r"\bpins?\b|\bnot found\b|\bno (?:scan|record|result|tracking)", re.IGNORECASE)
"""What errors say about a number that is not known."""


class PurolatorCredentials(Credentials):
    """Key and password of E-Ship Web Services, and the activation's token where there is one."""

    key: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    user_token: SecretStr | None = None


class Purolator(Carrier):
    """Purolator, in Canada and abroad."""

    slug, name, website = "purolator", "Purolator", "https://www.purolator.com"
    home = "CA"
    number_patterns = (r"[A-Z]{3}[0-9]{9}", PIN)
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {PIN: luhn}
    number_form, example = "[0-9A-Z]{8,20}", "320595463938"
    credentials = PurolatorCredentials
    base_url = "https://webservices.purolator.com"
    batch_size = 10  # the largest list is not known
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table_file("purolator.csv")
    by_text: ClassVar[Mapping[str, Phrases]] = {
        "Undeliverable": Phrases(table, "Undeliverable"),
        "Other": Phrases(table, "Other"),
    }

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error without parcels is raised, unless it speaks of the numbers."""
        known = PurolatorCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/PWS/V1/Tracking/TrackingService.asmx",
            content=_question(known, numbers),
            headers={"content-type": "text/xml; charset=utf-8", "soapaction": f"{SERVICE}/TrackPackagesByPin"},
            auth=BasicAuth(known.key, known.password.get_secret_value()),
        )
        root = xml_of(answer.content)
        if (fault := fault_of(root)) is not None:
            raise CarrierUnavailable(f"Purolator failed: {fault}")
        errors = _errors(_answered(root))
        if not errors or _parcels(root):
            return [Answer(answer.content, tuple(numbers))]
        if any(map(UNKNOWN.search, errors)):
            return [Answer(answer.content, (number,)) for number in numbers]
        raise RequestRefused(f"Purolator refuses the question: {errors[0]}")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, none for an error other than an unknown number."""
        root = xml_of(body)
        errors, parcels = _errors(_answered(root)), _parcels(root) or shipments(root)
        if parcels or (errors and not any(map(UNKNOWN.search, errors))):
            return parcels
        return [Parcel("", not_found=True)]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/en/shipping/tracker?pin={''.join(number.split())}"


def _parcels(root: etree._Element) -> list[Parcel]:
    return [_parcel(each) for each in root.iter("{*}TrackingInformation")]


def _parcel(said: etree._Element) -> Parcel:
    number, scans = text_of(said.findtext("{*}PIN/{*}Value"), 40), list(said.iterfind("{*}Scans/{*}Scan"))
    events = [event for scan in scans if (event := _event(scan)) is not None]
    others = dict.fromkeys(other for scan in scans for other in _others(scan) if other != number)
    return Parcel(number, numbered(events), _promised(scans), not_found=not scans, aliases=tuple(others))


def _promised(scans: Sequence[etree._Element]) -> Eta | None:
    """The day that the proof of pick-up promises."""
    given = (
        text_of(each.text, 20) for scan in scans for each in scan.iterfind("{*}ScanDetails/{*}CommitedDeliveryDate")
    )
    return next((eta for each in given if (eta := expected(iso_moment(each[:10])))), None)


def _others(scan: etree._Element) -> Iterator[str]:
    """The PINs that a scan names beside the parcel's own."""
    yield from filter(None, [text_of(scan.findtext("{*}PIN/{*}Value"), 40)])
    text = f"{_value(scan, 'Description')} {_value(scan, 'Comment')}"
    if "new tracking number" in text.lower():
        yield from re.findall(rf"\b(?:{PIN}|[A-Z]{{3}}[0-9]{{9}})\b", text)


def _event(scan: etree._Element) -> TrackingEvent | None:
    day = parsed_date(_value(scan, "ScanDate"), "%Y-%m-%d", "%Y%m%d")
    if day is None:
        return None
    place, zone = _place(text_of(scan.findtext("{*}Depot/{*}Name"), 100))
    clock = parsed_time(_value(scan, "ScanTime"), "%H%M%S", "%H:%M:%S", "%H%M")
    moment = local_moment(day, clock, zone or UTC, OffsetSource.PLACE if zone else OffsetSource.UNKNOWN)
    kind = _value(scan, "ScanType")
    reason = " ".join(text_of(each) for each in _reasons(scan)) if kind == "Undeliverable" else ""
    told = _said(kind, _value(scan, "Description"), reason)
    return told.at(moment, place) if told.code or told.text else None


def _reasons(scan: etree._Element) -> Iterator[str]:
    """What the comment and the details of a scan say; it is looked into, and not kept."""
    for each in scan.iterfind("{*}Comment"):
        yield each.text or ""
    for details in scan.iterfind("{*}ScanDetails"):
        yield from (str(text) for text in details.itertext())


@remembered
def _said(kind: str, described: str, reason: str) -> Said:
    telling = Purolator.by_text[kind].find(described, reason) if kind in Purolator.by_text else None
    text = described
    if kind == "Delivery":
        text = re.sub(r"\b(delivered|received|signed)\b.*", r"\1", described, flags=re.IGNORECASE)
    return meant(telling or Purolator.table.find(kind), kind, "", "text" if telling else "", text)


@remembered
def _place(depot: str) -> tuple[Place | None, ZoneInfo | None]:
    """A depot, "OTTAWA, ON", and the zone of its province."""
    town, _, last = depot.rpartition(",")
    zone = province_zone(last.strip())
    if zone is None:
        return Place(name=depot) or None, None
    return Place(town.strip(), state=last.strip().upper(), country="CA"), zone


def _answered(root: etree._Element) -> etree._Element:
    told = next(root.iter(*(f"{{*}}{name}" for name in ANSWERS)), None)
    if told is None:
        raise UnreadablePayload("no answer of Purolator's tracking")
    return told


def _errors(told: etree._Element) -> list[str]:
    """Code and description of each error."""
    listed = told.iterfind("{*}ResponseInformation/{*}Errors/{*}Error")
    return [f"{_value(each, 'Code')} {_value(each, 'Description')}".strip() for each in listed]


def _question(known: PurolatorCredentials, numbers: Sequence[str]) -> bytes:
    whole, head, body = envelope("Header", "Body", v1=TYPES)
    token = known.user_token.get_secret_value() if known.user_token else ""
    said = {"Version": "1.2", "Language": "en", "GroupID": "nove", "RequestReference": "nove", "UserToken": token}
    context = etree.SubElement(head, f"{{{TYPES}}}RequestContext")
    fill(context, {name: value for name, value in said.items() if value}, TYPES)
    pins = etree.SubElement(etree.SubElement(body, f"{{{TYPES}}}TrackPackagesByPinRequest"), f"{{{TYPES}}}PINs")
    for number in numbers:
        fill(etree.SubElement(pins, f"{{{TYPES}}}PIN"), {"Value": "".join(number.split())}, TYPES)
    return written(whole)


def _value(element: etree._Element, name: str) -> str:
    return child_text(element, name, 300)
