"""Aramex: the global tracking service (SOAP), polled; answers of its JSON twin, of Aramex South Africa, and pushed
updates are only read.

Codes: carriers/tables/aramex.csv. Three codes alone are public, so the description tells, in the order of the list
`text`; all of it is doubtful until the carrier gives its list.

Quirks: errors come in HTTP 200. A number can be known without a scan, or stand among those that do not exist. Times
have no zone: that of the country in the event's place holds, if it keeps one. The JSON twin (its address ends in
`.svc/json/TrackShipments`; not read in the carrier's own manual) writes them in .NET's form, whose offset is its
server's and tells no more than the wall time. The documents name plain HTTP; the password is in the body, so it is
HTTPS here. Pushes are by contract and their signature is not known: they are believed for their address. Comments may
name who signed and are not read.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

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
from carriers.event import OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_of, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.soap import envelope, fault_of, fill, written
from carriers.tables import table_file
from carriers.times import iso_moment
from carriers.zones import country_named, country_zone

API = "http://ws.aramex.net/ShippingAPI/v1/"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
NET = re.compile(r"/Date\((-?\d{1,15})([+-]\d\d)?(\d\d)?\)/", re.ASCII)
FIELDS = ("UpdateCode", "UpdateDescription", "UpdateDateTime", "UpdateLocation")


class AramexCredentials(Credentials):
    """The account of Aramex's web services; `account_entity` is its station, as in AMM."""

    user_name: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    account_number: str = Field(min_length=1)
    account_pin: SecretStr = Field(min_length=1)
    account_entity: str = Field(pattern="^[A-Za-z]{3}$")
    account_country_code: str = Field(pattern="^[A-Z]{2}$")


class Aramex(Carrier):
    """Aramex, but for its companies in South Africa, Australia and New Zealand."""

    slug, name, website = "aramex", "Aramex", "https://www.aramex.com"
    number_patterns = (r"[0-9]{10,12}",)
    number_form, example = "[0-9A-Z]{6,20}", "30000000001"
    credentials = AramexCredentials
    base_url = "https://ws.aramex.net"
    batch_size = 10  # the largest list is not known
    rate = RateLimit(1, 1.0)
    confidence = "low"
    pushes = True
    table = table_file("aramex.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error in an answer without parcels is raised."""
        known = AramexCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/ShippingAPI.V2/Tracking/Service_1_0.svc",
            content=_question(known, numbers),
            headers={"content-type": "text/xml; charset=utf-8", "soapaction": f"{API}Service_1_0/TrackShipments"},
        )
        root = xml_of(answer.content)
        if fault_of(root) is not None:
            raise CarrierUnavailable("Aramex's service fails")
        told = _answered(root)
        for code, text in [] if any(_parcels(told)) else _errors(told):
            if code == "ERR01":
                raise CredentialsRefused(f"Aramex refuses the account ({code} {text})")
            raise RequestRefused(f"Aramex refuses the question ({code} {text})")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push, none for an error."""
        if opening(body) == b"<":
            return list(_parcels(_answered(xml_of(body))))
        said = json_of(body)
        whole = said if isinstance(said, dict) else {}
        whole = object_at(whole, "ShipmentTrackingResponse") or whole
        if "TrackingResults" in whole and "HasErrors" in whole:
            return [] if whole["HasErrors"] is True else list(_twin(whole))
        pushed = [each for each in dicts(said) if "Key" in each and _updates(each.get("Value"))]
        if pushed:
            return [_parcel(text_of(each["Key"], 40), _updates(each["Value"])) for each in pushed]
        if isinstance(said, dict) and "tracking_information" in said and "status_code" in said:
            return [_south_african(said)]
        raise UnreadablePayload("neither an answer nor an update of Aramex")

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/track/shipments?ShipmentNumber={''.join(number.split())}"


def _updates(value: Json) -> list[dict[str, Json]]:
    return [each for each in dicts(value) if "UpdateCode" in each or "UpdateDescription" in each]


def _parcels(told: etree._Element) -> Iterator[Parcel]:
    """Those with results, whatever their wrapper is called, and those that do not exist."""
    for pair in told.iterfind("{*}TrackingResults/*"):
        number = text_of(pair.findtext("{*}Key"), 40)
        updates = [
            {name: text_of(each.findtext(f"{{*}}{name}")) for name in FIELDS}
            for each in pair.iterfind("{*}Value/{*}TrackingResult")
        ]
        if number or updates:
            yield _parcel(number, updates)
    for unknown in told.iterfind("{*}NonExistingWaybills/*"):
        yield Parcel(text_of(unknown.text, 40), not_found=True)


def _twin(said: dict[str, Json]) -> Iterator[Parcel]:
    """The parcels of an answer in JSON, and the numbers that do not exist."""
    for pair in dicts(said["TrackingResults"]):
        updates = [
            each | {"UpdateDateTime": _wall_time(each.get("UpdateDateTime"))} for each in _updates(pair.get("Value"))
        ]
        yield _parcel(text_of(pair.get("Key"), 40), updates)
    unknown = said.get("NonExistingWaybills")
    for number in unknown if isinstance(unknown, list) else []:
        yield Parcel(text_of(number, 40), not_found=True)


def _wall_time(given: Json) -> str:
    """A time in .NET's JSON form, `/Date(1772630400000+0300)/`, as ISO 8601; any other as it is."""
    told = NET.fullmatch(text_of(given))
    if told is None:
        return text_of(given)
    hours, minutes = int(told[2] or 0), int((told[2] or "+")[0] + (told[3] or "0"))
    try:
        instant = datetime.fromtimestamp(int(told[1]) / 1000, UTC) + timedelta(hours=hours, minutes=minutes)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{instant:%Y-%m-%dT%H:%M:%S}{'' if told[2] else 'Z'}"


def _parcel(number: str, updates: Sequence[dict[str, Json]]) -> Parcel:
    events = [event for each in updates if (event := _event(*(each.get(name) for name in FIELDS))) is not None]
    return Parcel(number, numbered(events))


def _event(code: Json, described: Json, when: Json, where: Json) -> TrackingEvent | None:
    place, zone = _place(where, None)
    moment, told = iso_moment(when, zone, OffsetSource.PLACE), _said(code, described)
    return told.at(moment, place) if moment and (told.code or told.text) else None


@remembered
def _said(given: Json, described: Json) -> Said:
    code, text = text_of(given, 40).upper(), text_of(described)
    telling = Aramex.texts.find(text)
    return meant(telling or Aramex.table.find(code), code, "", "text" if telling else "", text)


@remembered
def _place(given: Json, named: Json) -> tuple[Place | None, ZoneInfo | None]:
    """A town with its country, "Amman, Jordan", and the zone of that country; or one whose country is named apart."""
    text, country = text_of(given, 100), text_of(named, 60)
    town, _, last = text.rpartition(",")
    if not country:
        known = country_named(last)
        return Place(town.strip() if known else text, country=known) or None, country_zone(known) if known else None
    known = country_named(country) or (country.upper() if re.fullmatch("[A-Za-z]{2}", country) else "")
    return Place(text, country=known) or None, country_zone(known) if known else None


def _south_african(said: dict[str, Json]) -> Parcel:
    """The parcel of the answer, whose number it does not repeat."""
    events = []
    for each in dicts(said["tracking_information"]):
        place, zone = _place(each.get("location"), each.get("update_country") or "ZA")
        moment = iso_moment(text_of(each.get("action_date")).replace("/", "-"), zone, OffsetSource.PLACE)
        told = _said(each.get("tracking_code"), each.get("description") or each.get("customer_description"))
        if moment and (told.code or told.text):
            events.append(told.at(moment, place))
    unknown = not dicts(said["tracking_information"])
    note = text_of(said.get("status_description"), 200) if unknown else ""
    return Parcel(text_of(said.get("waybill_number"), 40), numbered(events), not_found=unknown, note=note)


def _answered(root: etree._Element) -> etree._Element:
    told = next(root.iter("{*}ShipmentTrackingResponse"), None)
    if told is None:
        raise UnreadablePayload("no answer of Aramex's tracking")
    return told


def _errors(told: etree._Element) -> list[tuple[str, str]]:
    """Code and message of each error, if the answer says that it has any."""
    if text_of(told.findtext("{*}HasErrors")).lower() not in ("true", "1"):
        return []
    listed = told.iterfind("{*}Notifications/{*}Notification")
    found = [(text_of(each.findtext("{*}Code"), 40), text_of(each.findtext("{*}Message"), 200)) for each in listed]
    return found or [("", "no reason is told")]


def _question(known: AramexCredentials, numbers: Sequence[str]) -> bytes:
    whole, body = envelope("Body", v1=API, arr=ARRAYS)
    request = etree.SubElement(body, f"{{{API}}}ShipmentTrackingRequest")
    client = {
        "UserName": known.user_name,
        "Password": known.password.get_secret_value(),
        "Version": "v1.0",
        "AccountNumber": known.account_number,
        "AccountPin": known.account_pin.get_secret_value(),
        "AccountEntity": known.account_entity,
        "AccountCountryCode": known.account_country_code,
    }
    fill(etree.SubElement(request, f"{{{API}}}ClientInfo"), client, API)
    fill(etree.SubElement(request, f"{{{API}}}Transaction"), {"Reference1": "nove"}, API)
    shipments = etree.SubElement(request, f"{{{API}}}Shipments")
    for number in numbers:
        etree.SubElement(shipments, f"{{{ARRAYS}}}string").text = "".join(number.split())
    fill(request, {"GetLastTrackingUpdateOnly": "false"}, API)
    return written(whole)
