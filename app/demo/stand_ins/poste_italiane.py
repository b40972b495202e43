"""Poste Italiane's stand-in: the Poste Delivery Business API with its token, told in its own sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import History, StandIn

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, tuple[str, str, str]] = {
    Step.REGISTERED: ("PRE", "PREANNUNCIATA", "La spedizione è stata preannunciata"),
    Step.COLLECTED: ("ACC", "IN LAVORAZIONE", "La spedizione è stata presa in carico"),
    Step.DEPARTED: ("PCP", "IN TRANSITO", "La spedizione è in transito"),
    Step.ARRIVED: ("PCP", "IN TRANSITO", "La spedizione è in transito presso il Centro Operativo"),
    Step.AT_DEPOT: ("PCP", "IN TRANSITO", "La spedizione è in lavorazione presso il Centro Operativo"),
    Step.CUSTOMS_CLEARED: ("SVI", "IN TRANSITO", "Completata la fase di verifica per lo svincolo"),
    Step.OUT_FOR_DELIVERY: ("INC", "IN CONSEGNA", "La spedizione e' in consegna"),
    Step.ABSENT: ("MCO", "IN CONSEGNA", "Consegna non andata a buon fine: destinatario assente"),
    Step.HELD: ("GIA", "IN GIACENZA", "La spedizione è in giacenza"),
    Step.REFUSED: ("RIF", "IN GIACENZA", "La spedizione è stata rifiutata dal destinatario"),
    Step.DAMAGED: ("VER", "IN VERIFICA", "Sono in corso delle verifiche sulla spedizione. Contatta assistenza"),
    Step.LOST: ("VER", "IN VERIFICA", "Sono in corso delle verifiche sulla spedizione. Contatta assistenza"),
    Step.READY: (
        "DIS",
        "IN CONSEGNA",
        "Disponibile per il ritiro dal giorno lavorativo successivo alla data indicata",
    ),
    Step.PICKED_UP: ("CON", "CONSEGNATA", "La spedizione è stata consegnata"),
    Step.RETURNING: ("RES", "IN RESTITUZIONE", "In restituzione al mittente"),
    Step.RETURNED: ("CON", "CONSEGNATA", "La spedizione è stata consegnata"),
    Step.DELIVERED: ("CON", "CONSEGNATA", "La spedizione è stata consegnata"),
}
"""Code, phase and sentence; only PCP is a code that Poste is known to use."""


class PosteItaliane(StandIn):
    """The contract interface: a token for the keys, then the history of the waybills that are named."""

    slug = "poste_italiane"
    credentials: ClassVar[Mapping[str, str]] = {"client_id": "stand-in-client", "secret_id": "stand-in-secret"}

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.token_seconds = 3599
        self.tokens: list[str] = []
        """The tokens that are good; clear it to let them run out."""
        self._given = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/user/sessions", self._session, methods=["POST"]),
            Route("/postalandlogistics/parcel/tracking", self._tracking, methods=["POST"]),
        ]

    async def _session(self, request: Request) -> JSONResponse:
        asked = await request.json()
        keys = {
            "clientId": self.credentials["client_id"],
            "secretId": self.credentials["secret_id"],
            "grantType": "client_credentials",
        }
        named = request.headers.get("POSTE_clientID") == keys["clientId"]
        if not named or not asked.get("scope") or any(asked.get(name) != value for name, value in keys.items()):
            return JSONResponse({"error": "invalid_client"}, 401)
        self._given += 1
        self.tokens.append(f"poste-token-{self._given}")
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.token_seconds, "token_type": "Bearer"})

    async def _tracking(self, request: Request) -> JSONResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or request.headers.get("POSTE_clientID") != self.credentials["client_id"]:
            return JSONResponse({"message": "Unauthorized"}, 401)
        asked = (await request.json())["arg0"]
        if asked["statusDescription"] != "E" or asked["customerType"] != "DQ":
            return JSONResponse(_envelope("KO", 12, [{"messages": ["PARAMETRI NON VALIDI"]}]))
        numbers = [each["waybillNumber"] for each in asked["shipmentsData"] if each["lastTracingState"] == "N"]
        told = [_shipment(number, happened) for number in numbers if (happened := self.history(number)) is not None]
        return JSONResponse(_envelope("OK", 0, [], **({"shipment": told} if told else {})))


def _envelope(outcome: str, code: int, messages: list[Any], **more: object) -> dict[str, object]:
    return {"return": {"outcome": outcome, "code": code, "result": outcome, "messages": messages, **more}}


def _shipment(number: str, happened: Sequence[Happened]) -> dict[str, object]:
    returning = any(each.step in (Step.RETURNING, Step.RETURNED) for each in happened)
    return {
        "waybillNumber": number,
        "product": "POSTEDELIVERY BUSINESS EXPRESS",
        "NotificationFlag": "N",
        "returnFlag": "S" if returning else "N",
        "tracking": [_event(each) for each in reversed(happened) if each.step in WORDS],
    }


def _event(happened: Happened) -> dict[str, str]:
    code, phase, sentence = WORDS[happened.step]
    return {
        "data": happened.at.astimezone(ROME).strftime("%Y-%m-%d %H:%M:%S"),
        "officeDescription": happened.town,
        "StatusDescription": sentence,
        "appStatusDescription": sentence,
        "ivrStatusDescription": sentence,
        "synthesisStatusDescription": "",
        "phase": phase,
        "officeId": "UP",
        "status": code,
    }
