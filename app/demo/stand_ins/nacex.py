"""Nacex' stand-in: the last state of one expedition as a line of text; what is wrong begins with ERROR."""

from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

MADRID = ZoneInfo("Europe/Madrid")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.COLLECTED: ("RECOGIDO", ""),
    Step.DEPARTED: ("TRANSITO", ""),
    Step.ARRIVED: ("TRANSITO", ""),
    Step.AT_DEPOT: ("TRANSITO", ""),
    Step.OUT_FOR_DELIVERY: ("REPARTO", ""),
    Step.HELD: ("INCIDENCIA", "EN AGENCIA"),
    Step.REFUSED: ("INCIDENCIA", "REHUSADO"),
    Step.DAMAGED: ("INCIDENCIA", "ROTURA"),
    Step.LOST: ("INCIDENCIA", "EXTRAVIO"),
    Step.PICKED_UP: ("OK", ""),
    Step.DELIVERED: ("OK", ""),
}
"""State and remarks; it has no word for data alone, customs, returns and parcel shops, and attempts are incidents."""


class NacexStandIn(StandIn):
    """One expedition a call."""

    slug = "nacex"
    credentials: ClassVar[Mapping[str, str]] = {"user": "STANDIN", "password": "nacex-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/nacex_ws/ws", self._state)]

    async def _state(self, request: Request) -> PlainTextResponse:
        asked = request.query_params
        secret = md5(self.credentials["password"].encode(), usedforsecurity=False).hexdigest().upper()
        if (asked.get("user"), asked.get("pass")) != (self.credentials["user"], secret):
            return PlainTextResponse("ERROR|Usuario o password incorrectos")
        data = dict(part.split("=", 1) for part in asked.get("data", "").split("|"))
        branch, waybill = data.get("origen", "2800"), data.get("albaran", "00000001")
        number = f"{branch}/{waybill}" if "albaran" in data else data.get("expe_codigo", "")
        told = [each for each in self.history(number) or () if each.step in WORDS]
        if not told:
            return PlainTextResponse("ERROR|Expedición no encontrada")
        return PlainTextResponse(_line(data.get("expe_codigo", "000000001"), told[-1], branch, waybill))


def _line(expedition: str, happened: Happened, branch: str, waybill: str) -> str:
    state, remarks = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return "|".join((expedition, f"{at:%d/%m/%Y}", f"{at:%H:%M}", remarks, state, "1", branch, waybill))
