"""DPD's stand-in: the login and the parcel life cycle of the Benelux units, and their SCANINFO file as a push."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push, StandIn

BRUSSELS = ZoneInfo("Europe/Brussels")
DPD = "http://dpd.com/common/service/types"

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("SHIPMENT", "Order information has been transmitted"),
    Step.COLLECTED: ("PickedUp", "Parcel handed to DPD"),
    Step.DEPARTED: ("BetweenDepots", "In transit"),
    Step.ARRIVED: ("BetweenDepots", "In transit"),
    Step.AT_DEPOT: ("Depot", "At parcel delivery centre"),
    Step.OUT_FOR_DELIVERY: ("Courier", "Parcel out for delivery"),
    Step.ABSENT: ("DeliveryFailure", "Delivery was not possible"),
    Step.READY: ("ParcelShop", "Ready to be collected"),
    Step.PICKED_UP: ("Delivered", "Delivered"),
    Step.DELIVERED: ("Delivered", "Delivered"),
}
"""Words of the life cycle, which has none for problems, customs and returns."""

SCANS: Mapping[Step, str] = {
    Step.COLLECTED: "05",
    Step.DEPARTED: "10",
    Step.ARRIVED: "10",
    Step.AT_DEPOT: "02",
    Step.OUT_FOR_DELIVERY: "03",
    Step.ABSENT: "14",
    Step.DELAYED: "08",
    Step.CUSTOMS: "12",
    Step.DELIVERED: "13",
}


class DpdStandIn(StandIn):
    """Two services; `tokens` are the living ones: clear them and they have expired."""

    slug = "dpd"
    credentials: ClassVar[Mapping[str, str]] = {"delis_id": "DELIS1", "password": "stand-in-password", "unit": "nl"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.tokens: set[str] = set()

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/soap/services/LoginService/V2_1", self._login, methods=["POST"]),
            Route("/soap/services/ParcelLifeCycleService/V2_0", self._track, methods=["POST"]),
        ]

    def push(self, number: str, secret: str) -> Push | None:
        told = [each for each in self.history(number) or () if each.step in SCANS]
        rows = [
            f"{number};{SCANS[each.step]};0530;{each.at.astimezone(BRUSSELS):%Y%m%d%H%M%S};;;327;380;IT;;"
            for each in told
        ]
        return Push({"content-type": "text/plain"}, "\n".join(rows).encode()) if rows else None

    async def _login(self, request: Request) -> Response:
        asked = await _asked(request)
        if (asked.get("delisId"), asked.get("password")) != (
            self.credentials["delis_id"],
            self.credentials["password"],
        ):
            return _refusal()
        token = f"token-{len(self.tokens) + 1}"
        self.tokens.add(token)
        return _answer(
            f'<getAuthResponse xmlns="{DPD}/LoginService/2.1"><return><authToken>{token}</authToken>'
            "<depot>0530</depot><authTokenExpires>2199-01-01T12:00:00.00</authTokenExpires></return></getAuthResponse>"
        )

    async def _track(self, request: Request) -> Response:
        asked = await _asked(request)
        if asked.get("authToken") not in self.tokens:
            return _refusal()
        happened = self.history(asked.get("parcelLabelNumber", ""))
        if happened is None:
            return _fault("ParcelLifeCycleService/2.0", "faults", "NOT_FOUND", "No parcel found")
        phases = [each for each in happened if each.step in WORDS]
        rows = "".join(_phase(each, current=each is phases[-1]) for each in phases)
        return _answer(
            f'<getTrackingDataResponse xmlns="{DPD}/ParcelLifeCycleService/2.0"><trackingresult><shipmentInfo/>{rows}'
            "<statusInfo><status>Delivered</status><statusHasBeenReached>false</statusHasBeenReached></statusInfo>"
            "</trackingresult></getTrackingDataResponse>"
        )


def _phase(happened: Happened, *, current: bool) -> str:
    status, label = WORDS[happened.step]
    at = happened.at.astimezone(BRUSSELS)
    date = f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'PM' if at.hour > 11 else 'AM'}"
    return (
        f"<statusInfo><status>{status}</status><label><content>{label}</content></label>"
        f"<statusHasBeenReached>true</statusHasBeenReached><isCurrentStatus>{str(current).lower()}</isCurrentStatus>"
        f"<location><content>{escape(happened.town)} (IT)</content></location><date><content>{date}</content></date>"
        "</statusInfo>"
    )


async def _asked(request: Request) -> dict[str, str]:
    root = etree.fromstring(await request.body())
    return {etree.QName(each).localname: each.text or "" for each in root.iter()}


def _refusal() -> Response:
    return _fault("Authentication/2.0", "authenticationFault", "DELICOM_ERR_AUTHENTICATION", "Authentication failure")


def _fault(types: str, name: str, code: str, message: str) -> Response:
    inner = f"<errorCode>{code}</errorCode><errorMessage>{message}</errorMessage>"
    return _answer(
        "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>Fault</faultstring>"
        f'<detail><ns:{name} xmlns:ns="{DPD}/{types}">{inner}</ns:{name}></detail></soap:Fault>',
        500,
    )


def _answer(inner: str, status: int = 200) -> Response:
    body = f'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{inner}</soap:Body></soap:Envelope>'
    return Response(body, status, media_type="text/xml;charset=UTF-8")
