"""CTT Express's stand-in: `GetTracking` by SOAP, one shipment a call."""

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

INCIDENT = ("4", "INCIDENCIA")
WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("0", "PENDIENTE DE ENTRADA EN RED"),
    Step.COLLECTED: ("1", "EN TRANSITO"),
    Step.DEPARTED: ("1", "EN TRANSITO"),
    Step.ARRIVED: ("1", "EN TRANSITO"),
    Step.AT_DEPOT: ("11", "EN AGENCIA"),
    Step.OUT_FOR_DELIVERY: ("2", "EN REPARTO"),
    Step.ABSENT: ("8", "NO REALIZADO"),
    Step.HELD: INCIDENT,
    Step.REFUSED: INCIDENT,
    Step.DAMAGED: INCIDENT,
    Step.LOST: INCIDENT,
    Step.CUSTOMS: ("10", "EN ADUANA"),
    Step.CUSTOMS_HOLD: INCIDENT,
    Step.READY: ("6", "RECOGERAN EN AGENCIA"),
    Step.PICKED_UP: ("3", "ENTREGADO"),
    Step.RETURNING: ("5", "DEVOLUCION"),
    Step.RETURNED: ("9", "RETORNADO"),
    Step.DELIVERED: ("3", "ENTREGADO"),
}
"""States; what is wrong is an incident, and there is none for a delay."""

NAMES: Mapping[str, str] = {
    "user": "Id",
    "password": "Password",
    "contract_code": "ContractCode",
    "client_code": "ClientCode",
    "agency_code": "AgencyCode",
}


class CttExpressStandIn(StandIn):
    """Whatever it refuses, it answers with HTTP 200 and an error."""

    slug = "ctt_express"
    credentials: ClassVar[Mapping[str, str]] = {
        "user": "000000STAND1",
        "password": "ctt-stand-in-secret",
        "contract_code": "1",
        "client_code": "STAND1",
        "agency_code": "000000",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/ClientsAPI.svc", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        told = {etree.QName(each).localname: each.text for each in asked.iter()}
        happened = self.history(told.get("ShippingCode") or "")
        if any(told.get(name) != self.credentials[key] for key, name in NAMES.items()):
            inside = _error("1", "Usuario o contraseña incorrectos")
        elif happened is None:
            inside = _error("2", "El envío no existe")
        else:
            rows = "".join(_row(each) for each in happened if each.step in WORDS)
            inside = f"<ErrorCodes/><Tracking>{rows}</Tracking>"
        return Response(
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            '<GetTrackingResponse xmlns="http://tempuri.org/"><GetTrackingResult>'
            f"{inside}</GetTrackingResult></GetTrackingResponse></s:Body></s:Envelope>",
            media_type="text/xml; charset=utf-8",
        )


def _error(code: str, message: str) -> str:
    inside = f"<ErrorCode>{code}</ErrorCode><ErrorMessage>{escape(message)}</ErrorMessage>"
    return f"<ErrorCodes><ErrorResult>{inside}</ErrorResult></ErrorCodes><Tracking/>"


def _row(happened: Happened) -> str:
    code, words = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return (
        f"<Tracking><StatusDateTime>{at:%Y-%m-%dT%H:%M:%S}</StatusDateTime><StatusCode>{code}</StatusCode>"
        f"<StatusDescription>{words}</StatusDescription><IncidentCode/></Tracking>"
    )
