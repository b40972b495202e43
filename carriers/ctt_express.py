"""CTT Express, in Spain and Portugal, once Tourline: `GetTracking` of its SOAP service, one shipment a call; no push.

Codes: carriers/tables/ctt_express.csv. An incident's own codes are not public, so it means an incident and no more; its
code stands in the context, its words beside the status.

The newer interface's answers (REST) are read as well (carriers/ctt_rest.py), but it is not asked.

Quirks: plain HTTP on a port of its own (8700; 8686 is the test system's), so the password is on the wire. Times are
Madrid's without saying so; the list runs oldest first. An error comes as code and message, 0 is none; the codes are not
public, so the message tells: of a shipment that is not known, of the account, else of the service's trouble. What is
asked and the names of elements: the public client (OCA's delivery_cttexpress, read on 2026-11-22); namespace and action
are those that services of its kind (WCF) have unless told otherwise, for the description itself is not public.
"""

import re
from collections.abc import Sequence

from httpx import AsyncClient
from lxml import etree
from pydantic import SecretStr

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
from carriers.ctt_rest import of_json
from carriers.event import Parcel, Said, TrackingEvent
from carriers.phrases import plain
from carriers.reading import child_text, local_name, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.soap import question
from carriers.tables import table_file
from carriers.times import iso_moment, zone

MADRID = zone("Europe/Madrid")
SERVICE = "http://tempuri.org/"
ANSWERS = ("GetTrackingResponse", "GetTrackingResult")

THE_SHIPMENT = re.compile(r"\b(?:envio|exped|shipp|shipment|tracking)")
NOT_KNOWN = re.compile(
    r"\bno (?:existe|se encuentra|se encontr|se ha encontr|hay|encontr)|inexistente|desconocid|"
    r"\bnot (?:found|exist)|unknown|invalid"
)
THE_ACCOUNT = re.compile(r"usuario|\buser|passw|contrasena|credenc|credent|autentic|authent|autoriz|authori|login")
"""What errors say, as `plain` writes it."""


class CttExpressCredentials(Credentials):
    """The service's user with its password, and contract, client and agency as CTT Express writes them."""

    user: str
    password: SecretStr
    contract_code: str
    client_code: str
    agency_code: str


class CttExpress(Carrier):
    """CTT Express in Spain and Portugal; the Portuguese post's mail is another carrier's."""

    slug, name, website = "ctt_express", "CTT Express", "https://www.cttexpress.com"
    home = "ES"
    number_form, example = "[0-9A-Z]{6,40}", "0000020000000000000001"
    credentials = CttExpressCredentials
    base_url = "http://iberws.tourlineexpress.com:8700"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table_file("ctt_express.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error that is not about the shipment is raised."""
        keys = CttExpressCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/ClientsAPI.svc",
            content=_question(keys, "".join(numbers[0].split())),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{SERVICE}IClientsAPI/GetTracking"'},
        )
        root = xml_of(answer.content)
        error = _error(root)
        if error and not _unknown(error) and not _rows(root):
            if THE_ACCOUNT.search(plain(error)):
                raise CredentialsRefused(f"CTT Express refuses the account: {error}")
            raise CarrierUnavailable(f"CTT Express says: {error}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none for an error that is not about it."""
        if opening(body) == b"{":
            return of_json(body, self.table)
        root = xml_of(body)
        rows, number = _rows(root), text_of(root.findtext(".//{*}ShippingCode"), 200)
        if rows:
            events = [event for row in rows if (event := _event(row))]
            return [Parcel(number, numbered(events[::-1]))]
        if not any(each in ANSWERS for each in (local_name(root), *map(local_name, root.iterfind(".//{*}*")))):
            raise UnreadablePayload("no answer of CTT Express")
        error = _error(root)
        return [Parcel(number, not_found=True, note=error)] if not error or _unknown(error) else []

    def tracking_url(self, number: str) -> str:
        return f"https://app.cttexpress.com/AreaClientes/Views/Destinatarios.aspx?s={number}"


def _question(keys: CttExpressCredentials, number: str) -> bytes:
    values = {
        "Id": keys.user,
        "Password": keys.password.get_secret_value(),
        "ContractCode": keys.contract_code,
        "ClientCode": keys.client_code,
        "AgencyCode": keys.agency_code,
        "ShippingCode": number,
    }
    return question(SERVICE, "GetTracking", values)


def _rows(root: etree._Element) -> list[etree._Element]:
    """The states of an answer, whatever is around them."""
    codes = (each.getparent() for each in root.iter("{*}StatusCode"))
    return [row for row in codes if row is not None and row.find("{*}StatusDateTime") is not None]


def _error(root: etree._Element) -> str:
    """Code and message of the first error; empty if there is none."""
    for each in root.iter("{*}ErrorResult"):
        code, message = child_text(each, "ErrorCode"), child_text(each, "ErrorMessage")
        if code not in ("", "0") or (message and not code):
            return f"{code} {message}".strip()
    return ""


def _unknown(error: str) -> bool:
    """Whether an error says that the shipment is not known."""
    said = plain(error)
    return NOT_KNOWN.search(said) is not None and THE_SHIPMENT.search(said) is not None


def _event(row: etree._Element) -> TrackingEvent | None:
    moment = iso_moment(child_text(row, "StatusDateTime"), MADRID)
    names = ("StatusCode", "StatusDescription", "IncidentCode", "IncidentDescription")
    told = _said(*(child_text(row, name) for name in names))
    return told.at(moment) if moment and (told.code or told.text) else None


@remembered
def _said(given: str, status: str, number: str, incident: str) -> Said:
    code = given.lstrip("0") or given[-1:]
    text = text_of(f"{status} ({incident})") if status and incident else status or incident
    return meant(CttExpress.table.find(code), code, context=number and f"incident {number}", text=text)
