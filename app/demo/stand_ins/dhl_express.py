"""DHL Express's stand-in: `GET /tracking` of the MyDHL API behind Basic authentication, up to 200 numbers a call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, tuple[str, str]] = {
    Step.COLLECTED: ("PU", "Shipment picked up"),
    Step.DEPARTED: ("DF", "Departed from a DHL facility"),
    Step.ARRIVED: ("AF", "Arrived at a DHL facility"),
    Step.AT_DEPOT: ("AR", "Arrived at the delivery facility"),
    Step.OUT_FOR_DELIVERY: ("WC", "With delivery courier"),
    Step.ABSENT: ("NH", "Recipient not home"),
    Step.DELAYED: ("MD", "Delivery cycle missed"),
    Step.HELD: ("OH", "Shipment on hold"),
    Step.REFUSED: ("RD", "Recipient refused delivery"),
    Step.LOST: ("CS", "Closed shipment"),
    Step.CUSTOMS: ("IC", "In clearance processing"),
    Step.CUSTOMS_HOLD: ("CD", "Clearance delay"),
    Step.CUSTOMS_CLEARED: ("CR", "Clearance processing complete"),
    Step.READY: ("CC", "Awaiting collection by the recipient"),
    Step.PICKED_UP: ("OK", "Delivered"),
    Step.RETURNING: ("RT", "Returned to the shipper"),
    Step.DELIVERED: ("OK", "Delivered"),
}
"""DHL has no code for data alone, damage on the way or a parcel that is back."""


class DhlExpressStandIn(StandIn):
    """A shipment of one piece for each number that has a history."""

    slug = "dhl_express"
    credentials: ClassVar[Mapping[str, str]] = {"api_user": "stand-in", "api_secret": "stand-in-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tracking", self._tracking)]

    async def _tracking(self, request: Request) -> JSONResponse:
        if not by_password(request, self.credentials["api_user"], self.credentials["api_secret"]):
            return _problem(401, "Unauthorized", "Invalid Credentials")
        asked = request.query_params.getlist("shipmentTrackingNumber")
        pieces = request.query_params.getlist("pieceTrackingNumber")
        if not 1 <= len(asked + pieces) <= 200:
            return _problem(400, "Bad request", "Between 1 and 200 numbers are needed")
        told = [(number, happened) for number in asked + pieces if (happened := self.history(number)) is not None]
        if not told:
            return _problem(404, "Not Found", "No data found")
        return JSONResponse({"shipments": [_shipment(number, happened, number in pieces) for number, happened in told]})


def _problem(status: int, title: str, detail: str) -> JSONResponse:
    problem = {"instance": "/expressapi/tracking", "title": title, "detail": detail, "message": title}
    return JSONResponse(problem | {"status": str(status)}, status, media_type="application/problem+json")


def _shipment(number: str, happened: Sequence[Happened], is_piece: bool) -> dict[str, Any]:
    events = [_event(each) for each in reversed(happened) if each.step in WORDS]
    return {
        "shipmentTrackingNumber": "1234567891" if is_piece else number,
        "status": "Success",
        "productCode": "N",
        "shipperDetails": {"postalAddress": {"countryCode": "IT"}},
        "receiverDetails": {"postalAddress": {"countryCode": "IT"}},
        "numberOfPieces": 1,
        "events": events,
        "pieces": [{"trackingNumber": number if is_piece else "JD014600000000000001", "events": events}],
    }


def _event(happened: Happened) -> dict[str, Any]:
    code, description = WORDS[happened.step]
    at = happened.at.astimezone(ROME)
    return {
        "date": f"{at:%Y-%m-%d}",
        "time": f"{at:%H:%M:%S}",
        "GMTOffset": at.isoformat()[-6:],
        "typeCode": code,
        "description": description,
        "serviceArea": [{"code": happened.town[:3].upper(), "description": f"{happened.town}-IT"}],
    }
