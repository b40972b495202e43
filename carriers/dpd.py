"""DPD: parcel life cycle of the Benelux units, polled; their SCANINFO files; and answers of the German page, only read.

Codes: carriers/tables/dpd.csv. There are three systems, each a list of its own: numbers of scans (`scan`), words of
the life cycle (`status`) and Geopost's letters (`geopost`). What scan 13 means, the service tells (`scan service`): a
return is back with its sender, a parcel for a shop was collected there.

Quirks: the life cycle lists phases to come too, so only those reached are read; the German page has it beside its
scans, so only its present phase is told, if no scan tells it. Times have no zone: they are the unit's, all of which
keep Central European Time. SCANINFO comes by SFTP, repeated and unordered, and is to be posted to the account's hook;
its names and free texts are not read. A fault is an unknown parcel unless it speaks of the login, or has no code: then
it is the service's trouble; the codes are not published, so this follows their kind. Names and forms of the SOAP
messages: public clients of the services, read on 2026-11-22.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import time
from operator import attrgetter
from typing import Any, ClassVar, Literal

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
    Token,
    TokenRefused,
    UnreadablePayload,
    meant,
)
from carriers.check_digits import CheckDigit, modulo_37_36
from carriers.dpd_soap import BRUSSELS, LOGIN, TRACKING, fault_of, seconds_until, soap
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.reading import MAX_ARRAY, MAX_BODY, Json, at, dicts, json_object, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import exact_time, iso_moment, local_moment, parsed_date, parsed_time

HOSTS = {"be": "https://wsshipper.dpd.be", "nl": "https://wsshipper.dpd.nl"}
LANGUAGE = {"messageLanguage": "en_EN"}
GRANT = ("authToken", "authTokenExpires")

COLUMNS = ("PARCELNO", "SCAN_CODE", "DEPOT_CODE", "SCAN_DATE_TIME", "ROUTE", "TOUR", "SERVICE")
"""The first columns of SCANINFO, in the order they have in a file without a head."""
PARCEL = re.compile(r"[0-9]{14}[0-9A-Z]?")
BARCODE = re.compile(r"[0-9A-Z%]{7}([0-9]{14})[0-9]{6}[0-9A-Z]?")


class DpdCredentials(Credentials):
    """The login at DPD's web services, and the unit that gave it."""

    delis_id: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    unit: Literal["be", "nl"] = "be"


class Dpd(Carrier):
    """DPD Belgium and Netherlands, one parcel a call; the files and pages of other units as far as they speak alike."""

    slug, name, website = "dpd", "DPD", "https://www.dpd.com"
    number_patterns = ("[0-9]{14}", "[0-9]{14}[0-9A-Z]")
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {"[0-9]{14}[0-9A-Z]": modulo_37_36}
    number_form, example = "[0-9A-Z%]{14,28}", "01234567890123"
    credentials = DpdCredentials
    base_url = HOSTS["be"]
    rate = RateLimit(1, 1.0)
    pushes = True
    renames = True  # a label's barcode is asked about by the number in it
    table = table_file("dpd.csv")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        keys = DpdCredentials.of(account)
        question = {"delisId": keys.delis_id, "password": keys.password.get_secret_value()}
        answer = await soap(http, _base(account), LOGIN, question | LANGUAGE)
        try:
            root = xml_of(answer.content)
        except UnreadablePayload as error:
            raise CarrierUnavailable("DPD's login answers nonsense") from error
        if (fault := fault_of(root)) is not None:
            raise (CredentialsRefused if fault.of_login else CarrierUnavailable)(f"DPD: {fault.message}")
        token, ends = (next((each.text or "" for each in root.iter(f"{{*}}{name}")), "") for name in GRANT)
        if not token:
            raise CarrierUnavailable("DPD's login gives no token")
        return Token(token, seconds_until(ends, answer.headers.get("date", "")))

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about one parcel, also by its label's barcode."""
        compact = "".join(numbers[0].split()).upper()
        barcode = BARCODE.fullmatch(compact)
        question = {"parcelLabelNumber": barcode[1] if barcode else compact[:14]}
        login = {"delisId": DpdCredentials.of(account).delis_id, "authToken": account.token, **LANGUAGE}
        answer = await soap(http, _base(account), TRACKING, question, login)
        if (fault := fault_of(xml_of(answer.content))) is not None:
            if fault.of_login:
                raise TokenRefused(f"DPD: {fault.message}")
            if not fault.code:
                raise CarrierUnavailable(f"DPD: {fault.message}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, a page or a file; none for an error."""
        start = opening(body)
        if start == b"{":
            return self._page(json_object(body))
        return self._life_cycle(xml_of(body)) if start == b"<" else self._file(body)

    def tracking_url(self, number: str) -> str:
        return f"https://www.dpdgroup.com/be/mydpd/my-parcels/track?parcelNumber={number}"

    def _life_cycle(self, root: etree._Element) -> list[Parcel]:
        if (fault := fault_of(root)) is not None:
            unknown = fault.code and not fault.of_login
            return [Parcel("", not_found=True, note=fault.message)] if unknown else []
        told = next((each for each in root.iter("{*}trackingresult")), None)
        if told is None:
            raise UnreadablePayload("no answer of DPD's parcel life cycle")
        number = next((text_of(each.text) for each in told.iter("{*}parcelLabelNumber")), "")
        phases = [
            event
            for info in told.iterfind("{*}statusInfo")
            if _value(info, "statusHasBeenReached").lower() == "true"
            and (event := self._phase(*(_value(info, *path) for path in PHASE)))
        ]
        return [Parcel(number, _ordered(phases))] if len(told) else [Parcel("", not_found=True)]

    def _phase(self, status: str, label: str, location: str, date: str) -> TrackingEvent | None:
        moment = _printed(date)
        if moment is None or not status:
            return None
        return meant(self.table.find(status, within="status"), status, "status", "", label).at(moment, _place(location))

    def _page(self, said: dict[str, Any]) -> list[Parcel]:
        answer = said.get("parcellifecycleResponse", said)
        if not isinstance(answer, dict) or "parcelLifeCycleData" not in answer:
            raise UnreadablePayload("no answer of DPD's tracking page")
        known = answer["parcelLifeCycleData"]
        if not isinstance(known, dict):
            return [Parcel("", not_found=True)]
        service = text_of(at(known, "shipmentInfo", "serviceCode"))
        scans = dicts(at(known, "scanInfo", "scan"))
        events = [event for scan in scans if (event := _page_scan(scan, service)) is not None]
        for info in dicts(known.get("statusInfo")):
            if info.get("statusHasBeenReached") is not True or (scans and info.get("isCurrentStatus") is not True):
                continue
            words = (text_of(info.get("status")), _content(info.get("label")), _content(info.get("location")))
            phase = self._phase(*words, _content(info.get("date")))
            if phase is not None and (not scans or all(event.status is not phase.status for event in events)):
                events.append(phase)
        return [Parcel(text_of(at(known, "shipmentInfo", "parcelLabelNumber")), _ordered(events))]

    def _file(self, body: bytes) -> list[Parcel]:
        parcels: dict[str, dict[tuple[str, ...], TrackingEvent]] = {}
        services: dict[str, str] = {}
        for row in _lines(body):
            number, code, depot = (row.get(name, "") for name in COLUMNS[:3])
            stamp = row.get("SCAN_DATE_TIME", "")
            day, clock = parsed_date(stamp[:8], "%Y%m%d"), exact_time(stamp[8:])
            if not PARCEL.fullmatch(number) or not code:
                continue
            events = parcels.setdefault(number, {})
            if day is None or clock is None:
                continue
            services[number] = row.get("SERVICE", "")
            moment = local_moment(day, clock, BRUSSELS, OffsetSource.CARRIER)
            place = Place(code=depot) if depot else None
            events.setdefault((code, stamp, depot), _scanned(code, services[number]).at(moment, place))
        if not parcels:
            raise UnreadablePayload("neither an answer of DPD's nor a SCANINFO file")
        return [
            Parcel(number, _ordered(events.values()), service=services.get(number, ""))
            for number, events in parcels.items()
        ]


PHASE = (("status",), ("label", "content"), ("location", "content"), ("date", "content"))
"""Where a phase says what `_phase` asks for."""


def _page_scan(scan: dict[str, Any], service: str) -> TrackingEvent | None:
    moment, data = iso_moment(scan.get("date"), BRUSSELS), object_at(scan, "scanData")
    kind, text = object_at(data, "scanType").get, _unwrapped(scan.get("scanDescription"))
    told = _located(service, text, data.get("location"), data.get("country"), *map(kind, ("code", "name")))
    return told.at(moment) if told and moment else None


@remembered
def _located(service: str, text: Json, city: Json, country: Json, *kind: Json) -> Told | None:
    """What a scan says and where; none of one without a code."""
    said = _scanned(next(filter(None, map(text_of, kind)), ""), service, text_of(text))
    return said.placed(_scan_place(city, country)) if said.code else None


@remembered
def _scanned(given: str, service: str, text: str = "") -> Said:
    code = given.removeprefix("SC").lstrip("_").zfill(2) if re.fullmatch("(SC_?)?[0-9]{1,2}", given) else given
    within, find = "scan" if code.isdecimal() else "geopost", Dpd.table.find
    if row := find(f"{code} {service}", within="scan service"):
        return meant(row, code, within, f"service {service}", text)
    return meant(find(code, within=within), code, within, "", text)


def _scan_place(city: Json, country: Json) -> Place | None:
    place, code = _place(text_of(city)) or Place(), text_of(country)
    return (place._replace(country=code) if len(code) == 2 else place) or None


def _ordered(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    return numbered(sorted(events, key=attrgetter("moment.occurred_at"))[::-1])


def _lines(body: bytes) -> Iterator[Mapping[str, str]]:
    """The rows of a file by their columns' names, with a head or without."""
    if len(body) > MAX_BODY or b"\0" in body:
        raise UnreadablePayload("no SCANINFO file that is read")
    lines = body.decode("utf-8-sig", "replace").splitlines()
    if len(lines) > MAX_ARRAY:
        raise UnreadablePayload(f"a file of {len(lines)} lines: at most {MAX_ARRAY} are read")
    names: Sequence[str] = COLUMNS
    try:
        for cells in csv.reader(lines, delimiter=";"):
            clean = [text_of(cell) for cell in cells]
            if "PARCELNO" in clean:
                names = clean
            else:
                yield dict(zip(names, clean, strict=False))
    except csv.Error as error:
        raise UnreadablePayload(f"no SCANINFO file: {error}") from error


def _printed(text: str) -> Moment | None:
    """A time in the order of the United States with twelve hours, or in one of the forms of the German page."""
    if (moment := iso_moment(text, BRUSSELS)) is not None:
        return moment
    day, _, rest = text.replace(",", " ").partition(" ")
    clock, _, half = rest.strip().upper().partition(" ")
    date, hour = parsed_date(day, "%m/%d/%Y", "%d.%m.%Y"), parsed_time(clock, "%H:%M:%S", "%H:%M")
    if date is None or (hour is None and rest.strip()):
        return None
    if hour is not None and half in ("AM", "PM"):
        hour = time(hour.hour % 12 + (12 if half == "PM" else 0), hour.minute, hour.second)
    return local_moment(date, hour, BRUSSELS, OffsetSource.CARRIER)


def _value(element: etree._Element, *path: str) -> str:
    found = element.find("/".join(f"{{*}}{name}" for name in path))
    return "" if found is None else text_of(found.text)


def _place(text: str) -> Place | None:
    """ "Mechelen (BE)" as town and country."""
    found = re.fullmatch(r"(.*?) ?\(([A-Z]{2})\)", text)
    return (Place(found[1], country=found[2]) if found else Place(text)) or None


def _content(said: Json) -> str:
    """A text, or the first of the texts in `content`, however deep it is wrapped."""
    return text_of(_unwrapped(said))


def _unwrapped(said: Json) -> Json:
    for _ in range(3):
        if type(said) is str:
            break
        if isinstance(said, list):
            said = next(iter(said), None)
        if isinstance(said, dict):
            said = said.get("content")
    return said


def _base(account: Account) -> str:
    return account.base_url or HOSTS[DpdCredentials.of(account).unit]
