"""PostNL's stand-in: the status of one barcode or reference, behind a key."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

WORDS: Mapping[Step, tuple[str, str, str]] = {
    Step.REGISTERED: ("A01", "1", "Shipment expected"),
    Step.COLLECTED: ("B01", "2", "Shipment received"),
    Step.DEPARTED: ("J01", "5", "Shipment sorted"),
    Step.ARRIVED: ("J01", "5", "Shipment sorted"),
    Step.AT_DEPOT: ("J01", "5", "Shipment sorted"),
    Step.OUT_FOR_DELIVERY: ("J05", "7", "Driver is en route"),
    Step.ABSENT: ("Y02", "8", "Recipient not at home"),
    Step.DELAYED: ("J92", "8", "Delivery postponed"),
    Step.HELD: ("Y15", "8", "Shipment held"),
    Step.REFUSED: ("H01", "8", "Shipment refused"),
    Step.DAMAGED: ("Y04", "8", "Shipment damaged"),
    Step.LOST: ("Y71", "8", "Shipment missing"),
    Step.CUSTOMS: ("X30", "9", "Shipment at customs"),
    Step.CUSTOMS_HOLD: ("X66", "9", "Stopped by customs"),
    Step.CUSTOMS_CLEARED: ("X61", "9", "Customs completed"),
    Step.READY: ("I08", "12", "Shipment at pick-up location"),
    Step.PICKED_UP: ("I22", "11", "Shipment collected"),
    Step.RETURNING: ("H02", "8", "Not delivered, back to sender"),
    Step.RETURNED: ("J63", "11", "Return delivered to sender"),
    Step.DELIVERED: ("I01", "11", "Shipment delivered"),
}
"""Observation, status and wording."""


class PostNlStandIn(StandIn):
    """Of a barcode that it does not know it has a warning."""

    slug = "postnl"
    credentials: ClassVar[Mapping[str, str]] = {
        "api_key": "stand-in-key",
        "customer_code": "ABCD",
        "customer_number": "11223344",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/shipment/v2/status/barcode/{barcode}", self._status),
            Route("/shipment/v2/status/reference", self._reference),
        ]

    async def _reference(self, request: Request) -> JSONResponse:
        if request.headers.get("apikey") != self.credentials["api_key"]:
            return _refused()
        asked = request.query_params
        known = (self.credentials["customer_code"], self.credentials["customer_number"])
        own = (asked.get("customerCode"), asked.get("customerNumber")) == known
        barcodes = self.references.get(asked.get("reference", ""), ()) if own else ()
        if not barcodes:
            return JSONResponse({"Warnings": [{"Message": "No shipments found for the reference", "Code": "1"}]})
        shipments = [{"MainBarcode": each, "Barcode": each, "Status": {}} for each in barcodes]
        return JSONResponse({"CurrentStatus": {"Shipment": shipments if len(shipments) > 1 else shipments[0]}})

    async def _status(self, request: Request) -> JSONResponse:
        if request.headers.get("apikey") != self.credentials["api_key"]:
            return _refused()
        barcode = request.path_params["barcode"]
        happened = self.history(barcode)
        if happened is None:
            return JSONResponse({"Warnings": [{"Message": f"No shipments found for {barcode}", "Code": "1"}]})
        events = [
            {
                "Code": WORDS[each.step][0],
                "Description": WORDS[each.step][2],
                "DestinationLocationCode": {},
                "LocationCode": "160000",
                "RouteCode": {},
                "RouteName": {},
                "TimeStamp": _time(each),
            }
            for each in reversed(happened)
        ]
        status = {"TimeStamp": _time(happened[-1]), "StatusCode": WORDS[happened[-1].step][1]} if happened else {}
        shipment = {
            "MainBarcode": barcode,
            "Barcode": barcode,
            "ShipmentAmount": "1",
            "ShipmentCounter": "1",
            "ProductCode": "003085",
            "Event": events,
            "Status": status,
            "OldStatus": [],
        }
        return JSONResponse({"CompleteStatus": {"Shipment": shipment}})


def _refused() -> JSONResponse:
    detail = {"errorcode": "oauth.v2.InvalidApiKey"}
    return JSONResponse({"fault": {"faultstring": "Invalid ApiKey", "detail": detail}}, 401)


def _time(happened: Happened) -> str:
    return f"{happened.at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M:%S}"
