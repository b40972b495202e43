"""DPD Poland: the events of its InfoServices by SOAP, one waybill a call; the group's other units are `dpd`'s.

Codes: carriers/tables/dpd_poland.csv. Of some families all codes mean the same whatever their last two digits (the list
`family`, by four digits): a code that is listed itself comes before its family.

Quirks: codes have six digits, the first may be a zero. A waybill that is not known is an empty list. Times are Warsaw's
without saying so. Answers of the customer's queue, with events of many waybills, are read alike; it is not asked, for a
batch of it must be confirmed once it is stored. Extra values (`eventDataList`) may name people and are not read.
Namespace, elements, the empty channel and the fault that denies access: public clients of the service
(g-tools/dpd-pl-api and others on GitHub), read on 2026-11-22.
"""

import re
from collections.abc import Iterator, Sequence

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
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.reading import child_text, local_name, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.soap import envelope, fault_of, fill, written
from carriers.tables import table_file
from carriers.times import iso_moment, zone
from carriers.zones import country_coded

WARSAW = zone("Europe/Warsaw")
EVENTS = "http://events.dpdinfoservices.dpd.com.pl/"
PATH = "/DPDInfoServicesObjEventsService/DPDInfoServicesObjEvents"
ANSWER = re.compile("getEventsFor(Waybill|Customer)V[0-9]+Response")
DENIED = re.compile("access denied", re.IGNORECASE)


class DpdPolandCredentials(Credentials):
    """A user of InfoServices; the channel is the queue's, and empty for whoever asks by waybill."""

    login: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    channel: str = ""


class DpdPoland(Carrier):
    """DPD in Poland: doors, shops and lockers."""

    slug, name, website = "dpd_poland", "DPD Poland", "https://www.dpd.com.pl"
    home = "PL"
    number_patterns = ("[0-9]{13}[A-Z]",)
    number_form, example = "[0-9A-Z]{8,28}", "0000000000001U"
    credentials = DpdPolandCredentials
    base_url = "https://dpdinfoservices.dpd.com.pl"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    table = table_file("dpd_poland.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """All events of one waybill, in Polish; a fault comes under 200 or 500."""
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}{PATH}",
            accept=(200, 500),
            content=_question("".join(numbers[0].split()).upper(), account),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        )
        if answer.status_code == 500 and b"Fault" not in answer.content:
            raise CarrierUnavailable("the carrier failed (500)")
        if (fault := fault_of(xml_of(answer.content))) is not None:
            raise (CredentialsRefused if DENIED.search(fault) else CarrierUnavailable)(f"DPD Poland says: {fault}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, each waybill its own; none for a fault."""
        root = xml_of(body)
        if (fault := fault_of(root)) is not None:
            if DENIED.search(fault) or b"dpdinfoservices" in body:
                return []
            raise UnreadablePayload("a fault that nothing shows to be DPD Poland's")
        rows = [row for row in root.iter("{*}eventsList") if len(row)]
        if not rows and not any(ANSWER.fullmatch(local_name(each)) for each in root.iter("{*}*")):
            raise UnreadablePayload("no events of DPD Poland")
        told: dict[str, list[TrackingEvent]] = {}
        for row in rows:
            told.setdefault(child_text(row, "waybill"), []).extend(_events(row))
        return [Parcel(number, numbered(events)) for number, events in told.items()] or [Parcel("", not_found=True)]

    def tracking_url(self, number: str) -> str:
        return f"https://tracktrace.dpd.com.pl/parcelDetails?typ=1&p1={number}"


def _question(waybill: str, account: Account) -> bytes:
    keys = DpdPolandCredentials.of(account)
    whole, body = envelope("Body", even=EVENTS)
    asked = etree.SubElement(body, f"{{{EVENTS}}}getEventsForWaybillV1")
    fill(asked, {"waybill": waybill, "eventsSelectType": "ALL", "language": "PL"})
    secret = keys.password.get_secret_value()
    fill(etree.SubElement(asked, "authDataV1"), {"channel": keys.channel, "login": keys.login, "password": secret})
    return written(whole)


def _events(row: etree._Element) -> Iterator[TrackingEvent]:
    moment = iso_moment(child_text(row, "eventTime"), WARSAW)
    told = _said(child_text(row, "businessCode"), child_text(row, "description"))
    place = _place(child_text(row, "depotName"), child_text(row, "country"), child_text(row, "depot"))
    if moment and (told.code or told.text):
        yield told.at(moment, place)


@remembered
def _said(given: str, text: str) -> Said:
    code, find = given.zfill(6) if given.isdecimal() else given, DpdPoland.table.find
    row = find(code) or (find(code[:4], within="family") if len(code) == 6 else None)
    return meant(row, code, "", "", text)


@remembered
def _place(name: str, country: str, depot: str) -> Place | None:
    return Place(country=country_coded(country), code=depot, name=name) or None
