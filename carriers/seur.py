"""SEUR, Spain and Portugal: the tracking services of its PIC interface, one reference a call; it pushes nothing.

Codes: carriers/tables/seur.csv. Some families of codes mean one thing whatever their last digits (the list `family`):
a code that is listed itself comes before its family.

Quirks: a reference that is not known is an empty answer under 204, so an empty list stands for it. The answer does not
repeat the reference; several entries tell of one shipment between them, some of it twice, and those of the type `Rec`
are collections. A token lives for seconds. Times are Madrid's where no offset is printed. The empty answer, the types
and the other names of a request: public clients of the interface, read on 2026-11-22.

The first letter of a code tells nothing: SEUR's own shop module looks only at the second and the number, so one that is
not listed means what the one with L means. The simplified answer is the newest situation alone (fields: the interface's
OpenAPI, as in the generated client isaacfeliu/swagger_client). The older web service (`WSConsultaExpediciones`) is
read, but not asked: it tells words without codes (the list `text`, after OCA's l10n-spain). All read on 2026-11-22.
"""

import re
from collections.abc import Sequence

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, Token, UnreadablePayload, meant
from carriers.calling import call
from carriers.event import Moment, OffsetSource, Parcel, Said
from carriers.granting import granted
from carriers.phrases import plain
from carriers.reading import Json, at, dicts, json_object, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.xml_tree import named, tree_of

MADRID = zone("Europe/Madrid")
NOTHING = b'{"data": []}'
COLLECTION = "REC"
ABSENT = "CEXP_0006"
"""What the older web service says of a reference that it does not know."""


class SeurCredentials(Credentials):
    """A client of the interface and its user; tax number, account and business unit of the sender."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    username: str = Field(min_length=1)
    password: SecretStr
    id_number: str = Field(min_length=1)
    account_number: str = ""
    business_unit: str = ""


class Seur(Carrier):
    """SEUR, by the sender's reference of a shipment."""

    slug, name, website = "seur", "SEUR", "https://www.seur.com"
    home = "ES"
    number_form, example = "(?=.{4,40}$)[0-9A-Z-]+(/[0-9A-Z-]+)?", "F1000001"
    credentials = SeurCredentials
    base_url = "https://servicios.api.seur.io"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    table = table_file("seur.csv")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = SeurCredentials.of(account)
        return await granted(
            http,
            f"{account.base_url or self.base_url}/pic_token",
            "SEUR",
            life=30.0,
            data={
                "grant_type": "password",
                "client_id": known.client_id,
                "client_secret": known.client_secret.get_secret_value(),
                "username": known.username,
                "password": known.password.get_secret_value(),
            },
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        known = SeurCredentials.of(account)
        sender = {"accountNumber": known.account_number, "businessUnit": known.business_unit}
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/pic/v1/tracking-services/extended",
            accept=(200, 204, 404),
            with_token=True,
            params={"refType": "REFERENCE", "ref": numbers[0], "idNumber": known.id_number}
            | {name: value for name, value in sender.items() if value},
            headers={"authorization": f"Bearer {account.token}"},
        )
        return [Answer(answer.content if answer.status_code == 200 else NOTHING, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        if opening(body) == b"<":
            return _consulted(body)
        said = json_object(body)
        entries = [_extended(each) for each in dicts(said.get("data"))]
        told = [each for each in entries if "situations" in each]
        if told:
            shipments = [each for each in told if text_of(each.get("type"), 20).upper() != COLLECTION]
            return [_parcel(shipments)] if shipments else [Parcel("", not_found=True)]
        if not entries and "data" in said and said.keys() <= {"data", "status", "message"}:
            return [Parcel("", not_found=True)]
        errors = dicts(said.get("errors"))
        if "data" not in said and errors and all({"status", "detail"} <= each.keys() for each in errors):
            return []
        raise UnreadablePayload("no situations of SEUR")

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/livetracking/?segOnlineIdentificador={number}"


def _extended(entry: dict[str, Json]) -> dict[str, Json]:
    """An entry of the simplified answer is its newest situation itself."""
    return {**entry, "situations": [entry]} if "eventCode" in entry and "situations" not in entry else entry


def _parcel(entries: Sequence[dict[str, Json]]) -> Parcel:
    """What the entries tell between them, each situation once."""
    events = [
        told_at(moment, _told(row.get("eventCode"), row.get("description")))
        for entry in entries
        for row in dicts(entry.get("situations"))
        if (moment := iso_moment(row.get("situationDate"), MADRID))
    ]
    if len(entries) > 1:
        events = sorted(dict.fromkeys(events), key=lambda event: event.moment.occurred_at)
    return Parcel("", numbered(events))


def _consulted(body: bytes) -> list[Parcel]:
    """The shipments of the older web service, whose answer stands as a text in its envelope."""
    root = xml_of(body)
    out = named(root, "out")
    if out is not None and len(out) == 0 and out.text:
        root = xml_of(out.text.encode("latin-1", "replace") if "8859" in out.text[:60] else out.text.encode())
    told, error = named(root, "EXPEDICIONES"), named(root, "ERROR")
    if told is None:
        code = text_of(at(tree_of(error), "CODIGO") if error is not None else None, 40)
        if not code.startswith("CEXP"):
            raise UnreadablePayload("no situations of SEUR")
        return [Parcel("", not_found=True)] if code == ABSENT else []
    return [_expedition(each) for each in dicts(at(tree_of(told), "EXPEDICION"))] or [Parcel("", not_found=True)]


def _expedition(said: dict[str, Json]) -> Parcel:
    rows = [row for name in ("SITUACION", "SIT") for row in dicts(at(said, "SITUACIONES", name))]
    events = [
        _worded(row.get("DESCRIPCION_CLIENTE")).at(moment)
        for row in rows
        if (moment := _day(row.get("FECHA_SITUACION")))
    ]
    return Parcel(text_of(said.get("EXPEDICION_NUM"), 40), numbered(events))


@remembered
def _worded(given: Json) -> Said:
    text = text_of(given)
    return meant(Seur.table.find(plain(text), within="text"), "", "text", "", text)


@remembered
def _day(given: Json) -> Moment | None:
    text = text_of(given, 40)
    day = parsed_date(text[:10], "%d-%m-%Y", "%d/%m/%Y")
    if day is None:
        return iso_moment(text, MADRID)
    return local_moment(day, parsed_time(text[11:19], "%H:%M:%S", "%H:%M"), MADRID, OffsetSource.CARRIER)


@remembered
def _told(given: Json, described: Json) -> Told:
    code, find = text_of(given, 20).upper(), Seur.table.find
    row = find(code)
    if row is None and re.fullmatch("[A-Z]{2}[0-9]{3}", code):
        row = find(f"L{code[1:]}") or find(code[:3], within="family") or find(code[:2], within="family")
    return told_of(meant(row, code, "", "", text_of(described)))
