"""Correos, Spain: answers of its locator and of the search of its page; both are read, and neither is asked.

Codes: carriers/tables/correos.csv. Of most codes only the group is known by which the official shop module sorts them
(doubtful). In the groups of what was cancelled and of what goes back the summary tells more, by phrases of our own (the
list `text`, doubtful). The page has no codes: there the summary tells incidents, else the phase counts (`phase`).

Quirks: errors stand in `error` inside HTTP 200, an array or a bare object; 3 is no trace. Sources contradict each other
on three codes, so those end nothing. An expedition's code is answered with several parcels. Times are Madrid's without
saying so; scans on the Canary Islands may be an hour off. The customer's name is not read. The tracking of contract
customers has no address that is known, and what the page asks is not offered to third parties: so nothing is asked.
"""

from typing import ClassVar

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, OffsetSource, Parcel, Place, Said
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_of, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status

MADRID = zone("Europe/Madrid")
CONTRADICTED = frozenset({"A170000V", "ADV0000V", "I01H230V"})
"""Codes that end nothing, whatever their summary says."""


class Correos(Carrier):
    """Correos and its Paq parcels."""

    slug, name, website = "correos", "Correos", "https://www.correos.es"
    home = "ES"
    number_patterns = (
        "(P[A-Z]|D[A-Z]|CD)[0-9A-Z]{4}[0-9]{16}[TRWAGMYFPDXBNJZSQVHLCKE]",
        "[A-Z]{2}[0-9]{9}ES",
        "P[A-Z][0-9A-Z]{13}[A-Z]",
    )
    number_form, example = "[0-9A-Z]{10,30}", "PQ4DEF0000000000000001X"
    confidence = "medium"
    table = table_file("correos.csv")
    texts: ClassVar[Phrases] = Phrases(table, "text")

    def parse(self, body: bytes) -> list[Parcel]:
        answer = json_of(body)
        located = [each for each in dicts(answer) if "codEnvio" in each or "eventos" in each]
        if located:
            return [parcel for each in located if (parcel := _located(each))]
        errors = [error for each in dicts(answer) if (error := _error(each))]
        if errors:
            return [Parcel("", not_found=True)] if "3" in errors else []
        searched = answer.get("shipment") if isinstance(answer, dict) else None
        found = [each for each in dicts(searched) if "shipmentCode" in each]
        if found or searched == []:
            return [_searched(each) for each in found] or [Parcel("", not_found=True)]
        raise UnreadablePayload("neither the locator's answer nor that of the page's search")

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/es/es/herramientas/localizador/envios/detalle?tracking-number={number}"


def _error(said: dict[str, Json]) -> str:
    """The code of an error, empty if it is none."""
    code = text_of(object_at(said, "error").get("codError"), 20)
    return "" if code == "0" else code


def _located(said: dict[str, Json]) -> Parcel | None:
    """A parcel of the locator; none for an error other than that it has no trace of it."""
    number, rows = text_of(said.get("codEnvio"), 40), dicts(said.get("eventos"))
    if not rows and (error := _error(said)):
        return Parcel(number, not_found=True) if error == "3" else None
    events = []
    for row in rows:
        if moment := _moment(row.get("fecEvento"), row.get("horEvento")):
            told = _said(row.get("codEvento"), row.get("desTextoResumen"))
            place = Place(name=text_of(row.get("unidad"), 100)) or None
            events.append(told.at(moment, place))
    newest = max(events, key=lambda event: event.moment.occurred_at, default=None)
    waits = newest is not None and newest.status is Status.AVAILABLE_FOR_PICKUP
    return Parcel(number, numbered(events), pickup_point=text_of(said.get("nom_codired"), 100) if waits else "")


def _searched(said: dict[str, Json]) -> Parcel:
    events = [
        _phased(row.get("phase"), row.get("summaryText")).at(moment)
        for row in dicts(said.get("events"))
        if (moment := _moment(row.get("eventDate"), row.get("eventTime")))
    ]
    return Parcel(text_of(said.get("shipmentCode"), 40), numbered(events))


@remembered
def _said(given: Json, summary: Json) -> Said:
    code, text, row = text_of(given, 20).upper(), text_of(summary), Correos.table.find(text_of(given, 20).upper())
    unsure = row is not None and row.doubtful and row.status is Status.EXCEPTION and code not in CONTRADICTED
    told = Correos.texts.find(text) if unsure else None
    return meant(told or row, code, "", "summary" if told else "", text)


@remembered
def _phased(given: Json, summary: Json) -> Said:
    phase, text = text_of(given, 20), text_of(summary)
    told = Correos.texts.find(text)
    return meant(told or Correos.table.find(phase, within="phase"), phase, "phase", "summary" if told else "", text)


def _moment(day: Json, clock: Json) -> Moment | None:
    date = parsed_date(text_of(day), "%d/%m/%Y", "%Y-%m-%d")
    if date is None:
        return None
    return local_moment(date, parsed_time(text_of(clock), "%H:%M:%S", "%H:%M"), MADRID, OffsetSource.CARRIER)
