"""EMSEVT: what posts tell each other about an item, read for every adapter of a post that has no interface of its own.

Codes: carriers/tables/upu_emsevt.csv, with the meanings that are published, among others at
https://logistic-natives.com/mandatory-parcel-tracking-key-to-seamless-delivery-execution.html (2026-11). EMSEVT itself
goes between operators alone, as flat EDI whose layout is not public; what is read here is a record of one event, or of
an item and its events, in JSON:

    {"item": "RB123456785GB", "event": "EMD", "event_time": "2025-03-05T04:10:00", "office": "NLAMSA",
     "country": "NL", "reason": null, "action": null}
    {"number": "EE123456785JP", "events": [{"emsevt": "EMA", "text": "Posted", "time_local": "2025-03-01T18:20:00",
     "zone": null, "office": "Shinjuku", "country": "JP"}]}

alone, in a list, or in a list under `events` or `items`. An event without code is known by the text of the posts' EMS
page (the list `text`), which pairs with the codes by our reading alone: such rows are doubtful.

Quirks: times are the office's own, without zone, so its country's holds; records come twice. An item that was abroad
and is delivered where it came from is back with its sender (the list `back`); of a delivery there that comes alone it
cannot be told (the list `home`, doubtful). Reasons and actions are shown, for their lists are not public; signatories
are not kept.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from carriers.base import UnreadablePayload, meant
from carriers.event import OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, dicts, json_of, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment
from carriers.zones import country_zone

ITEM = "[A-Z]{2}[0-9]{9}[A-Z]{2}"
"""The form of UPU standard S10."""

TABLE = table_file("upu_emsevt.csv")

_OFFICE = re.compile("[A-Z]{6}")
_OFFSET = re.compile("Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9]")


class _Told(NamedTuple):
    """One event of an item, before it is known what came before it."""

    event: TrackingEvent
    country: str


def items(body: bytes) -> list[Parcel]:
    """The items of a body, each once; UnreadablePayload if it holds no record of one."""
    value = json_of(body)
    if isinstance(value, dict) and not _number(value):
        value = value.get("items", value.get("events"))
    found: dict[str, list[_Told]] = {}
    empty: set[str] = set()
    for record in dicts(value):
        number = _number(record)
        if number and (listed := _records(record)) is not None:
            found.setdefault(number, []).extend(told for each in listed if (told := _told(each)))
            if not listed:
                empty.add(number)
    if not found:
        raise UnreadablePayload("no record of a postal item and its events")
    return [
        Parcel(number, _events(number, told)) if told else Parcel(number, not_found=number in empty)
        for number, told in found.items()
    ]


def _number(record: dict[str, Json]) -> str:
    number = "".join(text_of(record.get("item") or record.get("number"), 40).upper().split())
    return number if re.fullmatch(ITEM, number, re.ASCII) else ""


def _records(record: dict[str, Json]) -> list[dict[str, Json]] | None:
    """The events that a record holds, none if it is no such record."""
    if "events" in record:
        listed = record["events"]
        return dicts(listed) if isinstance(listed, list | dict) else None
    return [record] if "event" in record or "emsevt" in record else None


def _told(said: dict[str, Json]) -> _Told | None:
    office, country = text_of(said.get("office"), 100), text_of(said.get("country"), 2).upper()
    if not country and _OFFICE.fullmatch(office):
        country = office[:2]
    printed = said.get("event_time") or said.get("time_local")
    offset = text_of(said.get("zone"), 10)
    if _OFFSET.fullmatch(offset) and isinstance(printed, str) and len(printed) == len("2025-03-05T04:10:00"):
        printed += offset
    moment = iso_moment(printed, country_zone(country), OffsetSource.PLACE)
    words = _said(*(said.get(name) for name in ("emsevt" if "emsevt" in said else "event", "text", "reason", "action")))
    if moment is None or not words.code:
        return None
    return _Told(words.at(moment, _place(office, country)), country)


@remembered
def _said(given: Json, text: Json, reason: Json, action: Json) -> Said:
    code, printed = text_of(given, 20).upper(), text_of(text, 200)
    coded = [f"{name} {word}" for name, each in (("reason", reason), ("action", action)) if (word := text_of(each, 20))]
    within = "" if code else "text"
    code = code or printed.casefold()
    return meant(
        TABLE.find(code, within=within), code, within, "", ", ".join(part for part in (printed, *coded) if part)
    )


@remembered
def _place(office: str, country: str) -> Place | None:
    if _OFFICE.fullmatch(office):
        return Place(country=country, code=office)
    return Place(office, country=country) or None


def _events(number: str, told: Sequence[_Told]) -> tuple[TrackingEvent, ...]:
    told = list(dict.fromkeys(told))
    return numbered([*_home_again(number[-2:], sorted(told, key=_instant, reverse=True))])


def _instant(told: _Told) -> datetime:
    return told.event.moment.occurred_at


def _home_again(origin: str, told: Sequence[_Told]) -> Iterator[TrackingEvent]:
    """The events newest first, a delivery in the country of origin with what it means there."""
    first_abroad = max((nth for nth, each in enumerate(told) if each.country not in ("", origin)), default=-1)
    for nth, (event, country) in enumerate(told):
        within = "back" if nth < first_abroad else "home" if len(told) == 1 else ""
        row = TABLE.find(event.code, within=within) if within and country == origin else None
        if row is None:
            yield event
        else:
            meaning = meant(row, event.code, event.list, within, event.text)
            yield meaning.at(event.moment, event.place)
