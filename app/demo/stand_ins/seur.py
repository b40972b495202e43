"""SEUR's stand-in: the token, and the situations of one reference; nothing (204) of one that it does not know."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.letting_in import Granting, form_of

MADRID = ZoneInfo("Europe/Madrid")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.DEPARTED: ("LC101", "EN TRANSITO"),
    Step.ARRIVED: ("LI300", "MERCANCIA EN DELEGACION"),
    Step.AT_DEPOT: ("LI400", "MERCANCIA EN DELEGACION"),
    Step.OUT_FOR_DELIVERY: ("LC001", "EN REPARTO"),
    Step.ABSENT: ("LI522", "AUSENTE"),
    Step.DELAYED: ("LI501", "RETRASO"),
    Step.HELD: ("LI570", "INCIDENCIA EN PUNTO"),
    Step.REFUSED: ("LI542", "REHUSADO"),
    Step.DAMAGED: ("LI537", "MERCANCIA DAÑADA"),
    Step.LOST: ("LI535", "EXTRAVIADO"),
    Step.CUSTOMS: ("LD841", "EN ADUANA"),
    Step.CUSTOMS_HOLD: ("LD221", "RETENIDO EN ADUANA"),
    Step.CUSTOMS_CLEARED: ("LC845", "FIN DE ADUANA"),
    Step.READY: ("LI530", "RECEPCIONADO EN PUNTO"),
    Step.PICKED_UP: ("LL010", "ENTREGADO EN PUNTO"),
    Step.RETURNING: ("LI572", "EN DEVOLUCION"),
    Step.DELIVERED: ("LL001", "ENTREGADO"),
}
"""Code and description; SEUR has no code for data alone, a collection or a parcel that is back."""


class SeurStandIn(Granting):
    """One reference a call."""

    slug = "seur"
    credentials: ClassVar[Mapping[str, str]] = {
        "client_id": "stand-in",
        "client_secret": "seur-stand-in-secret",
        "username": "negozio",
        "password": "seur-stand-in-password",
        "id_number": "B00000000",
        "account_number": "10001",
        "business_unit": "30",
    }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/pic_token", self._token, methods=["POST"]),
            Route("/pic/v1/tracking-services/extended", self._track),
        ]

    async def _token(self, request: Request) -> JSONResponse:
        form = await form_of(request)
        keys = ("client_id", "client_secret", "username", "password")
        if any(form.get(key) != self.credentials[key] for key in keys) or form.get("grant_type") != "password":
            return JSONResponse({"error": "invalid_grant"}, 401)
        return JSONResponse({"access_token": self.new_token(), "token_type": "bearer", "expires_in": 30})

    async def _track(self, request: Request) -> Response:
        if not self.lets_in(request):
            return JSONResponse({"errors": [{"status": "401", "detail": "Unauthorized"}]}, 401)
        happened = self.history(request.query_params.get("ref", ""))
        if happened is None or request.query_params.get("idNumber") != self.credentials["id_number"]:
            return Response(status_code=204)
        situations = [_situation(each) for each in happened if each.step in WORDS]
        return JSONResponse({"data": [{"type": "Exp", "situations": situations}]})


def _situation(happened: Happened) -> dict[str, str]:
    code, description = WORDS[happened.step]
    at = happened.at.astimezone(MADRID)
    return {"situationDate": f"{at:%Y-%m-%dT%H:%M:%S}", "eventCode": code, "description": description}
