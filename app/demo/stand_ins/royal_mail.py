"""Royal Mail's stand-in: the history of one mail piece behind client id and secret."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

LONDON = ZoneInfo("Europe/London")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("EVAIP", "Sender despatching item"),
    Step.COLLECTED: ("EVPPA", "Accepted at Post Office"),
    Step.DEPARTED: ("EVODO", "Forwarded to delivery office"),
    Step.ARRIVED: ("EVDAC", "Item received at mail centre"),
    Step.AT_DEPOT: ("EVIMC", "Item received at inward mail centre"),
    Step.OUT_FOR_DELIVERY: ("EVGPD", "Due to be delivered today"),
    Step.ABSENT: ("EVKNA", "Attempted delivery, no answer"),
    Step.DELAYED: ("EVIPI", "Item mis-sorted"),
    Step.HELD: ("EVNRT", "Retained at delivery office"),
    Step.REFUSED: ("EVKRF", "Refused"),
    Step.READY: ("EVKLC", "Delivered to collection point"),
    Step.PICKED_UP: ("EVPLC", "Collected at Post Office"),
    Step.RETURNING: ("EVKGA", "Addressee gone away"),
    Step.RETURNED: ("EVRTS", "Delivered back to sender"),
    Step.DELIVERED: ("EVKOP", "Delivered"),
}
"""Code and name; none is known for customs, damage or loss."""


class RoyalMailStandIn(StandIn):
    """`GET /{mailPieceId}/events`."""

    slug = "royal_mail"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in", "client_secret": "royal-mail-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/{number}/events", self._events)]

    async def _events(self, request: Request) -> JSONResponse:
        headers, keys = request.headers, self.credentials
        given = (headers.get("x-ibm-client-id"), headers.get("x-ibm-client-secret"))
        if given != (keys["client_id"], keys["client_secret"]) or headers.get("x-accept-rmg-terms") != "yes":
            return _error(401, "Unauthorized", "Client id not registered.")
        number = request.path_params["number"]
        happened = self.history(number)
        if happened is None:
            return _error(404, "Not Found", "", "E1308")
        return JSONResponse({"mailPieces": _piece(number, happened)})


def _error(status: int, message: str, more: str, code: str = "") -> JSONResponse:
    errors = [{"errorCode": code, "errorDescription": message, "errorCause": "", "errorResolution": ""}] if code else []
    return JSONResponse(
        {"httpCode": str(status), "httpMessage": message, "moreInformation": more, "errors": errors}, status
    )


def _piece(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    events = [_event(each) for each in reversed(happened) if each.step in WORDS]
    summary = {"uniqueItemId": "090367574000000FE1E1B", "oneDBarcode": number, "productName": "Tracked 24"}
    if events:
        last = events[0]
        summary |= {
            f"last{name[:1].upper()}{name[1:]}": value for name, value in last.items() if name != "locationName"
        }
        summary["lastEventLocationName"] = last["locationName"]
    return {"mailPieceId": number, "carrierShortName": "RM", "summary": summary, "events": events}


def _event(happened: Happened) -> dict[str, str]:
    code, name = WORDS[happened.step]
    at = happened.at.astimezone(LONDON).isoformat(timespec="seconds")
    return {"eventCode": code, "eventName": name, "eventDateTime": at, "locationName": f"{happened.town} DO"}
