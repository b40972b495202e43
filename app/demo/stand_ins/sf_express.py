"""SF Express's stand-in: the open platform's one address, a signed form in, JSON in a string of JSON out."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any, ClassVar
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import form_of

SHANGHAI = ZoneInfo("Asia/Shanghai")

WORDS: dict[Step, tuple[str, str, str]] = {
    Step.COLLECTED: ("50", "101", "Picked up"),
    Step.DEPARTED: ("36", "201", "In transit"),
    Step.ARRIVED: ("31", "201", "In transit"),
    Step.AT_DEPOT: ("130", "", "Arrived at the delivering outlet"),
    Step.OUT_FOR_DELIVERY: ("44", "301", "Out for delivery"),
    Step.CUSTOMS: ("605", "204", "Customs clearance"),
    Step.CUSTOMS_CLEARED: ("", "205", "Cleared customs"),
    Step.READY: ("407", "", "At a partner's shop"),
    Step.PICKED_UP: ("80", "401", "Delivered"),
    Step.RETURNING: ("631", "", "Returned"),
    Step.DELIVERED: ("80", "401", "Delivered"),
}
"""Operation, secondary code and the status's name; no more of SF Express's codes are known for certain."""


class SfExpressStandIn(StandIn):
    """`POST /std/service` with `EXP_RECE_SEARCH_ROUTES`."""

    slug = "sf_express"
    credentials: ClassVar[Mapping[str, str]] = {"partner_id": "STANDIN", "check_word": "stand-in-check-word"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/std/service", self._service, methods=["POST"])]

    async def _service(self, request: Request) -> JSONResponse:
        form = await form_of(request)
        if not {"partnerID", "requestID", "serviceCode", "timestamp", "msgData", "msgDigest"} <= form.keys():
            return _answer("A1001", "Required parameters are missing")
        if (form["partnerID"], form["serviceCode"]) != (self.credentials["partner_id"], "EXP_RECE_SEARCH_ROUTES"):
            return _answer("A1004", "No right to this service")
        if form["msgDigest"] != _digest(form["msgData"] + form["timestamp"] + self.credentials["check_word"]):
            return _answer("A1006", "Invalid signature")
        numbers = orjson.loads(form["msgData"])["trackingNumber"]
        told = [{"mailNo": number, "routes": self._routes(number)} for number in numbers]
        inner = {"success": True, "errorCode": "S0000", "errorMsg": None, "msgData": {"routeResps": told}}
        return _answer("A1000", "", orjson.dumps(inner).decode())

    def _routes(self, number: str) -> list[dict[str, str]]:
        return [_route(each) for each in self.history(number) or () if each.step in WORDS]


def _digest(signed: str) -> str:
    return b64encode(md5(quote_plus(signed).encode(), usedforsecurity=False).digest()).decode()


def _answer(code: str, error: str, data: str | None = None) -> JSONResponse:
    answer: dict[str, Any] = {"apiErrorMsg": error, "apiResponseID": "000190A0B0C0D0E0", "apiResultCode": code}
    return JSONResponse({**answer, "apiResultData": data})


def _route(happened: Happened) -> dict[str, str]:
    operation, secondary, text = WORDS[happened.step]
    route = {
        "acceptTime": f"{happened.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "acceptAddress": happened.town,
        "opCode": operation,
        "remark": text,
    }
    return {**route, "secondaryStatusCode": secondary, "secondaryStatusName": text} if secondary else route
