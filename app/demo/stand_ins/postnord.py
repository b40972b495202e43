"""PostNord's stand-in: Track and Trace v5, the key in the address, one identifier a call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

STOCKHOLM = ZoneInfo("Europe/Stockholm")

WORDS: dict[Step, tuple[str, str, str]] = {
    Step.REGISTERED: ("CREATED", "100", "Electronic notification received"),
    Step.COLLECTED: ("EN_ROUTE", "101", "The item has been handed over"),
    Step.DEPARTED: ("EN_ROUTE", "102", "The item has left the terminal"),
    Step.ARRIVED: ("EN_ROUTE", "103", "The item has arrived at the terminal"),
    Step.AT_DEPOT: ("EN_ROUTE", "104", "The item has arrived at the distribution terminal"),
    Step.OUT_FOR_DELIVERY: ("EN_ROUTE", "113", "The item is out for delivery"),
    Step.ABSENT: ("DELIVERY_IMPOSSIBLE", "105", "The item could not be delivered"),
    Step.DELAYED: ("DELAYED", "106", "The item is delayed"),
    Step.HELD: ("STOPPED", "107", "The item has been stopped"),
    Step.REFUSED: ("DELIVERY_REFUSED", "108", "The item was refused"),
    Step.READY: ("AVAILABLE_FOR_DELIVERY", "109", "The item is ready for collection"),
    Step.PICKED_UP: ("DELIVERED", "110", "The item has been delivered"),
    Step.RETURNING: ("RETURNED", "111", "The item is going back to the sender"),
    Step.DELIVERED: ("DELIVERED", "110", "The item has been delivered"),
}
"""Status, event code (made up but 113, for the others are not published) and text."""


class PostNordStandIn(StandIn):
    """`GET /rest/shipment/v5/trackandtrace/findByIdentifier.json`."""

    slug = "postnord"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "0123456789abcdef0123456789abcdef"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/rest/shipment/v5/trackandtrace/findByIdentifier.json", self._find)]

    async def _find(self, request: Request) -> JSONResponse:
        asked = request.query_params
        if asked.get("apikey") != self.credentials["api_key"]:
            return JSONResponse({"message": "Forbidden"}, 403)
        if asked.get("locale") not in ("en", "sv", "no", "da", "fi"):
            fault = {"faultCode": "invalidLocale", "explanationText": "Invalid locale"}
            return JSONResponse({"TrackingInformationResponse": {"compositeFault": {"faults": [fault]}}}, 400)
        number = asked.get("id", "")
        happened = self.history(number)
        shipments = [] if happened is None else [_shipment(number, happened)]
        return JSONResponse({"TrackingInformationResponse": {"shipments": shipments}})


def _shipment(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(each) for each in happened if each.step in WORDS]
    status = events[-1]["status"] if events else "CREATED"
    item = {"itemId": number, "status": status, "events": events}
    return {"shipmentId": number, "status": status, "items": [item]}


def _event(happened: Happened) -> dict[str, Any]:
    status, code, text = WORDS[happened.step]
    return {
        "eventTime": f"{happened.at.astimezone(STOCKHOLM):%Y-%m-%dT%H:%M:%S}",
        "eventCode": code,
        "status": status,
        "eventDescription": text,
        "location": {"displayName": happened.town, "city": happened.town, "country": "Sweden", "countryCode": "SWE"},
    }
