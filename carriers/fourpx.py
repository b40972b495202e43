"""4PX: answers of its tracking page are read; it is not asked.

The page's interface is not licensed for others, and that of contracts (open.4px.com) is not documented for the public.
Codes: carriers/tables/fourpx.csv, all 204 of a public list.

Quirks: a success is not always a delivery: FPX_S_OKRC is a broker, FPX_S_OKPO the post office, FPX_S_CC and FPX_S_SFBR
paperwork; and what begins like a failed delivery may be a loss (FPX_D_FDPL) or a damage. After the hand-over 4PX may
fall silent: the local carrier's number is told beside its own. Times are local with an offset beside them; without one
nothing is known of their zone. The summary's numbers mean nothing that is public, so they are not read.
"""

from collections.abc import Iterator

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, OffsetSource, Parcel, Place, Said, TrackingEvent
from carriers.people import unnamed
from carriers.reading import Json, dicts, json_object, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import epoch_moment, iso_moment, named_offset


class FourPx(Carrier):
    """4PX (递四方): parcels from China, delivered by local carriers."""

    slug, name, website = "fourpx", "4PX", "https://track.4px.com"
    number_patterns = ("4PX[0-9A-Z]{15,16}",)
    number_form, example = "[0-9A-Z]{8,40}", "4PX3000000000000CN"
    confidence = "low"
    table = table_file("fourpx.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer, none for an error."""
        said = json_object(body)
        listed = said.get("data")
        found = [each for each in dicts(listed) if "queryCode" in each and "tracks" in each]
        if found:
            return [_parcel(each) for each in found]
        if dicts(listed) or not {"result", "message", "data"} <= said.keys():
            raise UnreadablePayload("no answer of 4PX's page")
        return [Parcel("", not_found=True)] if text_of(said["result"], 10) == "1" else []


def _parcel(said: dict[str, Json]) -> Parcel:
    number, tracks = text_of(said["queryCode"], 64), dicts(said["tracks"])
    events = numbered([event for each in tracks if (event := _event(each))])
    others = dict.fromkeys(other for other in _others(said) if other and other != number)
    local = text_of(said.get("serverCode"), 64)
    return Parcel(number, events, not_found=not tracks, aliases=tuple(others), onward=local if local != number else "")


def _others(said: dict[str, Json]) -> Iterator[str]:
    """The local carrier's number and those of the consignment; the shipper's own reference is none."""
    yield text_of(said.get("serverCode"), 64)
    more = said.get("hawbCodeSet")
    yield from (text_of(each, 64) for each in more if isinstance(each, str)) if isinstance(more, list) else ()


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    moment = _moment(get("tkDateStr"), get("tkTimezone"), get("tkDate"))
    told = _said(get("tkCode"), get("tkDesc"), get("tkCategoryName"))
    return told.at(moment, _place(get("tkLocation"))) if moment and (told.code or told.text) else None


def _moment(printed: Json, beside: Json, machine: Json) -> Moment | None:
    """The printed time in the offset beside it; the machine's where none is printed."""
    local = iso_moment(printed, named_offset(text_of(beside, 20)), OffsetSource.GIVEN)
    return local or iso_moment(machine) or epoch_moment(machine)


@remembered
def _said(given: Json, text: Json, group: Json) -> Said:
    code = text_of(given, 40).upper()
    return meant(FourPx.table.find(code), code, text=unnamed(text_of(text) or text_of(group)))


@remembered
def _place(given: Json) -> Place | None:
    return Place(text_of(given, 100)) or None
