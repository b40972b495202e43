"""17TRACK's stand-in: numbers that are registered first, then told of; and its push, signed by the key."""

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
    Step.REGISTERED: ("InfoReceived", "Shipment information received"),
    Step.COLLECTED: ("InTransit_PickedUp", "Picked up"),
    Step.DEPARTED: ("InTransit_Departure", "Departed"),
    Step.ARRIVED: ("InTransit_Arrival", "Arrived"),
    Step.AT_DEPOT: ("InTransit_Other", "Arrived at the delivery office"),
    Step.OUT_FOR_DELIVERY: ("OutForDelivery_Other", "Out for delivery"),
    Step.ABSENT: ("DeliveryFailure_NoBody", "Nobody at home"),
    Step.DELAYED: ("Exception_Delayed", "Delayed"),
    Step.HELD: ("Exception_Other", "Held"),
    Step.REFUSED: ("Exception_Rejected", "Refused"),
    Step.DAMAGED: ("Exception_Damage", "Damaged"),
    Step.LOST: ("Exception_Lost", "Lost"),
    Step.CUSTOMS: ("InTransit_CustomsProcessing", "In customs"),
    Step.CUSTOMS_HOLD: ("InTransit_CustomsRequiringInformation", "Customs needs papers"),
    Step.CUSTOMS_CLEARED: ("InTransit_CustomsReleased", "Released by customs"),
    Step.READY: ("AvailableForPickup_Other", "Ready to collect"),
    Step.PICKED_UP: ("Delivered_Other", "Collected"),
    Step.RETURNING: ("Exception_Returning", "Going back"),
    Step.RETURNED: ("Exception_Returned", "Returned to the sender"),
    Step.DELIVERED: ("Delivered_Other", "Delivered"),
}
"""Sub-status and description."""


class SeventeenTrackStandIn(StandIn):
    """`POST /track/v2.4/register` and `/gettrackinfo`. `created` holds registered numbers with the carrier named."""

    slug = "seventeen_track"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "STAND0IN"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.created: dict[str, str] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/track/v2.4/register", self._register, methods=["POST"]),
            Route("/track/v2.4/gettrackinfo", self._told, methods=["POST"]),
        ]

    def push(self, number: str, secret: str) -> Push | None:
        happened = self.history(number)
        if not happened:
            return None
        body = orjson.dumps({"event": "TRACKING_UPDATED", "data": self._item(number, happened)})
        sign = sha256(body + b"/" + secret.encode()).hexdigest()
        return Push({"content-type": "application/json", "sign": sign}, body)

    async def _register(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return JSONResponse({"code": 401, "data": None}, 401)
        accepted, rejected = [], []
        for each in await request.json():
            number = each["number"]
            if number in self.created:
                rejected.append(_rejected(number, -18019901, "The number is registered already."))
            else:
                self.created[number] = str(each.get("carrier", ""))
                accepted.append({"number": number, "carrier": each.get("carrier"), "origin": 1})
        return JSONResponse({"code": 0, "data": {"accepted": accepted, "rejected": rejected}})

    async def _told(self, request: Request) -> JSONResponse:
        if self._refused(request):
            return JSONResponse({"code": 401, "data": None}, 401)
        accepted, rejected = [], []
        for each in await request.json():
            number = each["number"]
            if number not in self.created:
                rejected.append(_rejected(number, -18019902, "The number is not registered."))
            elif (happened := self.history(number)) is None:
                rejected.append(_rejected(number, -18019909, "No tracking information yet."))
            else:
                accepted.append(self._item(number, happened))
        return JSONResponse({"code": 0, "data": {"accepted": accepted, "rejected": rejected}})

    def _refused(self, request: Request) -> bool:
        return request.headers.get("17token") != self.credentials["api_key"]

    def _item(self, number: str, happened: Sequence[Happened]) -> dict[str, Any]:
        events = [_event(each) for each in reversed(happened) if each.step in WORDS]
        newest = events[0]["sub_status"] if events else "NotFound_Other"
        return {
            "number": number,
            "carrier": int(self.created.get(number) or 0),
            "track_info": {
                "latest_status": {"status": newest.partition("_")[0], "sub_status": newest},
                "latest_event": events[0] if events else None,
                "tracking": {"providers": [{"provider": {"key": 100003}, "events": events}]},
            },
        }


def _event(happened: Happened) -> dict[str, Any]:
    sub_status, description = WORDS[happened.step]
    return {
        "time_iso": f"{happened.at:%Y-%m-%dT%H:%M:%S}+00:00",
        "time_utc": f"{happened.at:%Y-%m-%dT%H:%M:%SZ}",
        "description": description,
        "location": happened.town,
        "sub_status": sub_status,
        "address": {"country": "IT", "state": None, "city": happened.town, "postal_code": None},
    }


def _rejected(number: str, code: int, message: str) -> dict[str, Any]:
    return {"number": number, "error": {"code": code, "message": message}}
