"""UN/EDIFACT IFTSTA: the status messages of forwarders and parcel carriers, posted to the hook or read from files.

They come by SFTP, AS2 or mailbox, so nobody is asked; the sender is believed for the token in the hook's address:
there is nothing else to check. CONTRL and APERAK, which answer messages, tell of no parcel.

Codes: carriers/tables/edifact_iftsta.csv, statuses and reasons of UNECE Recommendation 24, which are different lists.
A reason refines the statuses of `REFINED` alone. Reasons 7, 8, 20 and 39 follow element 9013 of D99A
(https://stedi.com/edi/edifact/D99A/elements/9013, 2026-11): business closed, changed schedule, dock strike, no contact.
A code whose qualifiers (1131, 3055) name another list than the UN's is one of it, `own <qualifiers>`: without status.

Quirks: of several DTM the first of `WHEN` is the status's own; most formats have no zone, so that of the place (a
UN/LOCODE) holds. A package's event is its own where a message names several packages of a consignment. Free text (FTX)
is not kept, since it says who signed. Times, codes and places that come again, in this file or another, are one event.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta, timezone, tzinfo

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.edi import EDIFACT_BEGINS, Segment, Told, edifact, messages, shipment
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said
from carriers.reading import some_readable
from carriers.remembering import remembered
from carriers.tables import table_file
from carriers.times import expected, local_moment, parsed_date, parsed_time
from carriers.zones import country_zone

REFINED = frozenset(("20", "23", "56", "77", "90"))
WHEN = ("334", "78", "7", "35", "178", "186", "50", "200", "310", "9", "137")
"""Qualifiers of the time of a status, the first that is there: as agreed, the effective or actual time of it."""
EXPECTED = ("17", "191")
"""Qualifiers of an estimated delivery."""
NUMBERS = ("CN", "AAM", "AAS")
"""Qualifiers of references that carriers give: consignment, waybill, transport document."""
ANSWERS = frozenset(("CONTRL", "APERAK"))
UN = {("", ""), ("", "6"), ("", "UN"), ("9011", ""), ("9011", "6"), ("4405", ""), ("4405", "6")}
_DATES = {"101": "%y%m%d", "201": "%y%m%d", "202": "%y%m%d"}
_LETTERS = {"UTC": 0, "GMT": 0, "WET": 0, "CET": 1, "EET": 2}
_PLACES = ("14", "175", "7", "8")
"""Qualifiers of where it happened, before any other: goods' location, activity, delivery."""


class EdifactIftsta(Carrier):
    """Any carrier or forwarder that sends status messages by the UN's standard."""

    slug = "edifact_iftsta"
    name = "EDIFACT IFTSTA"
    website = "https://unece.org"
    number_form, example = "[A-Za-z0-9-]{4,35}", "CONS0001"
    pushes = True
    unsaid = (("not_found", "no message is no news"),)
    interchange = EDIFACT_BEGINS
    table = table_file("edifact_iftsta.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        found = messages(edifact(body), "UNH", "UNT")
        kinds = {kind for kind, _ in found}
        if not kinds & {"IFTSTA", *ANSWERS}:
            raise UnreadablePayload("no IFTSTA message")
        told = [segments for kind, segments in found if kind == "IFTSTA"]
        parcels = [parcel for segments in told for parcel in _parcels(segments)]
        if not any(parcel.events or parcel.eta for parcel in parcels):
            some_readable(wrong for segments in told for wrong in _wrong(segments))
        return parcels


def _parcels(segments: Sequence[Segment]) -> Iterator[Parcel]:
    """The consignments of a message."""
    head = _head(segments)
    for said in _groups(segments, "CNI"):
        references = [
            each.at(1, 2, 40) for name in NUMBERS for each in said if each.tag == "RFF" and each.at(1) == name
        ]
        groups = [*_groups(said, "STS")]
        etas = [eta for group in groups for each in group if (eta := _eta(each, group))]
        told = [known for group in groups if (known := _told(group, head))]
        number = said[0].at(2, 1, 40) or next((each for each in references if each), "")
        if number or any(each.packages for each in told):
            yield from shipment(number, references, told, etas[-1] if etas else None)


def _wrong(segments: Sequence[Segment]) -> Iterator[str]:
    """Why each status of a message cannot be read; empty for one that can."""
    head = _head(segments)
    for group in (group for said in _groups(segments, "CNI") for group in _groups(said, "STS") if group[0].at(2)):
        times = [f"{each.at(1)}:{each.at(1, 2)}:{each.at(1, 3)}" for each in (*group, *head) if each.tag == "DTM"]
        readable = _told(group, head) or any(_eta(each, group) for each in group)
        yield "" if readable else f"STS {group[0].at(2)} has the times {times}"


def _head(segments: Sequence[Segment]) -> list[Segment]:
    return [*itertools.takewhile(lambda each: each.tag != "CNI", segments)]


def _groups(segments: Sequence[Segment], first: str) -> Iterator[Sequence[Segment]]:
    """The segments from each `first` to the next; those before it are none's."""
    starts = [nth for nth, each in enumerate(segments) if each.tag == first]
    for start, end in itertools.pairwise([*starts, len(segments)]):
        yield segments[start:end]


def _told(group: Sequence[Segment], head: Sequence[Segment]) -> Told | None:
    """What a status says, at its own time or else at that of its message."""
    place, zone = _where(group)
    times = {each.at(1): each for each in group if each.tag == "DTM"} or {
        each.at(1): each for each in head if each.tag == "DTM"
    }
    known = next((times[name] for name in WHEN if name in times), None)
    moment = _moment(known.at(1, 2), known.at(1, 3), zone) if known else None
    words = _status(group[0])
    if moment is None or not words.code:
        return None
    return Told(words.at(moment, place), tuple(dict.fromkeys(_packages(group))))


def _status(sts: Segment) -> Said:
    reasons = [
        sts.at(nth) for nth in range(3, min(len(sts.elements), 7) + 1) if (sts.at(nth, 2), sts.at(nth, 3)) in _REASONS
    ]
    own = (sts.at(2, 2), sts.at(2, 3))
    within = "" if own in UN else " ".join(("own", *own)).strip()
    if sts.at(1) not in ("", "1"):
        within = f"category {sts.at(1, 1, 20)}"
    return _said(within, sts.at(2, 1, 20), sts.at(2, 4, 200), " ".join(reasons))


_REASONS = {("", ""), ("", "6"), ("", "UN"), ("9013", ""), ("9013", "6")}


@remembered
def _said(within: str, given: str, text: str, reasons: str) -> Said:
    if within:
        return Said(given, within, text=text)
    find, code = EdifactIftsta.table.find, given.lstrip("0") or given
    for reason in reasons.split() if code in REFINED else ():
        row = find(reason.lstrip("0"), within="reason")
        if row and row.status:
            return meant(row, code, "", f"reason {reason}", text)
    return meant(find(code), code, "", "", text)


def _where(group: Sequence[Segment]) -> tuple[Place | None, tzinfo | None]:
    places = {each.at(1): each for each in reversed(group) if each.tag == "LOC"}
    if not places:
        return None, None
    loc = next((places[name] for name in _PLACES if name in places), [*places.values()][-1])
    return _place(loc.at(2), loc.at(2, 3), loc.at(2, 4))


@remembered
def _place(code: str, agency: str, name: str) -> tuple[Place | None, tzinfo | None]:
    located = agency in ("", "6") and re.fullmatch("[A-Z]{2}[A-Z2-9]{3}", code, re.ASCII)
    country = code[:2] if located else ""
    return Place(name, country=country, code=code) or None, country_zone(country) if country else None


def _moment(value: str, form: str, zone: tzinfo | None) -> Moment | None:
    """A time in one of the formats 101, 102, 201 to 205, 303 and 304; in any other none."""
    digits = re.match("[0-9]*", value)
    plain, rest = (digits[0], value[digits.end() :]) if digits else ("", value)
    size = 6 if form in _DATES else 8
    day = parsed_date(plain[:size], _DATES.get(form, "%Y%m%d"))
    clock = parsed_time(plain[size:], "%H%M", "%H%M%S")
    if day is None or (clock is None and plain[size:]):
        return None
    if clock is not None and rest:
        offset = _offset(rest)
        if offset is None and form in ("205", "303", "304") and zone is None:
            return None
        if offset is not None:
            return local_moment(day, clock, offset, OffsetSource.GIVEN)
    return local_moment(day, clock, zone or UTC, OffsetSource.PLACE if zone else OffsetSource.UNKNOWN)


def _offset(text: str) -> timezone | None:
    if text.upper() in _LETTERS:
        return timezone(timedelta(hours=_LETTERS[text.upper()]))
    found = re.fullmatch("([+-])(0[0-9]|1[0-4]):?([0-5][0-9])?", text, re.ASCII)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-ahead if found[1] == "-" else ahead)


def _packages(group: Sequence[Segment]) -> Iterator[str]:
    """The numbers of GIN, and those of PCI's marks that can be one."""
    for each in group:
        if each.tag == "GIN":
            yield from (number for nth in range(2, len(each.elements) + 1) if (number := each.at(nth, 1, 40)))
        elif each.tag == "PCI" and len(each.elements) > 1:
            marks = (each.at(2, nth, 40) for nth in range(1, len(each.elements[1]) + 1))
            yield from (mark for mark in marks if re.fullmatch("(?=(.*[0-9]){6})[0-9A-Z]{8,35}", mark, re.ASCII))


def _eta(dtm: Segment, group: Sequence[Segment]) -> Eta | None:
    if dtm.tag != "DTM" or dtm.at(1) not in EXPECTED:
        return None
    return expected(_moment(dtm.at(1, 2), dtm.at(1, 3), _where(group)[1]))
