"""EasyPost's stand-in: trackers that are looked for, made and pushed as events, signed in the older way."""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push, StandIn

WORDS: dict[Step, tuple[str, str, str]] = {
    Step.REGISTERED: ("pre_transit", "label_created", "Label created"),
    Step.COLLECTED: ("in_transit", "received_at_origin_facility", "Received at the origin"),
    Step.DEPARTED: ("in_transit", "departed_facility", "Departed"),
    Step.ARRIVED: ("in_transit", "arrived_at_facility", "Arrived"),
    Step.AT_DEPOT: ("in_transit", "received_at_destination_facility", "Arrived at the destination's facility"),
    Step.OUT_FOR_DELIVERY: ("out_for_delivery", "out_for_delivery", "Out for delivery"),
    Step.ABSENT: ("failure", "delivery_exception", "Delivery attempted, nobody at home"),
    Step.DELAYED: ("in_transit", "weather_delay", "Delayed by the weather"),
    Step.HELD: ("failure", "held", "Held"),
    Step.REFUSED: ("failure", "refused", "Refused"),
    Step.DAMAGED: ("failure", "damaged", "Damaged"),
    Step.LOST: ("failure", "lost", "Lost"),
    Step.READY: ("available_for_pickup", "arrived_at_pickup_location", "Ready to collect"),
    Step.PICKED_UP: ("delivered", "arrived_at_destination", "Collected"),
    Step.RETURNING: ("return_to_sender", "return", "Going back"),
    Step.DELIVERED: ("delivered", "arrived_at_destination", "Delivered"),
}
"""Status, detail and message; EasyPost knows nothing of customs, nor of the end of a return."""


class EasyPostStandIn(StandIn):
    """`GET` and `POST /v2/trackers`. `created` holds what was made, by number, with the carrier that was named."""

    slug = "easypost"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "EZTK-stand-in"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.created: dict[str, str] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v2/trackers", self._find), Route("/v2/trackers", self._make, methods=["POST"])]

    def push(self, number: str, secret: str) -> Push | None:
        happened = self.history(number)
        if not happened:
            return None
        body = orjson.dumps(
            {
                "id": f"evt_{number}_{len(happened)}",
                "object": "Event",
                "description": "tracker.updated",
                "previous_attributes": {},
                "result": self._tracker(number, happened),
            }
        )
        sign = hmac.digest(secret.encode(), body, sha256).hex()
        return Push({"content-type": "application/json", "x-hmac-signature": f"hmac-sha256-hex={sign}"}, body)

    async def _find(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return _error(401, "APIKEY.INVALID", "This api key is invalid.")
        number, carrier = request.query_params.get("tracking_code", ""), request.query_params.get("carrier", "")
        there = number in self.created and carrier in ("", self.created[number])
        found = [self._tracker(number, self.history(number) or ())] if there else []
        return JSONResponse({"trackers": found, "has_more": False})

    async def _make(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return _error(401, "APIKEY.INVALID", "This api key is invalid.")
        asked = (await request.json()).get("tracker", {})
        number = asked.get("tracking_code", "")
        if not number:
            return _error(422, "PARAMETER.REQUIRED", "tracking_code is required.")
        self.created[number] = asked.get("carrier", "")
        return JSONResponse(self._tracker(number, self.history(number) or ()), 201)

    def _refused(self, request: Request) -> bool:
        good = b64encode(f"{self.credentials['api_key']}:".encode()).decode()
        return request.headers.get("authorization") != f"Basic {good}"

    def _tracker(self, number: str, happened: Sequence[Happened]) -> dict[str, Any]:
        details = [_detail(each) for each in happened if each.step in WORDS]
        newest = details[-1] if details else {"status": "unknown", "status_detail": "unknown"}
        return {
            "id": f"trk_{number}",
            "object": "Tracker",
            "tracking_code": number,
            "status": newest["status"],
            "status_detail": newest["status_detail"],
            "carrier": self.created.get(number, ""),
            "tracking_details": details,
            "finalized": False,
            "is_return": False,
        }


def _detail(happened: Happened) -> dict[str, Any]:
    status, detail, message = WORDS[happened.step]
    return {
        "object": "TrackingDetail",
        "message": message,
        "status": status,
        "status_detail": detail,
        "datetime": f"{happened.at:%Y-%m-%dT%H:%M:%SZ}",
        "tracking_location": {"city": happened.town, "state": None, "country": "IT", "zip": None},
    }


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "errors": []}}, status)
