"""Hermes Germany's stand-in: a token by user and password, and HSI with a result for each number."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import form_of

BERLIN = ZoneInfo("Europe/Berlin")
TOKEN = "hermes-stand-in-token"

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("0000", "Die Sendung wurde angekündigt"),
    Step.COLLECTED: ("2400", "Die Sendung wurde im PaketShop abgegeben"),
    Step.DEPARTED: ("1000", "Die Sendung ist unterwegs"),
    Step.ARRIVED: ("2000", "Die Sendung ist im Zentrum eingetroffen"),
    Step.AT_DEPOT: ("2300", "Die Sendung ist in der Region eingetroffen"),
    Step.OUT_FOR_DELIVERY: ("3000", "Die Sendung ist in Zustellung"),
    Step.ABSENT: ("4000", "Die Sendung konnte nicht zugestellt werden"),
    Step.DELAYED: ("7000", "Die Sendung verspätet sich"),
    Step.HELD: ("6000", "Die Sendung wurde angehalten"),
    Step.LOST: ("4630", "Die Sendung ist nicht auffindbar"),
    Step.CUSTOMS: ("1710", "Ausfuhr angemeldet"),
    Step.CUSTOMS_HOLD: ("1730", "Vom Zoll angehalten"),
    Step.CUSTOMS_CLEARED: ("1720", "Vom Zoll freigegeben"),
    Step.READY: ("5000", "Die Sendung liegt im PaketShop bereit"),
    Step.PICKED_UP: ("3500", "Die Sendung wurde zugestellt"),
    Step.RETURNING: ("6090", "Die Sendung geht zurück"),
    Step.RETURNED: ("7500", "Die Sendung ist beim Auftraggeber"),
    Step.DELIVERED: ("3500", "Die Sendung wurde zugestellt"),
}
"""Code and text; Hermes has no known code for a refusal or a damage."""


class HermesStandIn(StandIn):
    """`GET /services/hsi/shipmentinfo` with a number or several."""

    slug = "hermes_de"
    credentials: ClassVar[Mapping[str, str]] = {
        "username": "stand-in",
        "password": "hermes-stand-in-password",
        "client_id": "shop",
        "client_secret": "hermes-stand-in-secret",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/authorization-facade/oauth2/access_token", self._token, methods=["POST"]),
            Route("/services/hsi/shipmentinfo", self._info),
        ]

    async def _token(self, request: Request) -> JSONResponse:
        given = await form_of(request)
        if given != {"grant_type": "password", **self.credentials}:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    async def _info(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "invalid_token"}, 401)
        numbers = request.query_params.getlist("shipmentID")
        return JSONResponse({"shipmentinfo": [_told(number, self.history(number)) for number in numbers]})


def _told(number: str, happened: Sequence[Happened] | None) -> dict[str, Any]:
    if happened is None:
        return {"shipmentID": number, "result": {"code": "e001", "message": "Sendung nicht gefunden"}, "status": []}
    status = [_status(each) for each in reversed(happened) if each.step in WORDS]
    return {"shipmentID": number, "result": {"code": "i001", "message": "ok"}, "status": status}


def _status(happened: Happened) -> dict[str, Any]:
    code, text = WORDS[happened.step]
    return {
        "timestamp": happened.at.astimezone(BERLIN).isoformat(timespec="seconds"),
        "code": code,
        "description": text,
        "scanningUnit": {"name": "Depot", "city": happened.town, "countryCode": "DEU"},
    }
