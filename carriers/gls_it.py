"""GLS Italy: the Track & Trace XML script of manual MU40 (rev. 8.1), and answers of the GLS group API; it never pushes.

Codes: carriers/tables/gls_it.csv. Shipment and return leg, pickup, head, note and group API each have a list of their
own: inside a pickup 901 means something else, and on the return leg a delivery is the parcel's coming home.

Quirks: TRACKING is flat, an event starts at each `Data`. `Ora` is often blank: such an event has a day only. Years have
two digits in events, four in the head. "Non consegnato" in the head is what every parcel under way has, and the
date beside it that of an attempt, so only "Consegnato" counts. `Note` and `Firma` hold names: neither is kept.
Times are Italian wall times without zone (our inference; the manual names none).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from httpx import AsyncClient
from lxml import etree
from pydantic import Field, SecretStr

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
)
from carriers.calling import call
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import (
    Json,
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

ROME = zone("Europe/Rome")
PRINTED = re.compile(r"([A-Z][A-Z0-9])([0-9]{9})")
"""A number as printed: two characters of the sede, then nine digits that are unique only within it."""

RETURN_NOTE = re.compile(r"(resa con spedizione)\b\W*([A-Z][A-Z0-9]\d{9})?", re.ASCII | re.IGNORECASE)


OF_THE_ACCOUNT = re.compile(
    r"(?!.*(nessun|spedizione non|spedizione inesist|collo non)).*(contratt|client|autorizz|abilitat)", re.IGNORECASE
)
"""Error texts that speak of the account, not of the number, by their stems; the complete list is not public."""


class GlsItalyCredentials(Credentials):
    """The contract's code (`CodCli`) and the sede it belongs to, which lets numbers be asked without or beyond it."""

    contract: SecretStr = Field(min_length=1)
    sede: str = Field(default="", pattern="^([A-Za-z0-9]{2})?$")


@dataclass(slots=True)
class _Told:
    """What has been read of one parcel."""

    numbers: list[str] = field(default_factory=list)
    returned_as: list[str] = field(default_factory=list)
    events: list[TrackingEvent] = field(default_factory=list)
    heads: list[TrackingEvent] = field(default_factory=list)


class GlsItaly(Carrier):
    """GLS Italy: one shipment a call, by its printed number or by the id of a parcel."""

    slug, name, website = "gls_it", "GLS Italy", "https://www.gls-italy.com"
    table = table_file("gls_it.csv")
    number_patterns = (r"[A-Z][A-Z0-9][0-9]{9}",)
    number_form, example = "[0-9A-Z]{8,35}", "M1620873098"
    credentials = GlsItalyCredentials
    base_url = "https://infoweb.gls-italy.com"
    rate = RateLimit(1, 1.0)
    confidence = "high"

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer; an error text in place of a shipment: the number is unknown, or (none) we are."""
        if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            return self._group_parcels(json_object(body))
        root = xml_of(body)
        if _name(root) not in ("elenco", "spedizione", "ritiro", "errore"):
            raise UnreadablePayload(f"no answer of GLS Italy, but {_name(root)[:40]!r}")
        found = [root] if _name(root) in ("spedizione", "ritiro") else [*_named(root, "spedizione", "ritiro")]
        if found:
            return [self._parcel(element) for element in found]
        error = _error(root)
        if len(root) and error is None:
            raise UnreadablePayload("a list of GLS Italy that holds no shipment")
        return [] if OF_THE_ACCOUNT.match(error or "") else [Parcel("", not_found=True, note=error or "")]

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Ask about one shipment; RequestRefused for nine digits alone when the account names no sede."""
        credentials = account.credentials
        assert isinstance(credentials, GlsItalyCredentials)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/XML/get_xml_track.php",
            params=_question(numbers[0], credentials) | {"CodCli": credentials.contract.get_secret_value()},
        )
        if text := _refusal(answer.content):
            raise CredentialsRefused(f"GLS Italy: {text}")
        return [Answer(answer.content, (numbers[0],))]

    def tracking_url(self, number: str) -> str:
        """The public page of a printed number."""
        if (printed := PRINTED.fullmatch(_compact(number))) is None:
            return ""
        page = f"{self.website}/index.php?option=com_gls&view=track_e_trace&mode=search&diretto=yes"
        return f"{page}&locpartenza={printed[1]}&numsped={printed[2]}"

    def _parcel(self, element: etree._Element) -> Parcel:
        told = _Told()
        if _name(element) == "ritiro":
            told.events += numbered([*self._events(_rows(element, "trackingritiro"), "pickup")])
            for shipment in _named(element, "spedizione"):
                self._leg(shipment, told)
            told.numbers.append(_value(element, "numrit"))
        else:
            self._leg(element, told)
        for head in told.heads:
            same = [event for event in told.events if event.status is head.status]
            if not any(head.sub_status in (None, event.sub_status) for event in same):
                told.events.insert(0, head)
        number, *aliases = _distinct(told.numbers) or [""]
        # The return has a number of its own, and may be posted as a shipment of its own: no alias of this one.
        note = " ".join(["Resa con spedizione", *returned_as]) if (returned_as := _distinct(told.returned_as)) else ""
        return Parcel(number, tuple(told.events), aliases=tuple(aliases), note=note)

    def _leg(self, leg: etree._Element, told: _Told, within: str = "", context: str = "") -> None:
        """Read a shipment, forwarded shipment or return; legs of a return belong to the return."""
        sede, number = _value(leg, "sedepartenza").upper(), _value(leg, "numsped")
        printed = [sede + number] if PRINTED.fullmatch(sede + number) else []
        if within:
            told.returned_as += printed or [number]
        else:
            told.numbers += [*printed, number]
        rows = list(_rows(leg, "tracking"))
        told.events += numbered([*self._events(rows, within, context)])
        notes = (RETURN_NOTE.match(text) for text in [_value(leg, "note"), *(row.get("note", "") for row in rows)])
        told.returned_as += [note[2].upper() for note in notes if note and note[2]]
        for abroad in _named(leg, "collointernazionale"):
            told.numbers.append(_value(abroad, "numsped"))
            told.events += numbered([*self._events(_rows(abroad, "trackingint"), "international", context)])
        for forwarded in _named(leg, "spedizionedinoltro"):
            self._leg(forwarded, told, within, context or "forwarded leg")
        returns = list(_named(leg, "spedizionedirientro"))
        for returned in returns:
            self._leg(returned, told, "return", "return leg")
        # With a return under way, the outer head may speak of either leg's delivery.
        if within or not returns:
            told.heads += self._head(leg, "head return" if within else "head", context)

    def _events(self, rows: Iterable[Mapping[str, str]], within: str, context: str = "") -> Iterator[TrackingEvent]:
        texts = "text return" if context == "return leg" else "text"
        for row in rows:
            code, text, reason = row.get("codice", ""), row.get("stato", ""), context
            moment = _moment(row.get("data", ""), row.get("ora", ""))
            if moment is None or not (code or text):
                continue
            meaning = self.table.find(code, within=within)
            if within != "pickup" and (note := RETURN_NOTE.match(row.get("note", ""))):
                meaning, reason = self.table.find(note[1].lower(), within="note"), "note"
            elif not code and within != "pickup":
                meaning, reason = self.table.find(text.casefold().rstrip(" ."), within=texts), context or "text"
            place = Place(city=row["luogo"]) if row.get("luogo") else None
            yield mapped(TrackingEvent(moment, code, list=within, context=reason, text=text, place=place), meaning)

    def _head(self, leg: etree._Element, within: str, context: str) -> Iterator[TrackingEvent]:
        """What a leg's head tells, whether or not an event tells it too: its delivery, or its return in a note."""
        moment = _moment(_value(leg, "dataconsegna"), _value(leg, "oraconsegna"))
        if moment is None:
            return
        text, note = _value(leg, "statospedizione"), RETURN_NOTE.match(_value(leg, "note"))
        place = Place(city=_value(leg, "cittadestinazione")) or None
        if note:
            row, context = self.table.find(note[1].lower(), within="note"), "note"
        else:
            row = self.table.find(text.casefold(), within=within)
        if row is not None:
            code = text.casefold()
            yield mapped(TrackingEvent(moment, code, list=within, context=context, text=text, place=place), row)

    def _group_parcels(self, answer: Mapping[str, Json]) -> list[Parcel]:
        parcels = [each for each in dicts(answer.get("parcels")) if "requested" in each or "unitno" in each]
        if not parcels:
            raise UnreadablePayload("no answer of the GLS group's tracking")
        known = []
        for parcel in parcels:
            number, *aliases = _distinct(text_of(parcel.get(name), 40) for name in ("requested", "unitno")) or [""]
            error = text_of(parcel.get("errorCode"), 40)
            if not error:
                known.append(Parcel(number, self._group_events(parcel), aliases=tuple(aliases)))
            elif error == "E_404_01":
                known.append(Parcel(number, not_found=True, note=text_of(parcel.get("errorMessage"))))
        return known

    def _group_events(self, parcel: Mapping[str, Json]) -> tuple[TrackingEvent, ...]:
        events = []
        for raw in dicts(parcel.get("events")):
            moment, code = iso_moment(raw.get("eventDateTime"), ROME), text_of(raw.get("code"), 60)
            if moment is None or not code:
                continue
            city, postcode, country = (text_of(raw.get(name), 100) for name in ("city", "postalCode", "country"))
            place = Place(city, postcode, country=country if len(country) == 2 else "") or None
            event = TrackingEvent(moment, code, list="group event", text=text_of(raw.get("description")), place=place)
            events.append(mapped(event, self.table.find(code, within="group event")))
        listed = numbered(events)
        status, moment = text_of(parcel.get("status"), 60), iso_moment(parcel.get("statusDateTime"), ROME)
        if not status or moment is None:
            return listed
        row = self.table.find(status, within="group status")
        newest = max(
            (event for event in listed if event.status), key=lambda event: event.moment.occurred_at, default=None
        )
        if row is not None and (row.status is None or (newest is not None and newest.status is row.status)):
            return listed
        return (mapped(TrackingEvent(moment, status, list="group status"), row), *listed)


def _error(root: etree._Element) -> str | None:
    """The error text of an answer; empty when the element is, none when there is no such element."""
    errors = [text_of(element.text) for element in root.iter() if _name(element) in ("errore", "testoerrore")]
    return next(filter(None, errors), "") if errors else None


def _refusal(body: bytes) -> str:
    """The error text of a body in which we are refused, else empty; a body that is no XML is for `parse` to judge."""
    try:
        root = xml_of(body)
    except UnreadablePayload:
        return ""
    error = _error(root) if _name(root) in ("elenco", "errore") else None
    return error if error and OF_THE_ACCOUNT.match(error) else ""


def _question(number: str, credentials: GlsItalyCredentials) -> dict[str, str]:
    compact, sede = _compact(number), credentials.sede.upper()
    if printed := PRINTED.fullmatch(compact):
        asked = {"locpartenza": printed[1], "NumSped": printed[2]}
        return asked | {"sedecon": sede} if sede and sede != printed[1] else asked
    if not re.fullmatch("[0-9]{9}", compact):
        return {"Numidc": compact}
    if not sede:
        raise RequestRefused("nine digits alone are ambiguous: write the two characters of the sede before them")
    return {"locpartenza": sede, "NumSped": compact}


def _distinct(numbers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, numbers)))


def _compact(number: str) -> str:
    return "".join(number.split()).upper()


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _named(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (child for child in element if _name(child) in names)


def _value(element: etree._Element, name: str) -> str:
    return next((text_of(child.text, 100) for child in _named(element, name)), "")


def _rows(leg: etree._Element, name: str) -> Iterator[dict[str, str]]:
    """The events of a leg's lists: flat, a new one at each `Data`."""
    for tracking in _named(leg, name):
        row: dict[str, str] = {}
        for element in tracking.iterdescendants():
            if _name(element) == "data" and row:
                yield row
                row = {}
            row.setdefault(_name(element), text_of(element.text))
        yield row


def _moment(day: str, clock: str) -> Moment | None:
    date = parsed_date(day, "%d/%m/%y", "%d/%m/%Y")
    if date is None:
        return None
    return local_moment(date, parsed_time(clock, "%H:%M", "%H.%M", "%H:%M:%S", "%H.%M.%S"), ROME, OffsetSource.CARRIER)
