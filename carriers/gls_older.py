"""GLS's tracking page (JSON) and its older web service (SOAP), read as the group's interface; neither is asked.

The page tells the newest event's number (`evtNos`) and the parcel's status (`statusInfo`); of the others, the words
alone. The service numbers each event (public clients of both, 2026-11). The names of the numbers are those of the
group's list of events.
"""

from collections.abc import Iterator

from lxml import etree

from carriers.base import UnreadablePayload
from carriers.reading import Json, at, child_text, dicts, text_of, xml_of
from carriers.xml_tree import named

NAMES = {
    "0.0": "INTIAL.NORMAL",
    "1.0": "OUTBOD.NORMAL",
    "2.0": "INBOUD.NORMAL",
    "3.0": "DELIVD.NORMAL",
    "11.0": "OUTDEL.NORMAL",
    "43.0": "CANCEL.NORMAL",
}
UNKNOWN = {"errorCode": "E_404_01"}


def of_page(said: dict[str, Json]) -> list[dict[str, Json]] | None:
    """The parcels of the page, as the group's interface would tell them; none if this is no answer of the page."""
    if "exceptionText" in said and "lastError" in said:
        return [UNKNOWN]
    told = [each for each in dicts(said.get("tuStatus")) if "history" in each or "tuNo" in each]
    return [_paged(each) for each in told] or None


def _paged(said: dict[str, Json]) -> dict[str, Json]:
    progress = said.get("progressBar")
    numbers = at(progress, "evtNos")
    number = text_of(numbers[0]) if isinstance(numbers, list) and numbers else ""
    stamps = [f"{text_of(each.get('date'))}T{text_of(each.get('time'))}" for each in dicts(said.get("history"))]
    newest = stamps.index(max(stamps)) if stamps else 0
    return {
        "requested": said.get("tuNo"),
        "status": at(progress, "statusInfo"),
        "events": [
            {
                "code": NAMES.get(number, "") if nth == newest else "",
                "city": at(each, "address", "city"),
                "country": at(each, "address", "countryCode"),
                "description": each.get("evtDscr"),
                "eventDateTime": stamps[nth],
            }
            for nth, each in enumerate(dicts(said.get("history")))
        ],
    }


def of_soap(body: bytes) -> list[dict[str, Json]]:
    """The parcel of the service's answer, as the group's interface would tell it; none for another error."""
    told = named(xml_of(body), "TuDetailsResponse")
    if told is None or (told.find("{*}ExitCode") is None and told.find("{*}TuNo") is None):
        raise UnreadablePayload("neither parcels nor an error of GLS Group")
    error = text_of(told.findtext("{*}ExitCode/{*}ErrorCode"), 20)
    if error not in ("", "0"):
        return [UNKNOWN] if error == "998" else []
    return [{"requested": child_text(told, "TuNo"), "events": list(_events(told))}]


def _events(told: etree._Element) -> Iterator[dict[str, Json]]:
    for each in told.iter("{*}History"):
        year, *parts = (text_of(each.findtext(f"{{*}}Date/{{*}}{part}")) for part in ("Year", "Month", "Day"))
        clock = (text_of(each.findtext(f"{{*}}Date/{{*}}{part}")).zfill(2) for part in ("Hour", "Minut"))
        number = child_text(each, "Code")
        yield {
            "code": NAMES.get(number, number),
            "city": child_text(each, "LocationName"),
            "country": child_text(each, "CountryName"),
            "description": child_text(each, "Desc"),
            "eventDateTime": f"{year}-{'-'.join(part.zfill(2) for part in parts)}T{':'.join(clock)}:00",
        }
