"""BRT (Bartolini): REST tracking by parcel id, and the older SOAP service by shipment id; BRT does not push.

Both generations answer with the same fields, in small letters and in capitals: keys are read in small letters.
Codes: BRT's own event legend, in carriers/tables/brt.csv. The same text stands behind several codes and "IN CONSEGNA"
holds the stem of "CONSEGNATA", so a text counts only as a whole, and only for an event without a code.

Quirks: the event list is padded with empty rows. Codes are text: "001" is not 1. Shipment ids recur every year, and
year 0 (the current one) fails around New Year: the year the shipment was made is sent along where it is known.
Times are Italian wall times without zone (our inference; BRT documents none).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from httpx import AsyncClient, Response
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    mapped,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import (
    Json,
    at,
    dicts,
    iso_moment,
    json_object,
    local_moment,
    parsed_date,
    parsed_time,
    text_of,
    xml_of,
    zone,
)
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.vocabulary import Status

ROME = zone("Europe/Rome")
SOAP = "https://wsr.brt.it:10052"
ROOTS = ("ttparcelidresponse", "parcelidresult", "return")
PART_DELIVERED = "P"
CHARSET = "cp1252"  # of the JSON answers that are not UTF-8

NOT_FOUND = -11
UNEXPECTED = -1
REFUSALS: Mapping[int, type[CarrierError]] = {
    UNEXPECTED: CarrierUnavailable,
    -3: CarrierUnavailable,  # database not reachable
    -4: CredentialsRefused,  # parameter missing: the number is always there, so it is one of the two headers
}
"""What a negative result means for the caller; any other one says that the question is wrong."""

ASK_BY_SHIPMENT = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:brt="http://brt_trackingbybrtshipmentid.wsbeans.iseries/"><soapenv:Body><brt:brt_trackingbybrtshipmentid><arg0>
<LINGUA_ISO639_ALPHA2>it</LINGUA_ISO639_ALPHA2><SPEDIZIONE_ANNO>{year}</SPEDIZIONE_ANNO>
<SPEDIZIONE_BRT_ID>{number}</SPEDIZIONE_BRT_ID>
</arg0></brt:brt_trackingbybrtshipmentid></soapenv:Body></soapenv:Envelope>"""


class BrtCredentials(Credentials):
    """The user and password of the REST interface."""

    user_id: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class Brt(Carrier):
    """BRT: a parcel id (usually 15 digits) is asked by REST, a shipment id (12 digits) by SOAP."""

    slug, name, website = "brt", "BRT", "https://www.brt.it"
    table = table_file("brt.csv")
    number_patterns = ("[0-9]{15}", "[0-9]{12}")
    number_form, example = "[0-9A-Z]{12,35}", "123456789012"
    credentials = BrtCredentials
    base_url = "https://api.brt.it"
    rate = RateLimit(5, 1.0)  # the 18,000 calls an hour that a public client states for SOAP; none is known for REST
    confidence = "medium"
    renames = True  # asked by parcel id, it answers with the shipment's

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none when it is an error or a list of the legend."""
        return [parcel for reply in _replies(body) if (parcel := self._parcel(reply)) is not None]

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Ask about one parcel or shipment; an error inside HTTP 200 becomes the CarrierError it stands for."""
        credentials = account.credentials
        assert isinstance(credentials, BrtCredentials)
        number = TrackingNumber.of(numbers[0])
        if re.fullmatch(r"\d{12}", number, re.ASCII):
            year = number.shipped_at.astimezone(ROME).year if number.shipped_at else 0
            answer = await call(
                http,
                "POST",
                f"{account.base_url or SOAP}/web/BRT_TrackingByBRTshipmentIDService/BRT_TrackingByBRTshipmentID",
                content=ASK_BY_SHIPMENT.format(year=year, number=escape(number)),
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
            )
        else:
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/rest/v1/tracking/parcelID/{quote(number, safe='')}",
                accept=(200, 404),
                headers={
                    "Accept": "application/json",
                    "userID": credentials.user_id.encode(),
                    "password": credentials.password.get_secret_value().encode(),
                },
            )
        _raise_refusal(answer)
        return [Answer(answer.content, (numbers[0],))]

    def tracking_url(self, number: str) -> str:
        """The public page of a shipment id; a parcel id has none."""
        known = re.fullmatch(r"\d{12}", number, re.ASCII)
        return f"https://vas.brt.it/vas/sped_det_show.hsm?nspediz={number}" if known else ""

    def _parcel(self, reply: Mapping[str, Json]) -> Parcel | None:
        result = _result(reply)
        head = at(reply, "bolla", "dati_spedizione")
        number = _shipment_id(at(head, "spedizione_id") or reply.get("spedizione_id"))
        if result == NOT_FOUND:
            return Parcel(number, not_found=True)
        listed = reply.get("lista_eventi") or at(reply, "bolla", "lista_eventi")
        if result < 0 or not (number or "bolla" in reply or "lista_eventi" in reply):
            return None
        events = numbered([event for row in _rows(listed) if (event := self._event(row, head)) is not None])
        delivery = at(reply, "bolla", "dati_consegna")
        if (delivered := self._delivered(delivery, head, events)) is not None:
            events = (delivered, *events)
        service = text_of(at(head, "tipo_servizio")) or text_of(at(head, "servizio"))
        return Parcel(number, events, eta=_eta(delivery), service=service)

    def _event(self, row: Mapping[str, Json], head: Json) -> TrackingEvent | None:
        code, text = text_of(row.get("id"), 20), text_of(row.get("descrizione"))
        moment = _moment(row.get("data"), row.get("ora"))
        if moment is None or not (code or text):
            return None
        place = _place(row.get("filiale"))
        meaning, context = self.table.find(code), ""
        if not code:
            meaning, context = self.table.find(text.casefold(), within="text"), "no code: the text decides"
        elif _arrival_branch(place, head) and (finer := self.table.find(code, within="arrival branch")):
            meaning, context = finer, "arrival branch"
        return mapped(TrackingEvent(moment, code, context=context, text=text, place=place), meaning)

    def _delivered(self, delivery: Json, head: Json, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
        """The delivery that only the head knows of: its date is filled, and no event tells of that delivery."""
        moment = _moment(at(delivery, "data_consegna_merce"), at(delivery, "ora_consegna_merce"))
        if moment is None:
            return None
        day = moment.local_time[:10]
        for event in events:
            part = event.code == PART_DELIVERED and event.moment.local_time.startswith(day)
            if part or event.status is Status.DELIVERED:
                return None
        text = text_of(at(head, "descrizione_stato_sped_parte1"))
        told = TrackingEvent(moment, "data_consegna_merce", list="head", text=text)
        return mapped(told, self.table.find(told.code, within=told.list))


def _replies(body: bytes) -> list[dict[str, Json]]:
    """BRT's part of a body, keys in small letters; UnreadablePayload if there is none."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        root = _lowered(json_object(body, CHARSET))
        # Some clients read executionMessage beside the root instead of in it, others know no root at all.
        beside = {"executionmessage": root.get("executionmessage")}
        wrapped = [beside | reply for name in ROOTS for reply in dicts(root.get(name))]
    else:
        root = {}
        trees = [_tree(element) for element in xml_of(body).iter() if _name(element) in ROOTS]
        wrapped = [tree for tree in trees if isinstance(tree, dict)]
    if known := [reply for reply in wrapped if _is_brt(reply, "esito")]:
        return known
    if _is_brt(root):
        return [root]
    raise UnreadablePayload("no tracking answer of BRT")


def _is_brt(reply: Mapping[str, Json], *more: str) -> bool:
    names = ("bolla", "lista_eventi", *more)
    return any(name in reply for name in names) or isinstance(reply.get("executionmessage"), dict)


def _lowered(value: Json) -> Json:
    if isinstance(value, dict):
        return {name.lower(): _lowered(child) for name, child in value.items()}
    return [_lowered(child) for child in value] if isinstance(value, list) else value


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _tree(element: etree._Element) -> Json:
    """An element as JSON would have it: text, or an object in which repeated children become a list."""
    made: dict[str, Json] = {}
    for child in element:
        name, value = _name(child), _tree(child)
        if name in made:
            made[name] = [*made[name], value] if isinstance(made[name], list) else [made[name], value]
        else:
            made[name] = value
    return made or (element.text or "")


def _number(value: Json) -> int | None:
    text = text_of(value, 12)
    return int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else None


def _result(reply: Mapping[str, Json]) -> int:
    """The result of an answer: negative for a failure, whichever of the two fields tells it."""
    message = reply.get("executionmessage")
    for value in (reply.get("esito"), at(message, "code")):
        if (number := _number(value)) is not None and number < 0:
            return number
    return UNEXPECTED if text_of(at(message, "severity")).upper() == "ERROR" else 0


def _raise_refusal(answer: Response) -> None:
    try:
        results = [_result(reply) for reply in _replies(answer.content)]
    except UnreadablePayload as error:
        if answer.status_code == 404:
            raise RequestRefused("BRT knows no such address or parcel (404)") from error
        return  # kept, and set aside by whoever parses it
    for result in results:
        if result < 0 and result != NOT_FOUND:
            raise REFUSALS.get(result, RequestRefused)(f"BRT answers with ESITO {result}")


def _shipment_id(value: Json) -> str:
    """Twelve digits; a number loses its leading zeros on the way through JSON, and 0 stands for none."""
    text = text_of(value, 35)
    return text.zfill(12) if text.strip("0") else ""


def _rows(listed: Json) -> Iterator[dict[str, Json]]:
    for item in dicts(listed):
        yield from dicts(item.get("evento", item))


def _moment(day: Json, clock: Json) -> Moment | None:
    text, hour = text_of(day, 40), text_of(clock, 20)
    date = parsed_date(text, "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d")
    if date is None:
        return iso_moment(text, ROME)
    return local_moment(date, parsed_time(hour, "%H.%M", "%H:%M", "%H.%M.%S", "%H:%M:%S"), ROME, OffsetSource.CARRIER)


def _place(value: Json) -> Place | None:
    """A branch, printed as "BOLOGNA (061)"."""
    branch = text_of(value, 100)
    match = re.fullmatch(r"(.*?)\s*\(\s*([0-9A-Za-z]+)\s*\)", branch)
    place = Place(city=match[1], code=match[2]) if match else Place(city=branch)
    return place or None


def _arrival_branch(place: Place | None, head: Json) -> bool:
    """Whether the event took place at the branch that delivers: the same number, or the same name where one lacks."""
    if place is None:
        return False
    code, named = text_of(at(head, "cod_filiale_arrivo")), _place(at(head, "filiale_arrivo"))
    if place.code and code:
        return place.code.zfill(3) == code.zfill(3)
    return named is not None and bool(named.city) and place.city.casefold() == named.city.casefold()


def _eta(delivery: Json) -> Eta | None:
    day = at(delivery, "data_teorica_consegna")
    if (whole := _moment(day, None)) is None:
        return None
    hours = [_moment(day, at(delivery, f"ora_teorica_consegna_{end}")) for end in ("da", "a")]
    first, last = (hour.occurred_at if hour and hour.until is None else None for hour in hours)
    if first or last:
        return Eta(first, last)
    return Eta(whole.occurred_at, whole.until, parsed_date(whole.local_time[:10], "%Y-%m-%d"))
