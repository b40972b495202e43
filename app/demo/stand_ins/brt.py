"""A stand-in for BRT: REST tracking by parcel id with user and password, SOAP by shipment id and reference."""

import re
from collections.abc import Sequence
from typing import ClassVar
from xml.sax.saxutils import escape, unescape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.journeys import Happened, Step
from app.demo.stand_ins.base import StandIn

ROME = ZoneInfo("Europe/Rome")
SERVICE = "/web/BRT_TrackingByBRTshipmentIDService/BRT_TrackingByBRTshipmentID"
LOOKUPS = {
    "/web/GetIdSpedizioneByRMNService/GetIdSpedizioneByRMN": "NUMERICO",
    "/web/GetIdSpedizioneByRMAService/GetIdSpedizioneByRMA": "ALFABETICO",
}
PADDING = 2

WORDS: dict[Step, tuple[str, str]] = {
    Step.REGISTERED: ("700", "DATI SPEDIZ. TRASMESSI A BRT"),
    Step.COLLECTED: ("701", "RITIRATA"),
    Step.DEPARTED: ("702", "PARTITA"),
    Step.ARRIVED: ("703", "ARRIVATA IN FILIALE"),
    Step.AT_DEPOT: ("N", "DA CONSEGNARE"),
    Step.OUT_FOR_DELIVERY: ("MIC", "IN CONSEGNA"),
    Step.ABSENT: ("AVV", "Destin.Assente:LASCIATO AVVISO"),
    Step.DELAYED: ("ZNV", "NEVICATA ECCEZIONALE"),
    Step.HELD: ("G", "IN GIACENZA"),
    Step.REFUSED: ("051", "RIFIUTATA DAL DESTINATARIO"),
    Step.DAMAGED: ("710", "PREAVVISO DI DANNO"),
    Step.LOST: ("MAN", "COLLO/I MANCANTE/I"),
    Step.CUSTOMS_HOLD: ("DDB", "DOCUMENTI DOGANALI MANCANTI"),
    Step.READY: ("722", "ARRIVATA AL BRT-fermopoint"),
    Step.PICKED_UP: ("724", "RITIRATA AL BRT-fermopoint"),
    Step.RETURNING: ("708", "RESO AL MITTENTE"),
    Step.DELIVERED: ("704", "CONSEGNATA"),
}
"""BRT has no word for customs in their normal course, for their release, nor for "back with the sender"."""

BRANCHES = {"Milano": "MILANO (020)", "Bologna": "BOLOGNA (061)", "Firenze": "FIRENZE (050)", "Chiasso": "COMO (031)"}
EMPTY = {"data": "", "ora": "", "id": "", "descrizione": "", "filiale": ""}


class BrtStandIn(StandIn):
    """Answers by parcel id and by shipment id; the first twelve digits of a number are its shipment id here.

    References of digits are numeric ones, others alphabetic; `year` is that of what they lead to.
    """

    slug = "brt"
    credentials: ClassVar[dict[str, str]] = {"user_id": "0123456", "password": "brt-demo", "customer_id": "0123456"}
    year = 0

    def routes(self) -> Sequence[BaseRoute]:
        """The REST path and the SOAP services."""
        return [
            Route("/rest/v1/tracking/parcelID/{parcel:path}", self._rest),
            Route(SERVICE, self._soap, methods=["POST"]),
            *(Route(path, self._lookup, methods=["POST"], name=path) for path in LOOKUPS),
        ]

    async def _rest(self, request: Request) -> Response:
        given = (request.headers.get("userID"), request.headers.get("password"))
        if None in given:
            return self._failure(-4, "MISSING PARAM")
        if given != (self.credentials["user_id"], self.credentials["password"]):
            return Response(status_code=401)
        happened = self.history(request.path_params["parcel"])
        if happened is None:
            return self._failure(-11, "NOT FOUND")
        return JSONResponse(
            {
                "ttParcelIdResponse": {
                    "esito": 0,
                    "executionMessage": {"code": 0, "severity": "INFO", "codeDesc": "OK", "message": ""},
                    "bolla": _head(request.path_params["parcel"], happened),
                    "lista_eventi": [{"evento": row} for row in _rows(happened)],
                    "lista_note": [],
                }
            }
        )

    async def _soap(self, request: Request) -> Response:
        asked = re.search(r"<SPEDIZIONE_BRT_ID>(\d*)<", (await request.body()).decode())
        number = asked[1] if asked else ""
        happened = self.history(number)
        if happened is None:
            inner = "<CONTATORE_EVENTI>0</CONTATORE_EVENTI><ESITO>-11</ESITO>"
        else:
            events = "".join(f"<LISTA_EVENTI><EVENTO>{_xml(row)}</EVENTO></LISTA_EVENTI>" for row in _rows(happened))
            head = "".join(
                f"<{name.upper()}>{_xml(part)}</{name.upper()}>" for name, part in _head(number, happened).items()
            )
            count = f"<CONTATORE_EVENTI>{len(happened)}</CONTATORE_EVENTI>"
            inner = f"<BOLLA>{head}</BOLLA>{count}<ESITO>0</ESITO>{events}<VERSIONE>1.1</VERSIONE>"
        return _envelope("brt_trackingbybrtshipmentid", inner)

    async def _lookup(self, request: Request) -> Response:
        body, kind = (await request.body()).decode(), LOOKUPS[request.url.path]
        customer = re.search(r"<CLIENTE_ID>(.*?)<", body)
        asked = re.search(rf"<RIFERIMENTO_MITTENTE_{kind}>(.*?)<", body)
        reference = unescape(asked[1]) if asked else ""
        numeric = kind == "NUMERICO"
        numbers = self.references.get(reference, ()) if reference.isdigit() == numeric else ()
        if customer is None or customer[1] != self.credentials["customer_id"]:
            result = "<ESITO>-21</ESITO>"
        elif len(numbers) > 1:
            result = "<ESITO>-22</ESITO>"
        elif not numbers:
            result = "<ESITO>-11</ESITO>"
        else:
            found = f"<SPEDIZIONE_ANNO>{self.year}</SPEDIZIONE_ANNO><SPEDIZIONE_ID>{numbers[0][:12]}</SPEDIZIONE_ID>"
            result = f"<ESITO>0</ESITO>{found}"
        return _envelope(request.url.path.rpartition("/")[2].lower(), f"{result}<VERSIONE>1.0</VERSIONE>")

    def _failure(self, code: int, name: str) -> Response:
        message = {"code": code, "severity": "ERROR", "codeDesc": name, "message": ""}
        return JSONResponse({"ttParcelIdResponse": {"esito": code, "executionMessage": message}})


def _envelope(service: str, inner: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<a:{service}Response xmlns:a="http://{service}.wsbeans.iseries/">'
        f"<return>{inner}</return></a:{service}Response></soapenv:Body></soapenv:Envelope>",
        media_type="text/xml",
    )


def _head(number: str, happened: Sequence[Happened]) -> dict[str, dict[str, str]]:
    last = next((each for each in reversed(happened) if each.step in WORDS), None)
    delivered = last is not None and last.step in (Step.DELIVERED, Step.PICKED_UP)
    at = last.at.astimezone(ROME) if last is not None and delivered else None
    return {
        "dati_spedizione": {
            "spedizione_id": number[:12],
            "descrizione_stato_sped_parte1": WORDS[last.step][1] if last else "",
            "cod_filiale_arrivo": "050",
            "filiale_arrivo": "FIRENZE",
        },
        "dati_consegna": {
            "data_consegna_merce": f"{at:%d.%m.%Y}" if at else "",
            "ora_consegna_merce": f"{at:%H.%M}" if at else "",
        },
    }


def _rows(happened: Sequence[Happened]) -> list[dict[str, str]]:
    """Newest first, then the empty rows that BRT fills its list up with."""
    rows = []
    for each in reversed([each for each in happened if each.step in WORDS]):
        code, words = WORDS[each.step]
        at = each.at.astimezone(ROME)
        rows.append(
            {
                "data": f"{at:%d.%m.%Y}",
                "ora": f"{at:%H.%M}",
                "id": code,
                "descrizione": words,
                "filiale": BRANCHES.get(each.town, each.town.upper()),
            }
        )
    return rows + [EMPTY] * PADDING


def _xml(part: dict[str, str]) -> str:
    return "".join(f"<{name.upper()}>{escape(value)}</{name.upper()}>" for name, value in part.items())
