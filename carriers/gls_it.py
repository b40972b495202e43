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
    AmbiguousReference,
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
from carriers.event import Parcel, Place, TrackingEvent
from carriers.gls_it_xml import PRINTED, ROME, by_document, children, error_of, moment_of, name_of, rows_of, value_of
from carriers.reading import Json, dicts, json_object, text_of, xml_of
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment

RETURN_NOTE = re.compile(r"(resa con spedizione)\b\W*([A-Z][A-Z0-9]\d{9})?", re.ASCII | re.IGNORECASE)


OF_THE_ACCOUNT = re.compile(
    r"(?!.*(nessun|spedizione non|spedizione inesist|collo non)).*(contratt|client|autorizz|abilitat)", re.IGNORECASE
)
"""Error texts that speak of the account, not of the number, by their stems; the complete list is not public."""


class GlsItalyCredentials(Credentials):
    """The contract's code (`CodCli`) and the sede it belongs to: by it short numbers, others' numbers and BDAs go."""

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
    home = "IT"
    number_patterns = (r"[A-Z][A-Z0-9][0-9]{9}",)
    number_form, example = "[0-9A-Z]{8,35}", "M1620873098"
    credentials = GlsItalyCredentials
    base_url = "https://infoweb.gls-italy.com"
    rate = RateLimit(1, 1.0)
    resolve_calls = 2  # a parcel leaves from the sede of the contract, or from another
    confidence = "high"

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer; an error text in place of a shipment: the number is unknown, or (none) we are."""
        if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            return self._group_parcels(json_object(body))
        root = xml_of(body)
        if name_of(root) not in ("elenco", "spedizione", "ritiro", "errore"):
            raise UnreadablePayload(f"no answer of GLS Italy, but {name_of(root)[:40]!r}")
        found = [root] if name_of(root) in ("spedizione", "ritiro") else [*children(root, "spedizione", "ritiro")]
        if found:
            return [self._parcel(element) for element in found]
        error = error_of(root)
        if len(root) and error is None:
            raise UnreadablePayload("a list of GLS Italy that holds no shipment")
        return [] if OF_THE_ACCOUNT.match(error or "") else [Parcel("", not_found=True, note=error or "")]

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Ask about one shipment; RequestRefused for nine digits alone when the account names no sede."""
        body = await self._ask(http, account, _question(numbers[0], GlsItalyCredentials.of(account)))
        if text := _refusal(body):
            raise CredentialsRefused(f"GLS Italy: {text}")
        return [Answer(body, (numbers[0],))]

    def unresolvable(self, account: Account, reference: str) -> str:
        """The account names no `sede`."""
        sede = GlsItalyCredentials.of(account).sede
        return "" if sede else "GLS Italy finds a BDA by the contract's sede, and the account names no `sede`"

    async def resolve(self, http: AsyncClient, account: Account, reference: str) -> str:
        """The printed number of a BDA, the sender's document number; an account with `sede` is needed."""
        sede = GlsItalyCredentials.of(account).sede.upper()
        if reason := self.unresolvable(account, reference):
            raise RequestRefused(reason)
        body = await self._ask(http, account, {"locpartenza": sede, "bda": reference})
        if text := _refusal(body):
            raise CredentialsRefused(f"GLS Italy: {text}")
        # A contract without shipments from other sedi may be refused this question: that is no word on the account.
        elsewhere = await self._ask(http, account, {"sedecon": sede, "bda": reference})
        found = {*by_document(body, reference, sede), *by_document(elsewhere, reference)}
        if len(found) > 1:
            raise AmbiguousReference(f"GLS Italy knows several shipments by it: {', '.join(sorted(found))}")
        return next(iter(found), "")

    async def _ask(self, http: AsyncClient, account: Account, question: Mapping[str, str]) -> bytes:
        contract = GlsItalyCredentials.of(account).contract.get_secret_value()
        url = f"{account.base_url or self.base_url}/XML/get_xml_track.php"
        return (await call(http, "GET", url, params={**question, "CodCli": contract})).content

    def tracking_url(self, number: str) -> str:
        """The public page of a printed number."""
        if (printed := PRINTED.fullmatch(_compact(number))) is None:
            return ""
        page = f"{self.website}/index.php?option=com_gls&view=track_e_trace&mode=search&diretto=yes"
        return f"{page}&locpartenza={printed[1]}&numsped={printed[2]}"

    def _parcel(self, element: etree._Element) -> Parcel:
        told = _Told()
        if name_of(element) == "ritiro":
            told.events += numbered([*self._events(rows_of(element, "trackingritiro"), "pickup")])
            for shipment in children(element, "spedizione"):
                self._leg(shipment, told)
            told.numbers.append(value_of(element, "numrit"))
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
        sede, number = value_of(leg, "sedepartenza").upper(), value_of(leg, "numsped")
        printed = [sede + number] if PRINTED.fullmatch(sede + number) else []
        if within:
            told.returned_as += printed or [number]
        else:
            told.numbers += [*printed, number]
        rows = list(rows_of(leg, "tracking"))
        told.events += numbered([*self._events(rows, within, context)])
        notes = (RETURN_NOTE.match(text) for text in [value_of(leg, "note"), *(row.get("note", "") for row in rows)])
        told.returned_as += [note[2].upper() for note in notes if note and note[2]]
        for abroad in children(leg, "collointernazionale"):
            told.numbers.append(value_of(abroad, "numsped"))
            told.events += numbered([*self._events(rows_of(abroad, "trackingint"), "international", context)])
        for forwarded in children(leg, "spedizionedinoltro"):
            self._leg(forwarded, told, within, context or "forwarded leg")
        returns = list(children(leg, "spedizionedirientro"))
        for returned in returns:
            self._leg(returned, told, "return", "return leg")
        # With a return under way, the outer head may speak of either leg's delivery.
        if within or not returns:
            told.heads += self._head(leg, "head return" if within else "head", context)

    def _events(self, rows: Iterable[Mapping[str, str]], within: str, context: str = "") -> Iterator[TrackingEvent]:
        texts = "text return" if context == "return leg" else "text"
        for row in rows:
            code, text, reason = row.get("codice", ""), row.get("stato", ""), context
            moment = moment_of(row.get("data", ""), row.get("ora", ""))
            if moment is None or not (code or text):
                continue
            meaning = self.table.find(code, within=within) or self.table.find(code.lstrip("0"), within=within)
            if within != "pickup" and (note := RETURN_NOTE.match(row.get("note", ""))):
                meaning, reason = self.table.find(note[1].lower(), within="note"), "note"
            elif not code and within != "pickup":
                meaning, reason = self.table.find(text.casefold().rstrip(" ."), within=texts), context or "text"
            place = Place(city=row["luogo"]) if row.get("luogo") else None
            yield mapped(TrackingEvent(moment, code, list=within, context=reason, text=text, place=place), meaning)

    def _head(self, leg: etree._Element, within: str, context: str) -> Iterator[TrackingEvent]:
        """What a leg's head tells, whether or not an event tells it too: its delivery, or its return in a note."""
        moment = moment_of(value_of(leg, "dataconsegna"), value_of(leg, "oraconsegna"))
        if moment is None:
            return
        text, note = value_of(leg, "statospedizione"), RETURN_NOTE.match(value_of(leg, "note"))
        place = Place(city=value_of(leg, "cittadestinazione")) or None
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


def _refusal(body: bytes) -> str:
    """The error text of a body in which we are refused, else empty; a body that is no XML is for `parse` to judge."""
    try:
        root = xml_of(body)
    except UnreadablePayload:
        return ""
    error = error_of(root) if name_of(root) in ("elenco", "errore") else None
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
