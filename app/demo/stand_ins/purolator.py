"""Purolator's stand-in: TrackPackagesByPin behind Basic authentication, several PINs a call."""

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
from app.demo.stand_ins.letting_in import by_password

TORONTO = ZoneInfo("America/Toronto")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.COLLECTED: ("ProofOfPickUp", "Picked up by Purolator"),
    Step.DEPARTED: ("Other", "Departed sort facility"),
    Step.ARRIVED: ("Other", "Arrived at sort facility"),
    Step.AT_DEPOT: ("Other", "Arrived at sort facility"),
    Step.OUT_FOR_DELIVERY: ("OnDelivery", "On vehicle for delivery"),
    Step.ABSENT: ("Undeliverable", "Customer closed"),
    Step.REFUSED: ("Undeliverable", "Shipment refused by recipient"),
    Step.CUSTOMS: ("Other", "Shipment in customs"),
    Step.READY: ("Undeliverable", "Hold for pickup"),
    Step.PICKED_UP: ("Delivery", "Shipment delivered"),
    Step.DELIVERED: ("Delivery", "Shipment delivered"),
}
"""Type and text of a scan, those that are known in public."""


class PurolatorStandIn(StandIn):
    """`POST /PWS/V1/Tracking/TrackingService.asmx`."""

    slug = "purolator"
    credentials: ClassVar[Mapping[str, str]] = {"key": "stand-in", "password": "purolator-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/PWS/V1/Tracking/TrackingService.asmx", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> Response:
        if not by_password(request, self.credentials["key"], self.credentials["password"]):
            return Response("Unauthorized", 401)
        asked = etree.fromstring(await request.body())
        numbers = [str(each.text) for each in asked.iter("{*}Value")]
        if next(asked.iter("{*}RequestContext"), None) is None or not numbers:
            return _answer("<Error><Code>100</Code><Description>Malformed request</Description></Error>", "")
        told = [(number, self.history(number)) for number in numbers]
        return _answer("", "".join(_parcel(number, happened or ()) for number, happened in told))


def _answer(errors: str, parcels: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<TrackPackagesByPinResponse xmlns="http://purolator.com/pws/datatypes/v1">'
        f"<ResponseInformation><Errors>{errors}</Errors></ResponseInformation>"
        f"<TrackingInformationList>{parcels}</TrackingInformationList>"
        "</TrackPackagesByPinResponse></s:Body></s:Envelope>",
        media_type="text/xml",
    )


def _parcel(number: str, happened: Sequence[Happened]) -> str:
    scans = "".join(_scan(number, each) for each in reversed(happened) if each.step in WORDS)
    pin = f"<PIN><Value>{escape(number)}</Value></PIN>"
    return f"<TrackingInformation>{pin}<Scans>{scans}</Scans></TrackingInformation>"


def _scan(number: str, happened: Happened) -> str:
    kind, text = WORDS[happened.step]
    at = happened.at.astimezone(TORONTO)
    return (
        f"<Scan><ScanType>{kind}</ScanType><PIN><Value>{escape(number)}</Value></PIN>"
        f"<Depot><Name>{escape(happened.town.upper())}, ON</Name></Depot><ScanDate>{at:%Y-%m-%d}</ScanDate>"
        f"<ScanTime>{at:%H%M%S}</ScanTime><Description>{text}</Description><Comment/></Scan>"
    )
