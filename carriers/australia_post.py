"""Australia Post and StarTrack: the tracking of the shipping API, up to ten ids a call; it pushes nothing.

Codes: there are none, so carriers/tables/australia_post.csv has the texts of events by their beginning (`event`) and
the status of an item (`status`; developers.auspost.com.au, reference-statuses, 2026-11). The texts of today's answers
are those of a reseller's copy (docs.ewe.com.au/api/track_Article, 2026-11). The status tells what the events do not: a
delivery, or what a last event means whose text is not known; it has no time of its own, so it has that event's.

Quirks: events stand in articles, in items of an article, or in consignments, all in one answer, and come repeatedly.
A consignment of several articles is delivered when all of them are (`part`). An answer that is an error as a whole has
codes of the API's own. Events abroad carry Australia's offset.
"""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from httpx import AsyncClient, BasicAuth
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, CarrierUnavailable, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_object, text_of
from carriers.remembering import remembered
from carriers.sequence import last_of, numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment
from carriers.vocabulary import Status

TOWN = re.compile(r"(.*?),? +(ACT|NSW|NT|QLD|SA|TAS|VIC|WA)", re.IGNORECASE)
INVALID = "ESB-10001"
ERROR = re.compile(r"(?:API_|ESB-)\w+")
"""The form of the codes of errors, also of those of the whole answer; their list was not read."""
"""The error of an id that is none, or none yet."""


class AustraliaPostCredentials(Credentials):
    """Key and password of the shipping API, and the contract's account number."""

    api_key: SecretStr = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    account_number: str = Field(min_length=1)


class _Article(NamedTuple):
    """What is told of one article, or of a consignment."""

    number: str
    status: str
    told: list[dict[str, Json]]


class AustraliaPost(Carrier):
    """Australia Post's parcels and StarTrack's consignments, of contract customers."""

    slug, name, website = "australia_post", "Australia Post", "https://auspost.com.au"
    home = "AU"
    number_patterns = (r"[A-Z]{2}[0-9]{9}AU",)
    number_form, example = "[0-9A-Z]{6,30}", "7XX1000634011427"
    credentials = AustraliaPostCredentials
    base_url = "https://digitalapi.auspost.com.au"
    batch_size = 10
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    table = table_file("australia_post.csv")
    texts: ClassVar[Phrases] = Phrases(table, "event")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an answer of nothing but errors that do not speak of an id is none."""
        known = AustraliaPostCredentials.of(account)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/shipping/v1/track",
            params={"tracking_ids": ",".join("".join(number.split()) for number in numbers)},
            headers={"account-number": known.account_number, "accept": "application/json"},
            auth=BasicAuth(known.api_key.get_secret_value(), known.password.get_secret_value()),
        )
        if not self.parse(answer.content):
            raise CarrierUnavailable("Australia Post's answer holds errors alone")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, without those that have another error than an unknown id."""
        said = json_object(body)
        results = [each for each in dicts(said.get("tracking_results")) if "tracking_id" in each]
        if not results and any(ERROR.fullmatch(text_of(each.get("code"))) for each in dicts(said.get("errors"))):
            return []
        if not results:
            raise UnreadablePayload("no tracking results of Australia Post")
        return [parcel for each in results for parcel in _parcels(each)]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/mypost/track/details/{''.join(number.split())}"


def _parcels(said: dict[str, Json]) -> Iterator[Parcel]:
    """What was asked about, and each of its articles if there are several."""
    number, errors, articles = text_of(said.get("tracking_id"), 40), dicts(said.get("errors")), _articles(said)
    if errors and not articles:
        if any(text_of(error.get("code")) == INVALID for error in errors):
            yield Parcel(number, not_found=True)
        return
    whole = dicts(said.get("consignment")) + dicts(said.get("consignments"))
    status = text_of(said.get("status")) or next((text_of(each.get("status")) for each in whole), "")
    told = [event for each in whole for event in dicts(each.get("events"))]
    if told or len(articles) != 1:
        told += [] if told else [event for article in articles for event in article.told]
        gone = [_delivered(article) for article in articles]
        part = any(gone) and not all(gone)
        yield Parcel(number, _events(told, "" if part else status, "part" if part else ""))
        for article in articles:
            if article.number not in ("", number):
                yield Parcel(article.number, _events(article.told, article.status))
    else:
        [article] = articles
        others = (article.number,) if article.number not in ("", number) else ()
        yield Parcel(number, _events(article.told, article.status or status), aliases=others)


def _articles(said: dict[str, Json]) -> list[_Article]:
    """Each article once: an answer may repeat itself."""
    listed = [
        _Article(text_of(each.get("article_id"), 40), text_of(each.get("status")), dicts(each.get("events")))
        for item in dicts(said.get("trackable_items"))
        for each in dicts(item.get("items")) or [item]
    ]
    return listed if len(listed) < 2 else list({repr(article): article for article in listed}.values())


def _delivered(article: _Article) -> bool:
    head = _said("", article.status, "").status
    return head is Status.DELIVERED or any(
        _said(event.get("description"), "", "").status is Status.DELIVERED for event in article.told
    )


def _events(listed: Sequence[dict[str, Json]], status: str, within: str = "") -> tuple[TrackingEvent, ...]:
    """Each event once, behind what the status tells beside them."""
    told = []
    for each in listed:
        moment, what = iso_moment(each.get("date")), _told(each.get("description"), each.get("location"), within)
        if moment and what:
            told.append(told_at(moment, what))
    if len({event.moment.local_time for event in told}) < len(told):  # else no two are the same
        told = list(dict.fromkeys(told))
    events, head = numbered(told), _said("", status, "")
    if head.status is None:
        return events
    missing = head.status is Status.DELIVERED and head.status not in [event.status for event in events]
    if not missing and None not in [event.row for event in events]:
        return events
    newest = last_of(events)
    if newest is None or not (missing or newest.row is None):
        return events
    return (head.at(newest.moment, sequence=newest.sequence + 1), *events)


@remembered
def _told(described: Json, location: Json, within: str) -> Told | None:
    """What an event says, and where; none if it has no text."""
    said = _said(described, "", within)
    return told_of(said, _place(location)) if said.text else None


@remembered
def _said(described: Json, status: str, within: str) -> Said:
    """The meaning of an event's text or, without one, of a status."""
    text, find = text_of(described), AustraliaPost.table.find
    code = status.casefold()
    if not text:
        return meant(find(code, within="status"), code, "status")
    row = AustraliaPost.texts.find(text) or find(text.casefold(), within="status")
    if within and row is not None and row.status is Status.DELIVERED:
        return meant(find("delivered", within=within), "", "", "another article is on its way", text)
    return meant(row, "", "", "", text)


@remembered
def _place(given: Json) -> Place | None:
    """A town with its state, or a place abroad."""
    text = text_of(given, 100)
    town = TOWN.fullmatch(text)
    return Place(town[1], state=town[2].upper(), country="AU") if town else Place(text) or None
