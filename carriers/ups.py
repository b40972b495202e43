"""UPS, asked through its Track API, pushing through Track Alert; older interfaces are read (carriers/ups_older.py).

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
from datetime import timedelta
from typing import ClassVar, Literal
from urllib.parse import quote
from uuid import uuid4

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    Credentials,
    RequestRefused,
    Token,
    TokenRefused,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, ups_1z
from carriers.event import Parcel, Place, Said, Told, TrackingEvent
from carriers.granting import token_of
from carriers.reading import Json, at, dicts, json_of, object_at, opening, text_of
from carriers.remembering import remembered
from carriers.subscribing import Hook, Subscribed
from carriers.tables import Row, table_file
from carriers.ups_older import newer, of_xml
from carriers.ups_times import eta_of, moment_of
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_named

NOT_FOUND = frozenset({"TW0001", "151044", "404"})
"""Error codes for a number that UPS does not know (yet)."""
NOT_FOUND_WORDS = ("information not found", "no tracking information", "no information")

ALERT_LIFE = timedelta(days=14)
NO_VALID_NUMBER = frozenset({"VSS200", "VSS210"})
"""What Track Alert says when it takes none of the numbers."""

BAD_TOKEN = frozenset({"250002", "250003", "251004"})

POSTAL = frozenset({"IC", "VT", "H6", "A4"})
"""Sources of Mail Innovations' codes, given in place of the type; they share one list."""

STATUS = ("type", "code", "statusCode", "descriptionCode", "description", "simplifiedTextDescription")
"""What tells a status; `descriptionCode` is the push's name for `statusCode`."""
ADDRESS = ("city", "postalCode", "stateProvince", "countryCode", "country")

ELSEWHERE = (Status.AVAILABLE_FOR_PICKUP, Status.RETURNED)
"""Where a three-digit code may say that a bare "delivered" went."""


class UpsCredentials(Credentials):
    """An application on developer.ups.com; `merchant_id` is the six-character account, if the application needs it.

    `track_alert` is its product if it has Track Alert: then each number is subscribed to. Where UPS pushes to, and with
    which credential, is set in the developer portal ("update-webhook").
    """

    client_id: str
    client_secret: SecretStr
    merchant_id: str = ""
    track_alert: Literal["", "standard", "enhanced"] = ""


class Ups(Carrier):
    """UPS, world-wide."""

    slug = "ups"
    name = "UPS"
    website = "https://www.ups.com"
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {r"1Z[0-9A-Z]{16}": ups_1z}
    number_patterns = (r"1Z[0-9A-Z]{16}", r"1R[0-9A-Z]{14}(?:[0-9A-Z]{12})?", r"[AHJKTV]\d{10}")
    number_form, example = "[0-9A-Z]{7,34}", "1Z999AA10123456784"
    credentials = UpsCredentials
    table = table_file("ups.csv")
    base_url = "https://onlinetools.ups.com"
    confidence = "high"
    pushes = True
    subscribe_size = 100

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = UpsCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/security/v1/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(known.client_id, known.client_secret.get_secret_value()),
            headers={"x-merchant-id": known.merchant_id} if known.merchant_id else {},
        )
        return token_of(answer.content, "UPS")

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
            headers=_asking(account),
        )
        codes = sorted(text_of(error.get("code")) for error in _errors(json_of(answer.content)))
        if BAD_TOKEN.intersection(codes):
            raise TokenRefused(f"UPS refuses our token ({', '.join(codes)})")
        if codes and answer.status_code == 200:
            raise RequestRefused(f"UPS refuses the request ({', '.join(codes)})")
        return Answer(answer.content, (number,))

    def subscribes(self, account: Account) -> bool:
        return bool(UpsCredentials.of(account).track_alert)

    async def subscribe(self, http: AsyncClient, account: Account, numbers: Sequence[str], hook: Hook) -> Subscribed:
        """Track Alert tells nothing of the past, and forgets a number after 14 days; `hook` is the portal's matter."""
        kind = UpsCredentials.of(account).track_alert or "standard"
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/api/track/v2/subscription/{kind}/package",
            accept=(200, 201, 400),
            with_token=True,
            json={"locale": "en_US", "countryCode": "US", "trackingNumberList": list(numbers)},
            headers=_asking(account),
        )
        said = json_of(answer.content)
        codes = {text_of(error.get("code")) for error in _errors(said)}
        if codes - NO_VALID_NUMBER or (not codes and answer.status_code == 400):
            raise RequestRefused(f"UPS refuses the subscription ({', '.join(sorted(codes)) or '400'})")
        valid = at(said, "validTrackingNumbers")
        taken = {text_of(each, 64) for each in valid} if isinstance(valid, list) else set[str]()
        return Subscribed(ALERT_LIFE, refused=frozenset(map(str, numbers)) - taken)

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
        answer = of_xml(body) if opening(body) == b"<" else newer(json_of(body))
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
        events = [event for activity in dicts(package.get("activity")) if (event := _event(activity))]
        if head := _head(package, days.get("DEL"), events):
            events.append(head)
        return Parcel(
            number,
            tuple(events),
            eta=eta_of(days),
            aliases=_aliases(number, asked, package.get("alternateTrackingNumber")),
            service=text_of(at(package, "service", "description"), 80),
        )

    def _pushed(self, push: dict[str, Json]) -> Parcel:
        number, ended = text_of(push["trackingNumber"], 64), push.get("actualDeliveryDate")
        place = _placed(object_at(push, "activityLocation"))
        gmt = (push.get("gmtActivityDate"), push.get("gmtActivityTime"), push.get("gmtOffset"))
        moment = moment_of(place, push.get("localActivityDate"), push.get("localActivityTime"), gmt)
        moment = moment or moment_of(place, ended, push.get("actualDeliveryTime"))
        return Parcel(
            number,
            (_told(object_at(push, "activityStatus")).at(moment, place),) if moment else (),
            eta=eta_of({"SDD": push.get("scheduledDeliveryDate"), "DEL": ended}),
            aliases=_aliases(number, "", push.get("alternateTrackingNumber")),
        )


def _event(activity: dict[str, Json]) -> TrackingEvent | None:
    get = activity.get
    where, what = object_at(object_at(activity, "location"), "address"), object_at(activity, "status")
    place, told = _located(*map(where.get, ADDRESS), *map(what.get, STATUS))
    gmt = (get("gmtDate"), get("gmtTime"), get("gmtOffset"))
    moment = moment_of(place, get("date"), get("time"), gmt)
    return told.at(moment) if moment else None


@remembered
def _located(*given: Json) -> tuple[Place | None, Told]:
    """The place of an address, and what a status object says there."""
    place = _place(*given[: len(ADDRESS)])
    return place, _said(*given[len(ADDRESS) :]).placed(place)


def _head(package: dict[str, Json], ended: Json, events: list[TrackingEvent]) -> TrackingEvent | None:
    """The present status as an event when no activity tells it: at the delivery's time, else at the newest's."""
    told = _told(object_at(package, "currentStatus"))
    if told.status is None or any(event.status is told.status for event in events):
        return None
    newest = max(events, key=lambda each: each.moment.occurred_at, default=None)
    clock, where = package.get("deliveryTime"), newest.place if newest else None
    moment = moment_of(where, ended, at(clock, "endTime") if at(clock, "type") == "DEL" else None)
    moment = moment or (newest.moment if newest else None)
    return told.at(moment) if moment else None


def _told(status: dict[str, Json]) -> Said:
    """What a status object says."""
    return _said(*map(status.get, STATUS))


@remembered
def _said(*given: Json) -> Said:
    kind, code = text_of(given[0], 8).upper(), text_of(given[1], 8).upper()
    three, text = text_of(given[2]) or text_of(given[3]), text_of(given[4]) or text_of(given[5])
    if re.fullmatch(r"\d{3}", code):  # currentStatus may carry the three-digit code in place of the pair
        code, three = "", three or code
    three = three[:8].zfill(3) if three else ""
    within, context = "statusCode" if three and not code else kind, f"statusCode {three}" if three else ""
    return meant(_row(kind, code, three), code or three, within, context, text)


def _row(kind: str, code: str, three: str) -> Row | None:
    find = Ups.table.find
    exact = find(code, within=kind) or find(code.removeprefix("0"), within=kind)
    if exact is None and kind in POSTAL:
        exact = find(code, within="post")
    finer = find(three, within="statusCode")
    if exact is None or finer is None:
        return exact or finer
    bare = (exact.status, exact.sub_status) == (Status.DELIVERED, SubStatus.TO_RECIPIENT)
    return finer if bare and finer.status in ELSEWHERE else exact


def _asking(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.token}", "transId": uuid4().hex, "transactionSrc": "nove"}


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


def _placed(where: dict[str, Json]) -> Place | None:
    return _place(*map(where.get, ADDRESS))


@remembered
def _place(city: Json, postcode: Json, state: Json, code: Json, named: Json) -> Place | None:
    country = text_of(code) or text_of(named)
    country = country.upper() if len(country) == 2 else country_named(country)
    return Place(text_of(city, 100), text_of(postcode, 20), text_of(state, 50), country) or None
