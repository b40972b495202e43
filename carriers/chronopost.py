"""Chronopost: the open tracking service, one number a call; it pushes nothing that is documented.

Codes: carriers/tables/chronopost.csv, observed ones, for there is no official list. What the label or an
earlier code adds is in rows of its own: an SD whose label puts the delivery off (`SD label`), and a D, which partner
networks use as well: collected after an AB, doubtful as a return after an R (`D after`), doubtful where its label does
not say delivered (`D unsaid`).

Quirks: a number that is not known is an answer without events. Another error code than 0 is the service's trouble. A
page of HTML, by 200 or 403, is the filter against robots: no answer. The names in `infoCompList` follow the language,
and one of them is the consignee's, so only the pick-up point and the partner's number are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from httpx import AsyncClient
from lxml import etree

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierUnavailable,
    CredentialsRefused,
    RateLimit,
    UnreadablePayload,
    meant,
)
from carriers.calling import call
from carriers.check_digits import CheckDigit, modulo_37_36
from carriers.event import Parcel, Place, TrackingEvent
from carriers.phrases import Phrases, plain
from carriers.reading import local_name, text_of, xml_of
from carriers.sequence import numbered
from carriers.tables import Row, table_file
from carriers.times import iso_moment, zone

PARIS = zone("Europe/Paris")

PARTNERS = frozenset({"numero partenaire", "partner number"})
POINTS = frozenset({"point de retrait", "pick-up point", "pickup point"})
"""Names in `infoCompList`, as `plain` writes them."""


class Chronopost(Carrier):
    """Chronopost's `trackSkybillV2`, which needs no account."""

    slug, name, website = "chronopost", "Chronopost", "https://www.chronopost.fr"
    home = "FR"
    number_patterns = ("[A-Z]{2}[0-9]{9}FR", "[0-9]{14}", "[0-9]{14}[0-9A-Z]")
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {"[0-9]{14}[0-9A-Z]": modulo_37_36}
    number_form, example = "[0-9A-Z]{8,20}", "XX000000001FR"
    base_url = "https://ws.chronopost.fr"
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table_file("chronopost.csv")
    put_off: ClassVar[Phrases] = Phrases(table, "SD label")
    delivered: ClassVar[Phrases] = Phrases(table, "D label")

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call, in French; a page in place of an answer, or an error code, is no answer."""
        try:
            answer = await call(
                http,
                "GET",
                f"{account.base_url or self.base_url}/tracking-cxf/TrackingServiceWS/trackSkybillV2",
                params={"language": "fr_FR", "skybillNumber": "".join(numbers[0].split())},
            )
        except CredentialsRefused as error:
            raise CarrierUnavailable("Chronopost's filter against robots refuses us") from error
        if b"<html" in answer.content[:2000].lower():
            raise CarrierUnavailable("Chronopost's filter against robots answers")
        code, message = _error(_returned(xml_of(answer.content)))
        if code:
            raise CarrierUnavailable(f"Chronopost's service says {code}: {message}")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer, none for an error."""
        told = _returned(xml_of(body))
        if _error(told)[0]:
            return []
        tracked = next((each for name in ("listEventInfoComp", "listEvents") for each in _named(told, name)), None)
        if tracked is None:
            return [Parcel("", not_found=True)]
        number, rows = _value(tracked, "skybillNumber"), list(_named(tracked, "events"))
        if not rows:
            return [Parcel(number, not_found=True)]
        found = [(event, row) for row in rows if (event := _event(row)) is not None]
        found.sort(key=lambda each: each[0].moment.occurred_at)  # oldest first, as it should be
        events, before = [], set[str]()
        for event, _ in found:
            row, context = self._meaning(event.code, event.text, before)
            events.append(meant(row, event.code, "", context, event.text).at(event.moment, event.place))
            before = before - {"AB"} | {event.code} if event.code == "TA" else before | {event.code}
        partners = dict.fromkeys(value for _, row in found for value in _info(row, PARTNERS))
        points = [value for _, row in found for value in _info(row, POINTS)]
        return [
            Parcel(
                number,
                numbered(events[::-1]),
                aliases=tuple(partner for partner in partners if partner != number),
                pickup_point=points[-1] if points else "",
            )
        ]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/tracking-no-cms/suivi-page?listeNumerosLT={number}"

    def _meaning(self, code: str, label: str, before: set[str]) -> tuple[Row | None, str]:
        """The row of a code, by its label and what came before it, and which of them decided."""
        row = self.table.find(code)
        if code == "SD" and (late := self.put_off.find(label)):
            return late, "label"
        if code != "D":
            return row, ""
        if label and not self.delivered.find(label):
            return self.table.find("D", within="D unsaid"), "label"
        for earlier in ("R", "AB"):
            if earlier in before:
                return self.table.find(earlier, within="D after"), f"after {earlier}"
        return row, ""


def _event(row: etree._Element) -> TrackingEvent | None:
    moment, code, text = iso_moment(_value(row, "eventDate"), PARIS), _value(row, "code"), _value(row, "eventLabel")
    if moment is None or not (code or text):
        return None
    place = Place(postcode=_value(row, "zipCode"), name=_value(row, "officeLabel")) or None
    return TrackingEvent(moment, code, text=text, place=place)


def _returned(root: etree._Element) -> etree._Element:
    """What the operation returns, whether a SOAP envelope is around it or not."""
    operation = next(
        (each for each in _all(root) if local_name(each) in ("trackSkybillV2Response", "trackSkybillResponse")), None
    )
    told = None if operation is None else next(_named(operation, "return"), None)
    if told is None:
        raise UnreadablePayload("no answer of Chronopost's tracking")
    return told


def _error(told: etree._Element) -> tuple[str, str]:
    """The error's code and text; empty if there is none."""
    code = _value(told, "errorCode")
    return ("", "") if code in ("", "0") else (code, _value(told, "errorMessage"))


def _info(row: etree._Element, names: frozenset[str]) -> Iterator[str]:
    for info in _named(row, "infoCompList"):
        if plain(_value(info, "name")) in names and (value := _value(info, "value")):
            yield value


def _all(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in root.iter() if isinstance(each.tag, str))


def _named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str) and local_name(child) == name)


def _value(element: etree._Element, name: str) -> str:
    return next((text_of(child.text) for child in _named(element, name)), "")
