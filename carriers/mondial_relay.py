"""Mondial Relay: the merchants' SOAP service, `WSI2_TracingColisDetaille`, one expedition a call; it pushes nothing.

Codes: carriers/tables/mondial_relay.csv. Events are French texts without codes, so the phrases of the list `text`
decide, in the order in which they stand there. The parcel's state (the list `state`) is an event of its own, at the
newest one's time, where the texts do not say it: 82 (delivered) covers parcels that wait at a relay too.

Quirks: `STAT` is the state or an error, of which 94 is a parcel that is not known. Empty rows fill `Tracing`. The
answer does not repeat the number. Times are those of Paris. Names of elements: the service's WSDL, in public clients'
generated code, and labels in public clients, read on 2026-11-22; some of those write `Tracing_Libelle` and so on.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from typing import ClassVar

from httpx import AsyncClient
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
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import OffsetSource, Parcel, Place, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import child_text, xml_of
from carriers.sequence import last_of, numbered
from carriers.soap import question
from carriers.tables import table_file
from carriers.times import local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status

PARIS = zone("Europe/Paris")
SERVICE = "http://www.mondialrelay.fr/webservice/"
OPERATION = "WSI2_TracingColisDetaille"

NOT_FOUND = "94"
ERRORS: Mapping[str, type[CarrierError]] = {
    "1": CredentialsRefused,  # the brand is invalid
    "2": CredentialsRefused,  # the brand's number is empty or unknown
    "8": CredentialsRefused,  # the password or hash is invalid
    "24": RequestRefused,  # the number is none
    "74": RequestRefused,  # the language is none
    "97": CredentialsRefused,  # the security key is wrong
    "98": CarrierUnavailable,
    "99": CarrierUnavailable,
}
TOLD_BY: Mapping[str, frozenset[Status | None]] = {
    "82": frozenset((Status.DELIVERED, Status.AVAILABLE_FOR_PICKUP, Status.RETURNED)),
    "83": frozenset((Status.EXCEPTION,)),
}
"""By state the statuses of a newest event that leave it nothing to say; for the others any status does."""


class MondialRelayCredentials(Credentials):
    """The brand code (`Enseigne`) and the private key of a merchant."""

    enseigne: str = Field(pattern="^[0-9A-Za-z ]{2,8}$")
    private_key: SecretStr


class MondialRelay(Carrier):
    """Mondial Relay's shops and lockers in France, Belgium, Spain, Portugal and around."""

    slug, name, website = "mondial_relay", "Mondial Relay", "https://www.mondialrelay.fr"
    home = "FR"
    number_patterns = ("[0-9]{8}",)
    number_form, example = "[0-9]{8}", "31230001"
    credentials = MondialRelayCredentials
    base_url = "https://www.mondialrelay.fr"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table_file("mondial_relay.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        keys = MondialRelayCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/WebService/WebService.asmx",
            content=_question(keys, "".join(numbers[0].split())),
            headers={"content-type": "text/xml; charset=utf-8", "soapaction": f'"{SERVICE}{OPERATION}"'},
        )
        stat = _value(_result(xml_of(answer.content)), "STAT")
        if not _is_state(stat) and stat != NOT_FOUND:
            raise ERRORS.get(stat, RequestRefused)(f"Mondial Relay says {stat}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer, none for an error."""
        told = _result(xml_of(body))
        stat = _value(told, "STAT")
        if stat == NOT_FOUND:
            return [Parcel("", not_found=True)]
        if not _is_state(stat):
            return []
        events = numbered([event for row in _rows(told) if (event := _event(row)) is not None])
        head = _head(stat, events)
        point = ", ".join(filter(None, (_value(told, "Relais_Libelle"), _value(told, "Relais_Num"))))
        return [Parcel("", (head, *events) if head else events, pickup_point=point, note=_value(told, "Libelle01"))]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/suivi-de-colis/?numeroExpedition={number}"


def _question(keys: MondialRelayCredentials, number: str) -> bytes:
    """The signed question: upper-case MD5 of the values in their order, and the key."""
    values = {"Enseigne": keys.enseigne, "Expedition": number, "Langue": "FR"}
    signed = "".join(values.values()) + keys.private_key.get_secret_value()
    security = md5(signed.encode(), usedforsecurity=False).hexdigest().upper()
    return question(SERVICE, OPERATION, {**values, "Security": security})


def _is_state(stat: str) -> bool:
    return MondialRelay.table.find(stat, within="state") is not None or stat == "0"


def _result(root: etree._Element) -> etree._Element:
    """What the operation returns, whether a SOAP envelope is around it or not."""
    told = next((each for each in root.iter(f"{{*}}{OPERATION}Result")), None)
    if told is None or not _value(told, "STAT"):
        raise UnreadablePayload("no answer of Mondial Relay's tracing")
    return told


def _rows(told: etree._Element) -> Iterator[etree._Element]:
    """The elements that hold an event each, or `Tracing` itself where it holds one without an element around it."""
    for tracing in told.iterfind("{*}Tracing"):
        rows = [each for each in tracing if isinstance(each.tag, str) and len(each)]
        yield from rows or [tracing]


def _event(row: etree._Element) -> TrackingEvent | None:
    day = parsed_date(_value(row, "Date", "Tracing_Date"), "%d/%m/%Y", "%d/%m/%y", "%d%m%Y")
    text = _value(row, "Libelle", "Tracing_Libelle")
    if day is None or not text:
        return None
    clock = parsed_time(_value(row, "Heure", "Tracing_Heure"), "%H:%M", "%H:%M:%S", "%H%M")
    place = Place(
        _value(row, "Emplacement", "Tracing_Lieu"),
        country=_value(row, "Relais_Pays", "Tracing_Pays").upper()[:2],
        code=_value(row, "Relais_Num", "Tracing_Relais"),
    )
    said = meant(MondialRelay.texts.find(text), "", "text", "", text)
    return said.at(local_moment(day, clock, PARIS, OffsetSource.CARRIER), place or None)


def _head(stat: str, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The parcel's state as an event, where the texts leave it to say."""
    row = MondialRelay.table.find(stat, within="state")
    newest = last_of(events)
    if row is None or row.status is None or newest is None:
        return None
    told = newest.status in TOLD_BY[stat] if stat in TOLD_BY else newest.status is not None
    event = TrackingEvent(newest.moment, stat, "state", sequence=newest.sequence + 1)
    return None if told else mapped(event, row)


def _value(element: etree._Element, *names: str) -> str:
    return next(filter(None, (child_text(element, name) for name in names)), "")
