"""A stand-in for GLS Italy's Track & Trace script: flat XML in ISO-8859-1, errors as a text in HTTP 200."""

from collections.abc import Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

ROME = ZoneInfo("Europe/Rome")

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("901", "Spedizione registrata"),
    Step.COLLECTED: ("903", "In transito"),
    Step.DEPARTED: ("902", "Partita dalla sede mittente"),
    Step.ARRIVED: ("16", "Inoltrata ad altra sede"),
    Step.AT_DEPOT: ("904", "Arrivata nella sede destinataria"),
    Step.OUT_FOR_DELIVERY: ("905", "In consegna"),
    Step.ABSENT: ("1", "Destinatario assente"),
    Step.DELAYED: ("17", "Ritardo di linea"),
    Step.HELD: ("7", "Assente al secondo passaggio"),
    Step.REFUSED: ("4", "Rifiutata"),
    Step.DAMAGED: ("24", "Danneggiata"),
    Step.LOST: ("30", "Rubata"),
    Step.CUSTOMS: ("50", "In attesa di sdoganamento"),
    Step.CUSTOMS_HOLD: ("49", "Documenti doganali mancanti"),
    Step.CUSTOMS_CLEARED: ("53", "Svincolata dalla dogana"),
    Step.READY: ("80", "Disponibile presso il Parcel Shop"),
    Step.PICKED_UP: ("906", "CONSEGNATA"),
    Step.RETURNING: ("29", "Resa al mittente"),
    Step.RETURNED: ("906", "CONSEGNATA"),
    Step.DELIVERED: ("906", "CONSEGNATA"),
}
"""The parcel's coming home is a 906 too: told in the return leg."""

CLOSED = {Step.DELIVERED, Step.PICKED_UP}


class GlsItalyStandIn(StandIn):
    """Answers by printed number (`locpartenza` and `NumSped`), by the id of a parcel (`Numidc`) and by BDA.

    By BDA, numbers of the contract's sede are found with `locpartenza`, those of others with `sedecon` alone.
    """

    slug = "gls_it"
    credentials: ClassVar[dict[str, str]] = {"contract": "4665", "sede": "M1"}

    def routes(self) -> Sequence[BaseRoute]:
        """The one script."""
        return [Route("/XML/get_xml_track.php", self._track)]

    async def _track(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("CodCli") != self.credentials["contract"]:
            return _xml(f"<TESTOERRORE>{_text('Contratto non trovato')}</TESTOERRORE>")
        if "bda" in asked:
            return self._documents(asked["bda"], asked.get("locpartenza"))
        sede, number = asked.get("locpartenza", ""), asked.get("NumSped", "") or asked.get("Numidc", "")
        happened = self.history(sede + number)
        return _xml(_shipment(happened, sede, number)) if happened is not None else _unknown()

    def _documents(self, bda: str, sede: str | None) -> Response:
        own = self.credentials["sede"]
        found = [
            _shipment(self.history(number) or (), number[:2], number[2:], bda)
            for number in self.references.get(bda, ())
            if (number[:2] == own) == (sede == own)
        ]
        return _xml("".join(found)) if found else _unknown()


def _unknown() -> Response:
    return _xml(f"<ERRORE><TESTOERRORE>{_text('Spedizione non trovata')}</TESTOERRORE></ERRORE>")


def _shipment(happened: Sequence[Happened], sede: str, number: str, bda: str = "") -> str:
    outward = [each for each in happened if each.step is not Step.RETURNED]
    homeward = [each for each in happened if each.step is Step.RETURNED]
    leg = f"<SPEDIZIONEDIRIENTRO>{_leg(homeward, sede, '629000001')}</SPEDIZIONEDIRIENTRO>" if homeward else ""
    return f"<SPEDIZIONE>{_leg(outward, sede, number, bda)}{leg}</SPEDIZIONE>"


def _leg(happened: Sequence[Happened], sede: str, number: str, bda: str = "") -> str:
    closed = next((each for each in happened if each.step in CLOSED), None)
    at = closed.at.astimezone(ROME) if closed else None
    head = {
        "NumSped": number,
        "Bda": bda,
        "DataPartenza": f"{happened[0].at.astimezone(ROME):%d/%m/%Y}" if happened else "",
        "SedePartenza": sede,
        "StatoSpedizione": "Consegnato" if at else "Non consegnato",
        "DataConsegna": f"{at:%d/%m/%Y}" if at else "",
        "OraConsegna": f"{at:%H:%M}" if at else "",
        "NumeroColli": " 1",
        "Peso": " 2,0",
    }
    rows = "".join(_row(each) for each in reversed(happened))
    return "".join(f"<{name}>{_text(value)}</{name}>" for name, value in head.items()) + f"<TRACKING>{rows}</TRACKING>"


def _row(each: Happened) -> str:
    code, words = WORDS[each.step]
    at = each.at.astimezone(ROME)
    row = {
        "Data": f"{at:%d/%m/%y}",
        "Ora": " " if each.step is Step.REGISTERED else f"{at:%H:%M}",
        "Luogo": each.town,
        "Stato": words,
        "Note": "",
        "Codice": code,
    }
    return "".join(f"<{name}>{_text(value)}</{name}>" for name, value in row.items())


def _text(value: str) -> str:
    return f"<![CDATA[{value.replace(']]>', '')}]]>"


def _xml(inner: str) -> Response:
    body = f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<ELENCO>{inner}</ELENCO>'
    return Response(body.encode("iso-8859-1", "replace"), media_type="text/xml; charset=ISO-8859-1")
