"""Cainiao: answers of its tracking page and of AliExpress's seller interface are read; it is not asked.

The page's interface is not licensed for others, and that of contracts is not documented for the public. Codes:
carriers/tables/cainiao.csv, as client code shows them; of some families only the form is known (the list `family`, with
`*` for any part, in its order), and it decides where a code is not listed itself.

Quirks: GTMS_STA_SIGNED is the pickup point that signs, not the buyer. Customs runs twice, so a clearance of the export
says nothing of the import. Times are instants, printed in a zone that changes along the way; without an instant the
printed one counts, in China's if no zone stands beside it. The local carrier's events are merged in, some of them
twice. The summary (the list `summary`) speaks of an end that no event tells. `signed_name` is not read.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, OffsetSource, Parcel, Said, TrackingEvent
from carriers.people import unnamed
from carriers.reading import Json, dicts, json_of, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.summary import with_summary
from carriers.tables import Row, table_file
from carriers.times import epoch_moment, iso_moment, named_offset, with_local, zone

SHANGHAI = zone("Asia/Shanghai")
DEPTH = 6
"""Levels of wrappers about the seller interface's steps."""


class Cainiao(Carrier):
    """Cainiao (菜鸟): AliExpress's parcels from China, delivered by local carriers."""

    slug, name, website = "cainiao", "Cainiao", "https://global.cainiao.com"
    number_patterns = ("LP[0-9]{14,20}", "(?:CN|AE)[0-9A-Z]{12,28}")
    number_form, example = "[0-9A-Z]{8,40}", "LP00000000000001"
    confidence = "low"
    unsaid = (("dst_nights", "its times are instants, or China's, whose clocks never change"),)
    table = table_file("cainiao.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, none for an error."""
        said = json_of(body)
        if isinstance(said, dict) and "module" in said and "success" in said:
            found = [each for each in dicts(said["module"]) if "detailList" in each]
            if not found and said["success"] in (True, "true"):
                return [Parcel("", not_found=True)]
            return [_parcel(each) for each in found]
        steps = list(_steps(said))
        if not steps:
            raise UnreadablePayload("neither an answer of Cainiao's page nor one of the seller interface")
        events = [event for each in steps if (event := _step(each))]
        return [Parcel("", numbered(tuple(dict.fromkeys(events))))]


def _parcel(said: dict[str, Json]) -> Parcel:
    number, local = text_of(said.get("mailNo"), 64), text_of(said.get("copyRealMailNo"), 64)
    details = dicts(said["detailList"])
    events = numbered(tuple(dict.fromkeys(event for each in details if (event := _detail(each)))))
    status = text_of(said.get("status"), 40).upper()
    return Parcel(
        number,
        with_summary(events, meant(Cainiao.table.find(status, within="summary"), status, "summary")),
        not_found=not details,
        aliases=(local,) if local and local != number else (),
        onward=local if local != number else "",
    )


def _detail(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    moment = _moment(get("time"), get("timeStr"), get("timeZone"))
    told = _said(get("actionCode"), get("standerdDesc") or get("desc"))
    return told.at(moment) if moment and (told.code or told.text) else None


def _step(said: dict[str, Json]) -> TrackingEvent | None:
    moment = _moment(None, said.get("event_date"), None)
    told = _said(said.get("action_code"), said.get("event_desc"))
    return told.at(moment) if moment and (told.code or told.text) else None


def _steps(value: Json, depth: int = DEPTH) -> Iterator[dict[str, Json]]:
    """The steps of a seller's answer, whatever they are wrapped in."""
    if isinstance(value, dict) and "event_date" in value and {"action_code", "event_desc"} & value.keys():
        yield value
    elif depth and isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _steps(child, depth - 1)


def _moment(instant: Json, printed: Json, beside: Json) -> Moment | None:
    """The instant with the time that is printed for it; that alone where there is none."""
    where = named_offset(text_of(beside, 20)) or SHANGHAI
    source = OffsetSource.CARRIER if where is SHANGHAI else OffsetSource.GIVEN
    return with_local(epoch_moment(instant, where), iso_moment(printed, where, source))


@remembered
def _said(given: Json, text: Json) -> Said:
    code = text_of(given, 60).upper()
    row = Cainiao.table.find(code)
    family = None if row else _family(code)
    return meant(row or family, code, context="family" if family else "", text=unnamed(text_of(text)))


def _family(code: str) -> Row | None:
    """The first row whose form the code has."""
    return next(
        (row for (within, form), row in Cainiao.table.items() if within == "family" and fnmatchcase(code, form)), None
    )
