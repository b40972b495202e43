"""MRW, Spain and Portugal: `GetEnvios` of its SOAP tracking service, one number a call; no push is confirmed.

Codes: only 00, delivered, is known. Whatever other state is kept with its text and says nothing, until someone accepts
a row for it.

Quirks: the question is a range, here of one number, and asks for the extended information, for the basic has the last
state alone. Lists and states are all called `Seguimiento`, in three ways of nesting: one that has a state is a state.
What is wrong stands in `MensajeSeguimiento` inside HTTP 200 without a code, so its text tells: of the user, or of a
number that is not known. `FechaEntrega` and `HoraEntrega` are Madrid's, digits alone; a state without them happened
when it was published, with an offset. Who took the parcel is not read. Service description, messages and nesting:
OCA's l10n-spain and other public clients, read on 2026-11-22.
"""

import re
from collections.abc import Iterator, Sequence

from httpx import AsyncClient
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.complaints import refuse, unknown
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.phrases import plain
from carriers.reading import child_text, local_name, text_of, xml_of
from carriers.sequence import numbered
from carriers.soap import question
from carriers.tables import Says, table
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status

MADRID = zone("Europe/Madrid")
SERVICE = "http://tempuri.org/"
SPANISH, BY_NUMBER, EXTENDED = "3082", "0", "1"
ANSWERS = frozenset({"GetEnviosResult", "GetEnviosByDepartamentoResult", "InfoSeguimiento", "MensajeSeguimiento"})
FOUND = re.compile("busqueda correcta")
"""As `plain` writes it."""


class MrwCredentials(Credentials):
    """A user of the tracking service; the customer's code and its branch's, where MRW asks for them."""

    login: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    subscriber: str = ""
    franchise: str = ""


class Mrw(Carrier):
    """MRW, a courier of franchises."""

    slug, name, website = "mrw", "MRW", "https://www.mrw.es"
    home = "ES"
    number_form, example = "[0-9A-Z]{6,30}", "020000000001"
    credentials = MrwCredentials
    base_url = "https://trackingservice.mrw.es"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table({"00": Says(Status.DELIVERED)})

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about one number."""
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/TrackingService.svc/TrackingServices",
            content=_question("".join(numbers[0].split()), account),
            headers={
                "content-type": "text/xml; charset=utf-8",
                "soapaction": f'"{SERVICE}ITrackingService/GetEnvios"',
            },
        )
        root = xml_of(answer.content)
        refuse("MRW", _error(root))
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, each number its own; none for an error that is not about the number."""
        root = xml_of(body)
        told: dict[str, list[TrackingEvent]] = {}
        for row in _states(root):
            told.setdefault(child_text(row, "NumAlbaran"), []).extend(_events(row))
        if told:
            return [Parcel(number, numbered(events)) for number, events in told.items()]
        if not any(local_name(each) in ANSWERS for each in root.iter("{*}*")):
            raise UnreadablePayload("no answer of MRW's tracking service")
        error = _error(root)
        return [Parcel("", not_found=True, note=error)] if not error or unknown(error) else []

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/seguimiento_envios/MRW_resultados_consultas.asp?modo=nacional&envio={number}"


def _question(number: str, account: Account) -> bytes:
    keys = MrwCredentials.of(account)
    values = {
        "login": keys.login,
        "pass": keys.password.get_secret_value(),
        "codigoIdioma": SPANISH,
        "tipoFiltro": BY_NUMBER,
        "valorFiltroDesde": number,
        "valorFiltroHasta": number,
        "tipoInformacion": EXTENDED,
        "codigoAbonado": keys.subscriber,
        "codigoFranquicia": keys.franchise,
    }
    return question(SERVICE, "GetEnvios", {name: value for name, value in values.items() if value})


def _states(root: etree._Element) -> Iterator[etree._Element]:
    for each in root.iter("{*}Seguimiento"):
        if each.find("{*}Estado") is not None or each.find("{*}EstadoDescripcion") is not None:
            yield each


def _error(root: etree._Element) -> str:
    """What the message says is wrong; empty if nothing is, or if there are states all the same."""
    message = next((text_of(each.text, 200) for each in root.iter("{*}MensajeSeguimiento")), "")
    return "" if FOUND.search(plain(message)) or next(_states(root), None) is not None else message


def _events(row: etree._Element) -> Iterator[TrackingEvent]:
    moment, code, text = _moment(row), child_text(row, "Estado"), child_text(row, "EstadoDescripcion")
    if moment and (code or text):
        yield meant(Mrw.table.find(code), code, "", "", text).at(moment)


def _moment(row: etree._Element) -> Moment | None:
    day = parsed_date(child_text(row, "FechaEntrega"), "%d%m%Y")
    if day is None:
        return iso_moment(child_text(row, "Publicado"), MADRID)
    clock = parsed_time(child_text(row, "HoraEntrega"), "%H%M", "%H%M%S", "%H:%M")
    return local_moment(day, clock, MADRID, OffsetSource.CARRIER)
