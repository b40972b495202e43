"""La Poste's stand-in: Suivi v2 with its key, several numbers a call, and what its gateway says by itself."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

PARIS = ZoneInfo("Europe/Paris")

WORDS: Mapping[Step, tuple[str, str]] = {
    Step.REGISTERED: ("DR1", "Votre colis va nous être remis."),
    Step.COLLECTED: ("PC1", "Votre colis est pris en charge."),
    Step.DEPARTED: ("ET1", "Votre colis est en cours d'acheminement."),
    Step.ARRIVED: ("ET1", "Votre colis est en cours d'acheminement."),
    Step.AT_DEPOT: ("EP1", "Votre colis est arrivé sur son site de distribution."),
    Step.OUT_FOR_DELIVERY: ("MD2", "Votre colis est en cours de livraison."),
    Step.ABSENT: ("ND1", "Votre colis n'a pas pu être livré."),
    Step.HELD: ("PB1", "Votre colis rencontre un problème."),
    Step.CUSTOMS: ("DO1", "Votre colis est entré en douane."),
    Step.CUSTOMS_HOLD: ("DO3", "Votre colis est retenu en douane."),
    Step.CUSTOMS_CLEARED: ("DO2", "Votre colis est sorti de douane."),
    Step.READY: ("AG1", "Votre colis vous attend dans votre point relais."),
    Step.PICKED_UP: ("DI1", "Votre colis est livré."),
    Step.RETURNING: ("RE1", "Votre colis est retourné à l'expéditeur."),
    Step.RETURNED: ("DI2", "Votre colis a été remis à l'expéditeur."),
    Step.DELIVERED: ("DI1", "Votre colis est livré."),
}
"""Code and label; La Poste has no word for a refusal, a damage, a loss or a delay."""

FINAL = {Step.DELIVERED, Step.PICKED_UP, Step.RETURNED}


class LaPosteStandIn(StandIn):
    """`GET /suivi/v2/idships/{ids}`: one number an object, several a list under HTTP 207."""

    slug = "la_poste_colissimo"
    credentials: ClassVar[Mapping[str, str]] = {"okapi_key": "stand-in-okapi-key"}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/suivi/v2/idships/{ids}", self._track)]

    async def _track(self, request: Request) -> JSONResponse:
        if request.headers.get("X-Okapi-Key") != self.credentials["okapi_key"]:
            return JSONResponse({"code": "UNAUTHORIZED", "message": "Unauthorized"}, 401)
        answers = [self._answer(number) for number in request.path_params["ids"].split(",")]
        return JSONResponse(answers[0], answers[0]["returnCode"]) if len(answers) == 1 else JSONResponse(answers, 207)

    def _answer(self, number: str) -> dict[str, Any]:
        happened = self.history(number)
        if happened is None:
            told = "Votre suivi n'est pas encore disponible."
            return {"lang": "fr_FR", "returnCode": 404, "returnMessage": told, "idShip": number}
        return {"lang": "fr_FR", "scope": "open", "returnCode": 200, "shipment": _shipment(number, happened)}


def _shipment(number: str, happened: Sequence[Happened]) -> dict[str, Any]:
    final = next((each for each in happened if each.step in FINAL), None)
    return {
        "idShip": number,
        "holder": 4,
        "product": "Colissimo",
        "isFinal": final is not None,
        **({"deliveryDate": _time(final)} if final else {}),
        "event": [
            {"code": WORDS[each.step][0], "label": WORDS[each.step][1], "date": _time(each)}
            for each in reversed(happened)
            if each.step in WORDS
        ],
        "timeline": [{"id": 1, "shortLabel": "Annoncé", "longLabel": "", "status": True, "type": 1}],
        "contextData": {"originCountry": "IT", "arrivalCountry": "IT"},
        "url": f"https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
    }


def _time(happened: Happened) -> str:
    return happened.at.astimezone(PARIS).isoformat(timespec="seconds")
