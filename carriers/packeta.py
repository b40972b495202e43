"""Packeta, in Czechia Zásilkovna: `packetTracking`, one packet a call; no push is confirmed.

Codes: carriers/tables/packeta.csv. Beside the code counts what came before: a delivery after the parcel lay ready at a
point is its being collected (`7 after 5`).

Quirks: times have no zone, Prague's holds. The answer names no number, but the partner carrier's once that has the
parcel. An unknown number and a wrong password are faults, of REST in HTTP 200, of SOAP as it has them; a SOAP client's
JSON has one record as an object and several as a list. The consumer's page has other codes and is not read. REST's
question is the operation as an element (docs.packeta.com, API methods, as kept in public notes read on 2026-11-22).
"""

from collections.abc import Mapping, Sequence

from httpx import AsyncClient
from lxml import etree
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, dicts, json_of, local_name, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment, zone
from carriers.vocabulary import Status

PRAGUE = zone("Europe/Prague")
UNKNOWN = "PacketIdFault"
REFUSED = frozenset({"IncorrectApiPasswordFault", "IncorrectApiPassword"})


class PacketaCredentials(Credentials):
    """The sender's API password, 32 hexadecimal digits."""

    api_password: SecretStr


class Packeta(Carrier):
    """Packeta (Zásilkovna): points, lockers and doors in Central Europe, with partner carriers beyond."""

    slug, name, website = "packeta", "Packeta", "https://www.packeta.com"
    home = "CZ"
    number_patterns = ("Z[0-9]{10}", "[0-9]{10}")
    number_form, example = "Z?[0-9]{8,12}", "Z1234567890"
    credentials = PacketaCredentials
    base_url = "https://www.zasilkovna.cz"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    unsaid = (
        ("many_parcels", "it is asked about one packet a call"),
        ("out_for_delivery", "it has no code for the round"),
    )
    table = table_file("packeta.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call for each number, which goes without its Z; the password stands in the body."""
        known = PacketaCredentials.of(account)
        secret = known.api_password.get_secret_value()
        answers = []
        for number in numbers:
            question = etree.Element("packetTracking")
            etree.SubElement(question, "apiPassword").text = secret
            etree.SubElement(question, "packetId").text = "".join(number.split()).upper().removeprefix("Z")
            answer = await call(
                http,
                "POST",
                f"{account.base_url or self.base_url}/api/rest",
                content=etree.tostring(question, encoding="utf-8"),
                headers={"Content-Type": "text/xml; charset=utf-8"},
            )
            fault = _fault(xml_of(answer.content))
            if fault in REFUSED:
                raise CredentialsRefused(f"Packeta refuses the password ({fault})")
            if fault and fault != UNKNOWN:
                raise RequestRefused(f"Packeta refuses the request ({fault})")
            answers.append(Answer(answer.content, (number,)))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none for a fault."""
        if opening(body) in (b"{", b"["):
            return [_parcel(_listed(json_of(body)))]
        root = xml_of(body)
        if fault := _fault(root):
            return [Parcel("", not_found=True)] if fault == UNKNOWN else []
        names = ("result", "packetTrackingResult", "packetStatusResult")
        results = [each for name in names for each in root.iterfind(f".//{{*}}{name}")]
        if not results or not {"response", "Envelope"} & {local_name(root)}:
            raise UnreadablePayload("no answer of Packeta")
        records = [each for result in results for each in result.iterfind("{*}record")]
        told = [{local_name(each): each.text for each in record} for record in records or results]
        if any(each and "statusCode" not in each for each in told):
            raise UnreadablePayload("an answer of Packeta, but not about tracking")
        return [_parcel([each for each in told if each])]


def _fault(root: etree._Element) -> str:
    """The name of a fault, of REST or of SOAP; empty for an answer."""
    if local_name(root) == "response" and text_of(root.findtext("{*}status")) == "fault":
        return text_of(root.findtext("{*}fault"), 80) or "fault"
    details = root.find("{*}Body/{*}Fault/detail")
    kinds = [] if details is None else [local_name(each) for each in details]
    return next((kind for kind in kinds if kind == UNKNOWN or kind in REFUSED), "")


def _listed(said: Json) -> list[dict[str, Json]]:
    """The records of a SOAP client's JSON."""
    wrapped = said["record"] if isinstance(said, dict) and "record" in said else said
    records = [each for each in dicts(wrapped) if {"dateTime", "statusCode", "codeText"} <= each.keys()]
    if not records:
        raise UnreadablePayload("no records of Packeta")
    return records


def _parcel(records: Sequence[Mapping[str, Json]]) -> Parcel:
    events = [event for each in records if (event := _event(each))]
    ready = [event.moment.occurred_at for event in events if event.status is Status.AVAILABLE_FOR_PICKUP]
    first = min(ready, default=None)
    if first is not None and (row := Packeta.table.find("7", within="7 after 5")):
        events = [
            mapped(event._replace(context="after 5"), row)
            if event.code == "7" and event.moment.occurred_at >= first
            else event
            for event in events
        ]
    partners = dict.fromkeys(text_of(each.get("externalTrackingCode"), 64) for each in records)
    return Parcel("", numbered(events[::-1])[::-1], aliases=tuple(each for each in partners if each))


def _event(said: Mapping[str, Json]) -> TrackingEvent | None:
    get = said.get
    moment, told = iso_moment(get("dateTime"), PRAGUE), _said(get("statusCode"), get("statusText"), get("codeText"))
    branch = text_of(get("branchId"), 20).strip("0") and text_of(get("branchId"), 20)
    return told.at(moment, Place(code=branch) if branch else None) if moment and (told.code or told.text) else None


@remembered
def _said(given: Json, text: Json, word: Json) -> Said:
    code = text_of(given, 20)
    return meant(Packeta.table.find(code), code, text=text_of(text) or text_of(word))
