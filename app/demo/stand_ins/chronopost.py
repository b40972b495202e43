"""Chronopost's stand-in: `trackSkybillV2` by GET, which needs no account."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

PARIS = ZoneInfo("Europe/Paris")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("DC", "Envoi en cours de préparation"),
    Step.COLLECTED: ("DB", "Envoi déposé par l'expéditeur"),
    Step.DEPARTED: ("SC", "Envoi trié au site de départ"),
    Step.ARRIVED: ("T", "Entrée de l'envoi dans un site Chronopost"),
    Step.AT_DEPOT: ("SD", "Envoi trié au site de distribution"),
    Step.OUT_FOR_DELIVERY: ("TA", "Envoi en cours de livraison"),
    Step.ABSENT: ("P", "Destinataire absent"),
    Step.DELAYED: ("IA", "Livraison reportée de 24h"),
    Step.HELD: ("SK", "En attente d'informations du client"),
    Step.CUSTOMS_CLEARED: ("SJ", "Problème douanier résolu"),
    Step.READY: ("AB", "Envoi disponible en point de retrait"),
    Step.PICKED_UP: ("D", "Livraison effectuée"),
    Step.RETURNING: ("R", "Envoi en retour vers l'expéditeur"),
    Step.RETURNED: ("D", "Livraison effectuée"),
    Step.DELIVERED: ("D", "Livraison effectuée"),
}
"""Code and label; there is no code known for customs' stops, refusals, damages and losses."""


class ChronopostStandIn(StandIn):
    """One number a call; of one that it does not know it tells no event."""

    slug = "chronopost"
    credentials: ClassVar[Mapping[str, str]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tracking-cxf/TrackingServiceWS/trackSkybillV2", self._track)]

    async def _track(self, request: Request) -> Response:
        number = request.query_params.get("skybillNumber", "")
        happened = self.history(number) or ()
        events = "".join(_event(each) for each in happened if each.step in WORDS)
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
            '<soap:Body><ns1:trackSkybillV2Response xmlns:ns1="http://cxf.tracking.soap.chronopost.fr/"><return>'
            f"<errorCode>0</errorCode><listEventInfoComp>{events}<skybillNumber>{escape(number)}</skybillNumber>"
            "</listEventInfoComp></return></ns1:trackSkybillV2Response></soap:Body></soap:Envelope>"
        )
        return Response(body, media_type="text/xml;charset=UTF-8")


def _event(happened: Happened) -> str:
    code, label = WORDS[happened.step]
    at = happened.at.astimezone(PARIS).isoformat(timespec="seconds")
    return (
        f"<events><code>{code}</code><eventDate>{at}</eventDate><eventLabel>{escape(label)}</eventLabel>"
        f"<highPriority>false</highPriority><NPC/><officeLabel>{escape(happened.town)}</officeLabel><zipCode/></events>"
    )
