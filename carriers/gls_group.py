"""GLS Group: Track And Trace v1 of the group's portal, polled; GLS Italy and GLS Spain have interfaces of their own.

Codes: carriers/tables/gls_group.csv. GLS gives its whole list of event codes to customers only: ours are those known
in public (the list without name); one that shares its first part with them means what that part means (the list
`prefix`, doubtful). For any other the parcel's `status` says where it stands (the list `status`), as an event of its
own; so it does wherever the newest event says something else.

Quirks: a number that is not known, or that failed, is an entry with `errorCode` inside HTTP 200; a call that fails as a
whole is a problem. `unitno` may lack the check digit, so a parcel goes by `requested`. Offsets have no colon. Answers
of the tracking page and of the older web service are read, too (carriers/gls_older.py), but not asked for.
"""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from httpx import AsyncClient, BasicAuth
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    RequestRefused,
    Token,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.gls_older import of_page, of_soap
from carriers.granting import granted
from carriers.reading import Json, at, dicts, json_object, opening, text_of
from carriers.remembering import remembered
from carriers.sequence import last_of, numbered
from carriers.tables import Row, table_file
from carriers.times import iso_moment
from carriers.zones import country_named, country_zone

NOT_FOUND = "E_404_01"
PLACE = OffsetSource.PLACE


class GlsGroupCredentials(Credentials):
    """Key and secret of an app at dev-portal.gls-group.net."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr


class GlsGroup(Carrier):
    """GLS in Europe, by parcel number or Track ID."""

    slug, name, website = "gls_group", "GLS", "https://gls-group.com"
    home = "DE"
    number_patterns = ("[0-9]{11,12}", "(?=.*[A-Z])[0-9A-Z]{8}")
    number_form, example = "[0-9A-Z_]{8,20}", "500000000012"
    credentials = GlsGroupCredentials
    base_url = "https://api.gls-group.net"
    batch_size = 10
    rate = RateLimit(1, 1.0)
    daily_quota = 500
    confidence = "medium"
    table = table_file("gls_group.csv")
    grants: ClassVar[str] = "/oauth2/v2/token"

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = GlsGroupCredentials.of(account)
        return await granted(
            http,
            f"{account.base_url or self.base_url}{self.grants}",
            "GLS",
            data={"grant_type": "client_credentials"},
            auth=BasicAuth(known.client_id, known.client_secret.get_secret_value()),
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; a 404 about all of them answers each."""
        asked = ",".join(quote("".join(number.split()), safe="") for number in numbers)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/track-and-trace-v1/tracking/simple/trackids/{asked}",
            accept=(200, 404),
            with_token=True,
            params={"showEvents": "true"},
            headers={"authorization": f"Bearer {account.token}", "accept-language": "EN"},
        )
        if answer.status_code == 404:
            return [Answer(answer.content, (number,)) for number in numbers]
        _refuse(dicts(json_object(answer.content).get("parcels")))
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        if opening(body) == b"<":
            return [_parcel(each) for each in of_soap(body)]
        said = json_object(body)
        paged = of_page(said)
        if paged is not None:
            return [_parcel(each) for each in paged]
        parcels = [each for each in dicts(said.get("parcels")) if each.keys() & {"requested", "unitno"}]
        if parcels:
            return [_parcel(each) for each in parcels if text_of(each.get("errorCode")) in ("", NOT_FOUND)]
        if at(said, "fault", "faultstring"):
            return []
        if {"type", "title", "status", "detail"} <= said.keys() and "instance" not in said:
            return [Parcel("", not_found=True)] if text_of(said["status"]) == "404" else []
        raise UnreadablePayload("neither parcels nor an error of GLS Group")

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/GROUP/en/parcel-tracking?match={number}"


def _refuse(parcels: Sequence[dict[str, Json]]) -> None:
    """Raise what an answer means in which every parcel failed otherwise than by being unknown."""
    codes = [text_of(each.get("errorCode")) for each in parcels]
    if not codes or any(code in ("", NOT_FOUND) for code in codes):
        return
    error = RequestRefused if all(code.startswith("E_400") for code in codes) else CarrierUnavailable
    raise error(f"GLS says {codes[0]}: {text_of(parcels[0].get('errorMessage'))}")


def _parcel(said: dict[str, Json]) -> Parcel:
    unit = text_of(said.get("unitno"), 40)
    number = text_of(said.get("requested"), 40) or unit
    if text_of(said.get("errorCode")) == NOT_FOUND:
        return Parcel(number, not_found=True)
    events = numbered([event for each in dicts(said.get("events")) if (event := _event(each))])
    head = _head(said, events)
    aliases = (unit,) if unit and unit != number else ()
    return Parcel(number, (head, *events) if head else events, aliases=aliases)


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    told, zone = _located(get("code"), get("description"), get("city"), get("postalCode"), get("country"))
    moment = iso_moment(get("eventDateTime"), zone, PLACE)
    return told.at(moment) if moment else None


@remembered
def _located(given: Json, described: Json, *where: Json) -> tuple[Told, ZoneInfo | None]:
    """What an event says and where, and the zone of that place."""
    place = _place(*where)
    return _said(given, described).placed(place), country_zone(place.country) if place else None


def _said(given: Json, described: Json) -> Said:
    code, find = text_of(given, 60).upper(), GlsGroup.table.find
    prefix = code.partition(".")[0]
    row = find(code) or (find(prefix, within="prefix") if prefix != code else None)
    if not code:
        row = find("event", within="page")
    return meant(row, code, "", "", text_of(described))


def _place(city: Json, postcode: Json, country: Json) -> Place | None:
    return Place(text_of(city, 100), text_of(postcode, 20), country=_country(text_of(country, 60))) or None


def _country(said: str) -> str:
    return said.upper() if len(said) <= 2 else country_named(said)


def _head(said: dict[str, Json], events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The parcel's status as an event, unless the newest event says the same, or says it finer."""
    status, moment = text_of(said.get("status"), 40).upper(), iso_moment(said.get("statusDateTime"))
    row = GlsGroup.table.find(status, within="status")
    newest = last_of(events)
    moment = moment or (newest.moment if newest else None)
    if moment is None or not status or (newest and _told(row, newest)):
        return None
    last = max((each.sequence for each in events if each.moment.occurred_at == moment.occurred_at), default=-1)
    return mapped(TrackingEvent(moment, status, "status", sequence=last + 1), row)


def _told(row: Row | None, newest: TrackingEvent) -> bool:
    """Whether the newest event leaves nothing for a status to say."""
    if row is None or row.status is None:
        return True
    return newest.status is row.status and (row.doubtful or row.sub_status in (None, newest.sub_status))
