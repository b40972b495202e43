"""GLS Spain, once ASM: its own SOAP service, one shipment a call; the group's interface is `gls_group`'s.

Codes: carriers/tables/gls_spain.csv, the states. Rows of the tracking that are no states (`tipo`) have codes of their
own, which are not public; their texts may name who signed, so only those of incidents are kept. The shipment's state
(`codestado`) is an event of its own, at the newest one's time, where no row tells it.

Quirks: a code may be negative. Times are Madrid's without saying so. Operation, address and the error of a shipment
that is not found (also what a wrong client id gets): public integrations of the service `b2b.asmx` (OCA's l10n-spain,
others' on GitHub), read on 2026-11-22, as its description is not published.
"""

import re
from collections.abc import Iterator, Sequence

from httpx import AsyncClient
from lxml import etree
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import OffsetSource, Parcel, Place, TrackingEvent
from carriers.phrases import plain
from carriers.reading import child_text, local_name, text_of, xml_of
from carriers.sequence import last_of, numbered
from carriers.soap import SOAP_12, question
from carriers.tables import table_file
from carriers.times import local_moment, parsed_date, parsed_time, zone

MADRID = zone("Europe/Madrid")
SERVICE = "http://www.asmred.com/"
STATES, INCIDENT = frozenset({"", "estado", "estados"}), "incidencia"
NUMBERS = ("codbar", "albaran", "codexp", "expedicion", "uidExp")
"""What a shipment goes by, the number on its label first."""
NOT_FOUND = re.compile("no se (encuentra|encontro|ha encontrado)")


class GlsSpainCredentials(Credentials):
    """The client id (`uid`) that GLS Spain gives to a customer."""

    uid: SecretStr


class GlsSpain(Carrier):
    """GLS in Spain."""

    slug, name, website = "gls_spain", "GLS Spain", "https://www.gls-spain.es"
    home = "ES"
    number_form, example = "[0-9A-Z-]{4,40}", "61000000000001"
    credentials = GlsSpainCredentials
    base_url = "https://ws-customer.gls-spain.es"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table_file("gls_spain.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        keys = GlsSpainCredentials.of(account)
        asked = {"codigo": "".join(numbers[0].split()), "uid": keys.uid.get_secret_value()}
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/b2b.asmx",
            content=question(SERVICE, "GetExpCli", asked, SOAP_12),
            headers={"content-type": "application/soap+xml; charset=utf-8"},
        )
        root = xml_of(answer.content)
        error = _error(root)
        if error and not NOT_FOUND.search(plain(error)) and not _shipments(root):
            raise CarrierUnavailable(f"GLS Spain says: {error}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        root = xml_of(body)
        if shipments := _shipments(root):
            return [_parcel(each) for each in shipments]
        if local_name(root) != "expediciones" and root.find(".//{*}expediciones") is None:
            raise UnreadablePayload("no shipments of GLS Spain")
        error = _error(root)
        return [Parcel("", not_found=True, note=error)] if not error or NOT_FOUND.search(plain(error)) else []


def _shipments(root: etree._Element) -> list[etree._Element]:
    """The shipments of an answer: whatever has states or a list of them; a list alone counts as one."""
    if local_name(root) == "tracking_list":
        return [root]
    elements = (each for each in root.iter() if isinstance(each.tag, str))
    return [each for each in elements if each.find("{*}tracking_list") is not None or _state(each)]


def _error(root: etree._Element) -> str:
    found = root if local_name(root) == "Error" else next(root.iter("{*}Error"), None)
    return "" if found is None else text_of(found.text, 200)


def _parcel(said: etree._Element) -> Parcel:
    number, *others = dict.fromkeys(filter(None, (child_text(said, name) for name in NUMBERS))) or [""]
    rows = said.iterfind("{*}tracking" if local_name(said) == "tracking_list" else "{*}tracking_list/{*}tracking")
    events = numbered(list(_events(rows)))
    head = _head(_state(said), events)
    return Parcel(number, (head, *events) if head else events, aliases=tuple(others))


def _events(rows: Iterator[etree._Element]) -> Iterator[TrackingEvent]:
    for row in rows:
        day, _, clock = child_text(row, "fecha").partition(" ")
        date = parsed_date(day, "%d/%m/%Y")
        if date is None:
            continue
        moment = local_moment(date, parsed_time(clock, "%H:%M:%S", "%H:%M"), MADRID, OffsetSource.CARRIER)
        kind, code, place = (
            child_text(row, "tipo").lower(),
            child_text(row, "codigo"),
            Place(name=child_text(row, "nombreplaza")),
        )
        if kind in STATES:
            said = meant(GlsSpain.table.find(code), code, "", "", child_text(row, "evento"))
        else:
            said = meant(None, code, kind, "", child_text(row, "evento") if kind == INCIDENT else "")
        yield said.at(moment, place or None)


def _head(code: str, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The state of a shipment as an event, where no row has its code."""
    newest = last_of(events)
    if not code or newest is None or any((each.list, each.code) == ("", code) for each in events):
        return None
    event = TrackingEvent(newest.moment, code, sequence=newest.sequence + 1)
    return mapped(event, GlsSpain.table.find(code))


def _state(said: etree._Element) -> str:
    return child_text(said, "codestado")
