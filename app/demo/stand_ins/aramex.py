"""Aramex's stand-in: the global tracking service, with the account in the question; and a pushed update."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import orjson
from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import Push, StandIn

ROME = ZoneInfo("Europe/Rome")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("SH001", "Record created"),
    Step.COLLECTED: ("SH012", "Picked up from shipper"),
    Step.DEPARTED: ("SH022", "Departed operations facility"),
    Step.ARRIVED: ("SH047", "Arrived at operations facility"),
    Step.AT_DEPOT: ("SH047", "Received at destination facility"),
    Step.OUT_FOR_DELIVERY: ("SH003", "Out for delivery"),
    Step.ABSENT: ("SH033", "Attempted delivery, no answer"),
    Step.DELAYED: ("SH294", "Delivery rescheduled"),
    Step.HELD: ("SH008", "Shipment on hold"),
    Step.REFUSED: ("SH041", "Refused by consignee"),
    Step.DAMAGED: ("SH006", "Shipment damaged"),
    Step.LOST: ("SH007", "Shipment lost"),
    Step.CUSTOMS: ("SH110", "In customs clearance"),
    Step.CUSTOMS_HOLD: ("SH111", "Customs awaits documents"),
    Step.CUSTOMS_CLEARED: ("SH112", "Released by customs"),
    Step.READY: ("SH163", "Ready for collection"),
    Step.PICKED_UP: ("SH164", "Collected by consignee"),
    Step.RETURNING: ("SH069", "Return in progress"),
    Step.RETURNED: ("SH070", "Returned to shipper, delivered"),
    Step.DELIVERED: ("SH005", "Delivered"),
}
"""Code and description; but for SH005 the codes are made up, for no list of them is public."""

CLIENT = {
    "UserName": "user_name",
    "Password": "password",
    "AccountNumber": "account_number",
    "AccountPin": "account_pin",
    "AccountEntity": "account_entity",
    "AccountCountryCode": "account_country_code",
}


class AramexStandIn(StandIn):
    """`POST /ShippingAPI.V2/Tracking/Service_1_0.svc`."""

    slug = "aramex"
    credentials: ClassVar[Mapping[str, str]] = {
        "user_name": "stand-in@example.com",
        "password": "aramex-secret",
        "account_number": "20016",
        "account_pin": "331421",
        "account_entity": "AMM",
        "account_country_code": "JO",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/ShippingAPI.V2/Tracking/Service_1_0.svc", self._track, methods=["POST"])]

    def push(self, number: str, secret: str) -> Push | None:
        told = [each for each in self.history(number) or () if each.step in WORDS]
        if not told:
            return None
        body = orjson.dumps({"Key": number, "Value": {"WaybillNumber": number, **_update(told[-1])}})
        return Push({"content-type": "application/json"}, body)

    async def _track(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        client = {field: asked.findtext(f".//{{*}}ClientInfo/{{*}}{name}") for name, field in CLIENT.items()}
        if client != dict(self.credentials):
            error = "<Notification><Code>ERR01</Code><Message>Invalid username or password</Message></Notification>"
            return _answer(f"<Notifications>{error}</Notifications><HasErrors>true</HasErrors>")
        numbers = [str(each.text) for each in asked.iterfind(".//{*}Shipments/{*}string")]
        told = [(number, self.history(number)) for number in numbers]
        known = "".join(_pair(number, happened) for number, happened in told if happened is not None)
        unknown = "".join(f"<a:string>{escape(number)}</a:string>" for number, happened in told if happened is None)
        return _answer(
            f"<Notifications/><HasErrors>false</HasErrors><TrackingResults>{known}</TrackingResults>"
            f"<NonExistingWaybills>{unknown}</NonExistingWaybills>"
        )


def _answer(inside: str) -> Response:
    return Response(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<ShipmentTrackingResponse xmlns="http://ws.aramex.net/ShippingAPI/v1/"'
        ' xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'
        f"<Transaction><Reference1>nove</Reference1></Transaction>{inside}"
        "</ShipmentTrackingResponse></s:Body></s:Envelope>",
        media_type="text/xml",
    )


def _pair(number: str, happened: Sequence[Happened]) -> str:
    results = "".join(
        f"<TrackingResult>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in _update(each).items())}"
        "</TrackingResult>"
        for each in reversed(happened)
        if each.step in WORDS
    )
    name = "a:KeyValueOfstringArrayOfTrackingResultmFAkxlpY"
    return f"<{name}><a:Key>{escape(number)}</a:Key><a:Value>{results}</a:Value></{name}>"


def _update(happened: Happened) -> dict[str, str]:
    code, text = WORDS[happened.step]
    return {
        "UpdateCode": code,
        "UpdateDescription": text,
        "UpdateDateTime": f"{happened.at.astimezone(ROME):%Y-%m-%dT%H:%M:%S}",
        "UpdateLocation": f"{happened.town}, Italy",
        "Comments": "",
    }
