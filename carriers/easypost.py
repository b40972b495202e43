"""EasyPost Trackers, an aggregator: trackers made, read and pushed as events.

Codes: carriers/tables/easypost.csv. A delivery, a return and a cancellation are what the status says, whatever the
detail: a delivered parcel comes with `arrived_at_destination`. Otherwise the detail decides, and the status where the
detail says nothing (`status_update`), is not listed, or tells of the way to what the status says is reached: a parcel
that is out for delivery or ready to be collected. A second receipt at the origin's facility is an arrival (the
list `easypost later`); a `delivery_exception` is an attempt if its text speaks of one (`easypost text`).

A push is signed by hex HMAC-SHA256 of the body in `X-Hmac-Signature`, behind `hmac-sha256-hex=`, the secret as NFKD
(https://docs.easypost.com/docs/webhooks, 2026-11). Where `X-Hmac-Signature-V2` comes, that holds: over time, method,
path and body, as public clients compute it. Names of carriers: `COURIERS`.

Quirks: making a tracker that is there may cost again, so it is looked for first. A tracker that is finalized is not
followed any more. Times end in Z. Who signed is not kept.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, ClassVar

from httpx import AsyncClient, BasicAuth

from carriers.aggregator import AggregatorCredentials
from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    RateLimit,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Moment, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, at, dicts, json_object, json_of, object_at, text_of, unsigned
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Row, table_file
from carriers.times import iso_moment
from carriers.vocabulary import Status
from carriers.zones import country_coded

FINAL = frozenset(("delivered", "return_to_sender", "cancelled"))
"""Statuses that hold whatever the detail says."""

REACHED = frozenset((Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP))
ON_THE_WAY = frozenset((Status.AWAITING_PICKUP, Status.IN_TRANSIT))
"""What a status has reached, and what a detail may tell of the way there."""

ORIGIN = "received_at_origin_facility"

ERROR = re.compile(r"[A-Z_]+(\.[A-Z_]+)+")
"""The form of an error's code."""


COURIERS = {
    "australia_post": "AustraliaPost",
    "dhl_express": "DHLExpress",
    "fedex": "FedEx",
    "purolator": "Purolator",
    "ups": "UPS",
    "usps": "USPS",
}
"""What EasyPost calls our carriers: confirmed on 2026-11-22 by its documentation, USPS by the tracking guide
(https://docs.easypost.com/guides/tracking-guide.md), the others as the carriers of orders are spelt
(https://docs.easypost.com/docs/orders). Left out: those whose spelling was not found (Canada Post, OnTrac, Royal Mail).
"""


class EasyPostCredentials(AggregatorCredentials):
    """The key of an account."""

    couriers = COURIERS


class EasyPost(Carrier):
    """About a hundred carriers, most of them American."""

    slug, name, website = "easypost", "EasyPost", "https://www.easypost.com"
    number_form, example = "[0-9A-Za-z-]{4,50}", "EZ1000000001"
    credentials = EasyPostCredentials
    base_url = "https://api.easypost.com"
    rate = RateLimit(2, 1.0)
    pushes = signs = True
    table = table_file("easypost.csv")
    texts: ClassVar[Phrases] = Phrases(table, "easypost text")
    couriers = COURIERS

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Look for each number's tracker, and make it where there is none."""
        known = AggregatorCredentials.of(account)
        auth = BasicAuth(known.api_key.get_secret_value(), "")
        url, answers = f"{account.base_url or self.base_url}/v2/trackers", []
        for number in map(TrackingNumber.of, numbers):
            asked = {"tracking_code": str(number)} | ({"carrier": number.courier} if number.courier else {})
            answer = await call(http, "GET", url, params=asked, auth=auth)
            if not dicts(json_object(answer.content).get("trackers")):
                answer = await call(http, "POST", url, accept=(200, 201), json={"tracker": asked}, auth=auth)
            answers.append(Answer(answer.content, (number,)))
        return answers

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The newer signature if there is one, else the older; the event's id is the message's."""
        newer, when = headers.get("x-hmac-signature-v2", ""), headers.get("x-timestamp", "")
        signed = f"{when}POST{headers.get('x-path', '')}".encode() + body if newer else body
        given = (newer or headers.get("x-hmac-signature", "")).removeprefix("hmac-sha256-hex=").lower().encode()
        keys = [unicodedata.normalize("NFKD", secret).encode() for secret in secrets if secret]
        if not any(hmac.compare_digest(given, hmac.digest(key, signed, sha256).hex().encode()) for key in keys):
            raise BadSignature("the header x-hmac-signature is missing or wrong")
        try:
            message = json_of(body)
        except UnreadablePayload:
            message = None
        return Verified(text_of(at(message, "id"), 200), _signed_at(when) if newer else None)

    def parse(self, body: bytes) -> list[Parcel]:
        """The trackers of an answer or event; none of another event, or of an error."""
        said = json_object(body)
        if text_of(said.get("object")) == "Event":
            told = object_at(said, "result")
            return [_parcel(told)] if text_of(told.get("object")) == "Tracker" else []
        if "tracking_code" in said and said.keys() & {"tracking_details", "status"}:
            return [_parcel(said)]
        if isinstance(listed := said.get("trackers"), list):
            return [_parcel(each) for each in dicts(listed) if "tracking_code" in each] or [Parcel("", not_found=True)]
        if ERROR.fullmatch(code := text_of(at(said, "error", "code"))):
            return [Parcel("", not_found=True)] if "NOT_FOUND" in code else []
        raise UnreadablePayload("no tracker of EasyPost's")


def _signed_at(text: str) -> datetime | None:
    moment = iso_moment(text)
    if moment is not None:
        return moment.occurred_at
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _parcel(said: dict[str, Any]) -> Parcel:
    details = [(moment, each) for each in dicts(said.get("tracking_details")) if (moment := _moment(each))]
    details.sort(key=lambda each: each[0].occurred_at)
    moved, events = False, list[TrackingEvent]()
    for moment, each in details:
        words = _said(each.get("status"), each.get("status_detail"), each.get("message"), "later" if moved else "")
        events.append(words.at(moment, _place(object_at(each, "tracking_location"))))
        moved = moved or words.status is Status.IN_TRANSIT
    whole = _statuses(said)
    if events and all(_statuses(each) != whole for _, each in details):
        head = _said(*whole, None, "later" if moved else "")
        if head.status and all(event.status is not head.status for event in events):
            events.append(head.at(events[-1].moment))
    number, unknown = text_of(said.get("tracking_code"), 60), text_of(said.get("status")) in ("", "unknown")
    return Parcel(
        number,
        numbered(events[::-1]),
        _eta(said.get("est_delivery_date")),
        not_found=not events and unknown,
        service=text_of(at(said, "carrier_detail", "service"), 100),
    )


def _statuses(said: dict[str, Any]) -> tuple[str, str]:
    return text_of(said.get("status")), text_of(said.get("status_detail"))


def _moment(said: dict[str, Any]) -> Moment | None:
    return iso_moment(said.get("datetime"))


@remembered
def _said(status: Json, detail: Json, message: Json, later: str) -> Said:
    whole, part, text = text_of(status), text_of(detail), unsigned(text_of(message))
    row, by_detail = _row(whole, part, text, later), EasyPost.table.find(part, within="easypost detail")
    if row is not None and row.name.startswith("easypost/"):
        return meant(row, whole, "easypost", part, text)
    within = "easypost detail" if part else "easypost"
    return meant(row, part or whole, within, whole if by_detail or part else "", text)


def _row(whole: str, part: str, text: str, later: str) -> Row | None:
    find = EasyPost.table.find
    coarse, fine = find(whole, within="easypost"), find(part, within="easypost detail")
    if whole in FINAL:
        return coarse
    if part == ORIGIN and later:
        return find(part, within="easypost later")
    if part == "delivery_exception" and (attempt := EasyPost.texts.find(text)):
        return attempt
    if fine is None or (fine.status is None and part != "expired"):
        return coarse or fine
    return coarse if coarse and coarse.status in REACHED and fine.status in ON_THE_WAY else fine


@remembered
def _located(city: Json, postcode: Json, state: Json, country: Json) -> Place | None:
    return Place(text_of(city), text_of(postcode), text_of(state), country_coded(text_of(country))) or None


def _place(said: dict[str, Any]) -> Place | None:
    return _located(said.get("city"), said.get("zip"), said.get("state"), said.get("country"))


def _eta(value: Json) -> Eta | None:
    moment = iso_moment(value)
    return Eta(latest=moment.occurred_at) if moment else None
