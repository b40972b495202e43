"""USPS: Tracking 3.0, polled; and the notifications of its subscriptions, which have the same form.

Answers of its older Web Tools (carriers/usps_web_tools.py) are read as well, and not asked for any more.

Codes: carriers/tables/usps.csv, those seen in public (the list without name), and USPS's texts (`text`), which refine
code 01 and stand in for a code that is not listed, as on mail from abroad. There is no complete public list.

Quirks: an event's own time is local and without zone, at times with a false `Z`: the instant is that of `GMTTimestamp`.
Without it the zone is that of the place's state. A summary answer has sentences in place of events, which name the
place, or nothing. 01 also says that the parcel went
back: the text wins. NT and TL are made by the system every day: weak. Sixty calls an hour, so several numbers go in one
(v3r2, whose bound of 35 is quoted, not confirmed). `mailingDate` is not sent: a shop's guess would hide the parcel.
A notification's `X-HMAC` is not checked, for how it is made is not public: pushes are believed for their address.
Names of recipients are not read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import quote

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    RateLimit,
    Token,
    TrackingNumber,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, gs1
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent, made_moment
from carriers.granting import granted
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_of, object_at, opening, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import expected, iso_moment
from carriers.usps_times import moment_of, there
from carriers.usps_web_tools import american_stamp, web_tools_items, web_tools_twin
from carriers.walls import wall_of
from carriers.zones import country_named

IMPB = r"9[1-5][0-9]{20}"
ROUTED = r"420[0-9]{5}(?:[0-9]{4})?" + IMPB
OLDER = r"(?!00)[0-9]{20}"

OF_AN_ITEM = frozenset({"trackingEvents", "eventSummaries", "statusCategory", "status", "eventTimestamp", "error"})
"""What a tracked item has beside its number, some of it."""
DAY = r"(?P<day>[A-Z][a-z]+ \d{1,2}, \d{4}|\d\d/\d\d/\d{4})"
CLOCK = r"(?P<clock>\d{1,2}:\d\d) ?(?P<half>[ap])\.?m\.?"
SENTENCES = [
    re.compile(rf"^(?P<words>.*?),? {when}", re.IGNORECASE)
    for when in (f"(?:at|as of) {CLOCK} on {DAY}", f"on {DAY} at {CLOCK}", f"{DAY}(?:,? {CLOCK})?")
]
"""What happened and when, in a sentence of `statusSummary` and in one of `eventSummaries`."""
TOWN = re.compile(r"(?: in|,) ([A-Z][A-Z .'-]*),? ([A-Z]{2}) (\d{5})")
MARKS = re.compile(r"<[^<>]*>|&#?\w+;")
"""What is not of a product's name: `<SUP>&reg;</SUP>`."""
OPENING = re.compile(r"^(?:your|the) item (?:was|is|has been|has) ", re.IGNORECASE)


def _routed(number: str) -> bool:
    return gs1(number[-22:])


class UspsCredentials(Credentials):
    """Consumer key and secret of an app at developers.usps.com; since April 2026 it must be the shipper's own."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class Usps(Carrier):
    """The United States Postal Service."""

    slug, name, website = "usps", "USPS", "https://www.usps.com"
    home = "US"
    number_patterns = (IMPB, ROUTED, r"[A-Z]{2}[0-9]{9}US", OLDER)
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {IMPB: gs1, ROUTED: _routed, OLDER: gs1}
    number_form, example = "[0-9A-Z]{4,34}", "9400109104250532908587"
    credentials = UspsCredentials
    base_url = "https://apis.usps.com"
    batch_size = 35
    rate = RateLimit(60, 3600.0)
    confidence = "medium"
    pushes = True
    table = table_file("usps.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        """A token of the client credentials; its life is what the answer says."""
        known = UspsCredentials.of(account)
        return await granted(
            http,
            f"{account.base_url or self.base_url}/oauth2/v3/token",
            "USPS",
            data={
                "grant_type": "client_credentials",
                "client_id": known.client_id,
                "client_secret": known.client_secret.get_secret_value(),
                "scope": "tracking",
            },
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One number by v3, several by v3r2; a 404 answers each of them."""
        base, bearer = account.base_url or self.base_url, {"authorization": f"Bearer {account.token}"}
        headers = bearer | {"accept": "application/json"}
        asked = [_question(number) for number in numbers]
        if len(asked) == 1:
            number = quote(asked[0].pop("trackingNumber"), safe="")
            answer = await call(
                http,
                "GET",
                f"{base}/tracking/v3/tracking/{number}",
                accept=(200, 404),
                with_token=True,
                params={"expand": "DETAIL", **asked[0]},
                headers=headers,
            )
        else:
            answer = await call(
                http,
                "POST",
                f"{base}/tracking/v3r2/tracking",
                accept=(200, 207, 404),
                with_token=True,
                json=asked,
                headers=headers,
            )
        if answer.status_code == 404:
            return [Answer(answer.content, (number,)) for number in numbers]
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or notification, none for an error other than an unknown number."""
        if opening(body) == b"<":
            return [parcel for each in web_tools_items(body) if (parcel := _parcel(each)) is not None]
        answer = json_of(body)
        if isinstance(answer, dict) and (items := web_tools_twin(answer)):
            return [parcel for each in items if (parcel := _parcel(each)) is not None]
        parcels = [parcel for each in dicts(answer) if (parcel := _parcel(each)) is not None]
        if parcels:
            return parcels
        errors = [said for each in dicts(answer) if (said := object_at(each, "error"))]
        if not any("code" in said and "message" in said for said in errors):
            raise UnreadablePayload("neither a tracked item nor an error of USPS")
        return [Parcel("", not_found=True)] if any(text_of(said.get("code")) == "404" for said in errors) else []

    def tracking_url(self, number: str) -> str:
        return f"https://tools.usps.com/go/TrackConfirmAction?tLabels={''.join(number.split())}"


def _question(number: str) -> dict[str, str]:
    postcode = TrackingNumber.of(number).postcode[:5]
    asked = {"trackingNumber": "".join(number.split())}
    return asked | {"destinationZIPCode": postcode} if re.fullmatch("[0-9]{5}", postcode) else asked


def _parcel(said: dict[str, Json]) -> Parcel | None:
    """A tracked item; none if the object is none."""
    number = text_of(said.get("trackingNumber"), 40)
    if not number or OF_AN_ITEM.isdisjoint(said):
        return None
    error = object_at(said, "error")
    if error:
        unknown = text_of(error.get("code")) == "404"
        return Parcel(number, not_found=True) if unknown else None
    listed = dicts(said.get("trackingEvents")) or ([said] if "eventTimestamp" in said else [])
    events = [event for each in listed if (event := _event(each)) is not None] or list(_summarised(said))
    return Parcel(number, numbered(events), _eta(said), service=_product(said.get("mailClass")))


@remembered
def _product(given: Json) -> str:
    return text_of(MARKS.sub("", text_of(given, 200)), 100)


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    where = get("eventCity"), get("eventZIP"), get("eventState"), get("eventCountry")
    local, gmt = get("eventTimestamp"), get("GMTTimestamp")
    if (wall := wall_of(local)) and (instant := iso_moment(gmt)):
        moment: Moment | None = made_moment((instant.occurred_at, wall, OffsetSource.GIVEN, None))
    else:
        moment = moment_of(local, gmt, get("GMTOffset"), _place(*where))
    return told_at(moment, _scanned(get("eventCode"), get("eventType"), *where)) if moment else None


@remembered
def _scanned(code: Json, text: Json, *where: Json) -> Told:
    return told_of(_said(code, text), _place(*where))


@remembered
def _said(given: Json, text: Json) -> Said:
    code, words = text_of(given, 20).upper(), text_of(text)
    row = Usps.table.find(code) if code else None
    if row is None or code == "01":
        telling = Usps.texts.find(words)
        return meant(telling or row, code, "", "text" if telling else "", words)
    return meant(row, code, "", "", words)


@remembered
def _place(city: Json, postcode: Json, state: Json, country: Json) -> Place | None:
    """Where; without a country it is in the United States."""
    town, code, region = text_of(city, 100), text_of(postcode, 20), text_of(state, 40)
    named = text_of(country, 40).upper()
    if not (town or code or region or named):
        return None
    return Place(town, code, region, (named if len(named) == 2 else country_named(named)) if named else "US")


def _summarised(said: dict[str, Json]) -> Iterator[TrackingEvent]:
    """What the sentences of a summary tell, newest first; the head is an event where no sentence has its time."""
    listed = said.get("eventSummaries")
    events = [found for each in listed if (found := _told(text_of(each)))] if isinstance(listed, list) else []
    words = text_of(said.get("status")) or text_of(said.get("statusCategory"))
    head = _told(text_of(said.get("statusSummary")))
    if head is not None and words:
        events = [event for event in events if event.moment != head.moment or event.row is not None]
        if all(event.moment != head.moment for event in events):
            yield _said("", words).at(head.moment, head.place)
    yield from events


def _told(sentence: str) -> TrackingEvent | None:
    """What a sentence tells, when and where; none if it says no day."""
    found = next((match for pattern in SENTENCES if (match := pattern.match(sentence))), None)
    if found is None:
        return None
    said = {name: text or "" for name, text in found.groupdict().items()}
    stamp = american_stamp(said["day"], f"{said['clock']} {said['half']}m" if said["clock"] else "")
    town = TOWN.search(sentence)
    place = _place(town[1], town[3], town[2], "") if town else None
    moment = iso_moment(stamp)
    return _said("", OPENING.sub("", said["words"])).at(there(moment, place), place) if moment else None


def _eta(said: dict[str, Json]) -> Eta | None:
    """The expected day; its window has no zone."""
    for name in ("expectedDeliveryTimeStamp", "predictedDeliveryDate", "guaranteedDeliveryTimeStamp"):
        if (day := _day(said.get(name))) is not None:
            return day
    return None


@remembered
def _day(given: Json) -> Eta | None:
    return expected(iso_moment(text_of(given)[:10]))
