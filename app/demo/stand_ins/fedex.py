"""A stand-in of FedEx: its token, its Track API and its signed push."""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push
from app.demo.stand_ins.letting_in import Granting, form_of

ROME = ZoneInfo("Europe/Rome")

WORDS: Mapping[Step, tuple[str, str, str, str]] = {
    Step.REGISTERED: ("OC", "Shipment information sent to FedEx", "", ""),
    Step.COLLECTED: ("PU", "Picked up", "", ""),
    Step.DEPARTED: ("DP", "Left FedEx origin facility", "", ""),
    Step.ARRIVED: ("AR", "Arrived at FedEx location", "", ""),
    Step.AT_DEPOT: ("AF", "At local FedEx facility", "", ""),
    Step.OUT_FOR_DELIVERY: ("OD", "On FedEx vehicle for delivery", "", ""),
    Step.ABSENT: ("DE", "Delivery exception", "08", "Customer not available or business closed"),
    Step.DELAYED: ("DY", "Delay", "", ""),
    Step.HELD: ("SE", "Shipment exception", "099", "Unable to deliver"),
    Step.REFUSED: ("DE", "Delivery exception", "", "Shipment refused by recipient"),
    Step.DAMAGED: ("SE", "Shipment exception", "", "Damaged, delivery not completed"),
    Step.CUSTOMS: ("CP", "Clearance in progress", "", ""),
    Step.CUSTOMS_HOLD: ("CD", "Clearance delay", "", ""),
    Step.CUSTOMS_CLEARED: ("CC", "International shipment release", "", ""),
    Step.READY: ("HL", "Ready for pickup", "", ""),
    Step.PICKED_UP: ("DL", "Delivered", "", ""),
    Step.RETURNING: ("RS", "Returning package to shipper", "", ""),
    Step.RETURNED: ("DL", "Delivered", "", ""),
    Step.DELIVERED: ("DL", "Delivered", "", ""),
}
"""Each step as event type, description, reason and its description; FedEx has no published code for a loss."""

PLACES: Mapping[Step, str] = {Step.PICKED_UP: "FEDEX_LOCATION", Step.DELIVERED: "RESIDENCE", Step.RETURNED: "OTHER"}


class FedexStandIn(Granting):
    """FedEx's server."""

    slug = "fedex"
    credentials: ClassVar[Mapping[str, str]] = {"api_key": "stand-in", "secret_key": "fedex-stand-in-secret"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.granted = 0
        self.questions: list[dict[str, object]] = []

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/track/v1/trackingnumbers", self._track, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = await form_of(request)
        known = {"client_id": self.credentials["api_key"], "client_secret": self.credentials["secret_key"]}
        if form != {"grant_type": "client_credentials", **known}:
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "The given client credentials were not valid.")
        self.granted += 1
        token = f"fedex-token-{self.granted}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": 3599, "scope": "CXS"})

    async def _track(self, request: Request) -> Response:
        if not self.lets_in(request):
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "Access token expired.")
        asked = orjson.loads(await request.body())
        infos = asked.get("trackingInfo", [])
        if not 1 <= len(infos) <= 30:
            return _refusal(400, "TRACKING.TRACKINGNUMBER.LIMITEXCEEDED", "At most 30 tracking numbers.")
        self.questions += infos
        results = [self._result(info["trackingNumberInfo"]["trackingNumber"]) for info in infos]
        return JSONResponse(_answer(results))

    def push(self, number: str, secret: str) -> Push | None:
        if not any(happened.step in WORDS for happened in self.history(number) or ()):
            return None
        body = orjson.dumps(_answer([self._result(number)]))
        signature = b64encode(hmac.digest(secret.encode(), body, sha256)).decode()
        return Push({"content-type": "application/json", "fdx-signature": signature}, body)

    def _result(self, number: str) -> dict[str, object]:
        info = {"trackingNumber": number, "carrierCode": "FDXE"}
        history = self.history(number)
        if history is None:
            error = {"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "Tracking number cannot be found."}
            return {"trackingNumber": number, "trackResults": [{"trackingNumberInfo": info, "error": error}]}
        told = [happened for happened in reversed(history) if happened.step in WORDS]
        result: dict[str, object] = {"trackingNumberInfo": info, "scanEvents": [_scan(each) for each in told]}
        if told:
            result |= _latest(told[0])
        return {"trackingNumber": number, "trackResults": [result]}


def _answer(results: Sequence[dict[str, object]]) -> dict[str, object]:
    return {"transactionId": "5f3c9a10-0000-4000-8000-000000000001", "output": {"completeTrackResults": results}}


def _scan(happened: Happened) -> dict[str, object]:
    code, wording, reason, why = WORDS[happened.step]
    return {
        "date": _printed(happened.at),
        "eventType": code,
        "eventDescription": wording,
        "exceptionCode": reason,
        "exceptionDescription": why,
        "derivedStatusCode": "IT" if code == "OD" else code,
        "scanLocation": {"city": happened.town.upper(), "countryCode": "IT"},
    }


def _latest(happened: Happened) -> dict[str, object]:
    code, wording, reason, why = WORDS[happened.step]
    status: dict[str, object] = {"code": code, "derivedCode": code, "statusByLocale": wording, "description": wording}
    if why:
        status["ancillaryDetails"] = [{"reason": reason, "reasonDescription": why}]
    latest: dict[str, object] = {"latestStatusDetail": status}
    if happened.step in PLACES:
        latest["deliveryDetails"] = {"locationType": PLACES[happened.step], "deliveryAttempts": "0"}
        latest["dateAndTimes"] = [{"type": "ACTUAL_DELIVERY", "dateTime": _printed(happened.at)}]
    return latest


def _printed(at: datetime) -> str:
    return at.astimezone(ROME).isoformat(timespec="seconds")


def _refusal(status: int, code: str, message: str) -> Response:
    error = {"code": code, "parameterList": [], "message": message}
    return JSONResponse({"transactionId": "stand-in", "errors": [error]}, status_code=status)
