"""PostNL: the Status API v2, one barcode a call; answers of its list of updated shipments are read too.

Codes: carriers/tables/postnl.csv, PostNL's statuses (`status`), its observations (`event`) and those that only its app
has shown (`app`, doubtful). An observation tells more than its status, so a status, of now or of before, is an event
of its own only where none tells it.

Quirks: times are Dutch without saying so, in three forms; what is empty may come as `{}`. A barcode that is not known
is an answer with `Warnings`; the warning 2 is about signatures. Pieces of one shipment share `MainBarcode`, each with a
status of its own. PostNL asks not to poll often, and pushes nothing that is documented. Addresses are not read.

The older web service (SOAP) and its names in the plural are read, too, after its public client
(firstred/postnl-api-php, 2026-11).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from urllib.parse import quote

from httpx import AsyncClient
from lxml import etree
from pydantic import SecretStr

from carriers.base import (
    Account,
    AmbiguousReference,
    Answer,
    Carrier,
    Credentials,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_of, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import exact_time, iso_moment, local_moment, parsed_date, zone
from carriers.xml_tree import named, tree_of, unwrapped

AMSTERDAM = zone("Europe/Amsterdam")
ANSWERS = ("CompleteStatus", "CurrentStatus")
SHIPMENTS = ("Shipment", "Shipments")
NO_SIGNATURE = "2"


class PostNlCredentials(Credentials):
    """The key of the Send & Track interfaces; to find parcels by reference, the customer's code and number as well."""

    api_key: SecretStr
    customer_code: str = ""
    customer_number: str = ""


class PostNl(Carrier):
    """PostNL in the Netherlands: the customer's own parcels."""

    slug, name, website = "postnl", "PostNL", "https://www.postnl.nl"
    home = "NL"
    number_patterns = ("3S[A-Z0-9]{3,5}[0-9]{7,9}", "[A-Z]{2}[0-9]{9}NL")
    number_form, example = "[0-9A-Z]{10,20}", "3SABCD000000001"
    credentials = PostNlCredentials
    base_url = "https://api.postnl.nl"
    rate = RateLimit(1, 1.0)
    confidence = "high"
    table = table_file("postnl.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        keys = PostNlCredentials.of(account)
        barcode = quote("".join(numbers[0].split()).upper(), safe="")
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/shipment/v2/status/barcode/{barcode}",
            params={"detail": "true", "language": "EN"},
            headers={"apikey": keys.api_key.get_secret_value()},
        )
        return [Answer(answer.content, tuple(numbers))]

    def unresolvable(self, account: Account, reference: str) -> str:
        """The account lacks the customer's code or number."""
        keys = PostNlCredentials.of(account)
        known = keys.customer_code and keys.customer_number
        return "" if known else "PostNL finds a customer's references: `customer_code` and `customer_number` are needed"

    async def resolve(self, http: AsyncClient, account: Account, reference: str) -> str:
        """The barcode of a sender's reference; an account with the customer's code and number is needed."""
        keys = PostNlCredentials.of(account)
        if reason := self.unresolvable(account, reference):
            raise RequestRefused(reason)
        customer = {"customerCode": keys.customer_code, "customerNumber": keys.customer_number}
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/shipment/v2/status/reference",
            params={**customer, "reference": reference, "detail": "false", "language": "EN"},
            headers={"apikey": keys.api_key.get_secret_value()},
        )
        found = sorted({parcel.number for parcel in self.parse(answer.content)} - {""})
        if len(found) > 1:
            raise AmbiguousReference(f"PostNL knows several parcels by it: {', '.join(found)}")
        return found[0] if found else ""

    def parse(self, body: bytes) -> list[Parcel]:
        answer = _of_soap(xml_of(body)) if opening(body) == b"<" else json_of(body)
        updated = [each for each in dicts(answer) if "Barcode" in each and isinstance(each.get("Status"), dict)]
        if updated:
            return list(_updated(updated))
        if not isinstance(answer, dict):
            raise UnreadablePayload("no answer of PostNL's Status API")
        told = [each for name in ANSWERS for each in dicts(answer.get(name))]
        listed = [each for one in told for name in SHIPMENTS for each in dicts(one.get(name))]
        shipments = [each for each in listed if each.keys() & {"Barcode", "Status"}]
        if shipments:
            return [_parcel(each) for each in shipments]
        warned = [each for one in (answer, *told) for each in dicts(one.get("Warnings"))]
        listed = [each for one in warned for each in dicts(one.get("Warning")) or [one]]
        warnings = [each for each in listed if each.keys() & {"Message", "Description"}]
        if warnings:
            unknown = any(text_of(each.get("Code")) != NO_SIGNATURE for each in warnings)
            note = text_of(warnings[0].get("Message")) or text_of(warnings[0].get("Description"))
            return [Parcel("", not_found=True, note=note)] if unknown else []
        if at(answer, "fault", "detail", "errorcode"):
            return []
        raise UnreadablePayload("neither a shipment nor a warning of PostNL")


def _of_soap(root: etree._Element) -> Json:
    """What the older web service (SOAP) tells, with the JSON's names around it."""
    for name in ANSWERS:
        element = named(root, f"{name}Response")
        if element is not None:
            told = tree_of(element)
            inner = {key: unwrapped(value) for key, value in told.items()} if isinstance(told, dict) else {}
            return {name: inner}
    raise UnreadablePayload("no answer of PostNL's Status API")


def _updated(listed: Sequence[dict[str, Json]]) -> Iterator[Parcel]:
    """The parcels of the list of updated shipments, each with all its statuses in it."""
    barcodes = [text_of(each.get("Barcode"), 40) for each in listed]
    for barcode in dict.fromkeys(barcodes):
        statuses = [each["Status"] for each, its in zip(listed, barcodes, strict=True) if its == barcode]
        yield Parcel(barcode, numbered(list(_statuses(statuses, ()))))


def _parcel(said: dict[str, Json]) -> Parcel:
    number = text_of(said.get("Barcode"), 40) or text_of(said.get("MainBarcode"), 40)
    events = []
    for each in (*dicts(said.get("Event")), *dicts(said.get("Events"))):
        what = _told(each.get("Code"), each.get("Description"), each.get("LocationCode"))
        if moment := _moment(each.get("TimeStamp")):
            events.append(told_at(moment, what))
    statuses = [each for name in ("Status", "OldStatus", "OldStatuses") for each in dicts(said.get(name))]
    expected = object_at(said, "Expectation")
    earliest, latest = _moment(expected.get("ETAFrom")), _moment(expected.get("ETATo"))
    eta = Eta(earliest.occurred_at if earliest else None, latest.occurred_at if latest else None)
    return Parcel(
        number,
        (*_statuses(statuses, events), *numbered(events)),
        eta if any(eta) else None,
        service=text_of(said.get("ProductCode"), 20),
    )


@remembered
def _told(given: Json, described: Json, location: Json) -> Told:
    """What an observation says, and where."""
    code, where, find = text_of(given, 20).upper(), text_of(location, 40), PostNl.table.find
    row = find(code, within="event") or find(code, within="app")
    return told_of(meant(row, code, "event", "", text_of(described)), Place(code=where) if where else None)


def _statuses(listed: Iterable[dict[str, Json]], events: Sequence[TrackingEvent]) -> Iterator[TrackingEvent]:
    """The statuses, each once, as events behind all those that share their instant; but none that an event tells."""
    seen, instants = set(), [each.moment.occurred_at for each in events]
    moved = [(each.moment.occurred_at, each.status) for each in events if each.status]
    for said in listed:
        moment, code = _moment(said.get("TimeStamp") or said.get("Timestamp")), _status_code(said)
        if moment is None or not code or (code, moment) in seen:
            continue
        seen.add((code, moment))
        words = said.get("StatusDescription") or said.get("CurrentStatusDescription") or said.get("Description")
        status = _status(code, words)
        before = [each for each in moved if each[0] <= moment.occurred_at]
        newest = max([instant for instant, _ in before], default=None)
        if newest != moment.occurred_at and (newest, status.status) not in before:
            yield status.at(moment, None, instants.count(moment.occurred_at))


@remembered
def _status(code: str, described: Json) -> Said:
    row = PostNl.table.find(code.lstrip("0"), within="status")
    return meant(row, code, "status", "", text_of(described))


def _status_code(said: dict[str, Json]) -> str:
    """The older web service calls it by two other names."""
    return (
        text_of(said.get("StatusCode"), 20)
        or text_of(said.get("CurrentStatusCode"), 20)
        or text_of(said.get("Code"), 20)
    )


def _moment(value: Json) -> Moment | None:
    """A time of the status calls (day first), of the list (ISO), or as the documents also show it (month first)."""
    if not value:
        return None
    if type(value) is str and len(value) >= 19 and value[13] == value[16] == ":" and (day := _day(value[:10])):
        moment = iso_moment(f"{day}T{value[11:19]}", AMSTERDAM)
        if moment is not None:
            return moment
    text = text_of(value, 40)
    if (day := _day(text[:10])) is None:
        return iso_moment(text, AMSTERDAM)
    return local_moment(date.fromisoformat(day), exact_time(text[11:19]), AMSTERDAM, OffsetSource.CARRIER)


@remembered
def _day(text: str) -> str | None:
    """A day as ISO 8601 has it."""
    day = parsed_date(text, "%d-%m-%Y", "%m/%d/%Y")
    return None if day is None else day.isoformat()
