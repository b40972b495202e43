"""Hermes in Germany: the merchants' interface HSI, several numbers a call; no push is confirmed.

Codes: carriers/tables/hermes_de.csv, the interface's numbers (the list without name) as connectors know them, and the
words of the consumers' app (`app`), which are never mixed with them. The whole list of numbers is not public.

Quirks: each number has a result of its own inside HTTP 200. One that begins with `e` is an error, that of an unknown
number too; which it is, no source says, so a number without a word of where it is counts as not known, with the message
as a note. How many numbers a call may have is not known. Countries have three letters.
"""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import ClassVar

from httpx import AsyncClient
from pydantic import SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, Token, UnreadablePayload, meant
from carriers.calling import call
from carriers.event import Eta, OffsetSource, Parcel, Place, TrackingEvent
from carriers.granting import granted
from carriers.reading import Json, at, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import table_file
from carriers.telling import Told, told_at, told_of
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.zones import country_coded

BERLIN = zone("Europe/Berlin")


class HermesCredentials(Credentials):
    """A user of HSI and the client that asks in its name."""

    username: str
    password: SecretStr
    client_id: str
    client_secret: SecretStr


class HermesGermany(Carrier):
    """Hermes Germany: doors and parcel shops. The British Hermes is Evri, another company."""

    slug, name, website = "hermes_de", "Hermes", "https://www.myhermes.de"
    home = "DE"
    number_patterns = ("H[0-9]{19}",)
    number_form, example = "[0-9A-Z]{8,32}", "H0000000000000000001"
    credentials = HermesCredentials
    base_url = "https://de-api.hermesworld.com"
    grants: ClassVar[str] = "https://authme.myhermes.de"
    """The host that gives tokens."""
    batch_size = 10
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("error", "its only error is about a number, which is then not known"),)
    table = table_file("hermes_de.csv")

    async def token(self, http: AsyncClient, account: Account) -> Token:
        """OAuth by user and password."""
        known = HermesCredentials.of(account)
        return await granted(
            http,
            f"{account.base_url or self.grants}/authorization-facade/oauth2/access_token",
            "Hermes",
            data={
                "grant_type": "password",
                "username": known.username,
                "password": known.password.get_secret_value(),
                "client_id": known.client_id,
                "client_secret": known.client_secret.get_secret_value(),
            },
        )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about all numbers, in German."""
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/services/hsi/shipmentinfo",
            with_token=True,
            params=[("shipmentID", "".join(number.split())) for number in numbers],
            headers={"Authorization": f"Bearer {account.token}", "Accept-Language": "DE"},
        )
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        said = json_object(body)
        listed = dicts(said.get("shipmentinfo"))
        if not listed or any(not {"shipmentID", "result", "status"} & each.keys() for each in listed):
            raise UnreadablePayload("no answer of Hermes")
        return [_parcel(each) for each in listed]


def _parcel(said: dict[str, Json]) -> Parcel:
    number, result = text_of(said.get("shipmentID"), 64), object_at(said, "result").get
    events = numbered(_events(dicts(said.get("status"))))
    code = text_of(result("code"), 20)
    if not events and code.casefold().startswith("e"):
        return Parcel(number, not_found=True, note=f"{code} {text_of(result('message'), 200)}".strip())
    others = text_of(said.get("internationalShipmentID"), 64), text_of(said.get("partNumber"), 64)
    return Parcel(
        number,
        events,
        None if ended(events) else _eta(object_at(said, "deliveryForecast")),
        aliases=tuple(dict.fromkeys(other for other in others if len(other) >= 8 and other != number)),
    )


def _events(listed: Sequence[dict[str, Json]]) -> list[TrackingEvent]:
    events = []
    for said in listed:
        get, where = said.get, object_at(said, "scanningUnit").get
        moment = iso_moment(get("timestamp"), BERLIN)
        what = _told(get("code"), get("description"), where("name"), where("city"), where("countryCode"))
        if moment and what:
            events.append(told_at(moment, what))
    return events


@remembered
def _told(given: Json, described: Json, name: Json, city: Json, country: Json) -> Told | None:
    """What a scan says, and where; none if it has neither code nor text."""
    code, text = text_of(given, 60).upper(), text_of(described)
    within = "" if code.isdecimal() else "app"
    code = code if within else code.zfill(4)  # as a number it has lost its zeros
    place = Place(text_of(city, 100), country=country_coded(text_of(country)), name=text_of(name, 100))
    said = meant(HermesGermany.table.find(code, within=within), code, within, text=text)
    return told_of(said, place or None) if code or text else None


def _eta(forecast: Mapping[str, Json]) -> Eta | None:
    return _window(forecast.get("date"), at(forecast, "timeSlot", "from"), at(forecast, "timeSlot", "to"))


@remembered
def _window(date: Json, begins: Json, ends: Json) -> Eta | None:
    day = parsed_date(text_of(date, 40)[:10], "%Y-%m-%d")
    if day is None:
        return None
    whole = local_moment(day, None, BERLIN, OffsetSource.CARRIER)
    start, end = (
        local_moment(day, clock, BERLIN, OffsetSource.CARRIER).occurred_at if clock else None
        for clock in (_clock(begins), _clock(ends))
    )
    return Eta(start or whole.occurred_at, end or whole.until, day)


def _clock(given: Json) -> time | None:
    return parsed_time(text_of(given, 20)[:8], "%H:%M", "%H:%M:%S")
