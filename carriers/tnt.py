"""TNT: ExpressConnect Tracking 3.1, polled, for accounts that still have it; FedEx took the carrier over.

Codes: carriers/tables/tnt.csv. TNT gives its list of status codes to customers only: ours are those of public samples
(the list without name). For any other the consignment's `SummaryCode` says where it stands (the list `summary`), as an
event of its own beside the raw one; so it does for a delivery that no event tells. TNT Italy's own service (MYTRA) is
neither asked nor read: its answers are not documented.

Quirks: a number that is not known is a consignment with the summary CNF; errors come in HTTP 200; times are local to
the depot, which is told by a code without country: the origin's zone holds at the origin depot, the destination's for
what happens at the door, and elsewhere the one that both keep, if they do. `Signatory` is not kept.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import NamedTuple
from zoneinfo import ZoneInfo

from httpx import AsyncClient, BasicAuth
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    mapped,
)
from carriers.calling import call
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.reading import child_text, local_name, text_of, xml_of
from carriers.sequence import last_of, numbered
from carriers.tables import table_file
from carriers.times import local_moment, parsed_date, parsed_time
from carriers.vocabulary import Status
from carriers.zones import country_zone

AT_THE_DOOR = frozenset(("OD", "OK"))
"""The codes of what happens at the destination."""


class TntCredentials(Credentials):
    """The ExpressConnect user, and the country that its consignments leave from."""

    user: str
    password: SecretStr
    origin_country: str = Field(default="IT", pattern="^[A-Z]{2}$")


class _Ends(NamedTuple):
    """Where a consignment comes from and goes to, as far as the answer says."""

    depots: frozenset[str]
    origin: str
    destination: str

    def country(self, depot: str, code: str) -> str:
        """The country of a depot; empty where it is not known."""
        if depot and depot in self.depots:
            return self.origin
        return self.destination if code in AT_THE_DOOR or self.origin == self.destination else ""

    def zone(self, country: str) -> ZoneInfo | None:
        """The zone of a country, or the one that both ends keep where it is not known."""
        if country:
            return country_zone(country)
        here, there = country_zone(self.origin), country_zone(self.destination)
        return here if here and there and here == there else None


class Tnt(Carrier):
    """TNT Express, world-wide."""

    slug = "tnt"
    name = "TNT"
    website = "https://www.tnt.com"
    number_patterns = (r"GE[0-9]{9}[A-Z]{2}", r"[0-9]{9}")
    number_form, example = "[0-9A-Z]{8,20}", "GE256867154NL"
    credentials = TntCredentials
    base_url = "https://express.tnt.com"
    batch_size = 50
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table_file("tnt.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about what stays in the country of origin, and one about what leaves it or goes who knows where."""
        known = TntCredentials.of(account)
        domestic = tuple(each for each in numbers if TrackingNumber.of(each).country.upper() == known.origin_country)
        abroad = tuple(each for each in numbers if each not in domestic)
        answers = []
        for market, asked in (("DOMESTIC", domestic), ("INTERNATIONAL", abroad)):
            if asked:
                answer = await call(
                    http,
                    "POST",
                    f"{account.base_url or self.base_url}/expressconnect/track.do",
                    data={"xml_in": _question(asked, market, known.origin_country)},
                    auth=BasicAuth(known.user, known.password.get_secret_value()),
                )
                _refuse(answer.content)
                answers.append(Answer(answer.content, asked))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        root = xml_of(body)
        kind = local_name(root)
        consignments = [*root.iterfind("{*}Consignment")] if kind == "TrackResponse" else []
        if not consignments and _error(root) is None:
            raise UnreadablePayload(f"no answer of TNT, but {kind[:40]!r}")
        return [_parcel(each) for each in consignments]


def _question(numbers: Sequence[str], market: str, origin: str) -> str:
    request = etree.Element("TrackRequest", locale="en_GB", version="3.1")
    criteria = etree.SubElement(request, "SearchCriteria", marketType=market, originCountry=origin)
    for number in numbers:
        etree.SubElement(criteria, "ConsignmentNumber").text = number
    etree.SubElement(etree.SubElement(request, "LevelOfDetail"), "Complete")
    return etree.tostring(request, encoding="unicode")


def _error(root: etree._Element) -> tuple[str, str] | None:
    """The code and message of an error, none if the answer is not one."""
    kind = local_name(root)
    error = root if kind == "Error" else root.find("{*}Error") if kind == "TrackResponse" else None
    return None if error is None else (child_text(error, "Code"), child_text(error, "Message"))


def _refuse(body: bytes) -> None:
    """Raise what an error in HTTP 200 means; an answer with consignments is none."""
    root = xml_of(body)
    error = _error(root)
    if error is None or root.find("{*}Consignment") is not None:
        return
    code, message = error
    if code == "0001":
        raise CarrierUnavailable(f"TNT failed ({code} {message})")
    if code in ("7001", "7002", "7004"):
        raise CredentialsRefused(f"TNT refuses the account ({code} {message})")
    raise RequestRefused(f"TNT refuses the request ({code} {message})")


def _parcel(said: etree._Element) -> Parcel:
    number, summary = child_text(said, "ConsignmentNumber"), child_text(said, "SummaryCode").upper()
    if summary == "CNF":
        return Parcel(number, not_found=True)
    depots = frozenset((child_text(said, "OriginDepot"), child_text(said, "OriginDepotName"))) - {""}
    ends = _Ends(
        depots, child_text(said, "OriginCountry/{*}CountryCode"), child_text(said, "DestinationCountry/{*}CountryCode")
    )
    told = dict.fromkeys(event for each in said.iterfind("{*}StatusData") if (event := _event(each, ends)))
    events = numbered([*told])
    head = _head(said, summary, ends, events)
    other = child_text(said, "AlternativeConsignmentNumber")
    return Parcel(number, (head, *events) if head else events, aliases=(other,) if other and other != number else ())


def _event(said: etree._Element, ends: _Ends) -> TrackingEvent | None:
    told = {local_name(each): text_of(each.text, 200) for each in said}.get
    code, depot, name = told("StatusCode", "").upper(), told("Depot", ""), told("DepotName", "")
    country = ends.country(depot or name, code)
    moment = _moment(told("LocalEventDate", ""), told("LocalEventTime", ""), ends.zone(country))
    if moment is None:
        return None
    place = Place(name, country=country if depot or name else "", code=depot) or None
    return mapped(TrackingEvent(moment, code, text=told("StatusDescription", ""), place=place), Tnt.table.find(code))


def _head(said: etree._Element, summary: str, ends: _Ends, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """What the summary says, as an event, where the newest event has no meaning of its own or none is a delivery."""
    row = Tnt.table.find(summary, within="summary")
    newest = last_of(event for event in events if event.status or event.unmapped)
    if row is not None and row.status is Status.DELIVERED:
        known = any(event.status is Status.DELIVERED for event in events)
    else:
        known = newest is not None and newest.row is not None
    if row is None or row.status is None or known:
        return None
    end = ends.zone(ends.destination)
    delivered = row.status is Status.DELIVERED
    moment = _moment(child_text(said, "DeliveryDate"), child_text(said, "DeliveryTime"), end) if delivered else None
    town = Place(child_text(said, "DeliveryTown"), country=ends.destination) if delivered else None
    if moment is None and newest is None:
        moment = _moment(child_text(said, "CollectionDate"), "", ends.zone(ends.origin))
    after = newest.sequence + 1 if newest and moment is None else 0
    moment = moment or (newest.moment if newest else None)
    if moment is None:
        return None
    event = TrackingEvent(moment, summary, list="summary", place=town or None, sequence=after)
    return mapped(event, row)


def _moment(day: str, clock: str, zone: ZoneInfo | None) -> Moment | None:
    date = parsed_date(day, "%Y%m%d", "%Y-%m-%d")
    if date is None:
        return None
    time = parsed_time(clock, "%H%M", "%H%M%S", "%H:%M", "%H:%M:%S")
    return local_moment(date, time, zone or UTC, OffsetSource.PLACE if zone else OffsetSource.UNKNOWN)
