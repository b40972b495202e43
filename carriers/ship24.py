"""Ship24, an aggregator: trackers made and read by one call, and pushed.

Codes: carriers/tables/ship24.csv. An event's code is its `statusCode`; where that is missing or not listed its
milestone decides (the list `ship24 milestone`), and the event keeps its own code.

A push carries the account's webhook secret as a bearer token, and no signature of its body
(https://docs.ship24.com/webhooks/authentication, 2026-11). Where the codes of couriers are from:
`COURIERS`.

Quirks: making a tracker that is there gives the one there is. Events of several couriers stand in one list; `order`
says which is later where times tie. Times mostly have no offset: then `utcOffset` holds, else nothing is known of it.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

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
from carriers.event import Eta, Moment, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_object, json_of, object_at, text_of, unsigned
from carriers.remembering import remembered
from carriers.tables import table_file
from carriers.times import iso_moment

ERROR = re.compile("[a-z0-9]+(_[a-z0-9]+)+")
"""The form of an error's code."""


COURIERS = {
    "aramex": "aramex",
    "australia_post": "au-post",
    "austrian_post": "at-post",
    "bpost": "be-post",
    "bring": "bring",
    "brt": "brt-it",
    "cainiao": "cainiao",
    "canada_post": "ca-post",
    "correos": "es-post",
    "correos_express": "correos-express",
    "ctt_express": "tourline-express",
    "dhl_express": "dhl-express",
    "dhl_parcel_de": "dhl-packet",
    "dhl_parcel_iberia": "dhl-es",
    "dpd": "dpd",
    "dpd_poland": "dpd-pl",
    "evri": "hermes-uk",
    "fedex": "fedex",
    "fourpx": "4px",
    "gls_group": "gls",
    "gls_it": "gls-it",
    "gls_spain": "gls-es",
    "la_poste_colissimo": "fr-post",
    "lasership": "lasership",
    "mondial_relay": "mondialrelay",
    "mrw": "mrw",
    "nacex": "nacex",
    "paack": "paack",
    "packeta": "packeta",
    "poste_italiane": "it-post",
    "postnl": "nl-post",
    "purolator": "purolator",
    "royal_mail": "gb-post",
    "sf_express": "sf-express",
    "spring_gds": "spring-gds",
    "swiss_post": "ch-post",
    "tnt": "tnt",
    "ups": "ups",
    "usps": "us-post",
    "yodel": "yodel",
    "yunexpress": "yun-express",
}
"""What Ship24 calls our carriers: each confirmed on 2026-11-22 by code, name and website in an answer of its `couriers`
that a public repository keeps (b0r1ngx/ship24-couriers-response-parse-2 at 3acf365, resources).

Left out: a carrier that has several codes there of which none is the whole of it (PostNord, SEUR), and those in parts
of the answer that were not read. `dhl` does not say which DHL.
"""


class Ship24Credentials(AggregatorCredentials):
    """The key of an account."""

    couriers = COURIERS


class Ship24(Carrier):
    """Over two thousand couriers, found by their numbers or named."""

    slug, name, website = "ship24", "Ship24", "https://www.ship24.com"
    number_form, example = "[0-9A-Za-z-]{5,50}", "S24DEMO456393"
    credentials = Ship24Credentials
    base_url = "https://api.ship24.com/public/v1"
    rate = RateLimit(1, 1.0)
    pushes = signs = True
    table = table_file("ship24.csv")
    couriers = COURIERS

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Make each number's tracker, or find it, and read what it tells."""
        known = AggregatorCredentials.of(account)
        answers = []
        for number in map(TrackingNumber.of, numbers):
            asked: dict[str, Any] = {"trackingNumber": str(number)}
            asked |= {"courierCode": [number.courier]} if number.courier else {}
            asked |= {"destinationPostCode": number.postcode} if number.postcode else {}
            asked |= {"destinationCountryCode": number.country} if number.country else {}
            answer = await call(
                http,
                "POST",
                f"{account.base_url or self.base_url}/trackers/track",
                accept=(200, 201, 400, 404),
                headers={"Authorization": f"Bearer {known.api_key.get_secret_value()}"},
                json=asked,
            )
            if answer.status_code == 400:
                said = dicts(json_object(answer.content).get("errors"))
                raise RequestRefused(f"Ship24 says {text_of(said[0].get('message'), 200) if said else 'no'}")
            answers.append(Answer(answer.content, (number,)))
        return answers

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The secret itself; the message's id is that of the first tracking in it, if there is but one."""
        given = headers.get("authorization", "").encode()
        if not any(hmac.compare_digest(given, f"Bearer {secret}".encode()) for secret in secrets if secret):
            raise BadSignature("the header authorization does not hold the webhook secret")
        try:
            told = dicts(at(json_of(body), "trackings"))
        except UnreadablePayload:
            told = []
        return Verified(text_of(at(told[0], "metadata", "messageId"), 200) if len(told) == 1 else "")

    def parse(self, body: bytes) -> list[Parcel]:
        said = json_object(body)
        data = said.get("data")
        listed = object_at(said, "data").get("trackings", said.get("trackings"))
        if isinstance(listed, list) and "meta" not in said:
            found = [each for each in dicts(listed) if each.keys() & {"tracker", "shipment", "events"}]
            if len(found) < len(listed):
                raise UnreadablePayload("a tracking that is none of Ship24's")
            return [_parcel(each) for each in found] or [Parcel("", not_found=True)]
        made = [each for name in ("tracker", "trackers") for each in dicts(at(data, name)) if "trackerId" in each]
        if made:
            return [_parcel({"tracker": each}) for each in made]
        codes = {text_of(each.get("code")) for each in dicts(said.get("errors"))}
        if "data" in said and data is None and codes and all(ERROR.fullmatch(code) for code in codes):
            return [Parcel("", not_found=True)] if any(code.endswith("not_found") for code in codes) else []
        raise UnreadablePayload("no trackings of Ship24's")


def _parcel(said: dict[str, Any]) -> Parcel:
    shipment = object_at(said, "shipment")
    number = text_of(at(said, "tracker", "trackingNumber"), 60)
    events = [event for each in dicts(said.get("events")) if (event := _event(each))]
    newest = max(events, key=lambda event: (event.moment.occurred_at, event.sequence), default=None)
    head = _said(shipment.get("statusCode"), shipment.get("statusMilestone"), None)
    told = head.list != "ship24" and newest is not None and newest.status is head.status
    if newest and head.status and not told and all((e.code, e.status) != (head.code, head.status) for e in events):
        events.append(head.at(newest.moment, None, newest.sequence + 1))
    others = [text_of(each.get("tn"), 60) for each in dicts(shipment.get("trackingNumbers"))]
    return Parcel(
        number,
        tuple(events),
        _eta(object_at(shipment, "delivery")),
        not_found=not events and text_of(shipment.get("statusMilestone")) in ("", "pending"),
        aliases=tuple(dict.fromkeys(each for each in others if each and each != number)),
        service=text_of(at(shipment, "delivery", "service"), 100),
    )


def _event(said: dict[str, Any]) -> TrackingEvent | None:
    moment = _moment(said)
    if moment is None:
        return None
    order = said.get("order")
    sequence = order if type(order) is int and 0 <= order < 1_000_000 else 0
    event = _said(said.get("statusCode"), said.get("statusMilestone"), said.get("status"))
    return event.at(moment, _place(said.get("location")), sequence)._replace(id=text_of(said.get("eventId"), 100))


def _moment(said: dict[str, Any]) -> Moment | None:
    printed = text_of(said.get("occurrenceDatetime"))
    if said.get("hasNoTime") is True or text_of(said.get("hasNoTime")).lower() == "true":
        return iso_moment(printed[:10])
    offset = text_of(said.get("utcOffset"))
    if offset[:1] in ("+", "-") and len(printed) == len("2026-03-04T18:00:00"):
        return iso_moment(printed + offset) or iso_moment(printed)
    return iso_moment(printed) or iso_moment(said.get("datetime"))


@remembered
def _said(code: Json, milestone: Json, text: Json) -> Said:
    find, fine, coarse = Ship24.table.find, text_of(code), text_of(milestone)
    row = find(fine, within="ship24") or find(coarse, within="ship24 milestone")
    return meant(row, fine or coarse, "ship24" if fine else "ship24 milestone", "", unsigned(text_of(text)))


@remembered
def _place(location: Json) -> Place | None:
    return Place(name=text_of(location)) or None


def _eta(said: dict[str, Any]) -> Eta | None:
    courier = object_at(said, "courierEstimatedDeliveryDate")
    earliest, latest = iso_moment(courier.get("from")), iso_moment(courier.get("to"))
    latest = latest or iso_moment(said.get("estimatedDeliveryDate"))
    if latest is None:
        return None
    day = date.fromisoformat(latest.local_time) if latest.until and earliest is None else None
    return Eta(earliest.occurred_at if earliest else None, latest.until or latest.occurred_at, day)
