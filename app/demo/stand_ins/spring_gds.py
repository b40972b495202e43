"""Spring GDS's stand-in: every command at one address, the key in the question, errors in HTTP 200."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

WORDS: dict[Step, tuple[int, str]] = {
    Step.REGISTERED: (0, "PARCEL CREATED"),
    Step.COLLECTED: (18, "COLLECTION"),
    Step.DEPARTED: (21, "INTERNATIONAL TRANSPORT"),
    Step.ARRIVED: (9101, "AT TRANSFER DEPOT"),
    Step.AT_DEPOT: (93, "AT LOCAL DEPOT"),
    Step.OUT_FOR_DELIVERY: (9301, "OUT FOR DELIVERY"),
    Step.ABSENT: (91, "DELIVERY ATTEMPTED"),
    Step.DELAYED: (9302, "DELAYED"),
    Step.HELD: (31, "ACTION REQUIRED"),
    Step.LOST: (111, "LOST OR DESTROYED"),
    Step.CUSTOMS: (40, "IN CUSTOMS"),
    Step.CUSTOMS_HOLD: (41, "CUSTOMS EXCEPTION"),
    Step.CUSTOMS_CLEARED: (2102, "RELEASED BY CUSTOMS"),
    Step.READY: (92, "WAITING FOR COLLECTION"),
    Step.PICKED_UP: (100, "DELIVERED"),
    Step.RETURNING: (124, "RETURN IN TRANSIT"),
    Step.RETURNED: (125, "RETURN RECEIVED"),
    Step.DELIVERED: (100, "DELIVERED"),
}
"""Code and text; Spring tells of a refusal only when the parcel is back, and of a damage so too."""


class SpringStandIn(StandIn):
    """`POST /` with `TrackShipment`."""

    slug = "spring_gds"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "stand-in-spring-key"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/", self._command, methods=["POST"])]

    async def _command(self, request: Request) -> JSONResponse:
        asked = orjson.loads(await request.body())
        if asked.get("Apikey") != self.credentials["api_key"]:
            return JSONResponse({"ErrorLevel": 10, "Error": "Incorrect Apikey"})
        if asked.get("Command") != "TrackShipment":
            return JSONResponse({"ErrorLevel": 10, "Error": "Invalid Command"})
        number = asked["Shipment"]["TrackingNumber"]
        happened = self.history(number)
        if happened is None:
            return JSONResponse({"ErrorLevel": 10, "Error": "Shipment not found"})
        return JSONResponse({"ErrorLevel": 0, "Error": "", "Shipment": _shipment(number, happened)})


def _shipment(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    return {
        "TrackingNumber": number,
        "Service": "PPTT",
        "Carrier": "PostNL Packet Tracked",
        "CarrierTrackingNumber": number,
        "Events": [_event(each) for each in happened if each.step in WORDS],
    }


def _event(happened: Happened) -> dict[str, Any]:
    code, text = WORDS[happened.step]
    return {
        "Timestamp": int(happened.at.timestamp()),
        "DateTime": f"{happened.at.astimezone(AMSTERDAM):%Y-%m-%d %H:%M:%S}",
        "Country": "IT",
        "City": happened.town.upper(),
        "State": "",
        "Zip": "",
        "Code": code,
        "Description": text,
        "CarrierCode": "X1",
        "CarrierDescription": text,
    }
