"""Canada Post's stand-in: the detail of one PIN behind Basic authentication."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

TORONTO = ZoneInfo("America/Toronto")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("3000", "Electronic information submitted by shipper"),
    Step.COLLECTED: ("2300", "Item picked up by Canada Post"),
    Step.DEPARTED: ("0410", "Item departed"),
    Step.ARRIVED: ("0100", "Item processed"),
    Step.AT_DEPOT: ("0400", "Item arrived"),
    Step.OUT_FOR_DELIVERY: ("0174", "Item out for delivery"),
    Step.ABSENT: ("1443", "Delivery attempted, next business day"),
    Step.DELAYED: ("0159", "Delay caused by weather"),
    Step.HELD: ("1484", "Item on hold"),
    Step.REFUSED: ("1417", "Item refused by recipient"),
    Step.DAMAGED: ("0710", "Item arrived damaged"),
    Step.CUSTOMS: ("0800", "Item presented to the border agency"),
    Step.CUSTOMS_HOLD: ("0810", "Item held at customs"),
    Step.CUSTOMS_CLEARED: ("0900", "Item released by customs"),
    Step.READY: ("1407", "Item available for pickup at Post Office"),
    Step.PICKED_UP: ("1406", "Item collected from parcel locker"),
    Step.RETURNING: ("1415", "Item being returned to sender"),
    Step.RETURNED: ("1496", "Item returned to sender successfully"),
    Step.DELIVERED: ("1408", "Item successfully delivered"),
}
"""Code and description; Canada Post has no word for a loss."""


class CanadaPostStandIn(StandIn):
    """`GET /vis/track/pin/{pin}/detail`."""

    slug = "canada_post"
    credentials: ClassVar[Mapping[str, str]] = {"user": "stand-in", "password": "canada-post-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/vis/track/pin/{pin}/detail", self._detail)]

    async def _detail(self, request: Request) -> Response:
        if not by_password(request, self.credentials["user"], self.credentials["password"]):
            return _message(401, "E002", "AAA Authentication Failure")
        happened = self.history(request.path_params["pin"])
        if happened is None:
            return _message(404, "004", "No Pin History")
        told = [each for each in reversed(happened) if each.step in WORDS]
        return _xml(
            f'<tracking-detail xmlns="http://www.canadapost.ca/ws/track"><pin>{escape(request.path_params["pin"])}</pin>'
            f"<expected-delivery-date/><service-name>Expedited Parcels</service-name>"
            f"<significant-events>{''.join(map(_occurrence, told))}</significant-events></tracking-detail>"
        )


def _xml(text: str, status: int = 200) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>{text}', status, media_type="application/vnd.cpc.track-v2+xml"
    )


def _message(status: int, code: str, description: str) -> Response:
    inside = f"<message><code>{code}</code><description>{description}</description></message>"
    return _xml(f'<messages xmlns="http://www.canadapost.ca/ws/messages">{inside}</messages>', status)


def _occurrence(happened: Happened) -> str:
    code, text = WORDS[happened.step]
    here = happened.at.astimezone(TORONTO)
    return (
        f"<occurrence><event-identifier>{code}</event-identifier><event-date>{here:%Y-%m-%d}</event-date>"
        f"<event-time>{here:%H:%M:%S}</event-time><event-time-zone>{here:%Z}</event-time-zone>"
        f"<event-description>{text}</event-description><signatory-name/>"
        f"<event-site>{escape(happened.town.upper())}</event-site><event-province>ON</event-province></occurrence>"
    )
