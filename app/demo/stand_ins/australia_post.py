"""Australia Post's stand-in: the tracking of the shipping API behind Basic authentication, up to ten ids a call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.letting_in import by_password

SYDNEY = ZoneInfo("Australia/Sydney")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("Shipping information received by Australia Post", "Created"),
    Step.COLLECTED: ("Received by Australia Post", "In transit"),
    Step.DEPARTED: ("Departed facility", "In transit"),
    Step.ARRIVED: ("Processed through Australia Post facility", "In transit"),
    Step.AT_DEPOT: ("Arrived at facility in ALEXANDRIA NSW", "In transit"),
    Step.OUT_FOR_DELIVERY: ("With Australia Post for delivery today", "On Board for Delivery"),
    Step.ABSENT: ("Attempted delivery", "Unsuccessful Delivery"),
    Step.DELAYED: ("Possible delay", "Possible delay"),
    Step.HELD: ("Held by courier", "Held by courier"),
    Step.DAMAGED: ("Article damaged", "Article damaged"),
    Step.READY: ("Awaiting collection at ALEXANDRIA LPO", "Awaiting collection"),
    Step.PICKED_UP: ("Delivered", "Delivered"),
    Step.DELIVERED: ("Delivered", "Delivered"),
}
"""An event's text and the item's status; nothing is known for refusals, losses, customs and returns."""


class AustraliaPostStandIn(StandIn):
    """`GET /shipping/v1/track?tracking_ids=…`."""

    slug = "australia_post"
    credentials: ClassVar[Mapping[str, str]] = {
        "api_key": "stand-in",
        "password": "australia-post-secret",
        "account_number": "0001234567",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/shipping/v1/track", self._track)]

    async def _track(self, request: Request) -> JSONResponse:
        known, account = self.credentials, request.headers.get("account-number")
        if not by_password(request, known["api_key"], known["password"]) or account != known["account_number"]:
            return JSONResponse({"errors": [{"code": "API_001", "name": "UNAUTHORISED"}]}, 401)
        numbers = request.query_params.get("tracking_ids", "").split(",")
        if len(numbers) > 10:
            return JSONResponse({"errors": [{"code": "51100", "name": "TOO_MANY"}]}, 400)
        return JSONResponse({"tracking_results": [_result(number, self.history(number)) for number in numbers]})


def _result(number: str, happened: Sequence[Happened] | None) -> dict[str, Any]:
    if happened is None:
        return {"tracking_id": number, "errors": [{"code": "ESB-10001", "name": "Invalid tracking ID"}]}
    told = [each for each in reversed(happened) if each.step in WORDS]
    status = WORDS[told[0].step][1] if told else "Created"
    article = {"article_id": number, "product_type": "eParcel", "status": status, "events": [*map(_event, told)]}
    return {"tracking_id": number, "status": status, "trackable_items": [article]}


def _event(happened: Happened) -> dict[str, str]:
    at = happened.at.astimezone(SYDNEY).isoformat(timespec="seconds")
    return {"location": "ALEXANDRIA NSW", "description": WORDS[happened.step][0], "date": at}
