"""DPD Poland's stand-in: `getEventsForWaybillV1` of InfoServices; an empty list of a waybill that it does not know."""

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

WARSAW = ZoneInfo("Europe/Warsaw")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.COLLECTED: ("040101", "Odebrana przez Kuriera"),
    Step.DEPARTED: ("330137", "Przesyłka w drodze"),
    Step.ARRIVED: ("120100", "Przyjęcie w oddziale"),
    Step.AT_DEPOT: ("160101", "Przyjęcie w oddziale"),
    Step.OUT_FOR_DELIVERY: ("170101", "Wydana do doręczenia"),
    Step.ABSENT: ("200201", "Odbiorca nieobecny"),
    Step.DELAYED: ("160102", "Błąd sortowania"),
    Step.HELD: ("230101", "Magazynowanie"),
    Step.REFUSED: ("200702", "Odmowa przyjęcia"),
    Step.DAMAGED: ("200414", "Odmowa przyjęcia: przesyłka uszkodzona"),
    Step.READY: ("511201", "Przesyłka w punkcie"),
    Step.PICKED_UP: ("701901", "Odebrana w punkcie"),
    Step.RETURNING: ("230403", "Zwrot"),
    Step.DELIVERED: ("190101", "Doręczona"),
}
"""Code and description; no code is known for data alone, customs, losses and parcels that are back."""


class DpdPolandStandIn(StandIn):
    """One waybill a call; who has no access gets a fault under 500."""

    slug = "dpd_poland"
    credentials: ClassVar[Mapping[str, str]] = {"login": "stand-in", "password": "dpd-poland-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/DPDInfoServicesObjEventsService/DPDInfoServicesObjEvents", self._events, methods=["POST"])]

    async def _events(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        said = {name: str(asked.findtext(f".//{name}")) for name in ("waybill", "login", "password")}
        if any(said[name] != value for name, value in self.credentials.items()):
            return _envelope(
                "<S:Fault><faultcode>S:Server</faultcode><faultstring>Access denied to secured webserwis method"
                "</faultstring></S:Fault>",
                500,
            )
        told = [each for each in self.history(said["waybill"]) or () if each.step in WORDS]
        rows = "".join(_row(each, said["waybill"]) for each in told)
        return _envelope(
            '<ns2:getEventsForWaybillV1Response xmlns:ns2="http://events.dpdinfoservices.dpd.com.pl/"><return>'
            f"<confirmId>1</confirmId>{rows}</return></ns2:getEventsForWaybillV1Response>"
        )


def _envelope(inside: str, status: int = 200) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<S:Body>{inside}</S:Body></S:Envelope>",
        status,
        media_type="text/xml; charset=utf-8",
    )


def _row(happened: Happened, waybill: str) -> str:
    code, description = WORDS[happened.step]
    at = happened.at.astimezone(WARSAW)
    return (
        f"<eventsList><businessCode>{code}</businessCode><country>PL</country><depot>1301</depot>"
        f"<depotName>{escape(happened.town)}</depotName><description>{description}</description>"
        f"<eventTime>{at:%Y-%m-%dT%H:%M:%S}</eventTime><waybill>{escape(waybill)}</waybill></eventsList>"
    )
