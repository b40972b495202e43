"""UPS's older Track interfaces, read as the newer one: XML, the web service (SOAP) and its JSON.

They say the same under other names (`TrackResponse`, `Shipment`, `Package`, `Activity`), each once or in a list, and of
errors in a fault, or in the answer's `Response` (UPS, Tracking XML and Web Services Developer Guides, 11 July 2011,
https://vdocument.in/tracking-xml-developers-guide.html, 2026-11). Who signed is in the answer and stays there.
"""

from collections.abc import Iterator

from carriers.base import UnreadablePayload
from carriers.reading import Json, at, dicts, object_at, text_of, xml_of
from carriers.xml_tree import named, tree_of


def of_xml(body: bytes) -> Json:
    """An answer in XML, in an envelope or not, as the newer interface would give it."""
    root = xml_of(body)
    for name in ("TrackResponse", "Fault"):
        if (element := named(root, name)) is not None:
            return newer({name: tree_of(element)})
    raise UnreadablePayload("no track answer of UPS")


def newer(answer: Json) -> Json:
    """What the newer interface would answer, if this is an older one's answer; else itself."""
    told, fault = at(answer, "TrackResponse"), at(answer, "Fault", "detail", "Errors", "ErrorDetail")
    failed = [
        {"code": at(error, "PrimaryErrorCode", "Code"), "message": at(error, "PrimaryErrorCode", "Description")}
        for error in dicts(fault)
    ] + [
        {"code": error.get("ErrorCode"), "message": error.get("ErrorDescription")}
        for error in dicts(at(told, "Response", "Error"))
    ]
    if failed:
        return {"response": {"errors": failed}}
    if not dicts(at(told, "Shipment")):
        return answer
    return {"trackResponse": {"shipment": [_shipment(each) for each in dicts(at(told, "Shipment"))]}}


def _shipment(said: dict[str, Json]) -> dict[str, Json]:
    """Freight has its activities on the shipment itself."""
    packages = dicts(said.get("Package")) or [said]
    asked = at(said, "InquiryNumber", "Value") or said.get("ShipmentIdentificationNumber")
    service = text_of(at(said, "Service", "Description"))
    return {"inquiryNumber": asked, "package": [_package(each, said, service) for each in packages]}


def _package(said: dict[str, Json], shipment: dict[str, Json], service: str) -> dict[str, Json]:
    activities = [_activity(each) for each in dicts(said.get("Activity"))]
    ended = [each["date"] for each in activities if each["status"]["type"] == "D"]
    days = [*_days(shipment), *([] if said is shipment else _days(said)), *(("DEL", day) for day in ended[:1])]
    return {
        "trackingNumber": said.get("TrackingNumber"),
        "activity": activities,
        "deliveryDate": [{"type": kind, "date": day} for kind, day in days if day],
        "service": {"description": service},
    }


def _days(said: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    yield "SDD", said.get("ScheduledDeliveryDate")
    yield "RDD", said.get("RescheduledDeliveryDate")
    for detail in dicts(said.get("DeliveryDetail")):
        words = text_of(at(detail, "Type", "Description")).lower()
        if "scheduled" in words:
            yield ("RDD" if "rescheduled" in words else "SDD"), detail.get("Date")


def _activity(said: dict[str, Json]) -> dict[str, Json]:
    place, status = object_at(said, "ActivityLocation"), object_at(said, "Status")
    where = object_at(place, "Address") or place  # of freight
    kind, code = status.get("StatusType"), status.get("StatusCode")
    return {
        "date": said.get("Date"),
        "time": said.get("Time"),
        "gmtDate": said.get("GMTDate"),
        "gmtTime": text_of(said.get("GMTTime")).replace(".", ":"),
        "gmtOffset": said.get("GMTOffset"),
        "location": {
            "address": {
                "city": where.get("City"),
                "stateProvince": where.get("StateProvinceCode"),
                "postalCode": where.get("PostalCode"),
                "countryCode": where.get("CountryCode"),
            }
        },
        "status": {
            "type": status.get("Type") or at(kind, "Code"),
            "code": status.get("Code") or at(code, "Code"),
            "description": status.get("Description") or at(kind, "Description") or said.get("Description"),
        },
    }
