"""La Poste and Colissimo: the interface Suivi v2, polled; and answers of the older merchant service.

Codes: carriers/tables/la_poste_colissimo.csv; the merchant service's six letters are the list `merchant`. Up to ten
numbers a call, HTTP 207 for several, return code 104 for a number not known yet, the parts of the expected hour and the
removal point: La Poste's OpenAPI document of Suivi v2, read on 2026-11-22.

Quirks: an item waiting for collection (AG1) waits at a counter, unless label, removal point or branch name a relay.
Chronopost's parcels carry La Poste's codes here. A timeline's steps have no code and the coming ones no date: none is
read. An error of the gateway has a shape of its own. A delivery (DI1) may still be followed by a return (RE1, DI2).
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from httpx import AsyncClient
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
    RateLimited,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.event import Eta, Parcel, Place, Told, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, at, dicts, json_of, local_name, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import Row, table_file
from carriers.times import expected, iso_moment, zone

PARIS = zone("Europe/Paris")

UNKNOWN = frozenset({"104", "400", "404"})
"""Return codes of a number that La Poste does not know yet, or that is none of its."""

MERCHANT_UNKNOWN = frozenset({"101", "103", "104", "105"})
"""The same in the merchant service: invalid, over 30 days old, not the account's, unknown (by public modules of it)."""

GATEWAY = re.compile(r"[A-Z]+(_[A-Z]+)*")
"""What an error of the gateway has for a code."""


class LaPosteCredentials(Credentials):
    """The key of an application at developer.laposte.fr that subscribes to Suivi v2."""

    okapi_key: SecretStr = Field(min_length=1)


class LaPosteColissimo(Carrier):
    """Letters with tracking, Colissimo parcels, and Chronopost's as La Poste sees them."""

    slug, name, website = "la_poste_colissimo", "La Poste / Colissimo", "https://www.laposte.fr"
    home = "FR"
    number_patterns = ("[0-9][A-Z][0-9]{11}", "[A-Z]{2}[0-9]{9}FR")
    number_form, example = "[0-9A-Z]{11,15}", "6A00000000001"
    credentials = LaPosteCredentials
    base_url = "https://api.laposte.fr"
    batch_size = 10
    rate = RateLimit(5, 1.0)
    confidence = "medium"
    table = table_file("la_poste_colissimo.csv")
    waiting: ClassVar[Phrases] = Phrases(table, "AG1 label")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about up to ten numbers, in French: where a parcel waits is read from its label."""
        known = LaPosteCredentials.of(account)
        asked = ",".join("".join(number.split()) for number in numbers)
        answer = await call(
            http,
            "GET",
            f"{account.base_url or self.base_url}/suivi/v2/idships/{asked}",
            accept=(200, 207, 400, 404),
            params={"lang": "fr_FR"},
            headers={"X-Okapi-Key": known.okapi_key.get_secret_value(), "Accept": "application/json"},
        )
        said = json_of(answer.content)
        if code := _gateway_error(said):
            raise _error(code)
        if {text_of(each.get("returnCode")) for each in dicts(said)} == {"504"}:
            raise CarrierUnavailable("La Poste's tracking did not answer its gateway")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, none for an error."""
        if opening(body) == b"<":
            return self._merchant(xml_of(body))
        said = json_of(body)
        if _gateway_error(said):
            return []
        answers = [each for each in dicts(said) if "returnCode" in each or "idShip" in object_at(each, "shipment")]
        if not answers:
            raise UnreadablePayload("no answer of La Poste's Suivi v2")
        return [parcel for each in answers if (parcel := self._answer(each)) is not None]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/outils/suivre-vos-envois?code={number}"

    def _answer(self, said: dict[str, Any]) -> Parcel | None:
        shipment = object_at(said, "shipment")
        number = text_of(shipment.get("idShip")) or text_of(said.get("idShip"))
        if not shipment:
            unknown = text_of(said.get("returnCode")) in UNKNOWN
            return Parcel(number, not_found=True, note=text_of(said.get("returnMessage"))) if unknown else None
        events = numbered(_events(shipment))
        final = shipment.get("isFinal") is True
        if final and not ended(events):
            moment = iso_moment(shipment.get("deliveryDate"), PARIS)
            row = self.table.find("deliveryDate", within="head")
            events = (*([meant(row, "deliveryDate", "head").at(moment)] if moment else ()), *events)
        return Parcel(
            number,
            events,
            None if final else _eta(shipment),
            service=text_of(shipment.get("product")),
            pickup_point=text_of(at(shipment, "contextData", "removalPoint", "name")),
        )

    def _merchant(self, root: etree._Element) -> list[Parcel]:
        """The last event alone, which is all that the older service tells."""
        told = {local_name(each): text_of(each.text) for each in root.iter() if isinstance(each.tag, str)}
        if "trackResponse" not in told or not {"errorCode", "eventCode"} & told.keys():
            raise UnreadablePayload("no answer of Colissimo's tracking service")
        number, code, text = (told.get(name, "") for name in ("skybillNumber", "eventCode", "eventLibelle"))
        moment = iso_moment(told.get("eventDate"), PARIS)
        if told.get("errorCode", "0") not in ("", "0"):
            unknown = told["errorCode"] in MERCHANT_UNKNOWN
            return [Parcel(number, not_found=True, note=told.get("errorMessage", ""))] if unknown else []
        if moment is None or not code:
            return [Parcel(number)]
        place = Place(name=told.get("eventSite", "")) or None
        said = meant(self.table.find(code.upper(), within="merchant"), code.upper(), "merchant", "", text)
        return [Parcel(number, (said.at(moment, place),))]


def _events(shipment: dict[str, Any]) -> list[TrackingEvent]:
    point, holder = at(shipment, "contextData", "removalPoint", "type"), text_of(shipment.get("holder"))
    return [
        told.at(moment)
        for each in dicts(shipment.get("event"))
        if (told := _told(each.get("code"), each.get("label"), point, holder))
        and (moment := iso_moment(each.get("date"), PARIS))
    ]


@remembered
def _told(code_given: Json, label: Json, point: Json, holder: str) -> Told | None:
    """What an event says; none if it has neither a code nor a word."""
    code, text = text_of(code_given).upper(), text_of(label)
    row, context = LaPosteColissimo.table.find(code), ""
    if code == "AG1":
        row, context = _waits(text, text_of(point), holder) or (row, "")
    return meant(row, code, "", context, text).placed(None) if code or text else None


def _waits(label: str, point: str, holder: str) -> tuple[Row, str] | None:
    """Where an item waits, by its label, else its removal point, else its branch; and which of them told it."""
    if row := LaPosteColissimo.waiting.find(label):
        return row, "label"
    for within, code in (("AG1 point", point), ("AG1 holder", holder)):
        if row := LaPosteColissimo.table.find(code, within=within):
            return row, f"{within.split()[1]} {code}"
    return None


def _gateway_error(said: Json) -> str:
    """The code of an error that the gateway tells, not Suivi; empty for anything else."""
    if not isinstance(said, dict) or said.keys() != {"code", "message"}:
        return ""
    code = text_of(said["code"])
    return code if GATEWAY.fullmatch(code) else ""


def _error(code: str) -> CarrierUnavailable | CredentialsRefused:
    told = f"La Poste's gateway says {code}"
    if code == "TOO_MANY_REQUESTS":
        return RateLimited(told)
    return CredentialsRefused(told) if code in ("UNAUTHORIZED", "FORBIDDEN") else CarrierUnavailable(told)


def _eta(shipment: dict[str, Any]) -> Eta | None:
    earliest, latest = (iso_moment(shipment.get(f"estimHour{end}"), PARIS) for end in ("Min", "Max"))
    if earliest or latest:
        return Eta(earliest and earliest.occurred_at, latest and latest.occurred_at)
    return expected(iso_moment(text_of(shipment.get("estimDate"))[:10], PARIS))
