"""OnTrac's stand-in: `GET …/shipments` with account and password in the address, many numbers a call."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

LOS_ANGELES = ZoneInfo("America/Los_Angeles")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("XX", "Order information created."),
    Step.COLLECTED: ("PU", "The package was picked up."),
    Step.DEPARTED: ("OS", "Package en route."),
    Step.ARRIVED: ("RD", "Package received at the facility."),
    Step.AT_DEPOT: ("PS", "Package scanned at delivery facility."),
    Step.OUT_FOR_DELIVERY: ("OD", "Out for delivery."),
    Step.ABSENT: ("NH", "Delayed. Delivery date updated."),
    Step.DELAYED: ("LM", "Delayed. Delivery date updated."),
    Step.HELD: ("HW", "Details needed. Please contact us."),
    Step.REFUSED: ("CR", "Refused or returned. Contact sender."),
    Step.DAMAGED: ("DC", "Damaged. Contact sender."),
    Step.READY: ("HP", "Held for pickup at the local facility."),
    Step.PICKED_UP: ("OK", "Delivered."),
    Step.RETURNED: ("RS", "Returned. Contact sender."),
    Step.DELIVERED: ("OK", "Delivered."),
}
"""Codes of the specification, which has none for losses and for the way back, and knows no customs."""


class OnTracStandIn(StandIn):
    """Its facilities are all in California, whatever a journey's towns are; errors come in HTTP 200.

    `no_number` is what it takes for no number at all: then the whole call fails.
    """

    slug = "ontrac"
    credentials: ClassVar[Mapping[str, str]] = {"account": "37", "password": "ontrac-stand-in-secret"}
    no_number: ClassVar[str] = "NO-NUMBER"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/OnTracServices.svc/V7/{account}/shipments", self._track)]

    async def _track(self, request: Request) -> Response:
        given = (request.path_params["account"], request.query_params.get("pw"))
        numbers = request.query_params.get("tn", "").split(",")
        inside, error = "", ""
        if given != (self.credentials["account"], self.credentials["password"]):
            error = "Invalid Username or Password"
        elif len(numbers) > 100:
            error = "Outside the Bounds of the Array"
        elif self.no_number in numbers:
            error = "Invalid Tracking String"
        else:
            inside = "".join(_shipment(number, self.history(number)) for number in numbers)
        return Response(
            f"<OnTracTrackingResult><Shipments>{inside}</Shipments><Note/><Error>{error}</Error></OnTracTrackingResult>",
            media_type="application/xml",
        )


def _shipment(number: str, happened: Sequence[Happened] | None) -> str:
    if happened is None:
        inside = "<Events/><Error>Invalid Tracking Number</Error>"
    else:
        events = "".join(_event(each) for each in reversed(happened) if each.step in WORDS)
        inside = f"<Events>{events}</Events><Error/>"
    return f"<Shipment>{inside}<Tracking>{escape(number)}</Tracking></Shipment>"


def _event(happened: Happened) -> str:
    code, words = WORDS[happened.step]
    at = happened.at.astimezone(LOS_ANGELES)
    return (
        f"<Event><Status>{code}</Status><Description>{words}</Description>"
        f"<EventTime>{at:%Y-%m-%dT%H:%M:%S}.45</EventTime>"
        "<Facility>Commerce</Facility><City>COMMERCE</City><State>CA</State><Zip>90040</Zip></Event>"
    )
