"""Correos Express, Spain and Portugal: its REST tracking, one number a call; no push is confirmed.

Codes: the few that are known, among them six which the official shop module takes for cancelled without saying why
(doubtful). Any other is said to be in progress, which is no meaning of a code's own: it says nothing here, but its text
is shown.

Quirks: an error stands in `error` inside HTTP 200, with no public list, so its text tells: of a number, or of the user.
Dates and times are digits alone, Madrid's, and may have lost a leading zero. The state of the shipment beside its list
is an event where the list lacks it. Names and addresses beside it are not read. The shipment's number and state, the
depot of an event, the other names of an answer's fields (`codigoRetorno`, `codigoEstado`) and Latin-1 in messages:
public clients of the service, read on 2026-11-22. Its SOAP twin says the same under the same names, and is read.
"""

from collections.abc import Mapping, Sequence

from httpx import AsyncClient, BasicAuth
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.complaints import refuse, unknown
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import Json, dicts, json_object, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.telling import Told, told_at, told_of
from carriers.times import local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status, SubStatus
from carriers.xml_tree import named, tree_of

MADRID = zone("Europe/Madrid")
PATH = "/wspsc/apiRestSeguimientoEnviosk8s/json/seguimientoEnvio"
CANCELLED = Says(Status.EXCEPTION, SubStatus.CANCELLED, doubtful=True)
OUTCOMES = (("error", "mensajeError"), ("codigoRetorno", "mensajeRetorno"))
"""Where an answer says whether it is one, and what is wrong."""
FINE = frozenset({"", "0", "200"})
"""Codes of what is no error."""


class CorreosExpressCredentials(Credentials):
    """A user of the web services and the customer's code."""

    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    customer_code: str = Field(min_length=1)


class CorreosExpress(Carrier):
    """The express company of Correos."""

    slug, name, website = "correos_express", "Correos Express", "https://www.correosexpress.com"
    home = "ES"
    number_patterns = ("[0-9]{16}",)
    number_form, example = "[0-9A-Z]{8,30}", "9930000000000001"
    credentials = CorreosExpressCredentials
    base_url = "https://www.cexpr.es"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table(
        {
            "1": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),  # not yet received
            "12": Says(Status.DELIVERED),  # delivered
            "13": CANCELLED,  # taken for cancelled, as are those below
            "14": CANCELLED,
            "15": CANCELLED,
            "16": CANCELLED,
            "17": Says(Status.RETURNED, doubtful=True),  # returned
            "19": CANCELLED,
            "31": CANCELLED,
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        known = CorreosExpressCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}{PATH}",
            json={"codigoCliente": known.customer_code, "dato": "".join(numbers[0].split())},
            auth=BasicAuth(known.username, known.password.get_secret_value()),
        )
        refuse("Correos Express", _error(json_object(answer.content, "latin-1")))
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none for an error that is not about the number."""
        said = _of_soap(body) if opening(body) == b"<" else json_object(body, "latin-1")
        told = object_at(said, "mensajeRetorno") or said
        if "estadoEnvios" not in told and not any(set(names) <= said.keys() for names in OUTCOMES):
            raise UnreadablePayload("no states of Correos Express")
        number = text_of(told.get("numEnvio"), 40)
        if error := _error(said):
            return [Parcel(number, not_found=True, note=error)] if unknown(error) else []
        events = [event for row in dicts(told.get("estadoEnvios")) if (event := _event(row))]
        head = _event(told)
        if head and all(each.code != head.code or each.moment != head.moment for each in events):
            events.append(head)
        in_order = numbered(events[::-1])[::-1]
        return [Parcel(number, in_order, not_found=not events and not number)]

    def tracking_url(self, number: str) -> str:
        return f"https://s.correosexpress.com/c?n={number}"


def _of_soap(body: bytes) -> dict[str, Json]:
    """The return of the web service that was there before, whose fields have the same names."""
    answer = named(xml_of(body), "seguimientoEnvioResponse")
    said = None if answer is None else tree_of(answer)
    inner = said.get("return", said) if isinstance(said, dict) else None
    if not isinstance(inner, dict):
        raise UnreadablePayload("no states of Correos Express")
    return inner


def _error(said: Mapping[str, Json]) -> str:
    """What an error says; empty if it is none."""
    for code, message in OUTCOMES:
        told = text_of(said.get(code), 20)
        if told not in FINE:
            return f"{told} {text_of(said.get(message), 200)}".strip()
    return ""


def _event(row: Mapping[str, Json]) -> TrackingEvent | None:
    get = row.get
    moment = _moment(get("fechaEstado"), get("horaEstado"))
    code = row["codEstado"] if "codEstado" in row else get("codigoEstado")
    words = row["descEstado"] if "descEstado" in row else get("descripcionEstado")
    what = _told(code, words, get("nombreDelegacion"))
    return told_at(moment, what) if moment and what else None


@remembered
def _told(given: Json, described: Json, depot: Json) -> Told | None:
    """What a state says, and where; none if it has neither code nor text."""
    code, text = text_of(given, 20), text_of(described)
    code = code.lstrip("0") or code
    said = meant(CorreosExpress.table.find(code), code, "", "", text)
    return told_of(said, Place(name=text_of(depot, 100)) or None) if code or text else None


@remembered
def _moment(day: Json, clock: Json) -> Moment | None:
    date, hour = parsed_date(text_of(day).zfill(8), "%d%m%Y"), text_of(clock)
    if date is None:
        return None
    time = parsed_time(hour, "%H%M") if len(hour) == 4 else parsed_time(hour.zfill(6), "%H%M%S") if hour else None
    return local_moment(date, time, MADRID, OffsetSource.CARRIER)
