"""InPost's stand-in: the group's token, tracking and signed webhook, and ShipX's tracking of one number."""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import Push
from app.demo.stand_ins.letting_in import Granting, form_of

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, str] = {
    Step.REGISTERED: "CRE.1001",
    Step.COLLECTED: "FMD.1002",
    Step.DEPARTED: "MMD.1003",
    Step.ARRIVED: "MMD.1001",
    Step.AT_DEPOT: "LMD.1002",
    Step.OUT_FOR_DELIVERY: "LMD.1001",
    Step.ABSENT: "LMD.9017",
    Step.DELAYED: "INF.9001",
    Step.HELD: "LMD.9005",
    Step.REFUSED: "LMD.9006",
    Step.DAMAGED: "EOL.9002",
    Step.LOST: "EOL.9001",
    Step.CUSTOMS: "CC.001",
    Step.CUSTOMS_HOLD: "CC.003",
    Step.CUSTOMS_CLEARED: "CC.002",
    Step.READY: "LMD.1005",
    Step.PICKED_UP: "EOL.1002",
    Step.RETURNING: "RTS.1001",
    Step.RETURNED: "RTS.1002",
    Step.DELIVERED: "EOL.1001",
}
"""The group's codes."""

SHIPX: dict[Step, str] = {
    Step.REGISTERED: "confirmed",
    Step.COLLECTED: "collected_from_sender",
    Step.DEPARTED: "sent_from_source_branch",
    Step.ARRIVED: "adopted_at_sorting_center",
    Step.AT_DEPOT: "adopted_at_target_branch",
    Step.OUT_FOR_DELIVERY: "out_for_delivery",
    Step.ABSENT: "avizo",
    Step.DELAYED: "delay_in_delivery",
    Step.HELD: "undelivered",
    Step.REFUSED: "rejected_by_receiver",
    Step.LOST: "missing",
    Step.READY: "ready_to_pickup",
    Step.PICKED_UP: "delivered",
    Step.RETURNING: "pickup_time_expired",
    Step.RETURNED: "returned_to_sender",
    Step.DELIVERED: "delivered",
}
"""ShipX's statuses, which know neither customs nor damage."""


class InPostStandIn(Granting):
    """Two interfaces; ShipX's tracking asks for no token."""

    slug = "inpost"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in", "client_secret": "inpost-stand-in-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/oauth2/token", self._token, methods=["POST"]),
            Route("/tracking/v1/parcels", self._parcels),
            Route("/v1/tracking/{number}", self._shipx),
        ]

    def push(self, number: str, secret: str) -> Push | None:
        told = [each for each in self.history(number) or () if each.step in WORDS]
        if not told:
            return None
        body, stamp = orjson.dumps(_event(number, told[-1])), f"{told[-1].at:%Y-%m-%dT%H:%M:%SZ}"
        signature = b64encode(hmac.digest(secret.encode(), stamp.encode() + b"." + body, sha256)).decode()
        headers = {
            "content-type": "application/json",
            "x-inpost-api-version": "2024-06-01",
            "x-inpost-topic": "Shipment.Tracking",
            "x-inpost-event-id": f"{number}#{WORDS[told[-1].step]}#{len(told)}",
            "x-inpost-timestamp": stamp,
            "x-inpost-signature": signature,
        }
        return Push(headers, body)

    async def _token(self, request: Request) -> JSONResponse:
        form = await form_of(request)
        if {name: form.get(name) for name in self.credentials} != dict(self.credentials):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": self.new_token(), "token_type": "bearer", "expires_in": 3599})

    async def _parcels(self, request: Request) -> JSONResponse:
        if not self.lets_in(request):
            return JSONResponse({"status": 401, "error": "unauthorized"}, 401)
        numbers = request.query_params.get("trackingNumbers", "").split(",")
        known = [(number, happened) for number in numbers if (happened := self.history(number)) is not None]
        return JSONResponse({"parcels": [_parcel(number, happened) for number, happened in known]})

    async def _shipx(self, request: Request) -> JSONResponse:
        number = request.path_params["number"]
        happened = self.history(number)
        if happened is None:
            message = f"Tracking information about {number} shipment has not been found."
            return JSONResponse({"status": 404, "error": "resource_not_found", "message": message}, 404)
        details = [
            {
                "status": SHIPX[each.step],
                "origin_status": "PPN",
                "datetime": each.at.astimezone(ROME).isoformat(timespec="milliseconds"),
            }
            for each in reversed(happened)
            if each.step in SHIPX
        ]
        return JSONResponse(
            {
                "tracking_number": number,
                "type": "inpost_courier_standard",
                "status": details[0]["status"] if details else "created",
                "tracking_details": details,
            }
        )


def _parcel(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(number, each) for each in reversed(happened) if each.step in WORDS]
    return {"trackingNumber": number, "status": events[0]["eventCode"] if events else None, "events": events}


def _event(number: str, happened: Happened) -> dict[str, Any]:
    code = WORDS[happened.step]
    return {
        "customerReference": "D-1001",
        "trackingNumber": number,
        "eventId": f"{number}#{code}",
        "eventCode": code,
        "timestamp": f"{happened.at:%Y-%m-%dT%H:%M:%S}.000Z",
        "location": {"type": "LOGISTIC_CENTER", "city": happened.town, "country": "IT"},
        "delivery": None,
        "shipment": {"type": "OUTBOUND"},
        "returnToSender": None,
        "newDestination": None,
    }
