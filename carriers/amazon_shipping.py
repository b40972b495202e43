"""Amazon Shipping: the parcels of Amazon's network bought through the Selling Partner API (Shipping v2), polled.

Codes: carriers/tables/amazon_shipping.csv. The event code decides with the leg it happened on (the list `RETURNS`: a
delivery there is the parcel's coming home; that its other events are part of the way back is our inference, so they
are doubtful). The detail codes of the summary belong to the whole leg, not to an event: they refine the newest event
of each code that they can speak of (the lists named after event codes). A summary that no event tells is an event of
its own.

Quirks: the carrier's summary says Delivered of a parcel that came back, too; `alternateLegTrackingId` may be the text
"null"; a question that names no business is one to the British. The access token is Login with Amazon's, by the refresh
token (Amazon's "Connecting to the Selling Partner API"; error codes from its model shippingV2.json; both read
2026-11-22). What Amazon pushes goes to queues at AWS, and whether Italian parcels are told of there is not known.
"""

from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    CredentialsRefused,
    RateLimit,
    Token,
    TokenRefused,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, OffsetSource, Parcel, Place, Said, Told, TrackingEvent
from carriers.granting import granted
from carriers.reading import Json, at, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import last_of, numbered
from carriers.tables import Row, table_file
from carriers.times import iso_moment
from carriers.zones import country_zone

PLACE = OffsetSource.PLACE
LEGS = {"FORWARD": "forward", "RETURNS": "returns"}
"""The legs that events name, and the detail codes of each."""


class AmazonShippingCredentials(Credentials):
    """An application of Login with Amazon, a seller's authorisation of it, and the carrier id of the seller's rates."""

    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    carrier_id: str
    business: Literal[
        "AmazonShipping_IT",
        "AmazonShipping_ES",
        "AmazonShipping_FR",
        "AmazonShipping_UK",
        "AmazonShipping_US",
        "AmazonShipping_IN",
    ] = "AmazonShipping_IT"


class AmazonShipping(Carrier):
    """Amazon's parcel network, for orders from any channel."""

    slug = "amazon_shipping"
    name = "Amazon Shipping"
    website = "https://shipping.amazon.it"
    number_patterns = (r"TB[ACM][0-9]{12}", r"[ACF][0-9]{10}")
    number_form, example = "[0-9A-Z-]{8,40}", "A1000000017"
    credentials = AmazonShippingCredentials
    base_url = "https://sellingpartnerapi-eu.amazon.com"
    rate = RateLimit(80, 1.0)
    confidence = "high"
    table = table_file("amazon_shipping.csv")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = AmazonShippingCredentials.of(account)
        return await granted(
            http,
            f"{account.base_url or 'https://api.amazon.com'}/auth/o2/token",
            "Login with Amazon",
            data={
                "grant_type": "refresh_token",
                "refresh_token": known.refresh_token.get_secret_value(),
                "client_id": known.client_id,
                "client_secret": known.client_secret.get_secret_value(),
            },
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        known, answers = AmazonShippingCredentials.of(account), []
        for number in numbers:
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/shipping/v2/tracking",
                accept=(200, 403, 404),
                with_token=True,
                params={"trackingId": number, "carrierId": known.carrier_id},
                headers={"x-amz-access-token": account.token, "x-amzn-shipping-business-id": known.business},
            )
            if answer.status_code == 403:  # also what Amazon says of a token that has run out
                refusal = TokenRefused if b"expired" in answer.content.lower() else CredentialsRefused
                raise refusal("Amazon refuses our access (403)")
            answers.append(Answer(answer.content, (number,)))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        said = json_object(body)
        payload = said["payload"] if isinstance(said.get("payload"), dict) else said
        if "trackingId" in payload and payload.keys() & {"eventHistory", "summary"}:
            return [_parcel(payload)]
        errors = dicts(said.get("errors"))
        if errors and said.keys() <= {"errors", "payload"} and all("code" in each for each in errors):
            return [Parcel("", not_found=True)] if any(each["code"] == "NotFound" for each in errors) else []
        raise UnreadablePayload("neither tracking nor errors of Amazon Shipping")


CODES = [code for within, code in AmazonShipping.table if not within]
DETAILS: dict[str, list[tuple[str, Row]]] = {
    code: [(detail, row) for (within, detail), row in AmazonShipping.table.items() if within == code] for code in CODES
}
"""By event code the detail codes that can speak of it, in the order in which they are tried: a signature last."""


def _parcel(said: dict[str, Json]) -> Parcel:
    history = dicts(said.get("eventHistory"))
    events = [event for each in history if (event := _event(each))]
    for leg, name in LEGS.items():
        details = at(said, "summary", "trackingDetailCodes", name)
        events = _refined(events, leg, {text_of(each, 60) for each in details} if isinstance(details, list) else set())
    listed = numbered(events)
    head = _head(text_of(at(said, "summary", "status"), 60), listed)
    promised = iso_moment(said.get("promisedDeliveryDate"))
    back = text_of(said.get("alternateLegTrackingId"), 64)
    return Parcel(
        text_of(said.get("trackingId"), 64),
        (head, *listed) if head else listed,
        Eta(latest=promised.until or promised.occurred_at) if promised else None,
        note=f"returned as {back}" if back and back != "null" else "",
    )


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get, where = said.get, object_at(said, "location").get
    place = (where("city"), where("postalCode"), where("stateOrRegion"), where("countryCode"))
    told, zone = _located(get("eventCode"), get("shipmentType"), *place)
    moment = iso_moment(get("eventTime"), zone, PLACE)
    return told.at(moment) if moment else None


@remembered
def _located(given: Json, leg: Json, *where: Json) -> tuple[Told, ZoneInfo | None]:
    """What an event says and where, and the zone of that place."""
    place, zone = _place(*where)
    return _said(given, leg).placed(place), zone


def _said(given: Json, leg: Json) -> Said:
    code, context, find = text_of(given, 60), text_of(leg, 20).upper(), AmazonShipping.table.find
    return meant(find(code, within=context) or find(code), code, "", context if context in LEGS else "")


def _place(city: Json, postcode: Json, state: Json, given: Json) -> tuple[Place | None, ZoneInfo | None]:
    country = text_of(given).upper()
    country = country if len(country) == 2 else ""
    place = Place(text_of(city, 100), text_of(postcode, 20), text_of(state, 50), country) or None
    return place, country_zone(country) if country else None


def _refined(events: list[TrackingEvent], leg: str, details: set[str]) -> list[TrackingEvent]:
    """The events of a parcel; of each code the newest on this leg is told by the details that can speak of it."""
    for code in {event.code for event in events} & DETAILS.keys() if details else ():
        row = next((row for detail, row in DETAILS[code] if detail in details), None)
        if row is not None:
            newest = last_of(each for each in events if each.code == code and (each.context or "FORWARD") == leg)
            if newest and row.status is newest.status:
                told = mapped(newest._replace(context=f"{leg} {row.name.partition('/')[2]}"), row)
                events = [told if each is newest else each for each in events]
    return events


def _head(summary: str, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The summary's status as an event, at the newest one's time, when no event tells it."""
    newest = last_of(events)
    if newest is None:
        return None
    back = newest.context.startswith("RETURNS")
    row = AmazonShipping.table.find(summary, within="summary RETURNS" if back else "summary")
    if row is None or any(event.status is row.status for event in events):
        return None
    event = TrackingEvent(
        newest.moment, summary, list="summary", context="RETURNS" if back else "", sequence=newest.sequence + 1
    )
    return mapped(event, row)
