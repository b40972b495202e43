"""17TRACK, an aggregator: numbers registered, read and pushed.

Codes: carriers/tables/seventeen_track.csv. An event's code is its sub-status; one that the table lacks is taken as its
main status says (the list `seventeen_track status`) and keeps its own code. Older answers give the sub-status of the
newest event alone: then it is an event, and the others are texts (the row `event`).

A push is signed by the hex SHA-256 of the body, a stroke and the account's key, in `sign`, as public clients compute
it; 17TRACK's page could not be read (looked for in 2026-11): confirm it with a first push. The secret is the API key.
Where the numbers of carriers are from: `COURIERS`.

Quirks: a number has to be registered before it is known, each costs quota, and what comes then comes later. HTTP 200
also holds rejected numbers. Several providers tell of one parcel: what two of them say alike is one event. Version 1
and `gettracklist` are read (carriers/seventeen_track_older.py), but not asked for.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from httpx import AsyncClient

from carriers.aggregator import AggregatorCredentials
from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    CredentialsRefused,
    RateLimit,
    RateLimited,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_object, object_at, text_of, unsigned
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.seventeen_track_older import newer
from carriers.tables import table_file
from carriers.times import iso_moment
from carriers.zones import country_coded

UNREGISTERED = "-18019902"
USED_UP = frozenset(("-18019907", "-18019908"))
"""The day's or the whole quota of registrations."""

REFUSED = frozenset(("-18010002", "-18010004"))
"""The key is wrong, or its account is shut."""

PATIENCE = 3600.0


COURIERS = {
    "amazon_shipping": "100308",
    "aramex": "100006",
    "australia_post": "1151",
    "austrian_post": "1161",
    "bpost": "2061",
    "bring": "100423",
    "brt": "100026",
    "cainiao": "190271",
    "canada_post": "3041",
    "chronopost": "100273",
    "correos": "19181",
    "correos_express": "100048",
    "ctt_express": "100114",
    "dhl_express": "100001",
    "dhl_parcel_de": "7041",
    "dpd_poland": "100111",
    "evri": "100331",
    "fedex": "100003",
    "fourpx": "190094",
    "gls_group": "100005",
    "gls_it": "100024",
    "gls_spain": "100189",
    "hermes_de": "100031",
    "japan_post_s10": "10021",
    "la_poste_colissimo": "6051",
    "lasership": "100052",
    "mondial_relay": "100304",
    "mrw": "100175",
    "nacex": "100436",
    "ontrac": "100049",
    "paack": "100364",
    "packeta": "100132",
    "poste_italiane": "9071",
    "postnl": "14041",
    "purolator": "100042",
    "royal_mail": "11031",
    "seur": "100438",
    "spring_gds": "100213",
    "swiss_post": "19251",
    "tnt": "100004",
    "ups": "100002",
    "upu_emsevt": "100475",
    "usps": "21051",
    "yunexpress": "190008",
}
"""What 17TRACK calls our carriers: each confirmed on 2026-11-22 by its entry in 17TRACK's list of carriers as public
repositories keep it: `apicarrier.all.json` (lancerdia/lancerfile at bfbc9f5; of GLS Italy's entry the number, country
and place among GLS's were read, not the name), or number, name and site (KingAshu22/next-express-hub at 97a53a9,
app/constants); YunExpress's by its site (kientnguyen175/global-parcel-tracker, config.example/carriers.js).

Left out: a carrier that has several numbers there of which none is the whole of it (DHL Parcel Iberia, DPD, InPost,
PostNord, SF Express), and Yodel, whose entry names another site.
"""


class SeventeenTrackCredentials(AggregatorCredentials):
    """The key of an account."""

    couriers = COURIERS


class SeventeenTrack(Carrier):
    """About two thousand carriers, China's before all."""

    slug, name, website = "seventeen_track", "17TRACK", "https://www.17track.net"
    number_form, example = "[0-9A-Za-z-]{5,50}", "RB123456785GB"
    credentials = SeventeenTrackCredentials
    base_url = "https://api.17track.net"
    batch_size = 40
    rate = RateLimit(1, 1.0)  # of three a second: registering takes three calls
    pushes = signs = True
    confidence = "low"
    table = table_file("seventeen_track.csv")
    couriers = COURIERS

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about all numbers; where some are not registered one that does so, and one about all again."""
        asked = [TrackingNumber.of(number) for number in numbers]
        body = await self._call(http, account, "gettrackinfo", asked)
        strange = {text_of(each.get("number")) for each in _rejected(body) if _code(each) == UNREGISTERED}
        if new := [number for number in asked if number in strange]:
            rejected = _rejected(await self._call(http, account, "register", new))
            if any(_code(each) in USED_UP for each in rejected):
                raise RateLimited("17TRACK's quota of registrations is used up", PATIENCE)
            body = await self._call(http, account, "gettrackinfo", asked)
        return [Answer(body, tuple(numbers))]

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The digest of the body and the key; a push has no id, so its body is what it is known by."""
        given = headers.get("sign", "").lower().encode()
        made = (sha256(body + b"/" + secret.encode()).hexdigest().encode() for secret in secrets if secret)
        if not any(hmac.compare_digest(given, good) for good in made):
            raise BadSignature("the header sign is missing or wrong")
        return Verified()

    def parse(self, body: bytes) -> list[Parcel]:
        said = json_object(body)
        data = object_at(said, "data")
        if "event" in said and "number" in data:
            stopped = not data.keys() & {"track_info", "track"}  # 17TRACK gives up; what it told before holds
            return [Parcel(text_of(data["number"], 60)) if stopped else _parcel(data)]
        if not {"code", "data"} <= said.keys():
            raise UnreadablePayload("no answer or push of 17TRACK's")
        if data.keys() & {"accepted", "rejected"}:
            found = [_parcel(each) for each in dicts(data.get("accepted")) if "number" in each]
            return found + [_unknown(each) for each in dicts(data.get("rejected")) if "number" in each]
        if isinstance(data.get("errors"), list) or text_of(said["code"]).startswith("-"):
            return []
        raise UnreadablePayload("an answer of 17TRACK's without numbers")

    async def _call(self, http: AsyncClient, account: Account, what: str, numbers: Sequence[TrackingNumber]) -> bytes:
        known = AggregatorCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/track/v2.4/{what}",
            headers={"17token": known.api_key.get_secret_value()},
            json=[
                {"number": str(number)} | ({"carrier": int(number.courier)} if number.courier else {})
                for number in numbers
            ],
        )
        said = json_object(answer.content)
        errors = dicts(at(said, "data", "errors"))
        if errors and not at(said, "data", "accepted"):
            code, text = text_of(errors[0].get("code")), text_of(errors[0].get("message"), 200)
            kind = CredentialsRefused if code in REFUSED else RequestRefused
            raise kind(f"17TRACK says {code}: {text}")
        return answer.content


def _rejected(body: bytes) -> list[dict[str, Any]]:
    return dicts(at(json_object(body), "data", "rejected"))


def _code(rejected: dict[str, Any]) -> str:
    return text_of(at(rejected, "error", "code"))


def _unknown(said: dict[str, Any]) -> Parcel:
    code = _code(said)
    note = "" if code == UNREGISTERED else text_of(at(said, "error", "message"), 200)
    return Parcel(text_of(said.get("number"), 60), not_found=True, note=note)


def _parcel(said: dict[str, Any]) -> Parcel:
    info = newer(said)
    events: dict[TrackingEvent, None] = {}
    for provider in dicts(at(info, "tracking", "providers")):
        for each in dicts(provider.get("events")):
            if event := _event(each, each.get("sub_status"), None):
                events[event] = None
    latest, head = object_at(info, "latest_event"), object_at(info, "latest_status")
    now = _event(latest, head.get("sub_status"), head.get("status"))
    if now is not None and now.code and not any(_same(now, event) for event in events):
        events = {now: None, **events}
    listed = sorted(events, key=lambda event: event.moment.occurred_at, reverse=True)
    nothing = text_of(head.get("status")) in ("", "NotFound")
    return Parcel(text_of(said.get("number"), 60), numbered(listed), _eta(info), not_found=not listed and nothing)


def _event(said: dict[str, Any], fine: Json, coarse: Json) -> TrackingEvent | None:
    moment = iso_moment(said.get("time_iso")) or iso_moment(said.get("time_utc"))
    if moment is None:
        return None
    address = object_at(said, "address").get
    place = _place(said.get("location"), address("city"), address("postal_code"), address("state"), address("country"))
    return _said(fine, coarse, said.get("description")).at(moment, place)


def _same(now: TrackingEvent, event: TrackingEvent) -> bool:
    return (now.moment.occurred_at, now.status, now.code) == (event.moment.occurred_at, event.status, event.code)


@remembered
def _said(fine: Json, coarse: Json, text: Json) -> Said:
    find, code, main = SeventeenTrack.table.find, text_of(fine), text_of(coarse)
    described = unsigned(text_of(text))
    if not code and not main:
        return meant(find("event", within="seventeen_track"), "", "seventeen_track", "", described)
    main = main or code.partition("_")[0]
    row = find(code, within="seventeen_track") or find(main, within="seventeen_track status")
    return meant(row, code or main, "seventeen_track" if code else "seventeen_track status", "", described)


@remembered
def _place(name: Json, city: Json, postcode: Json, state: Json, country: Json) -> Place | None:
    town = text_of(city)
    return (
        Place(
            town,
            text_of(postcode),
            text_of(state),
            country_coded(text_of(country)),
            name="" if town else text_of(name),
        )
        or None
    )


def _eta(info: dict[str, Any]) -> Eta | None:
    said = object_at(object_at(info, "time_metrics"), "estimated_delivery_date")
    earliest, latest = iso_moment(said.get("from")), iso_moment(said.get("to"))
    if latest is None and earliest is None:
        return None
    end = latest or earliest
    day = date.fromisoformat(end.local_time) if end and end.until and earliest in (None, latest) else None
    return Eta(
        earliest.occurred_at if earliest else None, (latest.until or latest.occurred_at) if latest else None, day
    )
