"""AfterShip Tracking, an aggregator: trackings created, read and pushed.

Codes: carriers/tables/aftership.csv. An event's code is its sub-tag; one that the table lacks is taken as its tag says
(the list `aftership tag`) and keeps its own code. The marks of doubt are where our sheet and AfterShip's page differ.

The signature of a push is base64 of HMAC-SHA256 of the body under the webhook's secret, in `aftership-hmac-sha256`
(https://www.aftership.com/docs/tracking/webhook/webhook-signature, 2026-11). Where the names of couriers
are from: `COURIERS`.

Quirks: a tracking has to be created before it can be read; one that is there already (4003) is read. The tag of the
whole may be ahead of the last checkpoint's: it is an event then. The delivery of what goes back to the sender is
`returned`. `Expired` is AfterShip giving up. Times keep the courier's offset; without one the place's zone holds.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from httpx import AsyncClient

from carriers.aggregator import AggregatorCredentials
from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    RateLimit,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, dicts, json_object, object_at, text_of, unsigned
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment
from carriers.zones import country_coded, country_zone

EXISTS = "4003"
NOT_FOUND = frozenset(("4004", "404"))


COURIERS = {
    "aramex": "aramex",
    "australia_post": "australia-post",
    "bpost": "bpost",
    "bring": "posten-norge",
    "brt": "brt-it",
    "cainiao": "cainiao",
    "canada_post": "canada-post",
    "chronopost": "chronopost-france",
    "correos": "spain-correos-es",
    "correos_express": "correosexpress",
    "ctt_express": "tourline",
    "dhl_express": "dhl",
    "dhl_parcel_de": "dhl-germany",
    "dhl_parcel_iberia": "dhlparcel-es",
    "dpd": "dpd",
    "dpd_poland": "dpd-poland",
    "fedex": "fedex",
    "fourpx": "4px",
    "gls_group": "gls",
    "gls_it": "gls-italy",
    "gls_spain": "asm",
    "hermes_de": "hermes-de",
    "japan_post_s10": "japan-post",
    "la_poste_colissimo": "colissimo",
    "lasership": "lasership",
    "mondial_relay": "mondialrelay",
    "mrw": "mrw-spain",
    "nacex": "nacex-spain",
    "ontrac": "ontrac",
    "poste_italiane": "poste-italiane",
    "postnl": "postnl",
    "purolator": "purolator",
    "royal_mail": "royal-mail",
    "seur": "spanish-seur",
    "sf_express": "sf-express",
    "spring_gds": "spring-gds",
    "swiss_post": "swiss-post",
    "tnt": "tnt",
    "ups": "ups",
    "usps": "usps",
    "yodel": "yodel",
    "yunexpress": "yunexpress",
}
"""What AfterShip calls our carriers: each confirmed on 2026-11-22 by the slug and name in the list of couriers of its
own plug-in for WooCommerce (AfterShip/aftership-apps-woocommerce, assets/js/couriers.js at 09ceeb3).

Left out: a carrier that has several slugs there of which none is the whole of it (Austrian Post, Evri, InPost,
PostNord). `gls-spain` needs a key that we have none of, so it is `asm`, which needs the postcode, as some others do.
"""


class AfterShipCredentials(AggregatorCredentials):
    """The key of an account."""

    couriers = COURIERS


class AfterShip(Carrier):
    """Over a thousand carriers, through one interface."""

    slug, name, website = "aftership", "AfterShip", "https://www.aftership.com"
    number_form, example = "[0-9A-Za-z-]{4,50}", "1Z999AA10123456784"
    credentials = AfterShipCredentials
    base_url = "https://api.aftership.com/tracking/2025-07"
    rate = RateLimit(10, 2.0)  # of ten a second: creating is a second call
    pushes = signs = True
    table = table_file("aftership.csv")
    couriers = COURIERS

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Read each number's tracking, and create it where there is none."""
        return [await self._tracking(http, account, number) for number in map(TrackingNumber.of, numbers)]

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The digest of the body; the message's id stands in the body itself."""
        given = headers.get("aftership-hmac-sha256", "").encode()
        made = (b64encode(hmac.digest(secret.encode(), body, sha256)) for secret in secrets if secret)
        if not any(hmac.compare_digest(given, good) for good in made):
            raise BadSignature("the header aftership-hmac-sha256 is missing or wrong")
        return Verified(text_of(_pushed(body).get("event_id"), 200))

    def parse(self, body: bytes) -> list[Parcel]:
        said = json_object(body)
        meta, data = object_at(said, "meta"), said.get("data", said.get("msg"))
        told = data if isinstance(data, dict) else said
        listed = [each for each in dicts(told.get("trackings")) if "tracking_number" in each]
        if listed or (meta and told.get("trackings") == []):
            return [_parcel(each) for each in listed] or [Parcel("", not_found=True)]
        tracking = object_at(told, "tracking") or told
        if "tracking_number" in tracking and tracking.keys() & {"tag", "subtag", "checkpoints", "slug"}:
            return [_parcel(tracking)]
        if (code := text_of(meta.get("code")))[:1] in ("4", "5"):
            return [Parcel("", not_found=True)] if code in NOT_FOUND else []
        raise UnreadablePayload("no tracking of AfterShip's")

    async def _tracking(self, http: AsyncClient, account: Account, number: TrackingNumber) -> Answer:
        named = {"slug": number.courier} if number.courier else {}
        read = await self._call(http, account, "GET", params={"tracking_numbers": str(number), **named})
        if any(not parcel.not_found for parcel in self.parse(read)):
            return Answer(read, (number,))
        known: dict[str, str] = {"tracking_number": str(number), **named}
        if number.postcode:
            known["tracking_postal_code"] = number.postcode
        if number.shipped_at:
            known["tracking_ship_date"] = f"{number.shipped_at:%Y%m%d}"
        made = await self._call(http, account, "POST", json=known)
        meta = object_at(json_object(made), "meta")
        if (code := text_of(meta.get("code"))) == EXISTS:
            return Answer(await self._call(http, account, "GET", params={"tracking_numbers": str(number)}), (number,))
        if code[:1] == "4" and code not in NOT_FOUND:
            raise RequestRefused(f"AfterShip says {code}: {text_of(meta.get('message'), 200)}")
        return Answer(made, (number,))

    async def _call(self, http: AsyncClient, account: Account, method: str, **request: Any) -> bytes:
        known = AggregatorCredentials.of(account)
        answer = await call(
            http,
            method,
            f"{account.base_url or self.base_url}/trackings",
            accept=(200, 201, 202, 400, 404, 409),
            headers={"as-api-key": known.api_key.get_secret_value()},
            **request,
        )
        return answer.content


def _pushed(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _parcel(said: dict[str, Any]) -> Parcel:
    back = said.get("return_to_sender") is True
    events = numbered([event for each in dicts(said.get("checkpoints"))[::-1] if (event := _event(each, back))])
    head = _head(said, events, back)
    empty = not events and text_of(said.get("tag")) in ("", "Pending")
    return Parcel(
        text_of(said.get("tracking_number"), 60),
        (*events, *head),
        _eta(said),
        not_found=empty and not any(head),
        service=text_of(said.get("shipment_type"), 100),
    )


def _event(said: dict[str, Any], back: bool) -> TrackingEvent | None:
    place, zone = _where(said.get("city"), said.get("zip"), said.get("state"), said.get("country_iso3"))
    moment = iso_moment(said.get("checkpoint_time"), zone, OffsetSource.PLACE)
    if moment is None:
        return None
    words = _said(said.get("tag"), said.get("subtag"), said.get("message"), "returned" if back else "")
    return words.at(moment, place or _named(said.get("location")))


def _head(said: dict[str, Any], events: Sequence[TrackingEvent], back: bool) -> Iterator[TrackingEvent]:
    """The status of the whole, if it is no event yet, at the delivery's time or else that of the newest checkpoint."""
    newest = max(events, key=lambda event: (event.moment.occurred_at, event.sequence), default=None)
    words = _said(said.get("tag"), said.get("subtag"), said.get("subtag_message"), "returned" if back else "")
    if words.status is None or any((event.code, event.status) == (words.code, words.status) for event in events):
        return
    delivered = iso_moment(said.get("shipment_delivery_date")) if text_of(said.get("tag")) == "Delivered" else None
    if moment := delivered or (newest.moment if newest else None):
        yield words.at(moment, None, newest.sequence + 1 if newest and moment == newest.moment else 0)


@remembered
def _said(tag: Json, subtag: Json, message: Json, back: str) -> Said:
    find, coarse, code = AfterShip.table.find, text_of(tag), text_of(subtag)
    row = find(code, within="aftership") or find(coarse, within="aftership tag")
    if back and coarse == "Delivered":
        row = find(coarse, within="aftership returned") or row
    return meant(row, code or coarse, "aftership" if code else "aftership tag", back, unsigned(text_of(message)))


@remembered
def _where(city: Json, postcode: Json, state: Json, country: Json) -> tuple[Place | None, ZoneInfo | None]:
    code = country_coded(text_of(country))
    place = Place(text_of(city), text_of(postcode), text_of(state), code) or None
    return place, country_zone(code) if code else None


def _named(location: Json) -> Place | None:
    return Place(name=text_of(location)) or None


def _eta(said: dict[str, Any]) -> Eta | None:
    """The courier's estimate; a day alone lasts until its end."""
    for name in ("courier_estimated_delivery_date", "latest_estimated_delivery", "aftership_estimated_delivery_date"):
        estimate = object_at(said, name)
        for field in ("datetime", "datetime_max", "estimated_delivery_date_max", "estimated_delivery_date"):
            if moment := iso_moment(estimate.get(field)):
                return _until(moment)
    moment = iso_moment(said.get("expected_delivery"))
    return _until(moment) if moment else None


def _until(moment: Moment) -> Eta:
    if moment.until:
        return Eta(moment.occurred_at, moment.until, date.fromisoformat(moment.local_time))
    return Eta(latest=moment.occurred_at)
