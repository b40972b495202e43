"""DHL Paket: the interface Parcel DE Tracking of DHL Post & Parcel Germany; it pushes nothing.

Codes: carriers/tables/dhl_parcel_de.csv. An event is an ICE event, a RIC reason and a TTpro code, `LDTMV MVMTV/PO`, in
the list `ice`; a reason that is not listed there means what the listed ones of its event and code agree upon, or three
in four with the code itself (`ice ttpro`, doubtful); TTpro alone (`ttpro`) counts where there is no ICE event, for its
ZU (delivered) is said of disposals too.

Quirks: everything stands in attributes. An error stands in `code`, mostly under HTTP 200. With `ruecksendung` a
delivery is the parcel's coming home. STORN takes the event before it back; so events have ids, of their time and code.
Times are minutes without zone: Berlin's for German scans, else those of the event's country. Numbers are used again
after some 90 days, so the question names the days since shipping; form of `from-date` (YYYY-MM-DD):
https://docs.datavirtuality.com/v4/public-api, read on 2026-11-22. Names of recipients are not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo

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
    TrackingNumber,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Row, table_file
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status
from carriers.zones import country_named, country_zone

BERLIN = zone("Europe/Berlin")

LISTS = {"piece-shipment-list": "piece-shipment", "piece-status-public-list": "piece-status-public"}
"""The lists of the two requests, and what a parcel is called in them."""
NOT_FOUND = frozenset({"100", "200"})
"""No data, and no electronic data yet."""
ERRORS: Mapping[str, type[CarrierError]] = {
    "5": CredentialsRefused,  # the login failed
    "6": CredentialsRefused,  # too often: the user is locked
    "41": RequestRefused,  # the number is none
    "45": RequestRefused,  # there is no number
    "62": CredentialsRefused,  # a right is missing
}

BEFORE = timedelta(days=7)
"""Days before shipping that are asked about too."""

GERMAN_NAMES = {
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
    "italien": "IT",
    "frankreich": "FR",
    "niederlande": "NL",
    "belgien": "BE",
    "luxemburg": "LU",
    "dänemark": "DK",
    "polen": "PL",
    "tschechien": "CZ",
    "spanien": "ES",
}
"""Countries in the language of an answer that was asked for in German."""


class DhlParcelDeCredentials(Credentials):
    """Key and secret of an app at developer.dhl.com, and the login of the business customer (`appname`, `password`)."""

    api_key: SecretStr = Field(min_length=1)
    api_secret: SecretStr = Field(min_length=1)
    appname: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class DhlParcelDe(Carrier):
    """DHL Paket, by `d-get-piece-detail`: up to twenty parcels of the customer's own a call."""

    slug, name, website = "dhl_parcel_de", "DHL Paket", "https://www.dhl.de"
    home = "DE"
    number_patterns = ("00340434[0-9]{12}", "[A-Z]{2}[0-9]{9}DE", "[0-9]{12}")
    number_form, example = "[0-9A-Z]{10,25}", "00340434161094000001"
    credentials = DhlParcelDeCredentials
    base_url = "https://api-eu.dhl.com"
    batch_size = 20
    rate = RateLimit(1, 1.0)
    confidence = "high"
    table = table_file("dhl_parcel_de.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; a list that holds no data at all answers each of its numbers."""
        keys = DhlParcelDeCredentials.of(account)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/parcel/de/tracking/v0/shipments",
            params={"xml": _question(keys, numbers)},
            auth=(keys.api_key.get_secret_value(), keys.api_secret.get_secret_value()),
        )
        told = _list(xml_of(answer.content))
        code = _value(told, "code")
        if code in NOT_FOUND and not len(told):
            return [Answer(answer.content, (number,)) for number in numbers]
        if code not in ("", "0") and not len(told):
            raise ERRORS.get(code, CarrierUnavailable)(f"DHL Paket says {code}: {_value(told, 'error')}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, none for an error."""
        told = _list(xml_of(body))
        pieces = list(_named(told, LISTS[_value(told, "name")]))
        if not pieces and _value(told, "code") in NOT_FOUND:
            return [Parcel("", not_found=True, note=_value(told, "error"))]
        return [parcel for piece in pieces if (parcel := self._parcel(piece)) is not None]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}"

    def _parcel(self, piece: etree._Element) -> Parcel | None:
        numbers = [_value(piece, name) for name in ("searched-piece-code", "piece-code", "piece-identifier")]
        number, *aliases = dict.fromkeys(filter(None, numbers)) or [""]
        rows = [row for events in _named(piece, "piece-event-list") for row in _named(events, "piece-event")]
        error = _value(piece, "error-status")
        if error not in ("", "0") and not rows:
            unknown = error in NOT_FOUND
            return Parcel(number, not_found=True, note=_value(piece, "status")) if unknown else None
        home = _value(piece, "ruecksendung")
        kept, withdrawn = _without_taken_back([event for row in rows if (event := _event(row, home)) is not None])
        now = _head(piece, home)
        if now is not None and now.id not in {*withdrawn, *(event.id for event in kept)}:
            kept.append(now)
        newest_first = sorted(kept, key=lambda event: event.moment.occurred_at)[::-1]
        return Parcel(
            number,
            numbered(newest_first),
            withdrawn=withdrawn,
            aliases=tuple(aliases),
            service=_value(piece, "product-name"),
        )


def _without_taken_back(events: Sequence[TrackingEvent]) -> tuple[list[TrackingEvent], tuple[str, ...]]:
    """The events without those that a STORN takes back, and the ids of these; each event once."""
    standing: dict[str, TrackingEvent] = {}
    withdrawn: dict[str, None] = {}
    for event in sorted(events, key=lambda each: each.moment.occurred_at):  # oldest first, as it should be
        if event.id in standing or event.id in withdrawn:
            continue
        if event.code.startswith("STORN "):
            before = next((each for each in reversed(standing) if not standing[each].code.startswith("STORN ")), None)
            if before is not None:
                del standing[before]
                withdrawn[before] = None
        standing[event.id] = event
    return list(standing.values()), tuple(withdrawn)


def _event(row: etree._Element, home: str) -> TrackingEvent | None:
    get = row.get
    place, where, source = _place(get("event-location"), get("event-country"))
    moment = _moment(_value(row, "event-timestamp"), where, source)
    text = get("event-status") or get("event-text")
    flag = get("ruecksendung")
    return _told(moment, _said(get("ice"), get("ric"), get("standard-event-code"), text, flag or home), place)


def _head(piece: etree._Element, home: str) -> TrackingEvent | None:
    """The present status, whose place is not told."""
    get = piece.get
    moment = _moment(_value(piece, "status-timestamp"), BERLIN, OffsetSource.CARRIER)
    said = _said(get("ice"), get("ric"), get("standard-event-code"), get("status"), home)
    return _told(moment, said, None) if said.code else None


def _told(moment: Moment | None, said: Said, place: Place | None) -> TrackingEvent | None:
    if moment is None or not (said.code or said.text):
        return None
    return said.at(moment, place)._replace(id=f"{moment.local_time} {said.code or said.text}")


@remembered
def _said(ice: str | None, ric: str | None, ttpro: str | None, text: str | None, home: str | None) -> Said:
    event, reason, group = (text_of(part).upper() for part in (ice, ric, ttpro))
    find, returning = DhlParcelDe.table.find, text_of(home).lower() in ("true", "1")
    within, code = ("ice", f"{event} {reason}/{group}") if event else ("ttpro", group)
    row: Row | None = find(code, within=within)
    if row is None and event:
        row = find(f"{event} {group}", within="ice ttpro")
    if returning and row is not None and row.status is Status.DELIVERED:
        row = find("delivered", within="return")
    return meant(row, code, within, "return" if returning else "", text_of(text))


@remembered
def _place(location: str | None, country: str | None) -> tuple[Place | None, tzinfo, OffsetSource]:
    """The place of an event, the zone of its times, and how that is known."""
    name, city = text_of(country), text_of(location)
    code = GERMAN_NAMES.get(name.casefold()) or country_named(name) or (name.upper() if len(name) == 2 else "")
    place = Place(city, country=code) or None
    if not name or code == "DE":
        return place, BERLIN, OffsetSource.CARRIER
    abroad = country_zone(code) if code else None
    return (place, abroad, OffsetSource.PLACE) if abroad else (place, UTC, OffsetSource.UNKNOWN)


def _moment(printed: str, where: tzinfo, source: OffsetSource) -> Moment | None:
    day, _, clock = printed.partition(" ")
    date = parsed_date(day, "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d")
    if date is None:
        return iso_moment(printed, where, source)
    return local_moment(date, parsed_time(clock, "%H:%M", "%H:%M:%S"), where, source)


def _question(keys: DhlParcelDeCredentials, numbers: Sequence[str]) -> str:
    asked: dict[str, str] = {
        "appname": keys.appname,
        "password": keys.password.get_secret_value(),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": ";".join("".join(number.split()) for number in numbers),
    }
    shipped = [at for number in numbers if (at := TrackingNumber.of(number).shipped_at) is not None]
    if len(shipped) == len(numbers):
        asked["from-date"] = f"{min(shipped).astimezone(BERLIN) - BEFORE:%Y-%m-%d}"
    return etree.tostring(etree.Element("data", asked), encoding="unicode")


def _list(root: etree._Element) -> etree._Element:
    """The list that holds the parcels, wherever it is wrapped."""
    for each in root.iter("data"):
        if each.get("name") in LISTS:
            return each
    raise UnreadablePayload("no answer of Parcel DE Tracking")


def _named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if child.tag == "data" and child.get("name") == name)


def _value(element: etree._Element, name: str) -> str:
    return text_of(element.get(name))
