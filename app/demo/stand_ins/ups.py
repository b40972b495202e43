"""A stand-in of UPS: its token, its Track API, Track Alert's subscriptions and its push."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, Push
from app.demo.stand_ins.letting_in import Granting, by_password

ROME = ZoneInfo("Europe/Rome")

WORDS: Mapping[Step, tuple[str, str, str, str]] = {
    Step.REGISTERED: ("M", "MP", "003", "Shipper created a label, UPS has not received the package yet."),
    Step.COLLECTED: ("I", "OR", "038", "Origin Scan"),
    Step.DEPARTED: ("I", "DP", "005", "Departed from Facility"),
    Step.ARRIVED: ("I", "AR", "005", "Arrived at Facility"),
    Step.AT_DEPOT: ("I", "DS", "005", "Destination Scan"),
    Step.OUT_FOR_DELIVERY: ("I", "OT", "021", "Out For Delivery Today"),
    Step.ABSENT: ("X", "48", "022", "The receiver was not available for delivery."),
    Step.DELAYED: ("X", "DF", "048", "The package is delayed."),
    Step.HELD: ("X", "72", "083", "The package is being held."),
    Step.REFUSED: ("X", "8H", "064", "The receiver refused the delivery."),
    Step.DAMAGED: ("X", "13", "059", "Damage was reported."),
    Step.LOST: ("X", "S9", "068", "The package was sent to lost and found."),
    Step.CUSTOMS: ("X", "5", "012", "Waiting for release by a government agency."),
    Step.CUSTOMS_HOLD: ("X", "40", "058", "The sender must give clearance information."),
    Step.CUSTOMS_CLEARED: ("X", "DA", "014", "Released by customs."),
    Step.READY: ("D", "2Q", "040", "Delivered to a UPS Access Point, awaiting pickup"),
    Step.PICKED_UP: ("D", "2W", "011", "Collected at the UPS Access Point"),
    Step.RETURNING: ("X", "90", "033", "The package goes back to the sender."),
    Step.RETURNED: ("D", "B0", "034", "Delivered back to the sender"),
    Step.DELIVERED: ("D", "FS", "011", "DELIVERED"),
}
"""Each step as type, code, three-digit code and description."""


class UpsStandIn(Granting):
    """UPS's server. `subscribed` are the numbers that Track Alert was asked to push, each time that it was."""

    slug = "ups"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in", "client_secret": "ups-stand-in-secret"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.granted = 0
        self.subscribed: list[str] = []

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/security/v1/oauth/token", self._token, methods=["POST"]),
            Route("/api/track/v1/details/{number}", self._track),
            Route("/api/track/v2/subscription/{kind}/package", self._subscribe, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        known, form = self.credentials, (await request.body()).decode()
        let_in = by_password(request, known["client_id"], known["client_secret"])
        if not let_in or form != "grant_type=client_credentials":
            return _refusal(401, "10401", "ClientId is Invalid")
        self.granted += 1
        token = f"ups-token-{self.granted}"
        self.tokens.add(token)
        return JSONResponse(
            {"token_type": "Bearer", "access_token": token, "expires_in": "14399", "status": "approved"}
        )

    async def _subscribe(self, request: Request) -> Response:
        if not self.lets_in(request):
            return _refusal(401, "250002", "Invalid Authentication Information.")
        asked: list[str] = (await request.json())["trackingNumberList"]
        valid = [number for number in asked if number.startswith("1Z")]
        if len(asked) > 100 or not valid:
            return _refusal(400, *(("VSS220", "Too many numbers") if valid else ("VSS210", "No valid number")))
        self.subscribed += valid
        refused = [number for number in asked if number not in valid]
        return JSONResponse({"validTrackingNumbers": valid, "invalidTrackingNumbers": refused})

    async def _track(self, request: Request) -> Response:
        if not self.lets_in(request):
            return _refusal(401, "250002", "Invalid Authentication Information.")
        if not request.headers.get("transid") or not request.headers.get("transactionsrc"):
            return _refusal(400, "TV0002", "Missing transId or transactionSrc")
        number = request.path_params["number"]
        history = self.history(number)
        if history is None:
            warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
            shipment: dict[str, object] = {"inquiryNumber": number, "warnings": [warning]}
        else:
            shipment = {"inquiryNumber": number, "package": [_package(number, history)]}
        return JSONResponse({"trackResponse": {"shipment": [shipment]}})

    def push(self, number: str, secret: str) -> Push | None:
        told = [happened for happened in self.history(number) or () if happened.step in WORDS]
        if not told:
            return None
        kind, code, three, wording = WORDS[told[-1].step]
        local, gmt, offset = _times(told[-1])
        body = {
            "trackingNumber": number,
            "localActivityDate": local[:8],
            "localActivityTime": local[8:],
            "gmtActivityDate": gmt[:8],
            "gmtActivityTime": gmt[8:],
            "gmtOffset": offset.replace(":", "."),
            "activityLocation": {"city": told[-1].town, "stateProvince": "", "postalCode": "", "country": "IT"},
            "activityStatus": {"type": kind, "code": code, "description": wording, "descriptionCode": three},
        }
        headers = {
            "content-type": "application/json",
            "user-agent": "UPSPubSubTrackingService",
            "credential": secret,
        }
        return Push(headers, orjson.dumps(body))


def _package(number: str, history: Sequence[Happened]) -> dict[str, object]:
    activities = [_activity(happened) for happened in reversed(history) if happened.step in WORDS]
    package: dict[str, object] = {"trackingNumber": number, "packageCount": 1, "activity": activities}
    if activities:
        package["currentStatus"] = activities[0]["status"]
    return package


def _activity(happened: Happened) -> dict[str, object]:
    kind, code, three, wording = WORDS[happened.step]
    local, gmt, offset = _times(happened)
    return {
        "date": local[:8],
        "time": local[8:],
        "gmtDate": gmt[:8],
        "gmtTime": gmt[8:].lstrip("0") or "0",
        "gmtOffset": offset,
        "location": {"address": {"city": happened.town, "countryCode": "IT", "country": "IT"}},
        "status": {"type": kind, "code": code, "statusCode": three, "description": wording},
    }


def _times(happened: Happened) -> tuple[str, str, str]:
    local = happened.at.astimezone(ROME)
    offset = local.strftime("%z")
    return local.strftime("%Y%m%d%H%M%S"), happened.at.strftime("%Y%m%d%H%M%S"), f"{offset[:3]}:{offset[3:]}"


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"response": {"errors": [{"code": code, "message": message}]}}, status_code=status)
