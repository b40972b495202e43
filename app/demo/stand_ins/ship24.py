"""Ship24's stand-in: trackers made and read by one call, and its push with the secret in the clear."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push, StandIn

WORDS: dict[Step, tuple[str | None, str, str]] = {
    Step.REGISTERED: ("data_order_created", "info_received", "Order created"),
    Step.COLLECTED: ("transit_handover", "in_transit", "Accepted"),
    Step.DEPARTED: ("transit_origin_country_departure", "in_transit", "Departed"),
    Step.ARRIVED: (None, "in_transit", "Arrived at hub"),
    Step.AT_DEPOT: ("destination_arrival", "in_transit", "Arrived in the destination country"),
    Step.OUT_FOR_DELIVERY: ("delivery_out_for_delivery", "out_for_delivery", "Out for delivery"),
    Step.ABSENT: ("delivery_attempted", "failed_attempt", "Delivery attempted"),
    Step.REFUSED: ("delivery_refused", "exception", "Refused"),
    Step.LOST: ("exception_lost", "exception", "Lost"),
    Step.CUSTOMS: ("customs_received", "in_transit", "In customs"),
    Step.CUSTOMS_HOLD: ("customs_exception", "exception", "Held by customs"),
    Step.CUSTOMS_CLEARED: ("customs_cleared", "in_transit", "Released by customs"),
    Step.READY: ("delivery_available_for_pickup", "available_for_pickup", "Ready to collect"),
    Step.PICKED_UP: ("delivery_delivered", "delivered", "Collected"),
    Step.RETURNING: ("exception_return", "exception", "Going back"),
    Step.DELIVERED: ("delivery_delivered", "delivered", "Delivered to the addressee"),
}
"""Status code, milestone and text."""


class Ship24StandIn(StandIn):
    """`POST /trackers/track`. `created` holds the couriers named, by number."""

    slug = "ship24"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "apik_stand-in"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.created: dict[str, str] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/trackers/track", self._track, methods=["POST"])]

    def push(self, number: str, secret: str) -> Push | None:
        happened = self.history(number)
        if not happened:
            return None
        body = orjson.dumps({"trackings": [_tracking(number, happened)]})
        return Push({"content-type": "application/json", "authorization": f"Bearer {secret}"}, body)

    async def _track(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {self.credentials['api_key']}":
            return _error(401, "auth_invalid_api_key", "API key is invalid.")
        asked = await request.json()
        number = asked.get("trackingNumber", "")
        if not number:
            return _error(400, "validation_error", "trackingNumber is required.")
        self.created.setdefault(number, " ".join(asked.get("courierCode", ())))
        return JSONResponse({"data": {"trackings": [_tracking(number, self.history(number) or ())]}}, 201)


def _tracking(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(number, nth, each) for nth, each in enumerate(happened, 1) if each.step in WORDS][::-1]
    newest = events[0] if events else {"statusCode": None, "statusMilestone": "pending"}
    return {
        "metadata": {"generatedAt": "2026-03-05T09:00:00.000Z", "messageId": f"m-{number}-{len(happened)}"},
        "tracker": {"trackerId": f"t-{number}", "trackingNumber": number, "isSubscribed": True},
        "shipment": {
            "shipmentId": f"s-{number}",
            "statusCode": newest["statusCode"],
            "statusCategory": None,
            "statusMilestone": newest["statusMilestone"],
            "delivery": {"estimatedDeliveryDate": None, "service": None, "signedBy": None},
            "trackingNumbers": [{"tn": number}],
        },
        "events": events,
    }


def _event(number: str, nth: int, happened: Happened) -> dict[str, Any]:
    code, milestone, text = WORDS[happened.step]
    return {
        "eventId": f"e-{number}-{nth}",
        "trackingNumber": number,
        "status": text,
        "occurrenceDatetime": f"{happened.at:%Y-%m-%dT%H:%M:%S}",
        "order": nth,
        "location": f"{happened.town}, IT",
        "courierCode": "brt",
        "statusCode": code,
        "statusCategory": None,
        "statusMilestone": milestone,
        "hasNoTime": False,
        "utcOffset": "+00:00",
    }


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"errors": [{"code": code, "message": message}], "data": None}, status)
