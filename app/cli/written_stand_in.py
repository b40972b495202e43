"""The stand-in that `nove carrier new` writes in the repository: a local server that answers as the carrier would.

Every carrier that is asked has one, so that the tests of them all can ask it.
"""

STAND_IN = '''"""{name}'s stand-in: one number a call, the key in a header, 404 for a number that is not known."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

ROME = ZoneInfo("Europe/Rome")

WORDS: Mapping[Step, tuple[str, str]] = {{
    Step.REGISTERED: ("INFO", "Announced"),
    Step.COLLECTED: ("PICKED", "Picked up"),
    Step.OUT_FOR_DELIVERY: ("ROUTE", "Out for delivery"),
    Step.ABSENT: ("ABSENT", "Nobody at home"),
    Step.HELD: ("STORED", "Held at the depot"),
    Step.RETURNED: ("BACK", "Back with the sender"),
    Step.DELIVERED: ("DONE", "Delivered"),
}}
"""Code and text; what happens otherwise it has no words for."""


class {kind}StandIn(StandIn):
    """`GET /track/{{number}}`."""

    slug = "{slug}"
    credentials: ClassVar[Mapping[str, str]] = {{"api_key": "stand-in"}}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/track/{{number}}", self._track)]

    async def _track(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {{self.credentials['api_key']}}":
            return JSONResponse({{"service": self.slug, "error": "unknown key"}}, 401)
        number = request.path_params["number"]
        happened = self.history(number)
        events = [_event(each) for each in happened or () if each.step in WORDS]
        parcel = {{"number": number, "events": events}}
        return JSONResponse({{"service": self.slug, "parcels": [parcel]}}, 404 if happened is None else 200)


def _event(happened: Happened) -> dict[str, Any]:
    code, text = WORDS[happened.step]
    at = happened.at.astimezone(ROME)
    return {{"code": code, "text": text, "time": f"{{at:%Y-%m-%dT%H:%M:%S}}", "city": happened.town}}
'''
