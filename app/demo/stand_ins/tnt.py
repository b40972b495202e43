"""TNT's stand-in: ExpressConnect Tracking behind Basic authentication, up to 50 consignments a call."""

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
from app.demo.stand_ins.letting_in import by_password, form_of

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, tuple[str, str]] = {
    Step.COLLECTED: ("CI", "Received At Origin Depot."),
    Step.DEPARTED: ("TR", "In Transit."),
    Step.ARRIVED: ("AS", "Received At Transit Point."),
    Step.AT_DEPOT: ("IS", "Received At Tnt Location."),
    Step.OUT_FOR_DELIVERY: ("OD", "Out For Delivery."),
    Step.DELAYED: ("NR", "Delay. Recovery Actions Underway."),
    Step.PICKED_UP: ("OK", "Delivered In Good Order."),
    Step.DELIVERED: ("OK", "Delivered In Good Order."),
}
"""The codes of TNT that are known in public."""


class TntStandIn(StandIn):
    """`POST /expressconnect/track.do` with the question as a form field."""

    slug = "tnt"
    credentials: ClassVar[Mapping[str, str]] = {"user": "stand-in", "password": "tnt-stand-in-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/expressconnect/track.do", self._track, methods=["POST"])]

    async def _track(self, request: Request) -> Response:
        if not by_password(request, self.credentials["user"], self.credentials["password"]):
            return Response("Unauthorized", 401)
        asked = etree.fromstring((await form_of(request)).get("xml_in", "<none/>"))
        criteria = asked.find("SearchCriteria")
        numbers = [str(each.text) for each in asked.iter("ConsignmentNumber")]
        if criteria is None or not numbers:
            return _error("7003", "No search criteria.")
        if len(numbers) > 50:
            return _error("6001", "More than 50 consignments.")
        if not criteria.get("marketType") or not criteria.get("originCountry"):
            return _error("9001", "Market type and origin country are needed.")
        return _answer("".join(_consignment(number, self.history(number)) for number in numbers))


def _answer(inside: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="utf-8"?><TrackResponse>{inside}</TrackResponse>', media_type="text/xml"
    )


def _error(code: str, message: str) -> Response:
    return _answer(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")


def _consignment(number: str, happened: Sequence[Happened] | None) -> str:
    told = [each for each in reversed(happened or ()) if each.step in WORDS]
    delivered = bool(told) and WORDS[told[0].step][0] == "OK"
    summary = "CNF" if happened is None else "DEL" if delivered else "INT"
    italy = "<CountryCode>IT</CountryCode><CountryName>Italy</CountryName>"
    return (
        f'<Consignment access="full"><ConsignmentNumber>{escape(number)}</ConsignmentNumber>'
        f"<SummaryCode>{summary}</SummaryCode><OriginCountry>{italy}</OriginCountry>"
        f"<DestinationCountry>{italy}</DestinationCountry>{''.join(map(_status, told))}</Consignment>"
    )


def _status(happened: Happened) -> str:
    code, words = WORDS[happened.step]
    at = happened.at.astimezone(ROME)
    return (
        f"<StatusData><StatusCode>{code}</StatusCode><StatusDescription><![CDATA[{words}]]></StatusDescription>"
        f'<LocalEventDate format="YYYYMMDD">{at:%Y%m%d}</LocalEventDate>'
        f'<LocalEventTime format="HHMM">{at:%H%M}</LocalEventTime>'
        f"<Depot>{happened.town[:3].upper()}</Depot><DepotName><![CDATA[{happened.town}]]></DepotName></StatusData>"
    )
