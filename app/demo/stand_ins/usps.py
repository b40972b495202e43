"""USPS's stand-in: a token, Tracking v3 for one number and v3r2 for several, and a notification."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import Push
from app.demo.stand_ins.letting_in import Granting, form_of

EASTERN = ZoneInfo("America/New_York")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("GX", "Shipping Label Created, USPS Awaiting Item"),
    Step.COLLECTED: ("03", "Accepted at USPS Origin Facility"),
    Step.DEPARTED: ("T1", "Departed USPS Regional Facility"),
    Step.ARRIVED: ("A1", "Arrived at USPS Regional Facility"),
    Step.AT_DEPOT: ("07", "Arrived at Post Office"),
    Step.OUT_FOR_DELIVERY: ("OF", "Out for Delivery"),
    Step.ABSENT: ("02", "Notice Left (No Authorized Recipient Available)"),
    Step.DELAYED: ("08", "Missent"),
    Step.REFUSED: ("04", "Refused"),
    Step.LOST: ("11", "Sent to Mail Recovery Center"),
    Step.CUSTOMS: ("", "Customs Clearance"),
    Step.CUSTOMS_HOLD: ("", "Held in Customs"),
    Step.CUSTOMS_CLEARED: ("", "Customs Clearance Processing Complete"),
    Step.READY: ("16", "Available for Pickup"),
    Step.PICKED_UP: ("01", "Delivered, Individual Picked Up at Post Office"),
    Step.RETURNING: ("09", "Return to Sender Processed"),
    Step.RETURNED: ("01", "Delivered, To Original Sender"),
    Step.DELIVERED: ("01", "Delivered, In/At Mailbox"),
}
"""Code and text; mail from abroad has none of USPS's codes, and USPS holds nothing and says no word of damage."""


class UspsStandIn(Granting):
    """One number by v3, several by v3r2."""

    slug = "usps"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in", "client_secret": "usps-stand-in-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/oauth2/v3/token", self._token, methods=["POST"]),
            Route("/tracking/v3/tracking/{number}", self._one),
            Route("/tracking/v3r2/tracking", self._many, methods=["POST"]),
        ]

    def push(self, number: str, secret: str) -> Push | None:
        told = self.history(number)
        return Push({"content-type": "application/json"}, orjson.dumps(_item(number, told[-1:]))) if told else None

    async def _token(self, request: Request) -> JSONResponse:
        form = await form_of(request)
        if {name: form.get(name) for name in self.credentials} != dict(self.credentials):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": self.new_token(), "token_type": "Bearer", "expires_in": 28799})

    async def _one(self, request: Request) -> JSONResponse:
        number = request.path_params["number"]
        if not self.lets_in(request):
            return JSONResponse(_error("401", "Unauthorized"), 401)
        happened = self.history(number)
        return (
            JSONResponse(_error("404", "Not found"), 404) if happened is None else JSONResponse(_item(number, happened))
        )

    async def _many(self, request: Request) -> JSONResponse:
        if not self.lets_in(request):
            return JSONResponse(_error("401", "Unauthorized"), 401)
        numbers = [each["trackingNumber"] for each in await request.json()]
        told = [(number, self.history(number)) for number in numbers]
        return JSONResponse(
            [
                {"trackingNumber": number, **_error("404", "Not found")}
                if happened is None
                else _item(number, happened)
                for number, happened in told
            ]
        )


def _error(code: str, message: str) -> dict[str, Any]:
    return {"apiVersion": "/tracking/v3", "error": {"code": code, "message": message, "errors": []}}


def _item(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(each) for each in reversed(happened) if each.step in WORDS]
    return {
        "trackingNumber": number,
        "status": events[0]["eventType"] if events else "",
        "statusCategory": "In Transit",
        "mailClass": "USPS Ground Advantage",
        "trackingEvents": events,
    }


def _event(happened: Happened) -> dict[str, Any]:
    code, text = WORDS[happened.step]
    here = happened.at.astimezone(EASTERN)
    return {
        "eventType": text,
        "eventCode": code,
        "eventTimestamp": f"{here:%Y-%m-%dT%H:%M:%S}",
        "GMTTimestamp": f"{happened.at:%Y-%m-%dT%H:%M:%SZ}",
        "GMTOffset": here.isoformat()[-6:],
        "eventCity": happened.town.upper(),
        "eventState": None,
        "eventZIP": None,
        "eventCountry": None,
    }
