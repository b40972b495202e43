"""Poste Italiane and SDA, polled through the Poste Delivery Business (PDB) API; SDA's parcels are found there too.

The list of status codes is not public and texts change by product, so the texts are the source: four wordings of one
event, then the phase, then the one attested code: carriers/tables/poste_italiane.csv, its phrases in the order in which
they are tried (returns and negatives first). Answers of the public search ("DoveQuando") are read, never asked for.

Quirks: a number that is not known is an HTTP 200, and so is a failure; PDB's times are Italian wall times, DoveQuando's
are epoch milliseconds; "consegnata" is also said of the hand-over to a post office or locker.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    RateLimit,
    RequestRefused,
    Token,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.granting import granted
from carriers.phrases import Phrases, plain
from carriers.reading import Json, dicts, json_object, text_of
from carriers.remembering import remembered
from carriers.tables import Row, table_file
from carriers.times import expected, iso_moment, local_moment, parsed_date, zone
from carriers.vocabulary import Status

ROME = zone("Europe/Rome")

BASES = {
    "production": "https://apiw.gp.posteitaliane.it/gp/internet",
    "test": "https://apid.gp.posteitaliane.it/dev/kindergarden",
}
SCOPES = {
    "production": "https://postemarketplace.onmicrosoft.com/d6a78063-5570-4a87-bbd7-07326e6855d1/.default",
    "test": "api://8f0f2c58-19a8-45ef-9f9e-8bcb0acc7657/.default",
}
WORDINGS = (
    *("StatusDescription", "synthesisStatusDescription", "appStatusDescription", "ivrStatusDescription"),
    "statusDescription",
)
MONTHS = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)


class PosteCredentials(Credentials):
    """The keys of a Poste Delivery Business contract; `authorization` is how the token is sent (integrators differ)."""

    client_id: str = Field(min_length=1)
    secret_id: SecretStr
    environment: Literal["production", "test"] = "production"
    authorization: Literal["bearer", "bare"] = "bearer"


class PosteItaliane(Carrier):
    """Poste Italiane with SDA Express Courier."""

    slug = "poste_italiane"
    name = "Poste Italiane"
    website = "https://www.poste.it"
    home = "IT"
    number_patterns = (
        r"[13]UW[0-9A-Z]{10}",
        r"2IMA[0-9]{10}",
        r"5P[0-9A-Z]{11}",
        r"[A-Z]{2}[0-9]{9}IT",
        r"RA[0-9]{11}",
    )
    number_form, example = "[0-9A-Z]{8,35}", "1UW1ABCDEF123"
    credentials = PosteCredentials
    base_url = BASES["production"]
    batch_size = 1  # the largest list is not known, and a failure would be one for all its numbers
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    complete_history = True  # lastTracingState N
    table = table_file("poste_italiane.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")
    reasons: ClassVar[Phrases] = Phrases(table, "attempt")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        """A token for the contract's keys (about an hour)."""
        keys = PosteCredentials.of(account)
        asked = {
            "clientId": keys.client_id,
            "secretId": keys.secret_id.get_secret_value(),
            "scope": SCOPES[keys.environment],
            "grantType": "client_credentials",
        }
        return await granted(
            http,
            f"{_base(account)}/user/sessions",
            "Poste Italiane",
            headers={"POSTE_clientID": keys.client_id},
            json=asked,
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """The whole history of the numbers; a failure inside HTTP 200 is RequestRefused with Poste's own words."""
        keys = PosteCredentials.of(account)
        asked = {
            "arg0": {
                "shipmentsData": [{"waybillNumber": number, "lastTracingState": "N"} for number in numbers],
                "statusDescription": "E",
                "customerType": "DQ",
            }
        }
        scheme = "Bearer " if keys.authorization == "bearer" else ""
        answer = await call(
            http,
            "POST",
            f"{_base(account)}/postalandlogistics/parcel/tracking",
            with_token=True,
            headers={"POSTE_clientID": keys.client_id, "Authorization": f"{scheme}{account.token}"},
            json=asked,
        )
        said = _pdb(json_object(answer.content))
        if said is not None and _failed(said) and not dicts(said.get("shipment")):
            groups = [text_of(word) for group in dicts(said.get("messages")) for word in _list(group.get("messages"))]
            raise RequestRefused("Poste Italiane: " + ("; ".join(filter(None, groups)) or "KO without a reason"))
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of a PDB answer, or the one of a DoveQuando answer."""
        said = json_object(body)
        if "listaMovimenti" in said or "esitoRicerca" in said:
            return [self._searched(said)]
        pdb = _pdb(said)
        if pdb is None:
            raise UnreadablePayload("neither PDB nor DoveQuando")
        shipments = dicts(pdb.get("shipment"))
        if not shipments:
            return [] if _failed(pdb) else [Parcel("", not_found=True)]
        return [self._shipment(each) for each in shipments]

    def tracking_url(self, number: str) -> str:
        return f"https://www.poste.it/cerca/#/risultati-spedizioni/{number}"

    def _shipment(self, shipment: dict[str, Any]) -> Parcel:
        back = "return" if text_of(shipment.get("returnFlag")).upper() == "S" else ""
        tracking = dicts(shipment.get("tracking"))
        return Parcel(
            text_of(shipment.get("waybillNumber")),
            tuple([event for each in tracking if (event := _traced(each, back))]),
            not_found=not tracking,
            service=text_of(shipment.get("product")),
        )

    def _searched(self, said: dict[str, Any]) -> Parcel:
        found = text_of(said.get("esitoRicerca"))
        movements = dicts(said.get("listaMovimenti"))
        returning = said.get("flagRitorno") is True or text_of(said.get("flagRitorno")).lower() in ("true", "s")
        timed = [(moment, each) for each in movements if (moment := _epoch(each.get("dataOra")))]
        timed.sort(key=lambda each: each[0].occurred_at)
        events = []
        for count, (moment, each) in enumerate(timed, 1):
            box, text = text_of(each.get("box")), text_of(each.get("statoLavorazione"))
            # The envelope's number is the newest movement's: it decides there, but is no part of what that is known by.
            head = text_of(said.get("stato")) if count == len(timed) else ""
            number = head or box
            reason = f"stato {head}" if head not in ("", box) else ""
            event = TrackingEvent(
                moment,
                box or "-",
                "dovequando",
                " ".join(filter(None, (reason, "return" if returning else ""))),
                text,
                place=_place(each.get("luogo")),
                sequence=count,
            )
            row = _row(text) or self.table.find(number, within="dovequando")
            events.append(mapped(event, _on_the_way_back(row) if returning else row))
        return Parcel(
            text_of(said.get("idTracciatura")),
            tuple(events),
            _expected(text_of(said.get("dataPrevistaConsegna"))),
            not_found=not movements and found != "3",
            service=text_of(said.get("tipoProdotto")),
        )


def _traced(said: dict[str, Any], back: str) -> TrackingEvent | None:
    get = said.get
    moment = iso_moment(get("data"), ROME)
    if moment is None:
        return None
    return _located(get("officeDescription"), back, get("phase"), get("status"), *map(get, WORDINGS)).at(moment)


@remembered
def _located(office: Json, back: str, *given: Json) -> Told:
    """What an event says and where."""
    return _said(back, *given).placed(_place(office))


def _said(back: str, given_phase: Json, given_code: Json, *given: Json) -> Said:
    phase, code, wordings = text_of(given_phase), text_of(given_code), [*map(text_of, given)]
    row = _row(*wordings) or _row(phase) or PosteItaliane.table.find(code, within="pdb")
    row = _on_the_way_back(row) if back else row
    return meant(row, code, "pdb", " ".join(filter(None, (phase, back))), next(filter(None, wordings), phase))


def _row(*texts: str) -> Row | None:
    row = PosteItaliane.texts.find(*texts)
    if row is not None and row.status is Status.FAILED_ATTEMPT:
        return PosteItaliane.reasons.find(*texts) or row
    return row


def _on_the_way_back(row: Row | None) -> Row | None:
    delivered = row is not None and row.status is Status.DELIVERED
    return PosteItaliane.table["return", "delivered"] if delivered else row


def _base(account: Account) -> str:
    return account.base_url or BASES[PosteCredentials.of(account).environment]


def _pdb(said: dict[str, Any]) -> dict[str, Any] | None:
    inner = said.get("return")
    if isinstance(inner, dict):
        return inner if {"outcome", "result", "shipment", "code", "messages"} & inner.keys() else None
    # Bare, it must not be taken for another carrier's answer with a `shipment` in it.
    named = any("waybillNumber" in each for each in dicts(said.get("shipment")))
    return (
        said if named or {"outcome", "code"} <= said.keys() or {"result", "code", "messages"} <= said.keys() else None
    )


def _failed(pdb: dict[str, Any]) -> bool:
    outcome = text_of(pdb.get("outcome")) or text_of(pdb.get("result"))
    return outcome.upper() == "KO" or text_of(pdb.get("code")) not in ("", "0")


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


@remembered
def _place(given: Json) -> Place | None:
    """An office, printed as "Perugia (PG)"."""
    office = text_of(given)
    named = re.fullmatch(r"(.+?) ?\(([A-Z]{2})\)", office)
    if named:
        return Place(city=named[1], state=named[2])
    return Place(city=office) if office else None


def _epoch(value: Json) -> Moment | None:
    milliseconds = re.fullmatch(r"([0-9]{1,13})(\.0+)?", text_of(value))
    return iso_moment(datetime.fromtimestamp(int(milliseconds[1]) / 1000, ROME).isoformat()) if milliseconds else None


def _expected(sentence: str) -> Eta | None:
    named = re.search(r"(\d{1,2}) ([a-z]+) (\d{4})$", plain(sentence).rstrip(" ."))
    if not named or named[2] not in MONTHS:
        return None
    day = parsed_date(f"{named[3]}-{MONTHS.index(named[2]) + 1}-{named[1]}", "%Y-%m-%d")
    if day is None:
        return None
    return expected(local_moment(day, None, ROME, OffsetSource.CARRIER))
