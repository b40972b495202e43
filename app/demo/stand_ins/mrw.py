"""MRW's stand-in: `GetEnvios` of its tracking service; what is wrong stands in a message."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

MADRID = ZoneInfo("Europe/Madrid")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.PICKED_UP: ("00", "ENTREGADO"),
    Step.DELIVERED: ("00", "ENTREGADO"),
}
"""State and text; what other states mean is not public."""


class MrwStandIn(StandIn):
    """One number a call."""

    slug = "mrw"
    credentials: ClassVar[Mapping[str, str]] = {"login": "stand-in", "password": "mrw-secret", "subscriber": "000001"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/TrackingService.svc/TrackingServices", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        login, secret, number = (
            str(asked.findtext(f".//{{http://tempuri.org/}}{name}")) for name in ("login", "pass", "valorFiltroDesde")
        )
        if (login, secret) != (self.credentials["login"], self.credentials["password"]):
            return _answer("Usuario o contraseña incorrectos")
        happened = self.history(number)
        if happened is None:
            return _answer("No se encontraron resultados")
        rows = "".join(_state(number, each) for each in happened if each.step in WORDS)
        return _answer("Busqueda correcta por Número de Albarán.", rows)


def _answer(message: str, rows: str = "") -> Response:
    inside = f"<a:Abonado><a:SeguimientoAbonado>{rows}</a:SeguimientoAbonado></a:Abonado>" if rows else ""
    return Response(
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<GetEnviosResponse xmlns="http://tempuri.org/"><GetEnviosResult '
        'xmlns:a="http://schemas.datacontract.org/2004/07/Mrw.TrackingService.Contracts.FrqAbonado">'
        f"<a:MensajeSeguimiento>{message}</a:MensajeSeguimiento><a:Seguimiento>{inside}</a:Seguimiento>"
        "</GetEnviosResult></GetEnviosResponse></s:Body></s:Envelope>",
        media_type="text/xml; charset=utf-8",
    )


def _state(number: str, happened: Happened) -> str:
    state, text = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return (
        f"<a:Seguimiento><a:Estado>{state}</a:Estado><a:EstadoDescripcion>{text}</a:EstadoDescripcion>"
        f"<a:FechaEntrega>{at:%d%m%Y}</a:FechaEntrega><a:HoraEntrega>{at:%H%M}</a:HoraEntrega>"
        f"<a:Intentos>1</a:Intentos><a:NumAlbaran>{escape(number)}</a:NumAlbaran></a:Seguimiento>"
    )
