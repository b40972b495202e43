"""UPS, asked through its Track API, pushing through Track Alert.

Codes: carriers/tables/ups.csv, from UPS's own code pages. A code means something only under its activity type (`OT` is
out for delivery under I, a customs question under X), so the key is (type, code); a pair that stands in no row is read
by its three-digit code, never by the type alone.

Quirks: the time zone is in the gmt trio only, whose time may lose its leading zero ("74700" is 07:47:00) and whose
offset is written -05:00 by the one interface and -04.00 by the other; without it, the zone is that of the place's
country, if it keeps but one. "Delivered" (D) is also said of parcels that wait at an access point or are back with the
sender: then the three-digit code tells. An unknown number is a 404 or a 200 with a warning. Names of receivers are in
the answer and stay there.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from urllib.parse import quote
from uuid import uuid4

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RequestRefused,
    Token,
    TokenRefused,
    UnreadablePayload,
    Verified,
    mapped,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import Json, at, dicts, json_of, text_of
from carriers.tables import Row, table_file
from carriers.times import local_moment, offset, parsed_date, parsed_time
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_named, country_zone

NOT_FOUND = frozenset({"TW0001", "151044", "404"})
"""Error codes for a number that UPS does not know (yet)."""
NOT_FOUND_WORDS = ("information not found", "no tracking information", "no information")

BAD_TOKEN = frozenset({"250002", "250003", "251004"})

POSTAL = frozenset({"IC", "VT", "H6", "A4"})
"""Sources of Mail Innovations' codes, given in place of the type; they share one list."""

ELSEWHERE = (Status.AVAILABLE_FOR_PICKUP, Status.RETURNED)
"""Where a three-digit code may say that a bare "delivered" went."""


class UpsCredentials(Credentials):
    """An application on developer.ups.com; `merchant_id` is the six-character account, if the application needs it."""

    client_id: str
    client_secret: SecretStr
    merchant_id: str = ""


class Ups(Carrier):
    """UPS, world-wide."""

    slug = "ups"
    name = "UPS"
    website = "https://www.ups.com"
    number_patterns = (r"1Z[0-9A-Z]{16}", r"1R[0-9A-Z]{14}(?:[0-9A-Z]{12})?", r"[AHJKTV]\d{10}")
    number_form, example = "[0-9A-Z]{7,34}", "1Z999AA10123456784"
    credentials = UpsCredentials
    table = table_file("ups.csv")
    base_url = "https://onlinetools.ups.com"
    confidence = "high"
    pushes = True

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = _credentials(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/security/v1/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(known.client_id, known.client_secret.get_secret_value()),
            headers={"x-merchant-id": known.merchant_id} if known.merchant_id else {},
        )
        granted = json_of(answer.content)
        value, seconds = text_of(at(granted, "access_token"), 8192), text_of(at(granted, "expires_in"))
        if not value or not seconds.isdecimal():
            raise CarrierUnavailable("UPS granted no token")
        return Token(value, float(seconds))

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        return [await self._ask(http, account, number) for number in numbers]

    async def _ask(self, http: AsyncClient, account: Account, number: str) -> Answer:
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/api/track/v1/details/{quote(number, safe='')}",
            accept=(200, 404),
            with_token=True,
            params={"locale": "en_US"},
            headers={"authorization": f"Bearer {account.token}", "transId": uuid4().hex, "transactionSrc": "nove"},
        )
        codes = sorted(text_of(error.get("code")) for error in _errors(json_of(answer.content)))
        if BAD_TOKEN.intersection(codes):
            raise TokenRefused(f"UPS refuses our token ({', '.join(codes)})")
        if codes and answer.status_code == 200:
            raise RequestRefused(f"UPS refuses the request ({', '.join(codes)})")
        return Answer(answer.content, (number,))

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """Track Alert signs nothing; a credential given at set-up comes back in a header and must then be ours."""
        given = headers.get("credential") or headers.get("authorization", "").removeprefix("Bearer ")
        sent = given.strip().encode()
        if sent and secrets and not any(hmac.compare_digest(sent, secret.encode()) for secret in secrets):
            raise BadSignature("the push carries a credential that is not ours")
        return Verified()

    def tracking_url(self, number: str) -> str:
        return f"https://www.ups.com/track?tracknum={quote(number, safe='')}"

    def parse(self, body: bytes) -> list[Parcel]:
        answer = json_of(body)
        pushes = [item for item in dicts(answer) if "activityStatus" in item and "trackingNumber" in item]
        if pushes:
            return [self._pushed(push) for push in pushes]
        if errors := _errors(answer):
            return [Parcel("", not_found=True)] if _unknown(errors) else []
        if not isinstance(at(answer, "trackResponse"), dict):
            raise UnreadablePayload("neither UPS's track answer nor its push")
        shipments = dicts(answer["trackResponse"].get("shipment"))
        return [parcel for shipment in shipments for parcel in self._parcels(shipment)]

    def _parcels(self, shipment: dict[str, Json]) -> list[Parcel]:
        asked, packages = text_of(shipment.get("inquiryNumber"), 64), dicts(shipment.get("package"))
        if not packages and dicts(shipment.get("warnings")):
            return [Parcel(asked, not_found=True)]
        return [self._parcel(package, asked if len(packages) == 1 else "") for package in packages]

    def _parcel(self, package: dict[str, Json], asked: str) -> Parcel:
        number = text_of(package.get("trackingNumber"), 64) or asked
        days = {text_of(each.get("type")): each.get("date") for each in dicts(package.get("deliveryDate"))}
        events = [event for activity in dicts(package.get("activity")) if (event := self._event(activity))]
        if head := self._head(package, days.get("DEL"), events):
            events.append(head)
        return Parcel(
            number,
            tuple(events),
            eta=_eta(days),
            aliases=_aliases(number, asked, package.get("alternateTrackingNumber")),
            service=text_of(at(package, "service", "description"), 80),
        )

    def _event(self, activity: dict[str, Json]) -> TrackingEvent | None:
        place = _place(at(activity, "location", "address"))
        gmt = [activity.get(name) for name in ("gmtDate", "gmtTime", "gmtOffset")]
        return self._told(
            activity.get("status"), _moment(place, activity.get("date"), activity.get("time"), gmt), place
        )

    def _pushed(self, push: dict[str, Json]) -> Parcel:
        number, ended = text_of(push["trackingNumber"], 64), push.get("actualDeliveryDate")
        place = _place(push.get("activityLocation"))
        gmt = [push.get(name) for name in ("gmtActivityDate", "gmtActivityTime", "gmtOffset")]
        moment = _moment(place, push.get("localActivityDate"), push.get("localActivityTime"), gmt)
        moment = moment or _moment(place, ended, push.get("actualDeliveryTime"))
        event = self._told(push["activityStatus"], moment, place)
        return Parcel(
            number,
            (event,) if event else (),
            eta=_eta({"SDD": push.get("scheduledDeliveryDate"), "DEL": ended}),
            aliases=_aliases(number, "", push.get("alternateTrackingNumber")),
        )

    def _head(self, package: dict[str, Json], ended: Json, events: list[TrackingEvent]) -> TrackingEvent | None:
        """The present status as an event when no activity tells it: at the delivery's time, else at the newest's."""
        newest = max(events, key=lambda each: each.moment.occurred_at, default=None)
        clock, where = package.get("deliveryTime"), newest.place if newest else None
        moment = _moment(where, ended, at(clock, "endTime") if at(clock, "type") == "DEL" else None)
        head = self._told(package.get("currentStatus"), moment or (newest.moment if newest else None), None)
        return head if head and head.status and head.status not in {event.status for event in events} else None

    def _told(self, status: Json, moment: Moment | None, place: Place | None) -> TrackingEvent | None:
        """An event of a status object; `descriptionCode` is the push's name for `statusCode`."""
        if moment is None:
            return None
        kind, code = text_of(at(status, "type"), 8).upper(), text_of(at(status, "code"), 8).upper()
        three = text_of(at(status, "statusCode")) or text_of(at(status, "descriptionCode"))
        if re.fullmatch(r"\d{3}", code):  # currentStatus may carry the three-digit code in place of the pair
            code, three = "", three or code
        three = three[:8].zfill(3) if three else ""
        event = TrackingEvent(
            moment,
            code=code or three,
            list="statusCode" if three and not code else kind,
            context=f"statusCode {three}" if three else "",
            text=text_of(at(status, "description")) or text_of(at(status, "simplifiedTextDescription")),
            place=place,
        )
        return mapped(event, self._row(kind, code, three))

    def _row(self, kind: str, code: str, three: str) -> Row | None:
        exact = self.table.find(code, within=kind) or self.table.find(code.removeprefix("0"), within=kind)
        if exact is None and kind in POSTAL:
            exact = self.table.find(code, within="post")
        finer = self.table.find(three, within="statusCode")
        if exact is None or finer is None:
            return exact or finer
        bare = (exact.status, exact.sub_status) == (Status.DELIVERED, SubStatus.TO_RECIPIENT)
        return finer if bare and finer.status in ELSEWHERE else exact


def _credentials(account: Account) -> UpsCredentials:
    if not isinstance(account.credentials, UpsCredentials):
        raise CredentialsRefused("these are not UPS credentials")
    return account.credentials


def _errors(answer: Json) -> list[dict[str, Json]]:
    return dicts(at(answer, "response", "errors"))


def _unknown(errors: Sequence[dict[str, Json]]) -> bool:
    codes = {text_of(error.get("code")) for error in errors}
    words = " ".join(text_of(error.get("message")).lower() for error in errors)
    return bool(codes & NOT_FOUND) or any(phrase in words for phrase in NOT_FOUND_WORDS)


def _aliases(number: str, asked: str, others: Json) -> tuple[str, ...]:
    listed = others if isinstance(others, list) else [others]
    named = [text_of(other.get("number") if isinstance(other, dict) else other, 64) for other in listed]
    return tuple(dict.fromkeys(name for name in (asked, *named) if name and name != number))


def _place(where: Json) -> Place | None:
    country = text_of(at(where, "countryCode")) or text_of(at(where, "country"))
    place = Place(
        city=text_of(at(where, "city"), 100),
        postcode=text_of(at(where, "postalCode"), 20),
        state=text_of(at(where, "stateProvince"), 50),
        country=country.upper() if len(country) == 2 else country_named(country),
    )
    return place or None


def _day(value: Json) -> date | None:
    return parsed_date(text_of(value), "%Y%m%d", "%Y-%m-%d")


def _clock(value: Json) -> time | None:
    text = text_of(value)
    if ":" not in text:
        return parsed_time(text.zfill(6), "%H%M%S") if text else None
    return parsed_time(text, "%H:%M:%S", "%H:%M")


def _moment(place: Place | None, day: Json, clock: Json, gmt: Sequence[Json] = (None, None, None)) -> Moment | None:
    """The gmt trio tells the instant; the local time is only printed, unless it is all there is: then in its place."""
    local, wall = _day(day), _clock(clock)
    utc_day, utc_clock = _day(gmt[0]), _clock(gmt[1])
    parts = re.fullmatch(r"([+-]?)(\d{1,2})[:.]?(\d{2})", text_of(gmt[2]))
    zone: tzinfo | None = None
    if parts and int(parts[2]) < 15:
        zone = offset((-1 if parts[1] == "-" else 1) * (int(parts[2]) * 60 + int(parts[3])))
    if utc_day and utc_clock:
        instant = datetime.combine(utc_day, utc_clock, UTC)
        printed = datetime.combine(local, wall) if local and wall else instant.astimezone(zone or UTC)
        return Moment(instant, printed.strftime("%Y-%m-%dT%H:%M:%S"), OffsetSource.GIVEN)
    if local is None:
        return None
    source = OffsetSource.GIVEN
    if zone is None:
        zone = country_zone(place.country) if place else None
        source = OffsetSource.PLACE if zone else OffsetSource.UNKNOWN
    return local_moment(local, wall, zone or UTC, source)


def _eta(days: Mapping[str, Json]) -> Eta | None:
    """The expected day; its hours are left out, for nothing says in which zone they are."""
    if days.get("DEL"):
        return None
    day = _day(days.get("RDD")) or _day(days.get("SDD"))
    return Eta(day=day) if day else None
