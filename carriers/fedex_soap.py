"""FedEx's Track web service (SOAP), read as its newer interface: one `TrackReply`, whatever its version and prefix.

In later versions the details of a number stand in `CompletedTrackDetails`, times and status have parts of their own; in
older ones they stand in the reply itself (FedEx Web Services Developer Guide, Track Service, and public clients of
it, 2026-11). A number's own error is its `Notification`; an error of the whole call, the reply's `Notifications`. Who
signed is in the answer and stays there.
"""

from collections.abc import Iterator

from carriers.base import UnreadablePayload
from carriers.reading import Json, at, dicts, object_at, text_of, xml_of
from carriers.xml_tree import named, tree_of

FAILED = frozenset({"ERROR", "FAILURE"})
NOT_FOUND = frozenset({"9040", "9041"})
"""Codes for a number that FedEx does not know (yet)."""

OLDER_TIMES = {
    "ActualDeliveryTimestamp": "ACTUAL_DELIVERY",
    "EstimatedDeliveryTimestamp": "ESTIMATED_DELIVERY",
    "ShipTimestamp": "SHIP",
}


def of_soap(body: bytes) -> Json:
    """What the newer interface would have answered."""
    reply = named(xml_of(body), "TrackReply")
    said = None if reply is None else tree_of(reply)
    if not isinstance(said, dict):
        raise UnreadablePayload("neither FedEx's track answer nor its push")
    groups = dicts(said.get("CompletedTrackDetails")) or [said]
    numbered: dict[str, list[Json]] = {}  # of several shipments under one number, each is a result of it
    for detail in (each for group in groups for each in dicts(group.get("TrackDetails"))):
        numbered.setdefault(text_of(detail.get("TrackingNumber"), 64), []).append(_detail(detail))
    if numbered:
        results = [{"trackingNumber": number, "trackResults": told} for number, told in numbered.items()]
        return {"output": {"completeTrackResults": results}}
    failed = _errors(said.get("Notifications"))
    if not failed and "HighestSeverity" not in said:
        raise UnreadablePayload("neither FedEx's track answer nor its push")
    return {"errors": failed or [{"code": "TRACKREPLY.EMPTY"}]}


def _errors(notes: Json) -> list[dict[str, Json]]:
    """The errors among notifications, under the newer interface's codes."""
    failed = [note for note in dicts(notes) if text_of(note.get("Severity")).upper() in FAILED]
    return [{"code": _code(text_of(note.get("Code"))), "message": note.get("Message")} for note in failed]


def _code(code: str) -> str:
    return "TRACKING.TRACKINGNUMBER.NOTFOUND" if code in NOT_FOUND else f"TRACKREPLY.{code}"


def _detail(detail: dict[str, Json]) -> dict[str, Json]:
    status, get = object_at(detail, "StatusDetail"), detail.get
    told = {
        "trackingNumberInfo": {"trackingNumber": get("TrackingNumber")},
        "latestStatusDetail": {
            "code": status.get("Code") or get("StatusCode"),
            "description": status.get("Description") or get("StatusDescription"),
            "scanLocation": _place(status.get("Location")),
            "ancillaryDetails": [
                {"reason": why.get("Reason"), "reasonDescription": why.get("ReasonDescription")}
                for why in dicts(status.get("AncillaryDetails"))
            ],
        },
        "serviceDetail": {"description": at(get("Service"), "Description") or get("ServiceInfo")},
        "deliveryDetails": {"locationType": get("DeliveryLocationType")},
        "dateAndTimes": [{"type": kind, "dateTime": when} for kind, when in _times(detail)],
        "scanEvents": [_scan(event) for event in dicts(get("Events"))],
    }
    errors = _errors(get("Notification"))
    return told | ({"error": errors[0]} if errors else {})


def _times(detail: dict[str, Json]) -> Iterator[tuple[Json, Json]]:
    for name, kind in OLDER_TIMES.items():
        if name in detail:
            yield kind, detail[name]
    for each in dicts(detail.get("DatesOrTimes")):
        yield each.get("Type"), each.get("DateOrTimestamp")


def _scan(event: dict[str, Json]) -> dict[str, Json]:
    return {
        "date": event.get("Timestamp"),
        "eventType": event.get("EventType"),
        "eventDescription": event.get("EventDescription"),
        "exceptionCode": event.get("StatusExceptionCode"),
        "exceptionDescription": event.get("StatusExceptionDescription"),
        "scanLocation": _place(event.get("Address")),
    }


def _place(where: Json) -> dict[str, Json]:
    return {
        "city": at(where, "City"),
        "stateOrProvinceCode": at(where, "StateOrProvinceCode"),
        "postalCode": at(where, "PostalCode"),
        "countryCode": at(where, "CountryCode"),
    }
