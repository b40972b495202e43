"""bpost, Belgium: the tracking of one item, as XML; it pushes nothing that is documented.

Codes: carriers/tables/bpost.csv. What most of them mean is not public, so they are doubtful; the description is kept.
A `deliveryTime` that no state tells is an event of its own, doubtful (the list `head`).

Quirks: an error is a `systemException`; that an item is not known is said in a line of plain text under 404, as tests
of a public client have it (webatvantage's for PHP, read on 2026-11-22). A planned window is the expected delivery.
Sender and addressee are not read.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from httpx import AsyncClient, BasicAuth
from lxml import etree
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    Credentials,
    RateLimit,
    UnreadablePayload,
    mapped,
    meant,
)
from carriers.calling import call
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.reading import child_text, local_name, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import between, iso_moment, zone
from carriers.vocabulary import Status

BRUSSELS = zone("Europe/Brussels")
NOT_FOUND = re.compile(rb"\s*no item found\b", re.IGNORECASE)


class BpostCredentials(Credentials):
    """The account id and passphrase of the Shipping Manager."""

    account_id: str
    passphrase: SecretStr


class Bpost(Carrier):
    """bpost's parcels."""

    slug, name, website = "bpost", "bpost", "https://www.bpost.be"
    home = "BE"
    number_patterns = ("3232[0-9]{20}", "[A-Z]{2}[0-9]{9}BE")
    number_form, example = "[0-9A-Z]{10,30}", "323200000000000000000001"
    credentials = BpostCredentials
    base_url = "https://api.parcel.bpost.cloud"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table_file("bpost.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        keys = BpostCredentials.of(account)
        item = quote("".join(numbers[0].split()), safe="")
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/services/trackedmail/item/{item}/trackingInfo",
            accept=(200, 404),
            auth=BasicAuth(keys.account_id, keys.passphrase.get_secret_value()),
        )
        if not NOT_FOUND.match(answer.content):
            root = xml_of(answer.content)
            if local_name(root) == "systemException" and not _unknown(root):
                raise CarrierUnavailable(f"bpost says: {child_text(root, 'message')}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer, none for an error."""
        if NOT_FOUND.match(body):
            return [Parcel("", not_found=True)]
        root = xml_of(body)
        if local_name(root) == "systemException":
            return [Parcel("", not_found=True)] if _unknown(root) else []
        if local_name(root) != "itemTracking":
            raise UnreadablePayload(f"no answer of bpost, but {local_name(root)[:40]!r}")
        events = numbered([event for row in root.iterfind("{*}stateInfo") if (event := _event(row)) is not None])
        head = _delivery(child_text(root, "deliveryTime"), events)
        window = "deliveryTimeWindow/{*}plannedDeliveryDateWindow"
        start, end = (iso_moment(child_text(root, f"{window}{which}"), BRUSSELS) for which in ("Start", "End"))
        point = ", ".join(filter(None, (child_text(root, f"pickupPoint/{{*}}{part}") for part in ("name", "city"))))
        told = (head, *events) if head else events
        return [Parcel(child_text(root, "itemCode"), told, between(start, end), pickup_point=point)]


def _event(row: etree._Element) -> TrackingEvent | None:
    moment = iso_moment(child_text(row, "time"), BRUSSELS)
    place = Place(child_text(row, "location")) or None
    return (
        _said(child_text(row, "stateCode"), child_text(row, "stateDescription")).at(moment, place) if moment else None
    )


@remembered
def _said(given: str, described: str) -> Said:
    code = given.upper()
    return meant(Bpost.table.find(code), code, "", "", described)


def _delivery(given: str, events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The time of delivery as an event, where no state tells that."""
    moment = iso_moment(given, BRUSSELS)
    if moment is None or any(event.status is Status.DELIVERED for event in events):
        return None
    behind = sum(event.moment.occurred_at == moment.occurred_at for event in events)
    event = TrackingEvent(moment, "deliveryTime", "head", sequence=behind)
    return mapped(event, Bpost.table.find("deliveryTime", within="head"))


def _unknown(exception: etree._Element) -> bool:
    return NOT_FOUND.match(child_text(exception, "message").encode()) is not None
