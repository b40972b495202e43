"""Evri, once Hermes UK: the words of its tracking are read; it is not asked, for no interface for customers is public.

Codes: carriers/tables/evri.csv. An event has a stage and a point, `4_COURIER/000`; the point is the finer one and
decides where it is known (`point`), else the stage (the list without name). The text refines a delivery by a courier
(`delivered text`) and tells a vain attempt where the stage is only the round or news of the parcel (`attempt text`).

Quirks: without the postcode some events are not told. Photos come later and change nothing. The website's interface is
asked with a key of Evri's own site, so it is never asked here.
"""

from collections.abc import Mapping
from typing import ClassVar

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Parcel, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_object, object_at, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment, zone

LONDON = zone("Europe/London")


class Evri(Carrier):
    """Evri in the United Kingdom: couriers' doors and ParcelShops. The German Hermes is another company."""

    slug, name, website = "evri", "Evri", "https://www.evri.com"
    home = "GB"
    number_patterns = ("[HTC][0-9A-Z]{15}", "[0-9]{16}")
    number_form, example = "[0-9A-Z]{8,20}", "H000000000000017"
    confidence = "low"
    unsaid = (("error", "what it answers when something is wrong is not known"),)
    table = table_file("evri.csv")
    texts: ClassVar[Mapping[str, Phrases]] = {
        "5_COURIER": Phrases(table, "delivered text"),
        **dict.fromkeys(("3", "4_COURIER", "6", "6_INFO"), Phrases(table, "attempt text")),
    }
    """The phrases that refine a stage."""

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of `results`; where there are none, `failures` or an empty list say that it is not known."""
        said = json_object(body)
        results, failures = dicts(said.get("results")), dicts(said.get("failures"))
        if not isinstance(said.get("results"), list | dict) or any("trackingEvents" not in each for each in results):
            raise UnreadablePayload("no answer of Evri's tracking")
        if not results and not ("failures" in said and all("uniqueId" in each for each in failures)):
            raise UnreadablePayload("no results, and no word that they would be Evri's")
        return [_parcel(each) for each in results] or [Parcel("", not_found=True)]


def _parcel(said: dict[str, Json]) -> Parcel:
    values = (text_of(each.get("value"), 64) for each in dicts(said.get("parcelIdentifiers")))
    numbers = sorted({value for value in values if value and not value.startswith("urn:")}, key=_barcode_first)
    events = [event for each in dicts(said["trackingEvents"]) if (event := _event(each))]
    return Parcel(numbers[0] if numbers else "", numbered(events), aliases=tuple(numbers[1:]))


def _barcode_first(number: str) -> tuple[bool, bool, str]:
    """A number that Evri prints before others, with its letter before bare digits; whatever their order was."""
    return not Evri().matches(number), number.isdecimal(), number


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    stage, point = object_at(said, "trackingStage").get, object_at(said, "trackingPoint").get
    told = _said(stage("trackingStageCode"), point("trackingPointCode"), stage("description"), point("description"))
    moment = iso_moment(said.get("dateTime"), LONDON)
    return told.at(moment) if moment and (told.code or told.text) else None


@remembered
def _said(given: Json, finer: Json, coarse: Json, fine: Json) -> Said:
    stage, point = text_of(given, 40).upper(), text_of(finer, 20)
    texts = [text for text in (text_of(fine), text_of(coarse)) if text]
    row, context = Evri.table.find(point, within="point"), f"point {point}"
    if row is None:
        phrases = Evri.texts.get(stage)
        row, context = (phrases.find(*texts) if phrases and texts else None), "text"
    if row is None:
        row, context = Evri.table.find(stage), ""
    return meant(row, "/".join(part for part in (stage, point) if part), context=context, text=(texts or [""])[0])
