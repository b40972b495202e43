"""DHL Parcel Iberia, Spain and Portugal: its REST service CIMAPI, one shipment a call; no push is confirmed.

Codes: only three are known. An A is a record, or a delay where its text says so (the list `A text`); a code that is not
known means what its text says (`text`). These phrases are our own reading, so doubtful.

Quirks: times are Madrid's without saying so. Events come alone or under the shipment's head; the recipient's name there
is not read. The login, its bare token and the error in `Message` under 400: OCA's l10n-spain and other public clients,
read on 2026-11-22. How long a token lives and what is said of an unknown number is not public: an hour is assumed, and
a refused token renewed; 404, no events at all, or a message that says so is a number that is not known.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from httpx import AsyncClient
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
    Token,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Parcel, Place, Said
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_of, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment, zone
from carriers.vocabulary import Status, SubStatus

MADRID = zone("Europe/Madrid")
PATH = "/cimapi/api/v1/customer"
LIFETIME = 3600.0
"""Seconds that a token is kept."""
NOTHING = b"[]"
NOT_FOUND = re.compile("no (existe|encontrad|se (encuentra|ha encontrado|encontr))|not (found|exist)", re.IGNORECASE)
HEAD = frozenset({"Tracking", "AWB", "Ship_Reference"})
"""What a shipment's head has, some of it, and no other carrier's has."""


def _reads(status: Status, sub_status: SubStatus | None = None) -> Says:
    return Says(status, sub_status, doubtful=True)


class DhlParcelIberiaCredentials(Credentials):
    """A user of CIMAPI."""

    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class DhlParcelIberia(Carrier):
    """DHL Parcel in Spain and Portugal."""

    slug, name, website = "dhl_parcel_iberia", "DHL Parcel Iberia", "https://www.dhl.es"
    home = "ES"
    number_form, example = "[0-9A-Z]{8,30}", "0870000001"
    credentials = DhlParcelIberiaCredentials
    base_url = "https://external.dhl.es"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table(
        {
            "A": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),  # assigned, recorded
            "T": Says(Status.IN_TRANSIT),  # in transit
            "R": _reads(Status.DELIVERED),  # received, by the recipient it seems
            ("A text", "pospon"): _reads(Status.IN_TRANSIT, SubStatus.DELAYED),
            ("A text", "retras"): _reads(Status.IN_TRANSIT, SubStatus.DELAYED),
            ("text", "devuelt"): _reads(Status.RETURNED),
            ("text", "devolu"): _reads(Status.EXCEPTION, SubStatus.RETURNING),
            ("text", "rehus"): _reads(Status.EXCEPTION, SubStatus.REFUSED),
            ("text", "rechaz"): _reads(Status.EXCEPTION, SubStatus.REFUSED),
            ("text", "extravi"): _reads(Status.EXCEPTION, SubStatus.LOST),
            ("text", "dañad"): _reads(Status.EXCEPTION, SubStatus.DAMAGED),
            ("text", "ausen"): _reads(Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
            ("text", "direccion inco"): _reads(Status.FAILED_ATTEMPT, SubStatus.ADDRESS_ISSUE),
            ("text", "pospon"): _reads(Status.IN_TRANSIT, SubStatus.DELAYED),
            ("text", "retras"): _reads(Status.IN_TRANSIT, SubStatus.DELAYED),
            ("text", "no * entreg"): _reads(Status.FAILED_ATTEMPT),
            ("text", "en reparto"): _reads(Status.OUT_FOR_DELIVERY),
            ("text", "entregad"): _reads(Status.DELIVERED),
        }
    )
    late: ClassVar[Phrases] = Phrases(table, "A text")
    texts: ClassVar[Phrases] = Phrases(table, "text")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = DhlParcelIberiaCredentials.of(account)
        # Only the keys vary in this request, so a 400 is about them.
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}{PATH}/authenticate",
            accept=(200, 400),
            json={"Username": known.username, "Password": known.password.get_secret_value()},
        )
        if answer.status_code == 400:
            raise CredentialsRefused("DHL Parcel Iberia refuses our credentials (400)")
        value = text_of(json_of(answer.content), 8192)
        if not value:
            raise CarrierUnavailable("DHL Parcel Iberia granted no token")
        return Token(value, LIFETIME)

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call, in Spanish, for head and events."""
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}{PATH}/track",
            accept=(200, 400, 404),
            with_token=True,
            params={"id": "".join(numbers[0].split()), "idioma": "es", "show": "both"},
            headers={"Authorization": f"Bearer {account.token}", "Accept": "application/json"},
        )
        if answer.status_code == 404:
            return [Answer(NOTHING, tuple(numbers))]
        said = json_of(answer.content)
        if (error := _error(said)) and not NOT_FOUND.search(error):
            raise RequestRefused(f"DHL Parcel Iberia says: {error}")
        if answer.status_code == 400 and not error:
            raise RequestRefused("DHL Parcel Iberia refuses the request (400)")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer; none for an error that is not about the number."""
        said = json_of(body)
        if error := _error(said):
            return [Parcel("", not_found=True, note=error)] if NOT_FOUND.search(error) else []
        if said == []:
            return [Parcel("", not_found=True)]
        told = dicts(said)
        if any({"DateTime", "Code"} <= each.keys() for each in told):
            return [_parcel({"Events": told})]
        shipments = [each for each in told if "Events" in each and HEAD & each.keys()]
        if not shipments:
            raise UnreadablePayload("no shipment of DHL Parcel Iberia")
        return [_parcel(each) for each in shipments]

    def tracking_url(self, number: str) -> str:
        return f"https://clientesparcel.dhl.es/seguimientoenvios/integra/SeguimientoDocumentos.aspx?codigo={number}"


def _error(said: Json) -> str:
    """What an error says; empty if it is none."""
    return text_of(said.get("Message"), 200) if isinstance(said, dict) and "Events" not in said else ""


def _parcel(said: dict[str, Json]) -> Parcel:
    number, airway = text_of(said.get("Tracking"), 40), text_of(said.get("AWB"), 40)
    events = []
    for row in dicts(said.get("Events")):
        moment = iso_moment(row.get("DateTime"), MADRID)
        what = _told(row.get("Code"), row.get("Status"), row.get("Ubication"))
        if moment and what:
            events.append(told_at(moment, what))
    return Parcel(
        number or airway,
        numbered(events[::-1])[::-1],  # they run oldest first
        aliases=(airway,) if number and airway and airway != number else (),
        service=text_of(said.get("Product"), 100),
    )


@remembered
def _told(given: Json, described: Json, place: Json) -> Told | None:
    """What an event says, and where; none if it has neither code nor text."""
    said = _said(given, described)
    return told_of(said, Place(name=text_of(place, 100)) or None) if said.code or said.text else None


def _said(given: Json, described: Json) -> Said:
    code, text = text_of(given, 20).upper(), text_of(described)
    row, told = DhlParcelIberia.table.find(code), None
    if row is None or code == "A":
        told = (DhlParcelIberia.late if row else DhlParcelIberia.texts).find(text)
    return meant(told or row, code, "", "text" if told else "", text)
