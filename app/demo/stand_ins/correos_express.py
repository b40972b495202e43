"""Correos Express' stand-in: the states of one number behind Basic authentication; errors stand in HTTP 200."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

MADRID = ZoneInfo("Europe/Madrid")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("1", "SIN RECEPCION"),
    Step.PICKED_UP: ("12", "ENTREGADO"),
    Step.RETURNED: ("17", "DEVUELTO"),
    Step.DELIVERED: ("12", "ENTREGADO"),
}
"""Code and text; what the codes between mean is not public."""


class CorreosExpressStandIn(StandIn):
    """One number a call."""

    slug = "correos_express"
    credentials: ClassVar[Mapping[str, str]] = {
        "username": "stand-in",
        "password": "correos-express-secret",
        "customer_code": "B00000001",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/wspsc/apiRestSeguimientoEnviosk8s/json/seguimientoEnvio", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> JSONResponse:
        if not by_password(request, self.credentials["username"], self.credentials["password"]):
            return JSONResponse({"error": 401, "mensajeError": "Usuario no autorizado"}, 401)
        asked = await request.json()
        if asked.get("codigoCliente") != self.credentials["customer_code"]:
            return _answer([], 2, "El usuario no tiene permisos para el cliente")
        happened = self.history(asked.get("dato", ""))
        if happened is None:
            return _answer([], 1, "No existe el envío")
        return _answer([_state(each) for each in happened if each.step in WORDS], numEnvio=asked["dato"])


def _answer(states: list[dict[str, str]], error: int = 0, message: str = "", **head: str) -> JSONResponse:
    return JSONResponse({"error": error, "mensajeError": message, **head, "estadoEnvios": states})


def _state(happened: Happened) -> dict[str, str]:
    code, text = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return {"codEstado": code, "descEstado": text, "fechaEstado": f"{at:%d%m%Y}", "horaEstado": f"{at:%H%M%S}"}
