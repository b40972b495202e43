"""Canada Post: the XML tracking service, one PIN a call; it pushes nothing.

Codes: carriers/tables/canada_post.csv, without leading zeros, which an answer has or has not. Some of them mean
something else on the way back, which the description alone tells: the lists `back`, `home` and `import`. A summary
tells no codes, but the description of one and a type: those descriptions decide that say it plainly (the list
`description`, ours), and the days on which it was delivered or attempted (`summary`). The type does not: the schema
lists no values, and a public sample of the summary calls a payment OUT (both read 2026-11).

Each answer also comes in an envelope: the SOAP twin of the service has the same elements (its manual, read 2026-11).

Quirks: times are the site's own, with the letters of a zone that are often missing: then the province's zone holds.
A signature or a photo comes after the delivery and moves nothing. "Notice card left" is an attempt and an offer to
collect: it is read as the offer. An error comes with a code, too many calls as `Server`, which blocks the key for up
to a minute. Names of who signed are not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from typing import ClassVar
from urllib.parse import quote

from httpx import AsyncClient, BasicAuth
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RateLimited,
    RequestRefused,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, gs1
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import child_text, local_name, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import expected, iso_moment, local_moment, parsed_date, parsed_time
from carriers.zones import province_zone

PIN = r"[0-9]{16}"
NOT_FOUND = "004"
BLOCKED = 60.0
"""Seconds for which a key is blocked at most that asks too often."""

LETTERS = {
    **{f"{name}ST": -hours for name, hours in zip("ACEMP", (4, 6, 5, 7, 8), strict=True)},
    **{f"{name}DT": 1 - hours for name, hours in zip("ACEMP", (4, 6, 5, 7, 8), strict=True)},
    "NST": -3.5,
    "NDT": -2.5,
    "UTC": 0,
    "GMT": 0,
}
"""Hours ahead of UTC, by the letters of Canada's zones."""


class CanadaPostCredentials(Credentials):
    """The two halves of an API key."""

    user: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class CanadaPost(Carrier):
    """Canada Post's parcels, and packets from and to abroad."""

    slug, name, website = "canada_post", "Canada Post", "https://www.canadapost-postescanada.ca"
    home = "CA"
    number_patterns = (r"[A-Z]{2}[0-9]{9}CA", PIN)
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {PIN: gs1}
    number_form, example = "[0-9A-Z]{8,20}", "7023210039414604"
    credentials = CanadaPostCredentials
    base_url = "https://soa-gw.canadapost.ca"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    table = table_file("canada_post.csv")
    back: ClassVar[Phrases] = Phrases(table, "back")
    by_text: ClassVar[Mapping[str, Phrases]] = {
        **dict.fromkeys(("174", "1412", "2412", "1479", "1703", "4700"), back),
        **dict.fromkeys(("1496", "1498"), Phrases(table, "home")),
        "4450": Phrases(table, "import"),
    }
    """What the description decides, by code."""
    by_description: ClassVar[Phrases] = Phrases(table, "description")
    """What it decides in a summary, which tells no code."""

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error in its answer is raised, unless it says that the PIN has no history."""
        known = CanadaPostCredentials.of(account)
        pin = quote("".join(numbers[0].split()), safe="")
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/vis/track/pin/{pin}/detail",
            accept=(200, 400, 404),
            headers={"accept": "application/vnd.cpc.track-v2+xml", "accept-language": "en-CA"},
            auth=BasicAuth(known.user, known.password.get_secret_value()),
        )
        for code, text in _messages(xml_of(answer.content)).items():
            if code == "Server":
                raise RateLimited(f"Canada Post limits our calls: {text}", BLOCKED)
            if code == "E002" or code.startswith("AA"):
                raise CredentialsRefused(f"Canada Post refuses the key ({code} {text})")
            if code != NOT_FOUND:
                raise RequestRefused(f"Canada Post refuses the question ({code} {text})")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of a detail, those of a summary, none for an error other than an unknown PIN."""
        root = _unwrapped(xml_of(body))
        kind = local_name(root)
        if kind == "tracking-detail":
            return [_parcel(root)]
        if kind in ("tracking-summary", "pin-summary"):
            listed = [root] if kind == "pin-summary" else list(_named(root, "pin-summary"))
            return [_summarised(each) for each in listed] or [Parcel("", not_found=True)]
        messages = _messages(root)
        if not messages:
            raise UnreadablePayload(f"no answer of Canada Post, but {kind[:40]!r}")
        return [Parcel("", not_found=True)] if NOT_FOUND in messages else []

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/track-reperage/en#/details/{''.join(number.split())}"


def _unwrapped(root: etree._Element) -> etree._Element:
    """The answer in an envelope, or the root itself."""
    if local_name(root) != "Envelope":
        return root
    return next(root.iter("{*}tracking-detail", "{*}tracking-summary", "{*}messages"), root)


def _parcel(root: etree._Element) -> Parcel:
    listed = [each for events in _named(root, "significant-events") for each in _named(events, "occurrence")]
    other = child_text(root, "return-pin")
    number = child_text(root, "pin")
    return Parcel(
        number,
        numbered([event for each in listed if (event := _event(each)) is not None]),
        _eta(root),
        service=child_text(root, "service-name"),
        note=f"returned as {other}" if other and other != number else "",
    )


def _event(said: etree._Element) -> TrackingEvent | None:
    day = parsed_date(child_text(said, "event-date"), "%Y-%m-%d", "%Y%m%d")
    if day is None:
        return None
    clock = parsed_time(child_text(said, "event-time"), "%H:%M:%S", "%H:%M", "%H%M%S")
    province = child_text(said, "event-province").upper()
    moment = local_moment(day, clock, *_zone(child_text(said, "event-time-zone"), province))
    place = _place(
        child_text(said, "event-site"),
        province,
        child_text(said, "event-retail-location-id"),
        child_text(said, "event-retail-name"),
    )
    return _said(child_text(said, "event-identifier"), child_text(said, "event-description")).at(moment, place)


@remembered
def _said(given: str, text: str) -> Said:
    code = given.lstrip("0") or given
    telling = CanadaPost.by_text[code].find(text) if code in CanadaPost.by_text else None
    return meant(telling or CanadaPost.table.find(code), code, "", "text" if telling else "", text)


@remembered
def _place(site: str, province: str, code: str, name: str) -> Place | None:
    return Place(site, state=province, country="CA" if province_zone(province) else "", code=code, name=name) or None


@remembered
def _zone(letters: str, province: str) -> tuple[tzinfo, OffsetSource]:
    """The zone of a time and how it is known: by its letters, else by the province."""
    ahead = LETTERS.get(letters.upper())
    if ahead is not None:
        return timezone(timedelta(hours=ahead)), OffsetSource.GIVEN
    known = province_zone(province)
    return (known, OffsetSource.PLACE) if known else (UTC, OffsetSource.UNKNOWN)


def _summarised(said: etree._Element) -> Parcel:
    """A summary: its last event, and the days on which it was delivered or attempted."""
    end = _zone("", child_text(said, "destination-province").upper())
    town, _, province = child_text(said, "event-location").rpartition(",")
    province = province.strip() if town else ""
    place = _place(town, province.upper(), "", "") if province_zone(province) else None
    moment = _compact(child_text(said, "event-date-time"), *_zone("", province.upper()))
    text = child_text(said, "event-description")
    telling = CanadaPost.by_description.find(text)
    told = meant(telling, child_text(said, "event-type"), "", "text" if telling else "", text)
    last = told.at(moment, place or Place(child_text(said, "event-location")) or None) if moment else None
    events = [last] if last and (last.code or last.text) else []
    for name in ("actual-delivery-date", "attempted-date"):
        day = parsed_date(child_text(said, name), "%Y-%m-%d", "%Y%m%d")
        if day is not None:
            head = TrackingEvent(local_moment(day, None, *end), name, list="summary")
            head = mapped(head, CanadaPost.table.find(name, within="summary"))
            if last is None or last.status is not head.status:
                events.append(head)
    return Parcel(child_text(said, "pin"), numbered(events), _eta(said), service=child_text(said, "service-name"))


def _compact(stamp: str, zone: tzinfo, source: OffsetSource) -> Moment | None:
    """A time of a summary, `20260312:110500`, in the zone of its place; or an ISO one."""
    day, colon, clock = stamp.partition(":")
    date, time = parsed_date(day, "%Y%m%d"), parsed_time(clock, "%H%M%S")
    if not colon or date is None:
        return iso_moment(stamp)
    return local_moment(date, time, zone, source)


def _eta(said: etree._Element) -> Eta | None:
    day = child_text(said, "changed-expected-date") or child_text(said, "expected-delivery-date")
    return expected(iso_moment(day[:10]))


def _messages(root: etree._Element) -> dict[str, str]:
    """The texts of an error answer by code; empty if it is none."""
    listed = _named(root, "message") if local_name(root) == "messages" else iter(())
    return {code: child_text(each, "description") for each in listed if (code := child_text(each, "code"))}


def _named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return element.iterchildren(f"{{*}}{name}")
