"""CTT Express's newer interface (REST, `item-history-api`) and its tracking page, which tell the same: read, not asked.

Where it is asked and what its codes mean is told to customers; the codes that public clients show stand in the table
(the lists `rest` and, for the type INCT, `rest incident`), doubtful where only one of them knows a code or they differ
(read on 2026-11-22). Other types (INAT, notifications) say what CTT Express does with an incident, and nothing of where
the parcel is. Who signed is in the answer and stays there.
"""

from typing import Any

from carriers.base import UnreadablePayload, meant
from carriers.event import Parcel, Said
from carriers.reading import Json, at, dicts, json_object, object_at, text_of
from carriers.sequence import numbered
from carriers.summary import ended
from carriers.tables import Table
from carriers.times import expected, iso_moment, zone

MADRID = zone("Europe/Madrid")
LISTS = {"STATUS": "rest", "INCT": "rest incident"}


def of_json(body: bytes, table: Table) -> list[Parcel]:
    """The parcel of an answer."""
    said = object_at(json_object(body), "data")
    if not isinstance(at(said, "shipping_history", "events"), list):
        raise UnreadablePayload("no answer of CTT Express")
    return [_parcel(said, table)]


def _parcel(said: dict[str, Any], table: Table) -> Parcel:
    told = dicts(at(said, "shipping_history", "events"))
    events = [
        _said(table, each.get("code"), each.get("type"), each.get("description"), _why(each)).at(moment)
        for each in told
        if (moment := iso_moment(each.get("event_date"), MADRID))
    ]
    number = text_of(said.get("shipping_code"), 40)
    promised = None if ended(events) else expected(iso_moment(said.get("committed_delivery_datetime"), MADRID))
    return Parcel(number, numbered(events[::-1])[::-1], promised, not_found=not told and not number)


def _why(said: dict[str, Json]) -> Json:
    return at(said, "detail", "incident_type_desc") or at(said, "detail", "incident_type_name")


def _said(table: Table, given: Json, kind: Json, described: Json, why: Json) -> Said:
    code, text, reason = text_of(given, 20), text_of(described), text_of(why)
    within = LISTS.get(text_of(kind, 40).upper() or "STATUS", "rest note")
    row = table.find("note", within=within) if within == "rest note" else table.find(code, within=within)
    both = text_of(f"{text} ({reason})") if text and reason and reason != text else text or reason
    return meant(row, code, within, "", both)
