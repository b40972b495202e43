"""GLS Group's stand-in: the portal's token, and the tracking of up to ten Track IDs a call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.letting_in import Granting, by_password

BERLIN = ZoneInfo("Europe/Berlin")

WORDS: Mapping[Step, tuple[str, str, str]] = {
    Step.REGISTERED: ("INTIAL.PREADVICE", "PREADVICE", "The parcel data was entered into the GLS system."),
    Step.COLLECTED: ("INTIAL.NORMAL", "INTRANSIT", "The parcel was handed over to GLS."),
    Step.DEPARTED: ("OUTBOD.NORMAL", "INTRANSIT", "The parcel has left the parcel center."),
    Step.ARRIVED: ("INBOUD.NORMAL", "INTRANSIT", "The parcel has reached the parcel center."),
    Step.AT_DEPOT: ("INBOUD.NORMAL", "INTRANSIT", "The parcel has reached the parcel center."),
    Step.OUT_FOR_DELIVERY: ("OUTDEL.NORMAL", "INDELIVERY", "The parcel is expected to be delivered during the day."),
    Step.READY: ("DELIVD.PARCELSHOP", "DELIVEREDPS", "The parcel has been delivered at the ParcelShop."),
    Step.PICKED_UP: ("DELIVD.DEL_BY_PSAPP", "DELIVERED", "The parcel was collected from the ParcelShop."),
    Step.DELIVERED: ("DELIVD.NORMAL", "DELIVERED", "The parcel has been delivered."),
}
"""Event code, the parcel's status after it, and wording; codes of problems, customs and returns are not public."""


class GlsGroupStandIn(Granting):
    """Up to ten Track IDs a call."""

    slug = "gls_group"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in", "client_secret": "gls-stand-in-secret"}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/oauth2/v2/token", self._token, methods=["POST"]),
            Route("/track-and-trace-v1/tracking/simple/trackids/{ids}", self._track),
        ]

    async def _token(self, request: Request) -> JSONResponse:
        if not by_password(request, self.credentials["client_id"], self.credentials["client_secret"]):
            return _fault("Invalid client", "oauth.v2.InvalidClientIdentifier")
        return JSONResponse({"access_token": self.new_token(), "token_type": "Bearer", "expires_in": 14400})

    async def _track(self, request: Request) -> JSONResponse:
        if not self.lets_in(request):
            return _fault("JWT expired", "steps.jwt.TokenExpired")
        numbers = request.path_params["ids"].split(",")
        if len(numbers) > 10:
            detail = "At most 10 ids can be requested."
            return JSONResponse({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail}, 400)
        return JSONResponse({"parcels": [_parcel(number, self.history(number)) for number in numbers]})


def _fault(text: str, code: str) -> JSONResponse:
    return JSONResponse({"fault": {"faultstring": text, "detail": {"errorcode": code}}}, 401)


def _parcel(number: str, happened: Sequence[Happened] | None) -> dict[str, Any]:
    if happened is None:
        return {"requested": number, "errorCode": "E_404_01", "errorMessage": "Parcel not found"}
    told = [each for each in reversed(happened) if each.step in WORDS]
    return {
        "requested": number,
        "unitno": number[:11],
        "status": WORDS[told[0].step][1] if told else "PREADVICE",
        "statusDateTime": _time(told[0]) if told else None,
        "events": [
            {
                "code": WORDS[each.step][0],
                "city": each.town,
                "postalCode": "",
                "country": "IT",
                "description": WORDS[each.step][2],
                "eventDateTime": _time(each),
            }
            for each in told
        ],
    }


def _time(happened: Happened) -> str:
    return f"{happened.at.astimezone(BERLIN):%Y-%m-%dT%H:%M:%S%z}"
