"""DHL Shipment Tracking Unified: one interface over all divisions, polled; and its push twin.

Codes: carriers/tables/dhl_unified.csv, one list per division. Where an event has no code of its division, DHL's English
text is the only source of what `statusCode` hides (out for delivery, customs, holds, pickup points, returns): the lists
`text` and, for what DHL calls delivered, `text delivered`, in the order in which they are tried. Then `statusCode`.

Quirks: one number may be several divisions' (so `service` is always sent); ids may come as JSON numbers; times come
with and without offset, the latter taken as local to the place; a delivery's description may be the signer's name.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    Credentials,
    RateLimit,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.dhl_push import Push, handshake_in
from carriers.event import Eta, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, at, dicts, json_object, object_at, text_of, unsigned
from carriers.remembering import remembered
from carriers.subscribing import Handshake, Hook, Subscribed
from carriers.tables import Row, table_file
from carriers.times import between, expected, iso_moment
from carriers.vocabulary import Status
from carriers.zones import country_named, country_zone

PLACE = OffsetSource.PLACE
GROUPS = ("pre-transit", "transit", "delivered", "failure", "unknown")
"""The values of `statusCode`."""

CODES = {
    "express": re.compile(r"[A-Z]{2}|[0-9]{3}"),
    "parcel-de": re.compile(r"[A-Z]{2}"),
    "ecommerce-europe": re.compile(r"[0-9]{1,3}"),
    "freight": re.compile(r"[A-Z0-9]{1,3}-[0-9]{1,3}"),
    "dgf": re.compile(r"[A-Z]+(_[A-Z]+)+"),
}
"""What a code looks like in the divisions whose whole list we have: one that the list lacks has no meaning."""


class Words(NamedTuple):
    """What an event may say its code or meaning in."""

    detailed: str
    status: str
    code: str
    description: str


class DhlCredentials(Credentials):
    """The consumer key of an app at developer.dhl.com, and the division it asks about.

    `push`: the app has access to Unified Push, so each number is subscribed to.
    """

    api_key: SecretStr
    service: str = Field(default="express", pattern=r"^[a-z]+(-[a-z]+)*$")
    push: bool = False


class DhlUnified(Carrier):
    """All divisions of DHL."""

    slug = "dhl_unified"
    name = "DHL"
    website = "https://www.dhl.com"
    number_patterns = (r"00340434[0-9]{12}", r"J[A-Z]{1,3}[0-9]{10,24}", r"[A-Z]{2}[0-9]{9}DE", r"[0-9]{10}")
    number_form, example = "[0-9A-Z-]{5,40}", "1234567890"  # housebills and orders too
    credentials = DhlCredentials
    base_url = "https://api-eu.dhl.com"
    batch_size = 1
    rate = RateLimit(1, 1.0)
    subscribe_size = 10
    daily_quota = 250  # per key; reset at 24:00 GMT; DHL grants more to whom it knows
    confidence = "high"
    pushes = True
    signs = True
    hook_header: ClassVar[str] = "x-hook-key"
    """The header to name in a subscription's `hook.authentication`; its token is the hook's secret."""
    table = table_file("dhl_unified.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")
    texts_delivered: ClassVar[Phrases] = Phrases(table, "text delivered")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call per number, in English, with the recipient's postcode where it is known (some divisions want it)."""
        known = DhlCredentials.of(account)
        answers = []
        for number in map(TrackingNumber.of, numbers):
            asked = {"trackingNumber": str(number), "service": known.service, "language": "en"}
            if number.postcode:
                asked["recipientPostalCode"] = number.postcode
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/track/shipments",
                accept=(200, 404),
                params=asked,
                headers={"DHL-API-Key": known.api_key.get_secret_value()},
            )
            answers.append(Answer(answer.content, (number,)))
        return answers

    def subscribes(self, account: Account) -> bool:
        return isinstance(account.credentials, DhlCredentials) and account.credentials.push

    async def subscribe(self, http: AsyncClient, account: Account, numbers: Sequence[str], hook: Hook) -> Subscribed:
        """DHL then asks the hook whether it was we: nothing is pushed before `confirm`."""
        known = DhlCredentials.of(account)
        return await self._push(http, account).subscribe(known.service, numbers, hook, self.hook_header)

    def handshake(self, body: bytes) -> Handshake | None:
        return handshake_in(body)

    async def confirm(self, http: AsyncClient, account: Account, asked: Handshake) -> None:
        await self._push(http, account).confirm(asked)

    def _push(self, http: AsyncClient, account: Account) -> Push:
        known = DhlCredentials.of(account)
        return Push(http, account.base_url or self.base_url, known.api_key.get_secret_value())

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """DHL signs nothing: it repeats the token that the subscription gave it."""
        given = headers.get(self.hook_header, "").encode()
        if not given or not any(hmac.compare_digest(given, secret.encode()) for secret in secrets):
            raise BadSignature(f"the header {self.hook_header} is missing or wrong")
        return Verified()

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push; none for a push about the subscription itself, or for an error."""
        said = json_object(body)
        if text_of(said.get("scope")).startswith("subscription.") and said["scope"] != "subscription.push":
            return []
        if isinstance(said.get("shipments"), dict | list):
            return self._shipments(said)
        problem = text_of(said.get("status"))
        if {"title", "detail"} & said.keys() and re.fullmatch(r"[45][0-9]{2}", problem):
            return [Parcel("", not_found=True)] if problem == "404" else []
        raise UnreadablePayload("neither shipments nor a problem of DHL's unified tracking")

    def tracking_url(self, number: str) -> str:
        return f"https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}"

    def _shipments(self, said: dict[str, Any]) -> list[Parcel]:
        shipments = dicts(said.get("shipments"))
        if shipments and not any("id" in each for each in shipments):
            raise UnreadablePayload("shipments without an id")
        elsewhere = said.get("possibleAdditionalShipmentsUrl")
        divisions = [_asked(url, "service") for url in elsewhere] if isinstance(elsewhere, list) else []
        note = f"also in: {', '.join(filter(None, divisions))}" if any(divisions) else ""
        asked_for = _asked(said.get("url"), "trackingNumber")
        return [self._shipment(each, asked_for, note) for each in shipments] or [Parcel("", not_found=True, note=note)]

    def _shipment(self, said: dict[str, Any], asked_for: str, note: str) -> Parcel:
        number = text_of(said.get("id"))
        if number != asked_for and number == asked_for.lstrip("0"):
            number = asked_for  # the id came as a JSON number
        service = text_of(said.get("service"))
        returning = text_of(said.get("returnFlag")).lower() == "true" or said.get("returnFlag") is True
        heads = dicts(said.get("status"))
        back = "return" if returning else ""
        listed = dicts(said.get("events"))
        events = [event for each in listed if (event := _event(each, service, back, heads)) is not None]
        for head in heads:
            now = _event(head, service, back)
            if now is not None and not any(_same(now, event) for event in events):
                events.insert(0, now)
        end = object_at(object_at(said, "destination"), "address").get
        _, zone = _place(end("addressLocality"), end("postalCode"), end("countryCode"))
        pieces = at(said, "details", "pieceIds")
        piece = text_of(pieces[0]) if isinstance(pieces, list) and len(pieces) == 1 else ""
        return Parcel(
            number,
            tuple(events),
            _eta(said, zone),
            aliases=(piece,) if piece and piece != number else (),
            service=text_of(at(said, "details", "product", "productName")) or service,
            note=note,
        )


def _address(said: dict[str, Any], heads: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Where an event was; if it does not say so itself, where the head was that tells of the same."""
    if own := object_at(object_at(said, "location"), "address"):
        return own
    same = [head for head in heads if all(head.get(name) == said.get(name) for name in ("timestamp", "statusCode"))]
    return object_at(object_at(same[0], "location"), "address") if same else own


def _event(said: dict[str, Any], service: str, back: str, heads: Sequence[dict[str, Any]] = ()) -> TrackingEvent | None:
    get, address = said.get, _address(said, heads).get
    place = (address("addressLocality"), address("postalCode"), address("countryCode"))
    words = (get("statusDetailed"), get("status"), get("statusCode"), get("description"))
    told, zone = _located(*place, service, back, *words)
    moment = iso_moment(get("timestamp"), zone, PLACE)
    return told.at(moment) if moment else None


@remembered
def _located(town: Json, postcode: Json, code: Json, *words: Json) -> tuple[Told, ZoneInfo | None]:
    """What an event says and where, and the zone of that place."""
    place, zone = _place(town, postcode, code)
    return _said(*words).placed(place), zone


def _said(service: str, back: str, *given: Json) -> Said:
    words = Words(*map(text_of, given))
    group = next((word for text in (words.code, words.status) if (word := _group(text)) in GROUPS), "")
    within, code, row = _meaning(words, service, group)
    if back and row is not None and row.status is Status.DELIVERED:
        row = DhlUnified.table["return", "delivered"]
    return meant(row, code, within, " ".join(filter(None, (service, group, back))), _text(words, group))


def _meaning(words: Words, service: str, group: str) -> tuple[str, str, Row | None]:
    find = DhlUnified.table.find
    codes = [word for word in words[:3] if word not in GROUPS]
    for code in codes:
        if row := find(code, within=service):
            return service, code, row
    if shape := CODES.get(service):
        for code in codes:
            if shape.fullmatch(code):
                return service, code, None
    if not group:
        return "statusCode", words.code, None
    phrases = DhlUnified.texts_delivered if group == "delivered" else DhlUnified.texts
    row = (
        phrases.find(words.description, words.status) or find(group, within=service) or find(group, within="statusCode")
    )
    return "statusCode", group, row


def _text(words: Words, group: str) -> str:
    status, description = unsigned(words.status), unsigned(words.description)
    brief = "delivered" in (group, _group(status)) and len(description.split()) < 4
    if brief and _group(description) != "delivered" and not DhlUnified.texts_delivered.find(description):
        return status  # the description may be a name
    return description or status


def _group(value: Json) -> str:
    return text_of(value).lower().replace("_", "-")


def _asked(url: Json, name: str) -> str:
    """What a URL asks for under a name."""
    found = re.search(rf"[?&]{name}=([^&#]*)", text_of(url, 2000))
    return text_of(unquote_plus(found[1])) if found else ""


@remembered
def _place(town: Json, postcode: Json, code: Json) -> tuple[Place | None, ZoneInfo | None]:
    """The place of an address, and the zone it keeps; a town's country may stand behind it: "MILAN - ITALY"."""
    locality, given = text_of(town), text_of(code).upper()
    city, dash, last = locality.rpartition(" - ")
    named = country_named(last) if dash else ""
    country = (given if re.fullmatch(r"[A-Z]{2}", given) else "") or named
    place = Place(city if named else locality, text_of(postcode), country=country) or None
    return place, country_zone(country) if place else None


def _same(head: TrackingEvent, event: TrackingEvent) -> bool:
    ours, theirs = head.moment, event.moment
    together = ours.occurred_at == theirs.occurred_at or ours.local_time == theirs.local_time
    return together and (head.meaning == event.meaning or (head.list, head.code) == (event.list, event.code))


def _eta(said: dict[str, Any], where: ZoneInfo | None) -> Eta | None:
    frame = said.get("estimatedDeliveryTimeFrame")
    earliest = iso_moment(at(frame, "estimatedFrom"), where, PLACE)
    latest = iso_moment(at(frame, "estimatedThrough"), where, PLACE)
    if earliest or latest:
        return between(earliest, latest)
    whole = iso_moment(said.get("estimatedTimeOfDelivery"), where, PLACE)
    if whole is None:
        return None
    # Midnight is how a day without an hour is written.
    if whole.local_time.endswith("T00:00:00"):
        whole = iso_moment(whole.local_time[:10], where, PLACE) or whole
    return expected(whole)
