"""USPS's older Web Tools (XML, switched off in January 2026), and their twin in JSON, in the form of Tracking 3.0.

`TrackFieldRequest` is answered with fields, `TrackRequest` with sentences; the last event is the `TrackSummary`. Their
codes and texts are those of Tracking 3.0. An error in a `TrackInfo` is that nothing is known of its number; one at the
root refuses the question. Sources: the user guide "Track and Confirm", as public clients and their recordings have it,
and for JSON (`TrackResults`) the examples of USPS's own (github.com/USPS/api-examples); all read 2026-11.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from lxml import etree

from carriers.base import UnreadablePayload
from carriers.reading import Json, child_text, dicts, local_name, object_at, text_of, xml_of

EVENT = {
    "Event": "eventType",
    "EventCode": "eventCode",
    "EventCity": "eventCity",
    "EventState": "eventState",
    "EventZIPCode": "eventZIP",
    "EventCountry": "eventCountry",
}
HEAD = {"Class": "mailClass", "Status": "status", "StatusCategory": "statusCategory", "StatusSummary": "statusSummary"}
DAYS = {
    "ExpectedDeliveryDate": "expectedDeliveryTimeStamp",
    "PredictedDeliveryDate": "predictedDeliveryDate",
    "GuaranteedDeliveryDate": "guaranteedDeliveryTimeStamp",
}
PARTS = ("TrackSummary", "TrackDetail")
NOT_FOUND = {"code": "404"}


def web_tools_items(body: bytes) -> list[dict[str, Json]]:
    """The items of an answer, none for one that refuses the question; UnreadablePayload if it is neither."""
    root = xml_of(body)
    if local_name(root) == "Error" and child_text(root, "Number") and child_text(root, "Description"):
        return []
    if local_name(root) != "TrackResponse" or (len(root) and root.find("{*}TrackInfo") is None):  # of UPS, or of TNT
        raise UnreadablePayload("no answer of USPS's Web Tools")
    return [_item(each) for each in root.iter("{*}TrackInfo")]


def american_stamp(day: str, clock: str = "") -> str:
    """The ISO 8601 form of a day in American words or digits, and of a time of it if one is given; empty if broken."""
    form = "%m/%d/%Y" if "/" in day else "%B %d, %Y"
    try:
        stamp = datetime.strptime(f"{day} {clock}".strip(), f"{form} %I:%M %p" if clock else form).replace(tzinfo=UTC)
    except ValueError:
        return ""
    return f"{stamp:%Y-%m-%dT%H:%M:%S}" if clock else f"{stamp:%Y-%m-%d}"


def web_tools_twin(said: dict[str, Json]) -> list[dict[str, Json]]:
    """The items of an answer in JSON; none if it has none."""
    infos = dicts(object_at(said, "TrackResults").get("TrackInfo"))
    return [
        _told(
            text_of(info.get("@ID") or info.get("ID"), 40),
            {name: text_of(value) for name, value in info.items()},
            [
                {name: text_of(value) for name, value in part.items()} if isinstance(part, dict) else text_of(part)
                for tag in PARTS
                for part in (info[tag] if isinstance(info.get(tag), list) else [info.get(tag)])
            ],
            "Error" in info,
        )
        for info in infos
    ]


def _item(info: etree._Element) -> dict[str, Json]:
    parts = [part for tag in PARTS for part in info.iterfind(f"{{*}}{tag}")]
    return _told(
        text_of(info.get("ID"), 40),
        _texts(info),
        [_texts(part) if len(part) else text_of(part.text) for part in parts],
        info.find("{*}Error") is not None,
    )


def _texts(element: etree._Element) -> dict[str, str]:
    return {local_name(each): text_of(each.text) for each in element}


def _told(
    number: str, head: Mapping[str, str], parts: Sequence[Mapping[str, str] | str], failed: bool
) -> dict[str, Json]:
    """An item of Tracking 3.0; `parts` are its events, newest first: their fields, or a sentence each."""
    sentences = [part for part in parts if isinstance(part, str) and part]
    if failed or any("no record of that" in sentence for sentence in sentences):
        return {"trackingNumber": number, "error": NOT_FOUND}
    return {
        "trackingNumber": number,
        "status": "",
        **{name: head[tag] for tag, name in HEAD.items() if head.get(tag)},
        **{name: american_stamp(head[tag]) for tag, name in DAYS.items() if head.get(tag)},
        "trackingEvents": list(_events(part for part in parts if not isinstance(part, str))),
        "eventSummaries": sentences,
    }


def _events(listed: Iterable[Mapping[str, str]]) -> Iterator[dict[str, Json]]:
    for each in listed:
        stamp = american_stamp(each.get("EventDate", ""), each.get("EventTime", ""))
        if stamp:
            yield {"eventTimestamp": stamp, **{name: each.get(tag, "") for tag, name in EVENT.items()}}
