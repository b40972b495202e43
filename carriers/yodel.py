"""Yodel: the feed of a client's contract, posted to the hook or read from files as JSON; it is not asked.

Nothing about its interface is public (looked for again on 2026-11-22: only numbers and the page's address are), so what
is read is a record of an event, or of a parcel and its events, into which a feed is easily turned:

    {"number": "JD0000000000000017", "code": "X1", "text": "Out for delivery", "time": "2026-03-04T08:05:00",
     "depot": "Hatfield"}
    {"number": "JJD0000000000000017", "labels": ["JD0000000000000017"], "events": [{"text": "…", "time": "…"}]}

alone, in a list, or in a list under `parcels` or `events`; other usual names (`NAMES`) will do. Only numbers of Yodel's
form are taken.

Codes: none is known, so the text decides: the list `text`, in its order, all of it our reading and doubtful. Returns,
refusals and what is still to come stand before the delivery that they name.

Quirks: times are the UK's without zone. A parcel may have two labels, JD and JJD: both are its numbers where both are
told.
"""

import re
from typing import ClassVar

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.phrases import Phrases
from carriers.reading import Json, dicts, json_of, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.times import iso_moment, local_moment, parsed_date, parsed_time, zone
from carriers.vocabulary import Status, SubStatus

LONDON = zone("Europe/London")
NUMBER = "J?JD[0-9]{16}"
NAMES = {
    **dict.fromkeys(("number", "trackingnumber", "parcelnumber", "barcode"), "number"),
    **dict.fromkeys(("code", "eventcode", "statuscode"), "code"),
    **dict.fromkeys(("text", "eventtext", "description", "eventdescription", "status"), "text"),
    **dict.fromkeys(("time", "eventtime", "datetime", "eventdatetime", "localtime", "timestamp"), "time"),
    **dict.fromkeys(("depot", "depotname", "location"), "depot"),
    **dict.fromkeys(("events", "trackingevents"), "events"),
}
"""What is meant by a name, in lower case and without underscores."""


def _phrases(says: Says, *phrases: str) -> dict[str | tuple[str, str], Says]:
    return {("text", phrase): says for phrase in phrases}


class Yodel(Carrier):
    """Yodel's parcels in the United Kingdom."""

    slug, name, website = "yodel", "Yodel", "https://www.yodel.co.uk"
    home = "GB"
    number_patterns = (NUMBER,)
    number_form, example = NUMBER, "JD0000000000000017"
    confidence = "low"
    pushes = True
    unsaid = (("error", "what it says when something is wrong is not known"),)
    table = table(
        {
            **_phrases(Says(Status.EXCEPTION, SubStatus.RETURNING, doubtful=True), "return"),
            **_phrases(Says(Status.EXCEPTION, SubStatus.REFUSED, doubtful=True), "refused"),
            **_phrases(Says(Status.EXCEPTION, SubStatus.DAMAGED, doubtful=True), "damaged"),
            **_phrases(Says(Status.EXCEPTION, SubStatus.ADDRESS_ISSUE, doubtful=True), "address query"),
            **_phrases(
                Says(Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT, doubtful=True),
                *("carded", "sorry we missed you", "attempted"),
            ),
            **_phrases(Says(Status.FAILED_ATTEMPT, doubtful=True), "not delivered", "not be delivered"),
            **_phrases(
                Says(Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED, doubtful=True),
                *("to be delivered", "will be delivered"),
            ),
            **_phrases(
                Says(Status.IN_TRANSIT, SubStatus.PICKED_UP, doubtful=True),
                *("dropped off", "received from sender", "collected"),
            ),
            **_phrases(Says(Status.OUT_FOR_DELIVERY, doubtful=True), "out for delivery", "on the van"),
            **_phrases(
                Says(Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT, doubtful=True), "ready to collect", "store"
            ),
            **_phrases(
                Says(Status.DELIVERED, SubStatus.TO_NEIGHBOUR, doubtful=True),
                *("delivered*neighbour", "neighbour*delivered"),
            ),
            **_phrases(
                Says(Status.DELIVERED, SubStatus.SAFE_PLACE, doubtful=True),
                *("delivered*safe place", "safe place*delivered"),
            ),
            **_phrases(
                Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, doubtful=True), "local depot", "service centre"
            ),
            **_phrases(Says(Status.DELIVERED, SubStatus.TO_RECIPIENT, doubtful=True), "delivered"),
            **_phrases(Says(Status.IN_TRANSIT, SubStatus.ARRIVED, doubtful=True), "sort centre", "hub"),
            **_phrases(
                Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, doubtful=True),
                *("expecting", "details received", "label"),
            ),
        }
    )
    texts: ClassVar[Phrases] = Phrases(table, "text")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of the records, each once."""
        said = json_of(body)
        if isinstance(said, dict) and not _number(_plain(said).get("number")):
            said = said.get("parcels", said.get("events"))
        found: dict[str, list[TrackingEvent]] = {}
        labels: dict[str, tuple[str, ...]] = {}
        silent: set[str] = set()
        for record in map(_plain, dicts(said)):
            number, listed = _number(record.get("number")), _events(record)
            if not number or listed is None:
                continue
            found.setdefault(number, []).extend(event for each in listed if (event := _event(each)))
            labels[number] = labels.get(number, ()) + _labels(record.get("labels"))
            silent |= set() if listed else {number}
        if not found:
            raise UnreadablePayload("no record of a parcel of Yodel's")
        return [
            Parcel(
                number,
                numbered(events),
                not_found=not events and number in silent,
                aliases=tuple(label for label in dict.fromkeys(labels[number]) if label != number),
            )
            for number, events in found.items()
        ]

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/tracking/{''.join(number.split())}"


def _plain(said: dict[str, Json]) -> dict[str, Json]:
    """The record by our names; the first of several that mean the same counts."""
    return {_meant(name): value for name, value in reversed(said.items())}


@remembered
def _meant(name: str) -> str:
    return NAMES.get(name.lower().replace("_", ""), name)


def _number(given: Json) -> str:
    number = "".join(text_of(given, 40).upper().split())
    return number if re.fullmatch(NUMBER, number, re.ASCII) else ""


def _labels(given: Json) -> tuple[str, ...]:
    return tuple(filter(None, map(_number, given))) if isinstance(given, list) else ()


def _events(record: dict[str, Json]) -> list[dict[str, Json]] | None:
    """The events that a record holds; none if it is no such record."""
    if "events" in record:
        listed = record["events"]
        return dicts(listed) if isinstance(listed, list | dict) else None
    return [record] if {"text", "time"} <= record.keys() else None


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = _plain(said).get
    moment, told = _moment(get("time")), _said(get("code"), get("text"))
    place = Place(name=text_of(get("depot"), 100)) or None
    return told.at(moment, place) if moment and (told.code or told.text) else None


def _moment(given: Json) -> Moment | None:
    if (moment := iso_moment(given, LONDON)) is not None:
        return moment
    printed, _, clock = text_of(given, 40).partition(" ")
    day = parsed_date(printed, "%d/%m/%Y")
    return local_moment(day, parsed_time(clock, "%H:%M:%S", "%H:%M"), LONDON, OffsetSource.CARRIER) if day else None


@remembered
def _said(given: Json, words: Json) -> Said:
    text = text_of(words)
    row = Yodel.texts.find(text)
    return meant(row, text_of(given, 40), context="text" if row else "", text=text)
