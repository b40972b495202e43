"""Spring GDS, PostNL's cross-border parcels: `TrackShipment` of its XBS interface, one shipment a call; no push known.

Codes: carriers/tables/spring_gds.csv. 101 is the arrival in the country of destination, not a delivery; it and 25 may
be the last word there ever is.

Quirks: the key stands in the question. An error is an `ErrorLevel` other than 0 in HTTP 200, and 10 is said of a wrong
key and of whatever else, so its text tells: of a key, or of a number that is not known (our reading, for no list of
errors is public). `Timestamp` holds; `DateTime` is the same in a zone that nobody names, kept as what was printed. The
partner's own words stand beside Spring's, and its code in the context. The consignee's address is not kept.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, made_moment
from carriers.reading import Json, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment
from carriers.walls import wall_of
from carriers.zones import country_coded

A_KEY = re.compile(r"api ?-?key|authenti|authori", re.IGNORECASE)
NOT_KNOWN = re.compile(r"not found|not exist|unknown|no shipment|cannot find", re.IGNORECASE)
SECONDS = range(10**8, 10**10)
"""Since 1970, that a stamp may have."""


class SpringCredentials(Credentials):
    """The key of an XBS customer."""

    api_key: SecretStr


class SpringGds(Carrier):
    """Spring GDS: parcels and packets out of Europe, delivered by other countries' posts."""

    slug, name, website = "spring_gds", "Spring GDS", "https://www.spring-gds.com"
    number_patterns = ("[A-Z]{2}[0-9]{9}NL",)
    number_form, example = "[0-9A-Z]{6,40}", "LX000000017NL"
    credentials = SpringCredentials
    base_url = "https://mtapi.net"
    rate = RateLimit(1, 1.0)
    confidence = "medium"
    unsaid = (("many_parcels", "it is asked about one shipment a call"),)
    table = table_file("spring_gds.csv")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call for each number; an error inside an answer is told."""
        known = SpringCredentials.of(account)
        answers = []
        for number in numbers:
            question = {
                "Apikey": known.api_key.get_secret_value(),
                "Command": "TrackShipment",
                "Shipment": {"TrackingNumber": "".join(number.split()), "ShipperReference": ""},
            }
            url = f"{account.base_url or self.base_url}/"
            answer = await call(http, "POST", url, json=question, headers={"Content-Type": "text/json"})
            error = _error(json_object(answer.content))
            if A_KEY.search(error):
                raise CredentialsRefused("Spring refuses the key")
            if error and not NOT_KNOWN.search(error):
                raise RequestRefused(f"Spring refuses the request ({error})")
            answers.append(Answer(answer.content, (number,)))
        return answers

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer; none for an error that is not about the number."""
        said = json_object(body)
        shipment = object_at(said, "Shipment")
        if "ErrorLevel" not in said and not {"TrackingNumber", "Events"} <= shipment.keys():
            raise UnreadablePayload("no answer of Spring")
        if error := _error(said):
            unknown = NOT_KNOWN.search(error) and not A_KEY.search(error)
            return [Parcel(text_of(shipment.get("TrackingNumber"), 64), not_found=True)] if unknown else []
        if not shipment:
            raise UnreadablePayload("an answer of Spring without a shipment")
        return [_parcel(shipment)]

    def tracking_url(self, number: str) -> str:
        return f"https://www.mailingtechnology.com/tracking/?tn={number}"


def _error(said: Mapping[str, Json]) -> str:
    """What an error says; empty for an answer, also for one whose events come with a warning."""
    level, shipment = text_of(said.get("ErrorLevel"), 20), said.get("Shipment")
    if level in ("", "0") or (isinstance(shipment, dict) and dicts(shipment.get("Events"))):
        return ""
    return f"{level} {text_of(said.get('Error'), 200)}".strip()


def _parcel(said: dict[str, Json]) -> Parcel:
    number = text_of(said.get("TrackingNumber"), 64)
    others = [text_of(said.get(name), 64) for name in ("CarrierTrackingNumber", "CarrierLocalTrackingNumber")]
    events = []
    for each in dicts(said.get("Events")):
        get = each.get
        moment, code = _moment(get("Timestamp"), get("DateTime")), get("Code")
        code = str(code) if type(code) is int else code  # texts are remembered, numbers are not
        words = get("Description"), get("CarrierCode"), get("CarrierDescription")
        what = _told(code, *words, get("City"), get("Zip"), get("State"), get("Country"))
        if moment and what:
            events.append(told_at(moment, what))
    return Parcel(
        number,
        numbered(events[::-1]),
        aliases=tuple(dict.fromkeys(other for other in others if other and other != number)),
        service=text_of(said.get("Service"), 100),
    )


def _moment(given: Json, printed: Json) -> Moment | None:
    """The instant of the stamp, with the time that is printed beside it; that alone where there is no stamp."""
    seconds = given if type(given) is int else _seconds(text_of(given, 20))
    if seconds not in SECONDS:
        return iso_moment(printed)
    instant, local = datetime.fromtimestamp(seconds, UTC), wall_of(printed)
    if not local:
        wall = iso_moment(printed)
        local = f"{instant:%Y-%m-%dT%H:%M:%S}" if wall is None or wall.until else wall.local_time
    return made_moment((instant, local, OffsetSource.GIVEN, None))


def _seconds(stamp: str) -> int:
    return int(stamp) if re.fullmatch("[1-9][0-9]{8,9}", stamp, re.ASCII) else 0


@remembered
def _told(*given: Json) -> Told | None:
    """What a row says by its first four, and where by its last four; none if it has neither code nor words."""
    (city, postcode, state), country = map(text_of, given[4:7], (100, 20, 40)), text_of(given[7])
    said, place = _said(*given[:4]), Place(city, postcode, state, country_coded(country))
    return told_of(said, place or None) if said.code or said.text else None


def _said(given: Json, text: Json, partner: Json, theirs: Json) -> Said:
    code, own, other, of_partner = text_of(given, 20), text_of(text, 240), text_of(theirs, 240), text_of(partner, 40)
    both = f"{own} ({other})" if own and other and own.casefold() != other.casefold() else own or other
    return meant(SpringGds.table.find(code), code, context=of_partner and f"partner {of_partner}", text=both)
