"""Amazon's stand-in: Login with Amazon's token by a refresh token, and Shipping v2's tracking of one parcel."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.letting_in import Granting, form_of

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("ReadyForReceive", "PreTransit"),
    Step.COLLECTED: ("PickupDone", "InTransit"),
    Step.DEPARTED: ("Departed", "InTransit"),
    Step.ARRIVED: ("ArrivedAtCarrierFacility", "InTransit"),
    Step.AT_DEPOT: ("ArrivedAtCarrierFacility", "InTransit"),
    Step.OUT_FOR_DELIVERY: ("OutForDelivery", "OutForDelivery"),
    Step.ABSENT: ("DeliveryAttempted", "DeliveryAttempted"),
    Step.HELD: ("Undeliverable", "Undeliverable"),
    Step.REFUSED: ("Rejected", "Rejected"),
    Step.DAMAGED: ("Undeliverable", "Undeliverable"),
    Step.LOST: ("Lost", "Lost"),
    Step.READY: ("AvailableForPickup", "AwaitingCustomerPickup"),
    Step.PICKED_UP: ("Delivered", "Delivered"),
    Step.RETURNING: ("ReturnInitiated", "Undeliverable"),
    Step.RETURNED: ("Delivered", "Delivered"),
    Step.DELIVERED: ("Delivered", "Delivered"),
}
"""Event code and summary: neither customs nor a delay has one, and a parcel that is back is Delivered, too."""

DETAILS = {
    Step.AT_DEPOT: "ArrivedAtLocalFacility",
    Step.ABSENT: "CustomerUnavailable",
    Step.DAMAGED: "Damaged",
    Step.DELIVERED: "Signed",
}


class AmazonShippingStandIn(Granting):
    """One parcel a call, behind the token that a refresh token got."""

    slug = "amazon_shipping"
    credentials: ClassVar[Mapping[str, str]] = {
        "client_id": "stand-in",
        "client_secret": "amazon-stand-in-secret",
        "refresh_token": "amazon-stand-in-refresh",
        "carrier_id": "AMAZON_IT",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/auth/o2/token", self._token, methods=["POST"]),
            Route("/shipping/v2/tracking", self._tracking),
        ]

    async def _token(self, request: Request) -> JSONResponse:
        form = await form_of(request)
        expected = {name: self.credentials[name] for name in ("client_id", "client_secret", "refresh_token")}
        if form != expected | {"grant_type": "refresh_token"}:
            return JSONResponse({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        token = f"Atza|stand-in-{len(self.requests)}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": 3600})

    async def _tracking(self, request: Request) -> JSONResponse:
        if request.headers.get("x-amz-access-token") not in self.tokens:
            return _error(403, "Unauthorized", "Access to requested resource is denied.")
        asked = request.query_params
        if not asked.get("trackingId") or not asked.get("carrierId"):
            return _error(400, "InvalidRequest", "Request is missing or has invalid parameters")
        italian = request.headers.get("x-amzn-shipping-business-id") == "AmazonShipping_IT"
        happened = self.history(asked["trackingId"]) if italian else None
        if happened is None or asked["carrierId"] != self.credentials["carrier_id"]:
            return _error(404, "NotFound", "The requested resource is invalid or doesn't exist")
        return JSONResponse(
            {"payload": _payload(asked["trackingId"], [each for each in happened if each.step in WORDS])}
        )


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": ""}]}, status)


def _payload(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    details = [DETAILS[each.step] for each in happened if each.step in DETAILS]
    return {
        "trackingId": number,
        "alternateLegTrackingId": "null",
        "promisedDeliveryDate": f"{happened[-1].at:%Y-%m-%d}T20:00:00Z" if happened else "",
        "eventHistory": [_event(each) for each in happened],
        "summary": {
            "status": WORDS[happened[-1].step][1] if happened else "PreTransit",
            "trackingDetailCodes": {"forward": details, "returns": []},
        },
    }


def _event(happened: Happened) -> dict[str, Any]:
    return {
        "eventCode": WORDS[happened.step][0],
        "eventTime": f"{happened.at:%Y-%m-%dT%H:%M:%SZ}",
        "shipmentType": "RETURNS" if happened.step is Step.RETURNED else "FORWARD",
        "location": {"city": happened.town, "countryCode": "IT"},
    }
