"""DHL Paket's stand-in: Parcel DE Tracking, whose questions and answers are nested `data` elements."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

BERLIN = ZoneInfo("Europe/Berlin")

WORDS: Mapping[Step, tuple[str, str, str, str]] = {
    Step.REGISTERED: ("PARCV", "NRQRD", "VA", "The shipment's data has been sent to DHL"),
    Step.COLLECTED: ("SHRCU", "NRQRD", "ES", "The shipment has been posted by the sender"),
    Step.DEPARTED: ("LDTMV", "NRQRD", "AA", "The shipment has left the parcel center"),
    Step.ARRIVED: ("MVARR", "NRQRD", "EE", "The shipment has arrived at the parcel center"),
    Step.AT_DEPOT: ("SRTED", "NRQRD", "PO", "The shipment is at the delivery base"),
    Step.OUT_FOR_DELIVERY: ("LDTMV", "MVMTV", "PO", "The shipment has been loaded onto the delivery vehicle"),
    Step.ABSENT: ("NTDEL", "NHOME", "ZN", "The recipient was not at home"),
    Step.DELAYED: ("MVTEX", "FRMJR", "BV", "The shipment is delayed"),
    Step.HELD: ("EXPHD", "NRQRD", "BV", "The shipment is on hold"),
    Step.REFUSED: ("DLVRF", "NTORD", "ZN", "The recipient has refused the shipment"),
    Step.DAMAGED: ("DMGDS", "NRQRD", "BV", "The shipment is damaged"),
    Step.LOST: ("RCCLS", "LOSTX", "ZN", "The shipment cannot be found"),
    Step.CUSTOMS: ("ICPRC", "NRQRD", "ZO", "The shipment is being prepared for customs clearance"),
    Step.CUSTOMS_HOLD: ("HLDCU", "NORSN", "BV", "The shipment is held by customs"),
    Step.CUSTOMS_CLEARED: ("RSDCP", "OARRV", "ZO", "The shipment has been cleared"),
    Step.READY: ("HLDCC", "SERPT", "ZF", "The shipment is ready for pick-up at a retail outlet"),
    Step.PICKED_UP: ("DLVRD", "ACCPK", "ZU", "The recipient has picked up the shipment"),
    Step.RETURNING: ("RETRN", "RFUSD", "ZN", "The shipment is being returned"),
    Step.RETURNED: ("DLVRD", "ACCPT", "ZU", "The shipment has been delivered"),
    Step.DELIVERED: ("DLVRD", "ACCPT", "ZU", "The shipment has been delivered"),
}
"""ICE event, RIC reason, TTpro code and text; a return's delivery is told by its flag."""


class DhlParcelDeStandIn(StandIn):
    """`d-get-piece-detail`, behind the app's key and the customer's login; `questions` are the elements asked with."""

    slug = "dhl_parcel_de"
    credentials: ClassVar[Mapping[str, str]] = {
        "api_key": "stand-in",
        "api_secret": "stand-in-secret",
        "appname": "zt00001",
        "password": "stand-in-password",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/parcel/de/tracking/v0/shipments", self._track)]

    async def _track(self, request: Request) -> Response:
        keys = self.credentials
        if not by_password(request, keys["api_key"], keys["api_secret"]):
            return Response(status_code=401)
        asked = etree.fromstring(request.query_params.get("xml", "<data/>").encode()).attrib
        if (asked.get("appname"), asked.get("password")) != (keys["appname"], keys["password"]):
            return _answer(etree.Element("data", name="piece-shipment-list", code="5", error="Login failed"))
        pieces = [self._piece(number) for number in asked.get("piece-code", "").split(";")]
        known = [piece for piece in pieces if piece.get("error-status") == "0"]
        if not known:
            return _answer(etree.Element("data", name="piece-shipment-list", code="100", error="No data found"))
        told = etree.Element("data", {"name": "piece-shipment-list", "code": "0", "request-id": "stand-in"})
        told.extend(pieces)
        return _answer(told)

    def _piece(self, number: str) -> etree._Element:
        happened = self.history(number)
        piece = etree.Element("data", {"name": "piece-shipment", "searched-piece-code": number, "piece-code": number})
        piece.set("error-status", "100" if happened is None else "0")
        rows = [_row(each) for each in happened or ()]
        if rows:
            for name in ("ice", "ric", "standard-event-code", "ruecksendung"):
                piece.set(name, rows[-1].get(name, ""))
            piece.set("status", rows[-1].get("event-status", ""))
            piece.set("status-timestamp", rows[-1].get("event-timestamp", ""))
        etree.SubElement(piece, "data", name="piece-event-list").extend(rows)
        return piece


def _row(happened: Happened) -> etree._Element:
    ice, ric, ttpro, text = WORDS[happened.step]
    return etree.Element(
        "data",
        {
            "name": "piece-event",
            "event-timestamp": f"{happened.at.astimezone(BERLIN):%d.%m.%Y %H:%M}",
            "event-status": text,
            "ice": ice,
            "ric": ric,
            "standard-event-code": ttpro,
            "event-location": happened.town,
            "event-country": "Germany",
            "ruecksendung": str(happened.step is Step.RETURNED).lower(),
        },
    )


def _answer(told: etree._Element) -> Response:
    return Response(etree.tostring(told, xml_declaration=True, encoding="UTF-8"), media_type="application/xml")
