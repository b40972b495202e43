"""FedEx, asked through its Track API (Basic Integrated Visibility), pushing through the Advanced one.

Codes: carriers/tables/fedex.csv. `event` is what a scan's `eventType` says; the coarser `derivedStatusCode` is not
read (a scan OD carries IT there), while the shipment as a whole is told by `derivedCode`, before `code`, which lags.
Exceptions (SE, DE) mean what their reason says: by its code (`reason`), else by its text (`text`, in that order), for
FedEx publishes no full list. A delivery (DL) means what its place says (`place`), or the sender's door after an RS.

The older web service's replies (SOAP) are read as well (carriers/fedex_soap.py), but it is not asked.

Quirks: a 200 may hold an error for each number; beside scans, as in the reference's example, it says nothing. Numbers
are reused: of several shipments under one number the newest is told, and the question names the days around the
shipping date. Scans may arrive out of order. Pickup times may be nonsense (their rows are weak).
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from operator import attrgetter
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    RequestRefused,
    Token,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, fedex_12, gs1
from carriers.event import Moment, Parcel, Place, Said, Told, TrackingEvent
from carriers.fedex_soap import of_soap
from carriers.fedex_times import PAST_TIMES, eta_of, scans_of, times_of
from carriers.granting import token_of
from carriers.reading import Json, at, dicts, json_of, object_at, opening, text_of
from carriers.remembering import remembered
from carriers.tables import Row, table_file
from carriers.vocabulary import Status

NOT_FOUND = frozenset({"NOT.FOUND.ERROR", "TRACKING.TRACKINGNUMBER.NOTFOUND"})
"""Errors of a whole call that mean no more than a number which FedEx does not know (yet)."""
UNKNOWN = Parcel("", not_found=True)

WORDS = ("eventType", "eventDescription", "exceptionCode", "exceptionDescription")
ADDRESS = ("city", "postalCode", "stateOrProvinceCode", "countryCode")

READ_THE_REASON = frozenset({"SE", "DE"})

HEAD_TIMES = {Status.DELIVERED: "ACTUAL_DELIVERY", Status.FAILED_ATTEMPT: "ATTEMPTED_DELIVERY"}
"""Which of the answer's times belongs to a present status."""

AROUND = timedelta(days=15)  # of the shipping date: numbers are reused


class End(NamedTuple):
    """What beside the code says where a delivery was: the place's type, and when the way back began."""

    door: str
    back: datetime | None


class FedexCredentials(Credentials):
    """A project on developer.fedex.com with the track capability."""

    api_key: str
    secret_key: SecretStr


class Fedex(Carrier):
    """FedEx Express, Ground and Economy, world-wide."""

    slug = "fedex"
    name = "FedEx"
    website = "https://www.fedex.com"
    number_patterns = (r"DT\d{12}", r"9[26]\d{20}", r"\d{12}", r"\d{15}", r"\d{34}|\d{32}|\d{20}|\d{18}")
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {r"\d{12}": fedex_12, r"\d{15}": gs1}
    number_form, example = "[0-9A-Z]{8,40}", "794887075005"  # freight has shorter ones than parcels
    credentials = FedexCredentials
    table = table_file("fedex.csv")
    base_url = "https://apis.fedex.com"
    batch_size = 30
    rate = RateLimit(1, 1.0)
    daily_quota = 100_000
    pushes = True
    signs = True

    async def token(self, http: AsyncClient, account: Account) -> Token:
        known = FedexCredentials.of(account)
        secret = known.secret_key.get_secret_value()
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/oauth/token",
            data={"grant_type": "client_credentials", "client_id": known.api_key, "client_secret": secret},
        )
        return token_of(answer.content, "FedEx")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        asked = [_question(TrackingNumber.of(number)) for number in numbers]
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/track/v1/trackingnumbers",
            accept=(200, 404),
            with_token=True,
            json={"includeDetailedScans": True, "trackingInfo": asked},
            headers={"authorization": f"Bearer {account.token}", "x-locale": "en_US"},
        )
        codes = _error_codes(json_of(answer.content))
        known = self.parse(answer.content)
        if codes and (not known or (known == [UNKNOWN] and len(numbers) > 1)):
            if any(word in code for code in codes for word in ("SYSTEM", "INTERNAL", "UNAVAILABLE")):
                raise CarrierUnavailable(f"FedEx failed ({', '.join(codes)})")
            raise RequestRefused(f"FedEx refuses the request ({', '.join(codes)})")
        return [Answer(answer.content, tuple(numbers))]

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """`fdx-signature` is the Base64 of the body's HMAC-SHA256 under the security token that the shop chose."""
        given = headers.get("fdx-signature", "").strip().encode()
        made = [b64encode(hmac.digest(secret.encode(), body, sha256)) for secret in secrets if secret]
        if not any(hmac.compare_digest(given, good) for good in made):
            raise BadSignature("the push is not signed with this account's security token")
        return Verified()

    def tracking_url(self, number: str) -> str:
        return f"https://www.fedex.com/fedextrack/?trknbr={quote(number, safe='')}"

    def parse(self, body: bytes) -> list[Parcel]:
        answer = of_soap(body) if opening(body) == b"<" else json_of(body)
        output = at(answer, "output")
        if not isinstance(output, dict) or not output.keys() & {"completeTrackResults", "alerts"}:
            if codes := _error_codes(answer):
                return [UNKNOWN] if NOT_FOUND.intersection(codes) else []
            raise UnreadablePayload("neither FedEx's track answer nor its push")
        read = [self._numbered(result) for result in dicts(output.get("completeTrackResults"))]
        return [parcel for parcel in read if parcel]

    def _numbered(self, result: dict[str, Json]) -> Parcel | None:
        """What is told of a number: of its newest shipment, where several have borne it; none for an error."""
        shipments = dicts(result.get("trackResults"))
        number = text_of(result.get("trackingNumber"), 64) or next(map(_own_number, shipments), "")
        codes = ["" if dicts(each.get("scanEvents")) else text_of(at(each, "error", "code")) for each in shipments]
        known = [shipment for shipment, code in zip(shipments, codes, strict=True) if not code]
        if not known:
            missing = any(code.endswith(".NOTFOUND") for code in codes)
            return Parcel(number, not_found=True) if missing else None
        parcels = [self._parcel(number, shipment) for shipment in known]
        if len(parcels) == 1:
            return parcels[0]
        return max(parcels, key=_last_time)._replace(
            note=f"{len(parcels)} shipments bear this number; this is the newest"
        )

    def _parcel(self, number: str, shipment: dict[str, Json]) -> Parcel:
        own = _own_number(shipment)
        scans = scans_of(shipment)
        times = times_of(shipment, scans)
        back = min([moment.occurred_at for scan, moment in scans if scan.get("eventType") == "RS"], default=None)
        end = End(text_of(at(shipment, "deliveryDetails", "locationType"), 64), back)
        events = [_scanned(scan, moment, end) for scan, moment in scans]
        if head := _head(shipment.get("latestStatusDetail"), times, events, end):
            events.append(head)
        return Parcel(
            number,
            tuple(events),
            eta=eta_of(shipment, times),
            aliases=(own,) if own and own != number else (),
            service=text_of(at(shipment, "serviceDetail", "description"), 80),
            pickup_point=_pickup_point(at(shipment, "holdAtLocation", "locationContactAndAddress")),
        )


def _scanned(scan: dict[str, Json], moment: Moment, end: End) -> TrackingEvent:
    where = object_at(scan, "scanLocation")
    code = scan.get("locationId") or where.get("locationId")
    return _located(code, *map(where.get, ADDRESS), _door(moment, end), *map(scan.get, WORDS)).at(moment)


@remembered
def _located(code: Json, city: Json, postcode: Json, state: Json, land: Json, *words: Json) -> Told:
    """What a scan says and where."""
    return _said(*words).placed(_place(city, postcode, state, land, code))


def _head(
    latest: Json, times: Mapping[str, Moment | None], events: Sequence[TrackingEvent], end: End
) -> TrackingEvent | None:
    """The present status as an event, when no scan tells it."""
    code = text_of(at(latest, "derivedCode"), 64) or text_of(at(latest, "code"), 64)
    row = Fedex.table.find(code, within="event")
    if row is None or row.status is None:
        return None
    moment = times.get(HEAD_TIMES.get(row.status, "")) or _newest(events)
    moment = moment or next((times[name] for name in PAST_TIMES if times.get(name)), None)
    if moment is None:
        return None
    why = next(iter(dicts(at(latest, "ancillaryDetails"))), {})
    text = text_of(at(latest, "statusByLocale")) or text_of(at(latest, "description"))
    head = _said(_door(moment, end), code, text, why.get("reason"), why.get("reasonDescription"))
    return head.at(moment) if head.status not in {event.status for event in events} else None


def _newest(events: Sequence[TrackingEvent]) -> Moment | None:
    return max((event.moment for event in events), key=attrgetter("occurred_at"), default=None)


def _door(moment: Moment, end: End) -> str | None:
    """The door that a delivery of this time was at; none if the parcel was on its way back."""
    return None if end.back is not None and end.back <= moment.occurred_at else end.door


@remembered
def _said(door: str | None, given_code: Json, told: Json, given_reason: Json, why: Json) -> Said:
    """`context` is the reason, or the place, or the scan RS before a delivery."""
    code, reason, words = text_of(given_code, 64), text_of(given_reason, 16), text_of(why)
    row, context = Fedex.table.find(code, within="event"), f"reason {reason}" if reason else ""
    if code in READ_THE_REASON:
        row = _reason(reason, words) or row
    elif code == "DL" and door is None:
        row, context = Fedex.table.find("DL", within="return"), "after RS"
    elif code == "DL" and door and (place := Fedex.table.find(door, within="place")):
        row, context = place, f"place {door}"
    return meant(row, code, "event", context, _sentence(text_of(told), words))


def _reason(reason: str, words: str) -> Row | None:
    by_code = Fedex.table.find(reason, within="reason")
    if by_code is not None and by_code.status is not None:
        return by_code
    lowered = words.lower()
    phrases = (row for (within, phrase), row in Fedex.table.items() if within == "text" and phrase in lowered)
    return next(phrases, None)


def _question(number: TrackingNumber) -> dict[str, Json]:
    asked: dict[str, Json] = {"trackingNumberInfo": {"trackingNumber": str(number)}}
    if number.shipped_at is not None:
        day = number.shipped_at.date()
        asked |= {"shipDateBegin": (day - AROUND).isoformat(), "shipDateEnd": (day + AROUND).isoformat()}
    return asked


def _error_codes(answer: Json) -> list[str]:
    """The codes of a whole-call error, or of the numbers' own errors."""
    results = dicts(at(answer, "output", "completeTrackResults"))
    errors = [shipment.get("error") for result in results for shipment in dicts(result.get("trackResults"))]
    whole = [error for error in dicts(at(answer, "errors")) if re.search(r"^[A-Z]+\.", text_of(error.get("code")))]
    return [code for error in errors + whole if (code := text_of(at(error, "code"), 80))]


def _own_number(shipment: dict[str, Json]) -> str:
    return text_of(at(shipment, "trackingNumberInfo", "trackingNumber"), 64)


def _last_time(parcel: Parcel) -> datetime:
    return max((event.moment.occurred_at for event in parcel.events), default=datetime.min.replace(tzinfo=UTC))


def _place(city: Json, postcode: Json, state: Json, land: Json, code: Json) -> Place | None:
    country = text_of(land)
    country = country.upper() if len(country) == 2 else ""
    return Place(text_of(city, 100), text_of(postcode, 20), text_of(state, 50), country, text_of(code, 32)) or None


def _pickup_point(where: Json) -> str:
    address = at(where, "address")
    lines = at(address, "streetLines")
    street = [text_of(line, 100) for line in lines[:3]] if isinstance(lines, list) else []
    parts = [text_of(at(where, "contact", "companyName"), 100), *street, text_of(at(address, "city"), 100)]
    return ", ".join(part for part in parts if part)


def _sentence(told: str, why: str) -> str:
    return text_of(f"{told}: {why}") if told and why and told != why else told or why
