"""InPost in Italy, Poland and elsewhere: the group's API (polled, pushes) and ShipX, country by country (the same).

Codes: carriers/tables/inpost.csv, the group's catalogue (`group`) and ShipX's statuses (`shipx`). Beside the code the
shipment's type decides (a delivery of a RETURN is its coming home: our inference, so doubtful), for a reminder to
collect the kind of place, and for ShipX's `delivered` whether the parcel waited at a point before.

Quirks: ShipX is one instance for each country, and the number does not tell which: the Italian is asked, then the
Polish. A push is signed over its body or over its time and body, as agreed with the client; ShipX signs none that we
know of, so its pushes are believed for their address. Its unknown number is a 404 with `resource_not_found` (README of
justcodeio/inpost_parcels_tracker, read on 2026-11-22). Names of recipients are not kept.
"""

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    Credentials,
    RateLimit,
    Token,
    UnreadablePayload,
    Verified,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.granting import granted
from carriers.reading import Json, at, dicts, json_of, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment
from carriers.vocabulary import Status, SubStatus
from carriers.zones import country_zone

PLACE, READY = OffsetSource.PLACE, Status.AVAILABLE_FOR_PICKUP
KINDS: dict[SubStatus | None, str] = {SubStatus.LOCKER: "LOCKER_POINT", SubStatus.PICKUP_POINT: "PUDO_POINT"}


class InPostCredentials(Credentials):
    """A client of the group's API; without `client_id`, the secret is the API token of a ShipX organisation."""

    client_id: str = ""
    client_secret: SecretStr
    scope: str = "api:tracking:read"


class InPost(Carrier):
    """InPost: lockers, shops and, in some countries, doors."""

    slug = "inpost"
    name = "InPost"
    website = "https://inpost.it"
    home = "PL"
    number_patterns = (r"[0-9]{24}",)
    number_form, example = "[0-9A-Z]{8,40}", "620000000000001234567890"
    credentials = InPostCredentials
    base_url = "https://api.inpost-group.com"
    shipx: ClassVar[tuple[str, ...]] = (
        "https://api-shipx-it.easypack24.net",
        "https://api-shipx-pl.easypack24.net",
    )
    """The instances of ShipX, in the order in which they are asked."""
    batch_size = 10  # the largest list is not known
    rate = RateLimit(1, 1.0)
    confidence = "high"
    pushes = True
    table = table_file("inpost.csv")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        """The group's token lasts about an hour; ShipX's is the organisation's own."""
        known = InPostCredentials.of(account)
        secret = known.client_secret.get_secret_value()
        if not known.client_id:
            return Token(secret, 3600.0)
        return await granted(
            http,
            f"{account.base_url or self.base_url}/oauth2/token",
            "InPost",
            data={
                "grant_type": "client_credentials",
                "client_id": known.client_id,
                "client_secret": secret,
                "scope": known.scope,
            },
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call to the group's API, or for each number one to ShipX, two for one that Italy does not know."""
        bearer = {"authorization": f"Bearer {account.token}"}
        if not InPostCredentials.of(account).client_id:
            return [await self._ask_shipx(http, account, number, bearer) for number in numbers]
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/tracking/v1/parcels",
            accept=(200, 404),
            with_token=True,
            params={"trackingNumbers": ",".join(numbers)},
            headers=bearer | {"x-inpost-event-version": "V2"},
        )
        return [Answer(answer.content, tuple(numbers))]

    async def _ask_shipx(self, http: AsyncClient, account: Account, number: str, bearer: dict[str, str]) -> Answer:
        body = b""
        for base in (account.base_url,) if account.base_url else self.shipx:
            url = f"{base}/v1/tracking/{quote(number, safe='')}"
            answer = await call(http, "GET", url, accept=(200, 404), with_token=True, headers=bearer)
            body = answer.content
            if answer.status_code == 200:
                break
        return Answer(body, (number,))

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The group's push bears a signature, or the secret as a Basic password or in `x-hook-key`; ShipX's nothing."""
        stamp, password = headers.get("x-inpost-timestamp", "").encode(), _password(headers.get("authorization", ""))
        named = (headers.get(name, "").strip().encode() for name in ("x-inpost-signature", "x-hook-key"))
        given = {*named, password} - {b""}
        if not given and not any(name.startswith("x-inpost-") for name in headers) and _is_shipx_push(body):
            return Verified()
        for secret in (each.encode() for each in secrets if each):
            signed = [b64encode(hmac.digest(secret, said, sha256)) for said in (body, stamp + b"." + body)]
            if any(hmac.compare_digest(sent, good) for sent in given for good in (*signed, secret)):
                return Verified(headers.get("x-inpost-event-id", "").strip())
        raise BadSignature("the push bears neither this account's signature nor its secret")

    def parse(self, body: bytes) -> list[Parcel]:
        answer = json_of(body)
        pushed = [each for each in dicts(answer) if "eventCode" in each and "trackingNumber" in each]
        if pushed:
            numbers = [text_of(each["trackingNumber"], 64) for each in pushed]
            return [
                _parcel(number, [each for each, its in zip(pushed, numbers, strict=True) if its == number])
                for number in dict.fromkeys(numbers)
            ]
        said = answer if isinstance(answer, dict) else {}
        parcels = dicts(said["parcels"] if "parcels" in said else [each for each in dicts(answer) if _told(each)])
        if any("trackingNumber" in each for each in parcels):
            return [
                _parcel(text_of(each.get("trackingNumber"), 64), dicts(each.get("events")), each) for each in parcels
            ]
        if "tracking_details" in said and "tracking_number" in said:
            return [_shipx_parcel(said)]
        if _pushed(said):
            return _shipx_pushed(said)
        if said.get("parcels") == [] or said.get("error") == "resource_not_found":
            return [Parcel("", not_found=True)]
        if "error" in said and re.fullmatch("[45][0-9]{2}", text_of(said.get("status"))):
            return []
        raise UnreadablePayload("neither parcels nor an event of InPost")


def _password(authorization: str) -> bytes:
    try:
        return b64decode(authorization.removeprefix("Basic "), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _told(said: Mapping[str, Json]) -> bool:
    """Whether it is a parcel of the group's API without the wrapper."""
    return "trackingNumber" in said and any("eventCode" in each for each in dicts(said.get("events")))


def _parcel(number: str, listed: Sequence[dict[str, Json]], head: Mapping[str, Json] | None = None) -> Parcel:
    """A parcel of the group's API; `head` is what an answer holds of it, and one without a word is not known."""
    if head is not None and not listed and not text_of(head.get("status")):
        return Parcel(number, not_found=True)
    told = [event for each in listed if (event := _event(each))]
    if READY in {event.status for event in told}:
        told = [_kept(each, told) for each in told]
    back = [text_of(at(sent, "trackingNumber"), 64) for each in listed if (sent := each.get("returnToSender"))]
    note = next((f"returned as {other}" for other in back if other and other != number), "")
    waits = [each for each in listed if _ready(each.get("eventCode"))]
    point = max(waits, key=lambda each: text_of(each.get("timestamp")), default={})
    return Parcel(number, numbered(told), pickup_point=_point(point), note=note)


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    where = object_at(said, "location").get
    place = (where("city"), where("postalCode"), where("country"), where("id"), where("name"))
    told, zone = _located(said.get("eventCode"), where("type"), object_at(said, "shipment").get("type"), *place)
    moment = iso_moment(said.get("timestamp"), zone, PLACE)
    return told.at(moment) if moment else None


@remembered
def _located(given: Json, at_kind: Json, direction: Json, *where: Json) -> tuple[Told, ZoneInfo | None]:
    """What an event says and where, and the zone of that place."""
    place, zone = _place(*where)
    return _said(given, at_kind, direction).placed(place), zone


@remembered
def _ready(given: Json) -> bool:
    """Whether an event of this code says that the parcel waits, wherever it does."""
    return _said(given, None, None).status is READY


def _said(given: Json, at_kind: Json, direction: Json) -> Said:
    code, find = text_of(given, 40), InPost.table.find
    kind, row = text_of(at_kind, 40), find(code, within="group")
    if row is not None and row.status is Status.DELIVERED and direction == "RETURN":
        return meant(find("delivered", within="group return"), code, "group", "RETURN")
    exact = find(code, within=f"group at {kind}")
    return meant(exact or row, code, "group", f"at {kind}" if exact else "")


def _kept(event: TrackingEvent, told: Sequence[TrackingEvent]) -> TrackingEvent:
    """A reminder to collect that does not say where leaves the parcel where the events before it had it."""
    if event.status is not READY or event.sub_status is not None:
        return event
    before = [each for each in told if each.sub_status in KINDS and each.moment.occurred_at <= event.moment.occurred_at]
    where = max(before, key=lambda each: each.moment.occurred_at, default=event).sub_status
    kind = KINDS[where] if where else ""
    row = InPost.table.find(event.code, within=f"group at {kind}")
    return mapped(event._replace(context=f"at {kind}"), row) if row else event


def _place(city: Json, postcode: Json, given: Json, code: Json, name: Json) -> tuple[Place | None, ZoneInfo | None]:
    country = text_of(given).upper()
    country = country if re.fullmatch("[A-Z]{2}", country) else ""
    place = Place(text_of(city, 100), text_of(postcode, 20), "", country, text_of(code, 40), text_of(name, 100)) or None
    return place, country_zone(country) if country else None


def _point(said: dict[str, Json]) -> str:
    """The place where the parcel waits, in one line."""
    if not said:
        return ""
    where = object_at(said, "location").get
    town = f"{text_of(where('postalCode'), 20)} {text_of(where('city'), 100)}".strip()
    return ", ".join(part for part in (text_of(where("name"), 100), text_of(where("address"), 100), town) if part)


def _shipx_parcel(said: dict[str, Json]) -> Parcel:
    details, kind = dicts(said["tracking_details"]), text_of(said.get("type"), 60)
    rows = [InPost.table.find(text_of(each.get("status"), 80), within="shipx") for each in details]
    waited = kind.startswith("inpost_locker") or any(row is not None and row.status is READY for row in rows)
    way = ("point" if waited else "door") if details or kind else ""
    events = [event for each in details if (event := _shipx_event(each.get("status"), each.get("datetime"), way))]
    now = _shipx_event(said.get("status"), said.get("updated_at"), way)
    if now and now.code and all(now.code != event.code for event in events):
        events.insert(0, now)
    number, machine = text_of(said["tracking_number"], 64), at(said, "custom_attributes", "target_machine_id")
    return Parcel(number, numbered(events), service=kind, pickup_point=text_of(machine, 60))


def _shipx_event(given: Json, when: Json, way: str) -> TrackingEvent | None:
    moment = iso_moment(re.sub(" (?=[+-])", "", text_of(when)))  # a push writes "2026-03-04 08:31:12 +0100"
    return _shipx_said(given, way).at(moment) if moment else None


@remembered
def _shipx_said(given: Json, way: str) -> Said:
    code, find = text_of(given, 80), InPost.table.find
    exact = find(code, within=f"shipx {way}")
    return meant(exact or find(code, within="shipx"), code, "shipx", way if exact else "")


def _pushed(said: Mapping[str, Json]) -> bool:
    return {"event", "event_ts", "payload"} <= said.keys() and isinstance(said["payload"], dict)


def _is_shipx_push(body: bytes) -> bool:
    try:
        said = json_of(body)
    except UnreadablePayload:
        return False
    return isinstance(said, dict) and _pushed(said)


def _shipx_pushed(said: dict[str, Json]) -> list[Parcel]:
    """What a push of ShipX tells; nothing of a parcel that has no number yet."""
    payload = said["payload"]
    number, code = text_of(payload.get("tracking_number"), 64), text_of(said["event"], 80).removeprefix("shipment_")
    event = _shipx_event(text_of(payload.get("status"), 80) or code, said["event_ts"], "")
    return [Parcel(number, (event,) if event else ())] if number else []
