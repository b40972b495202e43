"""Nacex, Spain, Portugal and Andorra: the state of an expedition by its web service, one a call; no push is confirmed.

Codes: the words of the state. The number beside an incident says which, but no list of them is public: it stands in the
context, and the remarks are the text.

Quirks: an answer is a line of text with its last state alone, or `ERROR` and what is wrong, an unknown number as well;
its text tells. Remarks of anything but an incident may name who took it and are not read. Expeditions that belong to it
(a return, a service back, one sent anew) stand behind a `~`, with a letter for how: what they mean for this one is not
documented, so they are kept in a list of that letter and say nothing. User and password stand in the question, so
nothing may write down its address. Madrid's time. The history (`getHistoricoExpedicion`) is read after a public client
(2026-11-22), but not asked for: it tells words, of which only those of the states are known to mean something.

A number is the expedition's code or, as on the label, branch/waybill. The names of both in a question, the password's
MD5, the order of fields, the address under https and the fields by SOAP: public clients, read on 2026-11-22.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import md5

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.complaints import refuse, unknown
from carriers.event import OffsetSource, Parcel, Place, TrackingEvent
from carriers.people import unnamed
from carriers.reading import MAX_ARRAY, MAX_BODY, local_name, opening, text_of, xml_of
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.times import local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status, SubStatus

MADRID = zone("Europe/Madrid")
RELATIONS = frozenset({"R", "D", "X"})
"""How another expedition belongs to the one asked about: a service back, a return, sent anew."""
INCIDENT, ERROR, ANSWER = "INCIDENCIA", "ERROR", "getEstadoExpedicionResponse"
HASH = re.compile("[0-9a-fA-F]{32}")
HISTORY = re.compile(rb"\s*[0-9]{2}/[0-9]{2}/[0-9]{4}~")
"""How an answer begins that tells a history: a day, and the stroke that stands between fields there."""

Line = list[str]
"""Expedition, day, time, remarks, state, code, branch, waybill, in this order; the last ones may be missing."""


class NacexCredentials(Credentials):
    """A user of the web service; the password as it is, or already as its MD5."""

    user: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class Nacex(Carrier):
    """Nacex, an express courier."""

    slug, name, website = "nacex", "Nacex", "https://www.nacex.com"
    home = "ES"
    number_form, example = "[0-9]{6,14}|[0-9]{3,4}/[0-9]{4,10}", "2800/00000001"
    credentials = NacexCredentials
    base_url = "https://pda.nacex.com"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    renames = True  # asked by branch and waybill, it answers by the expedition's code
    unsaid = (("many_parcels", "it is asked about one expedition a call"),)
    table = table(
        {
            "RECOGIDO": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),  # collected
            "TRANSITO": Says(Status.IN_TRANSIT),  # moving
            "REPARTO": Says(Status.OUT_FOR_DELIVERY),  # on round
            "OK": Says(Status.DELIVERED),  # delivered
            INCIDENT: Says(Status.EXCEPTION),  # incident, the reason in the remarks
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about one expedition."""
        known = NacexCredentials.of(account)
        branch, slash, waybill = "".join(numbers[0].split()).partition("/")
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/nacex_ws/ws",
            params={
                "method": "getEstadoExpedicion",
                "user": known.user,
                "pass": _hashed(known.password.get_secret_value()),
                "data": f"origen={branch}|albaran={waybill}" if slash else f"expe_codigo={branch}",
            },
        )
        refuse("Nacex", _error(_lines(answer.content)))
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The expedition of an answer; none for an error that is not about the number."""
        if HISTORY.match(body):
            return [Parcel("", numbered(list(_history(body))))]
        lines = _lines(body)
        if error := _error(lines):
            return [Parcel("", not_found=True, note=error)] if unknown(error) else []
        told = [line for line in lines if _is_state(line[1:] if line[0] in RELATIONS else line)]
        own = next((line for line in told if line[0] not in RELATIONS), None)
        if own is None:
            raise UnreadablePayload("no state of Nacex")
        label = "/".join(own[6:8]) if all(own[6:8]) and len(own) >= 8 else ""
        return [
            Parcel(
                own[0],
                numbered([event for line in told for event in _events(line)]),
                aliases=(label,) if label and label != own[0] else (),
            )
        ]

    def tracking_url(self, number: str) -> str:
        branch, slash, waybill = number.partition("/")
        page = f"{self.website}/seguimientoDetalle.do"
        return f"{page}?agencia_origen={branch}&numero_albaran={waybill}" if slash else ""


def _history(body: bytes) -> Iterator[TrackingEvent]:
    """What `getHistoricoExpedicion` tells: day, time, words and branch of each event, between strokes."""
    for entry in _text(body).split("|", MAX_ARRAY):
        fields = [text_of(field, 200) for field in entry.split("~", 4)]
        if len(fields) < 4:  # cut short
            continue
        day, clock, told, branch = fields[:4]
        date, state = parsed_date(day, "%d/%m/%Y"), told.upper()
        if date is not None and told:
            moment = local_moment(date, parsed_time(clock, "%H:%M", "%H:%M:%S"), MADRID, OffsetSource.CARRIER)
            row = Nacex.table.find(state)
            said = meant(row, state if row else "", "" if row else "history", "", unnamed(told))
            yield said.at(moment, Place(name=branch) if branch else None)


def _hashed(password: str) -> str:
    hashed = password if HASH.fullmatch(password) else md5(password.encode(), usedforsecurity=False).hexdigest()
    return hashed.upper()


def _lines(body: bytes) -> list[Line]:
    """The fields of each expedition in a text, or of the one in an answer by SOAP; UnreadablePayload if too many."""
    if opening(body) == b"<":
        elements = xml_of(body).iter("{*}*")
        answer = next((each for each in elements if local_name(each) == ANSWER), None)
        return [] if answer is None else [[text_of(each.text, 200) for each in answer.iter("{*}*") if not len(each)]]
    parts = re.split(r"[~\r\n]+", _text(body), maxsplit=MAX_ARRAY)
    if len(parts) > MAX_ARRAY:
        raise UnreadablePayload(f"more than {MAX_ARRAY} lines")
    return [[text_of(field, 200) for field in part.split("|", 20)] for part in parts if part.strip()]


def _text(body: bytes) -> str:
    if len(body) > MAX_BODY:
        raise UnreadablePayload(f"a body of {len(body)} bytes: at most {MAX_BODY} are read")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _error(lines: list[Line]) -> str:
    """What an answer says is wrong; empty if nothing is."""
    if not lines or lines[0][0] != ERROR:
        return ""
    return " ".join(filter(None, lines[0][1:3])) or ERROR


def _is_state(line: Line) -> bool:
    """Whether it is one, with the field behind the state: so that the state is not cut short with half an answer."""
    return len(line) >= 6 and parsed_date(line[1], "%d/%m/%Y") is not None and line[4] != ""


def _events(line: Line) -> Iterator[TrackingEvent]:
    relation = line[0] if line[0] in RELATIONS else ""
    _, day, clock, remarks, given, *more = line[1:] if relation else line
    date, state = parsed_date(day, "%d/%m/%Y"), given.upper()
    if date is None:
        return
    moment = local_moment(date, parsed_time(clock, "%H:%M", "%H:%M:%S"), MADRID, OffsetSource.CARRIER)
    incident = state == INCIDENT
    context = f"code {more[0]}" if incident and more and more[0] else ""
    row = None if relation else Nacex.table.find(state)
    yield meant(row, state, relation, context, (remarks if incident else "") or given).at(moment)
