"""OnTrac, in the United States: the tracking of its web services, up to a hundred numbers a call; no push.

Codes: carriers/tables/ontrac.csv, of two revisions of the specification, between which the meanings of some codes have
changed: so the carrier's own description stands beside ours. RS and UM may be said of a parcel that is still on its way
back, so they are doubtful.

Quirks: the password stands in the address, which is never logged. Times are the facility's without saying so: the zone
of its state and ZIP code. ER and WD take back what was final before them: those deliveries and returns are withdrawn.
The overall flag (`Delivered`) is not believed. Errors are texts, of one number or of the whole call; one number that is
no number spoils a call about many, so that is asked again in halves. Consignee, signature and who took the parcel are
not read. Specification: Web Service Integration Specifications 09-20-23, a public copy, read on 2026-11-22.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import ClassVar
from urllib.parse import quote

from httpx import AsyncClient
from lxml import etree
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit
from carriers.event import Eta, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import child_text, local_name, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ENDS, ended
from carriers.tables import table_file
from carriers.times import expected, iso_moment, local_moment, parsed_date
from carriers.zones import state_zone

ANSWERS = frozenset(("OnTracTrackingResult", "OnTracUpdateResponse"))
TAKE_BACK = frozenset(("ER", "WD"))

NOT_KNOWN = re.compile(r"invalid tracking|\bnot? (?:found|record|shipment|exist)", re.IGNORECASE)
ERRORS: Sequence[tuple[re.Pattern[str], type[CarrierError]]] = (
    (re.compile("user ?name|password|account", re.IGNORECASE), CredentialsRefused),
    (re.compile("bounds of the array", re.IGNORECASE), RequestRefused),
)
"""What errors say; any other is the service's trouble."""


def _fits(number: str) -> bool:
    """The check digit: D counts as 4, each second place twice, to the next ten."""
    values = [4, *map(int, number[1:-1])]
    return int(number[-1]) == -(sum(values[::2]) + 2 * sum(values[1::2])) % 10


class OnTracCredentials(Credentials):
    """Account number and password of OnTrac's web services."""

    account: str
    password: SecretStr


class OnTrac(Carrier):
    """OnTrac's last mile in the United States."""

    slug, name, website = "ontrac", "OnTrac", "https://www.ontrac.com"
    home = "US"
    number_patterns = ("D[0-9]{14}", "C[0-9]{14}")
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {"D[0-9]{14}": _fits}
    number_form, example = "[0-9A-Z-]{4,40}", "D10010000000011"
    credentials = OnTracCredentials
    base_url = "https://www.shipontrac.net/OnTracWebServices"
    batch_size = 100
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table_file("ontrac.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about all numbers, or several where one of them is no number; other errors are raised."""
        keys = OnTracCredentials.of(account)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/OnTracServices.svc/V7/{quote(keys.account, safe='')}/shipments",
            params={
                "pw": keys.password.get_secret_value(),
                "requestType": "track",
                "tn": ",".join("".join(number.split()) for number in numbers),
            },
        )
        root = xml_of(answer.content)
        shipments = _shipments(root)
        errors = [child_text(each, "Error") for each in shipments or [root]]
        if all(errors) and not all(map(NOT_KNOWN.search, errors)):
            error = next(each for each in errors if not NOT_KNOWN.search(each))
            kind = next((kind for says, kind in ERRORS if says.search(error)), CarrierUnavailable)
            raise kind(f"OnTrac says: {error}")
        if not shipments and errors[0] and len(numbers) > 1:
            half = len(numbers) // 2
            halves = [await self.fetch(http, account, each) for each in (numbers[:half], numbers[half:])]
            return [each for told in halves for each in told]
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer; none for an error that is not about a number."""
        root = xml_of(body)
        if local_name(root) not in ANSWERS:
            raise UnreadablePayload("no answer of OnTrac")
        shipments, error = _shipments(root), child_text(root, "Error")
        if not shipments:
            return [Parcel("", not_found=True, note=error)] if not error or NOT_KNOWN.search(error) else []
        return [parcel for each in shipments if (parcel := _parcel(each))]


def _shipments(root: etree._Element) -> list[etree._Element]:
    return root.findall("{*}Shipments/{*}Shipment")


def _parcel(said: etree._Element) -> Parcel | None:
    """The parcel of a shipment; none for an error that is not about its number."""
    number, error, reference = (child_text(said, name) for name in ("Tracking", "Error", "Reference"))
    rows = said.findall("{*}Events/{*}Event")
    if error and not rows:
        return Parcel(number, not_found=True, note=error) if NOT_KNOWN.search(error) else None
    told = dict.fromkeys(event for row in rows if (event := _event(row)))
    events, withdrawn = _standing(numbered([*told]))
    return Parcel(
        number,
        events,
        None if ended(events) else _eta(said),
        withdrawn=withdrawn,
        aliases=(reference,) if len(reference) >= 4 and reference != number else (),
        service=child_text(said, "Service"),
    )


def _standing(events: Sequence[TrackingEvent]) -> tuple[tuple[TrackingEvent, ...], tuple[str, ...]]:
    """The events that were not taken back, and the ids of those that were."""
    ends = [(event.moment.occurred_at, event.sequence) for event in events if event.code in TAKE_BACK]
    if not ends:
        return tuple(events), ()
    gone = [
        event for event in events if event.status in ENDS and (event.moment.occurred_at, event.sequence) < max(ends)
    ]
    return tuple(event for event in events if event not in gone), tuple(event.id for event in gone)


def _event(row: etree._Element) -> TrackingEvent | None:
    get = {str(each.tag).rpartition("}")[2]: each.text for each in row}.get
    place = _place(get("City"), get("Zip"), get("State"), get("Facility"))
    where = state_zone(place.state, place.postcode) if place else None
    moment = iso_moment(get("EventTime"), where, OffsetSource.PLACE)
    told = _said(get("Status"), get("Description"))
    if moment is None or not (told.code or told.text):
        return None
    return told.at(moment, place)._replace(id=f"{told.code or told.text[:40]} {moment.local_time}")


@remembered
def _place(city: str | None, postcode: str | None, state: str | None, facility: str | None) -> Place | None:
    town, code, region = text_of(city, 100), text_of(postcode, 20), text_of(state, 40)
    return Place(town, code, region, "US" if town or region else "", name=text_of(facility, 100)) or None


@remembered
def _said(given: str | None, text: str | None) -> Said:
    code = text_of(given, 20).upper()
    return meant(OnTrac.table.find(code), code, text=text_of(text))


def _eta(said: etree._Element) -> Eta | None:
    """The expected day, where the consignee lives."""
    day = parsed_date(child_text(said, "Exp_Del_Date")[:10], "%Y-%m-%d")
    if day is None:
        return None
    where = state_zone(child_text(said, "State"), child_text(said, "Zip")) or UTC
    return expected(local_moment(day, None, where, OffsetSource.PLACE))
