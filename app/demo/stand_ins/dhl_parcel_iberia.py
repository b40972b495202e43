"""DHL Parcel Iberia's stand-in: the bare token of CIMAPI, and the head and events of one shipment."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.letting_in import Granting

MADRID = ZoneInfo("Europe/Madrid")
PATH = "/cimapi/api/v1/customer"

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("A", "Envío asignado"),
    Step.DEPARTED: ("T", "En tránsito"),
    Step.ARRIVED: ("T", "En tránsito"),
    Step.AT_DEPOT: ("T", "En tránsito"),
    Step.DELAYED: ("A", "Es posible que la entrega se posponga un día hábil"),
    Step.DELIVERED: ("R", "Recibido"),
}
"""Code and text; no other codes are known."""


class DhlParcelIberiaStandIn(Granting):
    """One shipment a call."""

    slug = "dhl_parcel_iberia"
    credentials: ClassVar[Mapping[str, str]] = {"username": "stand-in", "password": "dhl-iberia-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route(f"{PATH}/authenticate", self._token, methods=["POST"]), Route(f"{PATH}/track", self._track)]

    async def _token(self, request: Request) -> JSONResponse:
        given = await request.json()
        if {name.lower(): value for name, value in given.items()} != self.credentials:
            return JSONResponse({"Message": "Usuario o contraseña incorrectos"}, 400)
        token = self.new_token()
        return JSONResponse(token)

    async def _track(self, request: Request) -> JSONResponse:
        if not self.lets_in(request):
            return JSONResponse({"Message": "Authorization has been denied for this request."}, 401)
        number = request.query_params.get("id", "")
        happened = self.history(number)
        if happened is None:
            return JSONResponse({"Message": "El envío no existe"}, 400)
        head = {"Year": "6", "From": "08", "Tracking": number, "Product": "EUROPLUS DOM", "Parcels": 1, "AWB": ""}
        return JSONResponse({**head, "Events": [_event(each) for each in happened if each.step in WORDS]})


def _event(happened: Happened) -> dict[str, str]:
    code, text = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return {"DateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "Code": code, "Status": text, "Ubication": happened.town}
