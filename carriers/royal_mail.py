"""Royal Mail: Tracking API v2 ("Mailpieces"), the history of one item a call; it pushes nothing that is documented.

Codes: carriers/tables/royal_mail.csv, the union of public lists, for there is no complete one; the older interface's
`RM…` (`older`, and those known by their last letter, `older form`). Where the last event's code is none of them, the
item's `statusCategory` tells, as an event of its own beside it, and doubtful (`category`).

Quirks: history has one object where a summary has a list; a summary holds errors of single items. EVKLC reads like a
delivery, but the parcel waits at a shop. Scans of a mail centre follow deliveries: barcodes are used again or misread.
Names of places are offices. Who signed is not read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from urllib.parse import quote

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    RateLimited,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment, local_moment, parsed_date, zone

LONDON = zone("Europe/London")

NOT_FOUND = frozenset({"E1142", "E1283", "E1284", "E1307", "E1308"})
"""There is nothing to tell of the number, now or ever."""
ERRORS: Mapping[str, type[CarrierError]] = {
    "E0001": CarrierUnavailable,
    "E0009": CarrierUnavailable,
    "E0010": RateLimited,
}
OLDER_FORM = re.compile("RM[A-Z0-9]([AIP])")


class RoyalMailCredentials(Credentials):
    """Client id and secret of an app at developer.royalmail.net that is approved for Tracking."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class RoyalMail(Carrier):
    """Royal Mail, and Parcelforce's items that it carries."""

    slug, name, website = "royal_mail", "Royal Mail", "https://www.royalmail.com"
    home = "GB"
    number_patterns = (r"[A-Z]{2}[0-9]{9}GB", r"[0-9A-F]{21}")
    number_form, example = "[0-9A-Z-]{8,35}", "FQ087430672GB"
    credentials = RoyalMailCredentials
    base_url = "https://api.royalmail.net/mailpieces/v2"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table_file("royal_mail.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error that does not speak of the number is raised."""
        known = RoyalMailCredentials.of(account)
        item = quote(re.sub("[^A-Za-z0-9]", "", numbers[0]).upper(), safe="")
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/{item}/events",
            accept=(200, 400, 404),
            headers={
                "accept": "application/json",
                "x-ibm-client-id": known.client_id,
                "x-ibm-client-secret": known.client_secret.get_secret_value(),
                "x-accept-rmg-terms": "yes",
            },
        )
        said = json_object(answer.content)
        codes = _errors(said)
        for code in codes:
            if code in ERRORS:
                raise ERRORS[code](f"Royal Mail says {code}")
        if answer.status_code == 400 and not NOT_FOUND & codes:
            raise RequestRefused(f"Royal Mail refuses the question ({', '.join(sorted(codes)) or 400})")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of a history, those of a summary, none for an error that does not speak of the number."""
        said = json_object(body)
        items = [each for each in dicts(said.get("mailPieces")) if "mailPieceId" in each]
        if items:
            return [parcel for each in items if (parcel := _parcel(each)) is not None]
        if "httpCode" not in said or not said.keys() & {"httpMessage", "moreInformation", "errors"}:
            raise UnreadablePayload("neither mail pieces nor an error of Royal Mail")
        unknown = text_of(said["httpCode"]) == "404" or NOT_FOUND & _errors(said)
        return [Parcel("", not_found=True)] if unknown else []

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/track-your-item#/tracking-results/{''.join(number.split())}"


def _errors(said: dict[str, Json]) -> set[str]:
    return {code for each in dicts(said.get("errors")) if (code := text_of(each.get("errorCode"), 20))}


def _parcel(said: dict[str, Json]) -> Parcel | None:
    """A mail piece; none for one that has an error in place of its news."""
    number, head = text_of(said.get("mailPieceId"), 40), object_at(said, "summary")
    error = object_at(said, "error")
    if error and not head:
        unknown = text_of(error.get("errorCode")) in NOT_FOUND
        return Parcel(number, not_found=True, note=text_of(error.get("errorDescription"))) if unknown else None
    others = dict.fromkeys((text_of(head.get("uniqueItemId"), 40), text_of(head.get("oneDBarcode"), 40)))
    events = []
    for each in dicts(said.get("events")):
        moment = iso_moment(each.get("eventDateTime"), LONDON)
        what = _told(each.get("eventCode"), each.get("eventName"), each.get("locationName"))
        if moment and what:
            events.append(told_at(moment, what))
    return Parcel(
        number,
        numbered([*_heads(head, events), *events]),
        _eta(object_at(said, "estimatedDelivery")),
        aliases=tuple(other for other in others if other and other != number),
        service=text_of(head.get("productName"), 100),
    )


@remembered
def _told(given: Json, text: Json, office: Json) -> Told | None:
    """What an event says, and where; none if it has neither code nor name."""
    said = _said(given, text)
    return told_of(said, Place(name=text_of(office, 100)) or None) if said.code or said.text else None


def _said(given: Json, text: Json) -> Said:
    code, find = text_of(given, 20).upper(), RoyalMail.table.find
    row = find(code) or find(code, within="older")
    form = OLDER_FORM.fullmatch(code)
    if row is None and form:
        row = find(form[1], within="older form")
    return meant(row, code, "", "", text_of(text))


def _heads(head: dict[str, Json], events: Sequence[TrackingEvent]) -> Iterator[TrackingEvent]:
    """What the summary tells beyond the events: the last one, and the category where its code is not known."""
    moment = iso_moment(head.get("lastEventDateTime"), LONDON)
    what = _told(head.get("lastEventCode"), head.get("lastEventName"), head.get("lastEventLocationName"))
    last = told_at(moment, what) if moment and what else None
    if last is not None and all(each.code != last.code or each.moment != last.moment for each in events):
        known = [last, *events]
    else:
        last, known = None, list(events)
    category = _category(head.get("statusCategory"))
    if category is not None and None in [each.row for each in known]:
        newest = max(known, key=lambda each: each.moment.occurred_at)
        if newest.row is None:
            yield category.at(newest.moment)
    if last is not None:
        yield last


@remembered
def _category(given: Json) -> Said | None:
    category = text_of(given, 60).upper()
    row = RoyalMail.table.find(category, within="category")
    return meant(row, category, "category") if row else None


def _eta(said: dict[str, Json]) -> Eta | None:
    """The estimated day, and the window of it where there is one."""
    day = _day(said.get("date"))
    if day is None:
        return None
    start = _on(day.local_time, said.get("startOfEstimatedWindow"))
    end = _on(day.local_time, said.get("endOfEstimatedWindow"))
    return Eta(start or day.occurred_at, end or day.until, date.fromisoformat(day.local_time))


@remembered
def _day(given: Json) -> Moment | None:
    day = parsed_date(text_of(given)[:10], "%Y-%m-%d")
    return None if day is None else local_moment(day, None, LONDON, OffsetSource.CARRIER)


@remembered
def _on(day: str, clock: Json) -> datetime | None:
    moment = iso_moment(f"{day}T{text_of(clock, 40)}", LONDON)
    return moment.occurred_at if moment else None
