"""BRT (Bartolini): REST tracking by parcel id, and the older SOAP service by shipment id; BRT does not push.

Both generations answer with the same fields, in small letters and in capitals: keys are read in small letters.
Codes: BRT's own event legend, in carriers/tables/brt.csv. The same text stands behind several codes and "IN CONSEGNA"
holds the stem of "CONSEGNATA", so a text counts only as a whole, and only for an event without a code.

Quirks: the event list is padded with empty rows. Codes are text: "001" is not 1. Shipment ids recur every year, and
year 0 (the current one) fails around New Year: the year the shipment was made is sent along where it is known, and a
sender's reference that leads to a shipment of another year leads nowhere.
Times are Italian wall times without zone (our inference; BRT documents none).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from urllib.parse import quote
from xml.sax.saxutils import escape

from httpx import AsyncClient, Response
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    AmbiguousReference,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.brt_answers import (
    AMBIGUOUS,
    EVENTS,
    NOT_FOUND,
    OUTAGES,
    REFUSALS,
    number_of,
    replies,
    result_of,
    rows,
    shipment_id,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.reading import Json, at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status

ROME = zone("Europe/Rome")
SOAP = "https://wsr.brt.it:10052"
PART_DELIVERED = "P"

ASK_BY_SHIPMENT = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:brt="http://brt_trackingbybrtshipmentid.wsbeans.iseries/"><soapenv:Body><brt:brt_trackingbybrtshipmentid><arg0>
<LINGUA_ISO639_ALPHA2>it</LINGUA_ISO639_ALPHA2><SPEDIZIONE_ANNO>{year}</SPEDIZIONE_ANNO>
<SPEDIZIONE_BRT_ID>{number}</SPEDIZIONE_BRT_ID>
</arg0></brt:brt_trackingbybrtshipmentid></soapenv:Body></soapenv:Envelope>"""

ASK_BY_REFERENCE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:brt="http://{name}.wsbeans.iseries/"><soapenv:Body><brt:{name}><arg0>
<CLIENTE_ID>{customer}</CLIENTE_ID>
<RIFERIMENTO_MITTENTE_{kind}>{reference}</RIFERIMENTO_MITTENTE_{kind}>
</arg0></brt:{name}></soapenv:Body></soapenv:Envelope>"""

CARRIER = OffsetSource.CARRIER
LONGEST_REFERENCE = 15


class BrtCredentials(Credentials):
    """The user and password of the REST interface; the customer whose references are looked up."""

    user_id: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    customer_id: str = Field(default="", pattern="^([0-9]{1,7})?$")


class Brt(Carrier):
    """BRT: a parcel id (usually 15 digits) is asked by REST, a shipment id (12 digits) by SOAP."""

    slug, name, website, home = "brt", "BRT", "https://www.brt.it", "IT"
    table = table_file("brt.csv")
    number_patterns = ("[0-9]{15}", "[0-9]{12}")
    number_form, example = "[0-9A-Z]{12,35}", "123456789012"
    credentials = BrtCredentials
    base_url = "https://api.brt.it"
    resolve_calls = 2  # digits may be a numeric or an alphabetic reference
    rate = RateLimit(5, 1.0)  # the 18,000 calls an hour that a public client states for SOAP; none is known for REST
    confidence = "medium"
    renames = True  # asked by parcel id, it answers with the shipment's

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none when it is an error or a list of the legend."""
        return [parcel for reply in replies(body) if (parcel := self._parcel(reply)) is not None]

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Ask about one parcel or shipment; an error inside HTTP 200 becomes the CarrierError it stands for."""
        credentials = BrtCredentials.of(account)
        number = TrackingNumber.of(numbers[0])
        if re.fullmatch(r"\d{12}", number, re.ASCII):
            question = ASK_BY_SHIPMENT.format(year=_year(number), number=escape(number))
            answer = await _soap(http, account, "BRT_TrackingByBRTshipmentID", question)
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

    async def resolve(self, http: AsyncClient, account: Account, reference: str) -> str:
        """The shipment id of a numeric or alphabetic sender's reference; an account with `customer_id` is needed."""
        credentials, asked = BrtCredentials.of(account), TrackingNumber.of(reference)
        if reason := self.unresolvable(account, reference):
            raise RequestRefused(reason)
        questions = [("GetIdSpedizioneByRMA", "ALFABETICO", escape(asked))]
        if re.fullmatch(r"\d+", asked, re.ASCII) and int(asked):
            questions.append(("GetIdSpedizioneByRMN", "NUMERICO", str(int(asked))))
        found = set()
        for service, kind, value in questions:
            question = ASK_BY_REFERENCE.format(
                name=service.lower(), customer=credentials.customer_id, kind=kind, reference=value
            )
            answer = await _soap(http, account, service, question)
            found |= {_found(reply, asked) for reply in replies(answer.content)} - {""}
        if len(found) > 1:
            raise AmbiguousReference(f"BRT knows several shipments by it: {', '.join(sorted(found))}")
        return next(iter(found), "")

    def unresolvable(self, account: Account, reference: str) -> str:
        """The account names no `customer_id`, or the reference is longer than BRT's."""
        known = BrtCredentials.of(account)
        if not known.customer_id:
            return "BRT finds references of a customer only, and the account names no `customer_id`"
        fits = len(reference) <= LONGEST_REFERENCE
        return "" if fits else f"a reference at BRT has at most {LONGEST_REFERENCE} characters"

    def tracking_url(self, number: str) -> str:
        """The public page of a shipment id; a parcel id has none."""
        known = re.fullmatch(r"\d{12}", number, re.ASCII)
        return f"https://vas.brt.it/vas/sped_det_show.hsm?nspediz={number}" if known else ""

    def _parcel(self, reply: Mapping[str, Json]) -> Parcel | None:
        result = result_of(reply)
        head = at(reply, "bolla", "dati_spedizione")
        number = shipment_id(at(head, "spedizione_id") or reply.get("spedizione_id"))
        if result == NOT_FOUND:
            return Parcel(number, not_found=True)
        listed = reply.get(EVENTS) or at(reply, "bolla", EVENTS)
        if result < 0 or not (number or "bolla" in reply or EVENTS in reply):
            return None
        ends_at = (at(head, "cod_filiale_arrivo"), at(head, "filiale_arrivo"))
        events = numbered([event for row in rows(listed) if (event := _event(row, ends_at)) is not None])
        delivery = at(reply, "bolla", "dati_consegna")
        if (delivered := self._delivered(delivery, head, events)) is not None:
            events = (delivered, *events)
        service = text_of(at(head, "tipo_servizio")) or text_of(at(head, "servizio"))
        return Parcel(number, events, eta=_eta(delivery), service=service)

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


async def _soap(http: AsyncClient, account: Account, service: str, question: str) -> Response:
    return await call(
        http,
        "POST",
        f"{account.base_url or SOAP}/web/{service}Service/{service}",
        content=question.encode(),
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
    )


def _year(number: TrackingNumber) -> int:
    """The Italian year in which the shipment was made; 0, BRT's word for the current one, where it is not known."""
    return number.shipped_at.astimezone(ROME).year if number.shipped_at else 0


def _found(reply: Mapping[str, Json], reference: TrackingNumber) -> str:
    """The shipment id of an answer about a reference, empty if there is none; raises what its result stands for."""
    result, number = result_of(reply), shipment_id(reply.get("spedizione_id"))
    if result == AMBIGUOUS:
        raise AmbiguousReference(f"BRT knows several shipments by it (ESITO {AMBIGUOUS})")
    if result == NOT_FOUND:
        return ""
    if result < 0:
        # Unlike those of REST, no result here speaks of the account's password.
        raise (CarrierUnavailable if result in OUTAGES else RequestRefused)(f"BRT answers with ESITO {result}")
    made, year = number_of(reply.get("spedizione_anno")), _year(reference)
    if number and made and year and made != year:
        raise RequestRefused(
            f"BRT's shipment of this reference, {number}, is of {made}, this one of {year}: `shipped_at` tells the year"
        )
    return number


def _raise_refusal(answer: Response) -> None:
    try:
        results = [result_of(reply) for reply in replies(answer.content)]
    except UnreadablePayload as error:
        if answer.status_code == 404:
            raise RequestRefused("BRT knows no such address or parcel (404)") from error
        return  # kept, and set aside by whoever parses it
    for result in results:
        if result < 0 and result != NOT_FOUND:
            raise REFUSALS.get(result, RequestRefused)(f"BRT answers with ESITO {result}")


def _event(row: dict[str, Json], ends_at: tuple[Json, Json]) -> TrackingEvent | None:
    told = _located(row.get("id"), row.get("descrizione"), row.get("filiale"), *ends_at)
    return told.at(moment) if told and (moment := _moment(row.get("data"), row.get("ora"))) else None


@remembered
def _located(code: Json, text: Json, branch: Json, *end: Json) -> Told | None:
    """What a row says and where; none of a row without a word."""
    said = _said(code, text, branch, *end)
    return said.placed(_place(branch)) if said else None


def _said(given_code: Json, given_text: Json, branch: Json, end_code: Json, end: Json) -> Said | None:
    code, text, find = text_of(given_code, 20), text_of(given_text), Brt.table.find
    if not code:
        row = find(text.casefold(), within="text")
        return meant(row, context="no code: the text decides", text=text) if text else None
    if (finer := find(code, within="arrival branch")) and _same_branch(_place(branch), text_of(end_code), _place(end)):
        return meant(finer, code, context="arrival branch", text=text)
    return meant(find(code), code, text=text)


def _same_branch(place: Place | None, code: str, named: Place | None) -> bool:
    """Whether the place is the branch of this number, or of this name where a number lacks."""
    if place is None:
        return False
    if place.code and code:
        return place.code.zfill(3) == code.zfill(3)
    return named is not None and bool(named.city) and place.city.casefold() == named.city.casefold()


def _moment(day: Json, clock: Json) -> Moment | None:
    if (read := _day(day)) is None:
        return iso_moment(text_of(day, 40), ROME)
    return local_moment(read, _clock(clock), ROME, CARRIER)


@remembered
def _day(value: Json) -> date | None:
    return parsed_date(text_of(value, 40), "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d")


@remembered
def _clock(value: Json) -> time | None:
    return parsed_time(text_of(value, 20), "%H.%M", "%H:%M", "%H.%M.%S", "%H:%M:%S")


@remembered
def _place(value: Json) -> Place | None:
    """A branch, printed as "BOLOGNA (061)"."""
    branch = text_of(value, 100)
    match = re.fullmatch(r"(.*?)\s*\(\s*([0-9A-Za-z]+)\s*\)", branch)
    place = Place(city=match[1], code=match[2]) if match else Place(city=branch)
    return place or None


def _eta(delivery: Json) -> Eta | None:
    day = at(delivery, "data_teorica_consegna")
    if not day or (whole := _moment(day, None)) is None:
        return None
    hours = [_moment(day, at(delivery, f"ora_teorica_consegna_{end}")) for end in ("da", "a")]
    first, last = (hour.occurred_at if hour and hour.until is None else None for hour in hours)
    if first or last:
        return Eta(first, last)
    return Eta(whole.occurred_at, whole.until, parsed_date(whole.local_time[:10], "%Y-%m-%d"))
