"""DHL's stand-in: Shipment Tracking Unified as the Express division answers it, subscriptions and their push."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push, StandIn

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("pre-transit", "Shipment information received"),
    Step.COLLECTED: ("transit", "Shipment picked up"),
    Step.DEPARTED: ("transit", "Shipment has departed from a DHL facility"),
    Step.ARRIVED: ("transit", "Arrived at DHL Sort Facility"),
    Step.AT_DEPOT: ("transit", "Arrived at Delivery Facility"),
    Step.OUT_FOR_DELIVERY: ("transit", "Shipment is out with courier for delivery"),
    Step.ABSENT: ("failure", "Delivery attempted; recipient not home"),
    Step.DELAYED: ("transit", "Shipment could not be delivered because of bad weather conditions"),
    Step.HELD: ("transit", "Shipment is on hold"),
    Step.REFUSED: ("failure", "Recipient refused delivery"),
    Step.DAMAGED: ("failure", "The shipment was damaged"),
    Step.LOST: ("failure", "Closed shipment"),
    Step.CUSTOMS: ("transit", "Customs clearance status updated"),
    Step.CUSTOMS_HOLD: ("transit", "Held at Customs"),
    Step.CUSTOMS_CLEARED: ("transit", "Clearance processing complete"),
    Step.READY: ("transit", "Awaiting collection by recipient as requested"),
    Step.PICKED_UP: ("delivered", "The shipment has been picked up by the recipient"),
    Step.RETURNING: ("failure", "Shipment will be returned to shipper"),
    Step.RETURNED: ("delivered", "Returned to shipper"),
    Step.DELIVERED: ("delivered", "Delivered"),
}
"""statusCode and description: Express sends no code of its own here."""


class DhlUnified(StandIn):
    """`GET /track/shipments` with a key, one number a call; subscriptions, and those that were activated."""

    slug = "dhl_unified"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "stand-in-key", "service": "express"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.subscribed: list[dict[str, Any]] = []
        self.activated: list[str] = []

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/track/shipments", self._shipments),
            Route("/tracking/push/v1/subscription", self._subscribe, methods=["POST"]),
            Route("/tracking/push/v1/subscription/{id}", self._activate, methods=["POST"]),
        ]

    async def _subscribe(self, request: Request) -> Response:
        if request.headers.get("DHL-API-Key") != self.credentials["api_key"]:
            return _problem(401, "Unauthorized", "Unauthorized for given resource.")
        self.subscribed.append(await request.json())
        return JSONResponse({"id": f"sub-{len(self.subscribed)}"}, 202)

    async def _activate(self, request: Request) -> Response:
        if request.headers.get("DHL-API-Hook-Secret") != f"secret of {request.path_params['id']}":
            return _problem(403, "Forbidden", "The secret is not the one that was sent.")
        self.activated.append(request.path_params["id"])
        return Response(status_code=204)

    def validation(self) -> Push:
        """What is posted to the hook of the latest subscription before it begins."""
        name, hook = f"sub-{len(self.subscribed)}", self.subscribed[-1]["hook"]["authentication"]
        address = f"https://api-eu.dhl.com/tracking/push/v1/subscription/{name}"
        message = {"scope": "subscription.validate", "self": address, "secret": f"secret of {name}"}
        return Push({"content-type": "application/json", hook["header"]: hook["token"]}, orjson.dumps(message))

    def push(self, number: str, secret: str) -> Push | None:
        happened = self.history(number)
        if not happened:
            return None
        message = {
            "scope": "subscription.push",
            "self": "https://api-eu.dhl.com/tracking/push/v1/subscription/stand-in",
            "shipments": [_shipment(number, happened[-1:])],
        }
        return Push({"content-type": "application/json", "x-hook-key": secret}, orjson.dumps(message))

    async def _shipments(self, request: Request) -> JSONResponse:
        if request.headers.get("DHL-API-Key") != self.credentials["api_key"]:
            return _problem(401, "Unauthorized", "Unauthorized for given resource.")
        number = request.query_params.get("trackingNumber", "")
        if not number:
            return _problem(400, "Bad request", "trackingNumber is missing.")
        happened = self.history(number) if request.query_params.get("service") == self.credentials["service"] else None
        if happened is None:
            return _problem(404, "No result found", "No shipment with given tracking number found.")
        return JSONResponse(
            {
                "url": f"/shipments?trackingNumber={number}&service=express",
                "shipments": [_shipment(number, happened)],
                "possibleAdditionalShipmentsUrl": [],
            }
        )


def _problem(status: int, title: str, detail: str) -> JSONResponse:
    return JSONResponse({"title": title, "detail": detail, "status": status, "instance": "/shipments"}, status)


def _shipment(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(each) for each in reversed(happened) if each.step in WORDS]
    return {
        "id": number,
        "service": "express",
        "origin": {"address": {"addressLocality": "MILANO - ITALY"}},
        "destination": {"address": {"addressLocality": "FIRENZE - ITALY"}},
        **({"status": events[0]} if events else {}),
        "details": {"product": {"productName": "EXPRESS DOMESTIC"}, "totalNumberOfPieces": 1, "pieceIds": []},
        "events": events,
    }


def _event(happened: Happened) -> dict[str, Any]:
    group, description = WORDS[happened.step]
    return {
        "timestamp": happened.at.astimezone(ROME).strftime("%Y-%m-%dT%H:%M:%S"),
        "location": {"address": {"addressLocality": f"{happened.town.upper()} - ITALY"}},
        "statusCode": group,
        "status": group,
        "description": description,
    }
