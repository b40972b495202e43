"""GLS Spain's stand-in: `GetExpCli` by SOAP; a client id that it does not know finds no shipment."""

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
    Step.REGISTERED: ("0", "GRABADO"),
    Step.COLLECTED: ("2", "EN TRANSITO"),
    Step.DEPARTED: ("2", "EN TRANSITO"),
    Step.ARRIVED: ("19", "EN PLATAFORMA"),
    Step.AT_DEPOT: ("3", "EN DELEGACION DESTINO"),
    Step.OUT_FOR_DELIVERY: ("6", "EN REPARTO"),
    Step.HELD: ("9", "ALMACENADO"),
    Step.REFUSED: ("91", "INCIDENCIA"),
    Step.LOST: ("20", "EXTRAVIADO"),
    Step.READY: ("25", "EN PARCELSHOP"),
    Step.PICKED_UP: ("7", "ENTREGADO"),
    Step.RETURNING: ("13", "EN DEVOLUCION"),
    Step.RETURNED: ("10", "DEVUELTO"),
    Step.DELIVERED: ("7", "ENTREGADO"),
}
"""States, which know neither customs nor attempts: those are incidents of another list."""


class GlsSpainStandIn(StandIn):
    """One shipment a call."""

    slug = "gls_spain"
    credentials: ClassVar[Mapping[str, str]] = {"uid": "6baa7739-0000-4000-8000-000000000001"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/b2b.asmx", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        uid, number = (str(asked.findtext(f".//{{http://www.asmred.com/}}{name}")) for name in ("uid", "codigo"))
        happened = self.history(number) if uid == self.credentials["uid"] else None
        inside = "<Error>No se encuentra la expedición</Error>" if happened is None else _shipment(number, happened)
        return Response(
            '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
            '<soap:Body><GetExpCliResponse xmlns="http://www.asmred.com/"><GetExpCliResult>'
            f'<expediciones xmlns="">{inside}</expediciones>'
            "</GetExpCliResult></GetExpCliResponse></soap:Body></soap:Envelope>",
            media_type="application/soap+xml",
        )


def _shipment(number: str, happened: Sequence[Happened]) -> str:
    told = [each for each in happened if each.step in WORDS]
    state = WORDS[told[-1].step][0] if told else "-10"
    rows = "".join(_row(each) for each in told)
    return (
        f"<exp><codbar>{escape(number)}</codbar><codestado>{state}</codestado>"
        f"<tracking_list>{rows}</tracking_list></exp>"
    )


def _row(happened: Happened) -> str:
    code, words = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return (
        f"<tracking><fecha>{at:%d/%m/%Y %H:%M:%S}</fecha><tipo>ESTADO</tipo><codigo>{code}</codigo>"
        f"<evento>{words}</evento></tracking>"
    )
