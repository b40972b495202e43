"""Bring's stand-in: Tracking API v2 behind two headers, and Event Cast's pushes, which nobody signs."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import Push, StandIn

OSLO = ZoneInfo("Europe/Oslo")

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("PRE_NOTIFIED", "Only a notification of the shipment has been received."),
    Step.COLLECTED: ("COLLECTED", "The shipment has been collected."),
    Step.DEPARTED: ("IN_TRANSIT", "The shipment is in transit."),
    Step.ARRIVED: ("TERMINAL", "The shipment has arrived at the terminal."),
    Step.AT_DEPOT: ("TERMINAL", "The shipment has arrived at the terminal."),
    Step.OUT_FOR_DELIVERY: ("TRANSPORT_TO_RECIPIENT", "The shipment has been loaded for delivery."),
    Step.ABSENT: ("ATTEMPTED_DELIVERY", "The delivery was attempted."),
    Step.DELAYED: ("DEVIATION", "The shipment is delayed."),
    Step.CUSTOMS: ("CUSTOMS", "The shipment is in customs clearance."),
    Step.READY: ("READY_FOR_PICKUP", "The shipment can be picked up."),
    Step.PICKED_UP: ("DELIVERED", "The shipment has been delivered."),
    Step.RETURNING: ("RETURN", "The shipment is on its way back."),
    Step.RETURNED: ("DELIVERED_SENDER", "The shipment has been delivered to its sender."),
    Step.DELIVERED: ("DELIVERED", "The shipment has been delivered."),
}
"""Status and text; Bring has none for a hold, a refusal, a damage or a loss."""


class BringStandIn(StandIn):
    """`GET /tracking/api/v2/tracking.json`."""

    slug = "bring"
    credentials: ClassVar[Mapping[str, str]] = {"api_uid": "shop@example.com", "api_key": "stand-in-bring-key"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tracking/api/v2/tracking.json", self._track)]

    async def _track(self, request: Request) -> JSONResponse:
        given = {name: request.headers.get(f"x-mybring-{name.replace('_', '-')}") for name in self.credentials}
        if given != self.credentials:
            return JSONResponse({"message": "Unauthorized"}, 401)
        number = request.query_params.get("q", "")
        happened = self.history(number)
        if happened is None:
            return _answer({"error": {"code": 404, "message": "No shipments found"}})
        events = [_event(each) for each in reversed(happened) if each.step in WORDS]
        package = {"packageNumber": number, "productName": "Pick-up parcel", "eventSet": events}
        return _answer({"consignmentId": "70000000000000001", "packageSet": [package]})

    def push(self, number: str, secret: str) -> Push | None:
        told = [each for each in self.history(number) or () if each.step in WORDS]
        if not told:
            return None
        at = f"{told[-1].at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
        body = {
            "status": WORDS[told[-1].step][0],
            "id": f"00000000-0000-4000-8000-{len(told):012}",
            "shipment": "70000000000000001",
            "package": number,
            "created": at,
            "pushed": at,
        }
        return Push({"content-type": "application/json", "x-bring-application": "BMEC"}, orjson.dumps(body))


def _answer(consignment: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"apiVersion": "2", "consignmentSet": [consignment]})


def _event(happened: Happened) -> dict[str, Any]:
    status, text = WORDS[happened.step]
    at = happened.at.astimezone(OSLO)
    return {
        "description": text,
        "status": status,
        "recipientSignature": {"name": "", "linkToImage": None},
        "unitId": "101337",
        "postalCode": "",
        "city": happened.town,
        "countryCode": "NO",
        "dateIso": at.isoformat(timespec="seconds"),
        "displayDate": f"{at:%d.%m.%Y}",
        "displayTime": f"{at:%H:%M}",
        "consignmentEvent": False,
    }
