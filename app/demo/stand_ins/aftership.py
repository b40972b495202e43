"""AfterShip's stand-in: trackings that are created first, then read; and its webhook."""

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

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("InfoReceived_001", "Shipment information received"),
    Step.COLLECTED: ("InTransit_002", "Accepted by the carrier"),
    Step.DEPARTED: ("InTransit_007", "Departed from facility"),
    Step.ARRIVED: ("InTransit_003", "Arrived at facility"),
    Step.AT_DEPOT: ("InTransit_003", "Arrived at the delivery facility"),
    Step.OUT_FOR_DELIVERY: ("OutForDelivery_001", "Out for delivery"),
    Step.ABSENT: ("AttemptFail_002", "Addressee not available"),
    Step.DELAYED: ("Exception_017", "Delayed by the weather"),
    Step.HELD: ("Exception_006", "Held until it is paid for"),
    Step.REFUSED: ("Exception_003", "Refused by the addressee"),
    Step.DAMAGED: ("Exception_012", "Damaged"),
    Step.LOST: ("Exception_013", "Lost"),
    Step.CUSTOMS: ("InTransit_006", "Customs clearance started"),
    Step.CUSTOMS_HOLD: ("Exception_018", "Documents are missing"),
    Step.CUSTOMS_CLEARED: ("InTransit_005", "Customs clearance completed"),
    Step.READY: ("AvailableForPickup_001", "Ready to collect"),
    Step.PICKED_UP: ("Delivered_002", "Picked up by the customer"),
    Step.RETURNING: ("Exception_010", "Returning to the sender"),
    Step.RETURNED: ("Exception_011", "Returned to the sender"),
    Step.DELIVERED: ("Delivered_001", "Delivered"),
}
"""Sub-tag and message."""


class AfterShipStandIn(StandIn):
    """`GET` and `POST /trackings`. `created` holds what was created, by number, with the slug that was named."""

    slug = "aftership"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "asat_stand-in"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.created: dict[str, str] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/trackings", self._read), Route("/trackings", self._create, methods=["POST"])]

    def push(self, number: str, secret: str) -> Push | None:
        happened = self.history(number)
        if not happened:
            return None
        body = orjson.dumps(
            {
                "event": "tracking_update",
                "event_id": f"event-{number}-{len(happened)}",
                "is_tracking_first_tag": True,
                "msg": self._tracking(number, happened),
                "ts": int(happened[-1].at.timestamp()),
            }
        )
        sign = b64encode(hmac.digest(secret.encode(), body, sha256)).decode()
        return Push({"content-type": "application/json", "aftership-hmac-sha256": sign}, body)

    async def _read(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return _error(401, 401, "Invalid API key.")
        number, slug = request.query_params.get("tracking_numbers", ""), request.query_params.get("slug", "")
        there = number in self.created and slug in ("", self.created[number])
        happened = self.history(number) if there else None
        found = [] if happened is None else [self._tracking(number, happened)]
        return JSONResponse({"meta": {"code": 200}, "data": {"pagination": {"total": len(found)}, "trackings": found}})

    async def _create(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return _error(401, 401, "Invalid API key.")
        asked = await request.json()
        number = asked.get("tracking_number", "")
        if not number:
            return _error(400, 4013, "`tracking_number` is required.")
        if number in self.created:
            return _error(400, 4003, "Tracking already exists.")
        self.created[number] = asked.get("slug", "")
        made = self._tracking(number, self.history(number) or ())
        return JSONResponse({"meta": {"code": 201}, "data": made}, 201)

    def _refused(self, request: Request) -> bool:
        return request.headers.get("as-api-key") != self.credentials["api_key"]

    def _tracking(self, number: str, happened: Sequence[Happened]) -> dict[str, Any]:
        told = [_checkpoint(each) for each in happened if each.step in WORDS]
        newest = told[-1] if told else {"tag": "Pending", "subtag": "Pending_001"}
        return {
            "id": f"id-{number}",
            "tracking_number": number,
            "slug": self.created.get(number, ""),
            "tag": newest["tag"],
            "subtag": newest["subtag"],
            "return_to_sender": False,
            "checkpoints": told,
        }


def _checkpoint(happened: Happened) -> dict[str, Any]:
    subtag, message = WORDS[happened.step]
    return {
        "checkpoint_time": f"{happened.at:%Y-%m-%dT%H:%M:%S}+00:00",
        "city": happened.town,
        "country_iso3": "ITA",
        "message": message,
        "tag": subtag.partition("_")[0],
        "subtag": subtag,
    }


def _error(status: int, code: int, message: str) -> JSONResponse:
    return JSONResponse({"meta": {"code": code, "type": "BadRequest", "message": message}, "data": {}}, status)
