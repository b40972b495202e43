"""Packeta's stand-in: REST with the password in the question, one packet a call, faults in HTTP 200."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

PRAGUE = ZoneInfo("Europe/Prague")

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("1", "received data"),
    Step.COLLECTED: ("12", "collected"),
    Step.DEPARTED: ("4", "departed"),
    Step.ARRIVED: ("2", "arrived"),
    Step.AT_DEPOT: ("3", "prepared for departure"),
    Step.ABSENT: ("16", "delivery attempt"),
    Step.HELD: ("26", "packet under investigation"),
    Step.REFUSED: ("17", "rejected by recipient"),
    Step.CUSTOMS: ("14", "customs"),
    Step.READY: ("5", "ready for pickup"),
    Step.PICKED_UP: ("7", "delivered"),
    Step.RETURNING: ("9", "posted back"),
    Step.RETURNED: ("10", "returned"),
    Step.DELIVERED: ("7", "delivered"),
}
"""Code and word; Packeta has none for the round, a delay, a damage or a loss."""


class PacketaStandIn(StandIn):
    """`POST /api/rest` with the operation as an element."""

    slug = "packeta"
    credentials: ClassVar[Mapping[str, str]] = {"api_password": "0123456789abcdef0123456789abcdef"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/api/rest", self._rest, methods=["POST"])]

    async def _rest(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        if asked.findtext("apiPassword") != self.credentials["api_password"]:
            return _answer("fault", "<fault>IncorrectApiPasswordFault</fault><string>Incorrect password.</string>")
        number = asked.findtext("packetId") or ""
        happened = self.history(number) if number.isdecimal() else None
        if happened is None:
            return _answer("fault", "<fault>PacketIdFault</fault><string>Unknown packet.</string>")
        records = "".join(_record(each) for each in happened if each.step in WORDS)
        return _answer("ok", f"<result>{records}</result>")


def _answer(status: str, inside: str) -> Response:
    return Response(f"<response><status>{status}</status>{inside}</response>", media_type="text/xml")


def _record(happened: Happened) -> str:
    code, word = WORDS[happened.step]
    at = happened.at.astimezone(PRAGUE)
    return (
        f"<record><dateTime>{at:%Y-%m-%dT%H:%M:%S}</dateTime><statusCode>{code}</statusCode>"
        f"<codeText>{word}</codeText><statusText>{word.capitalize()}</statusText><branchId>4</branchId>"
        "<destinationBranchId>79</destinationBranchId><externalTrackingCode/></record>"
    )
