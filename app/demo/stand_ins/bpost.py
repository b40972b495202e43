"""bpost's stand-in: the tracking of one item behind Basic authentication."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

BRUSSELS = ZoneInfo("Europe/Brussels")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.DEPARTED: ("T00", "Sorted"),
    Step.ARRIVED: ("T00", "Sorted"),
    Step.AT_DEPOT: ("T00", "Sorted"),
    Step.OUT_FOR_DELIVERY: ("L00", "Out for distribution"),
    Step.REFUSED: ("B03", "Refused"),
    Step.READY: ("R13", "Ready at the point"),
    Step.PICKED_UP: ("U01", "DistributedNormally"),
    Step.DELIVERED: ("U01", "DistributedNormally"),
}
"""Codes whose meaning is known, or likely, in public."""


class BpostStandIn(StandIn):
    """One item a call; of one that it does not know it says so in plain text."""

    slug = "bpost"
    credentials: ClassVar[Mapping[str, str]] = {"account_id": "100001", "passphrase": "stand-in-passphrase"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/services/trackedmail/item/{item}/trackingInfo", self._track)]

    async def _track(self, request: Request) -> Response:
        if not by_password(request, self.credentials["account_id"], self.credentials["passphrase"]):
            return PlainTextResponse("Unauthorized", 401)
        item = request.path_params["item"]
        happened = self.history(item)
        if happened is None:
            return PlainTextResponse("No item found for this barcode", 404)
        states = "".join(_state(each) for each in happened if each.step in WORDS)
        body = (
            f'<itemTracking xmlns="http://schema.post.be/tracking/v1/"><itemCode>{escape(item)}</itemCode>'
            f"{states}</itemTracking>"
        )
        return Response(body, media_type="application/xml")


def _state(happened: Happened) -> str:
    code, words = WORDS[happened.step]
    at = happened.at.astimezone(BRUSSELS).isoformat(timespec="seconds")
    return (
        f"<stateInfo><time>{at}</time><location>{escape(happened.town)}</location><stateCode>{code}</stateCode>"
        f"<stateDescription>{words}</stateDescription></stateInfo>"
    )
