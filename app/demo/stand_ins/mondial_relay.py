"""Mondial Relay's stand-in: `WSI2_TracingColisDetaille` by SOAP, signed with the merchant's key."""

from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

PARIS = ZoneInfo("Europe/Paris")
SERVICE = "http://www.mondialrelay.fr/webservice/"

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("80", "RÉCEPTION DES DONNÉES"),
    Step.COLLECTED: ("81", "COLIS PRIS EN CHARGE"),
    Step.DEPARTED: ("81", "PRISE EN CHARGE EN AGENCE"),
    Step.ARRIVED: ("81", "PRISE EN CHARGE EN AGENCE"),
    Step.AT_DEPOT: ("81", "COLIS REMIS AU LIVREUR"),
    Step.READY: ("81", "DISPONIBLE AU POINT RELAIS"),
    Step.PICKED_UP: ("82", "COLIS LIVRÉ"),
    Step.DELIVERED: ("82", "COLIS LIVRÉ"),
}
"""State and label; no other label of the service is known in public."""


class MondialRelayStandIn(StandIn):
    """One expedition a call; a wrong signature is the state 97."""

    slug = "mondial_relay"
    credentials: ClassVar[Mapping[str, str]] = {"enseigne": "BDSTANDI", "private_key": "stand-in-key"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/WebService/WebService.asmx", self._trace, methods=["POST"])]

    async def _trace(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body()).find(f".//{{{SERVICE}}}WSI2_TracingColisDetaille")
        if asked is None:
            return Response("Server did not recognize the value of HTTP Header SOAPAction", 500)
        *values, security = [str(each.text or "") for each in asked]
        signed = "".join(values) + self.credentials["private_key"]
        if security != md5(signed.encode(), usedforsecurity=False).hexdigest().upper():
            return _answer("<STAT>97</STAT>")
        brand, number, _ = values
        if brand != self.credentials["enseigne"]:
            return _answer("<STAT>1</STAT>")
        happened = self.history(number)
        if happened is None:
            return _answer("<STAT>94</STAT>")
        told = [each for each in happened if each.step in WORDS]
        rows = "".join(_row(each) for each in told) + _row(None)
        stat = WORDS[told[-1].step][0] if told else "80"
        return _answer(f"<STAT>{stat}</STAT><Libelle01/><Relais_Libelle/><Relais_Num/><Tracing>{rows}</Tracing>")


def _answer(inside: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<soap:Body><WSI2_TracingColisDetailleResponse xmlns="{SERVICE}"><WSI2_TracingColisDetailleResult>{inside}'
        "</WSI2_TracingColisDetailleResult></WSI2_TracingColisDetailleResponse></soap:Body></soap:Envelope>",
        media_type="text/xml",
    )


def _row(happened: Happened | None) -> str:
    """A row of the history; the service fills it up with empty ones."""
    inside = "<Libelle/><Date/><Heure/><Emplacement/>"
    if happened is not None:
        at = happened.at.astimezone(PARIS)
        inside = (
            f"<Libelle>{WORDS[happened.step][1]}</Libelle><Date>{at:%d/%m/%y}</Date><Heure>{at:%H:%M}</Heure>"
            f"<Emplacement>{escape(happened.town)}</Emplacement>"
        )
    row = "ret_WSI2_sub_TracingColisDetaille"
    return f"<{row}>{inside}<Relais_Num/><Relais_Pays/></{row}>"
