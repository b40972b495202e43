"""USPS's older Web Tools (XML, switched off in January 2026): their answers in the form of Tracking 3.0.

`TrackFieldRequest` is answered with fields, `TrackRequest` with sentences; the last event is the `TrackSummary`. Their
codes and texts are those of Tracking 3.0. An error in a `TrackInfo` is that nothing is known of its number; one at the
root refuses the question. Source: the user guide "Track and Confirm", as public clients and their recordings have it
(read 2026-11).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from carriers.base import UnreadablePayload
from carriers.reading import Json, child_text, local_name, text_of, xml_of

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


def _item(said: etree._Element) -> dict[str, Json]:
    number = text_of(said.get("ID"), 40)
    listed = [*said.iterfind("{*}TrackSummary"), *said.iterfind("{*}TrackDetail")]
    sentences = [text for each in listed if (text := text_of(each.text))]
    if said.find("{*}Error") is not None or any("no record of that" in text for text in sentences):
        return {"trackingNumber": number, "error": NOT_FOUND}
    days = {name: american_stamp(text) for tag, name in DAYS.items() if (text := child_text(said, tag))}
    head = {name: text for tag, name in HEAD.items() if (text := child_text(said, tag, 500))}
    events = list(_events(listed))
    return {
        "status": "",
        "trackingNumber": number,
        **head,
        **days,
        "trackingEvents": events,
        "eventSummaries": sentences,
    }


def _events(listed: list[etree._Element]) -> Iterator[dict[str, Json]]:
    for each in listed:
        stamp = american_stamp(child_text(each, "EventDate"), child_text(each, "EventTime"))
        if stamp:
            yield {"eventTimestamp": stamp, **{name: child_text(each, tag) for tag, name in EVENT.items()}}
