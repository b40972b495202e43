"""ANSI X12 214: the shipment status messages of North American carriers, posted to the hook or read from files.

They come as files or by AS2, so nobody is asked; the sender is believed for the token in the hook's address: there is
nothing else to check. A 997, which answers messages, tells of no parcel.

Codes: carriers/tables/x12_214.csv. Statuses (element 1650), appointments (1652) and reasons (1651) use the same letters
for different things, so each is a list. A reason refines the statuses of `REFINED` alone. Partners use subsets, and
meanings of their own.

Quirks: D1, unloaded at the delivery place, is the delivery; arrival there (X1) is not. Estimates and appointments are
of the future, so they are no events: those of the delivery (`EXPECTED`) are the expected time. Time codes are those of
element 623 (https://stedi.com/edi/x12-004030/element/623, 2026-11): LT, or none, is the time of the place, which is
known where its state or country keeps one zone. The number is the carrier's (B1001), other numbers of the carrier's are
in L11; the shipper's own are not taken. Packages are those that MAN names.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta, timezone, tzinfo

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.edi import X12_BEGINS, Segment, Told, messages, shipment, x12
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, Said
from carriers.reading import some_readable
from carriers.remembering import remembered
from carriers.tables import table_file
from carriers.times import expected, local_moment, parsed_date, parsed_time, zone
from carriers.zones import country_coded, country_zone, province_zone, state_zone

REFINED = frozenset(("AH", "AP", "SD", "A7"))
EXPECTED = frozenset(("AG", "X2"))
"""Estimates of the delivery; `AB` is the appointment for it."""
FUTURE = EXPECTED | {"B6", "C1"}
NUMBERS = ("CN", "2I")
"""Qualifiers of L11 for the carrier's own numbers: its reference, its tracking number."""
ANSWER = "997"
_REGIONS = {
    "A": ("America/Anchorage", -9 * 60),
    "C": ("America/Chicago", -6 * 60),
    "E": ("America/New_York", -5 * 60),
    "H": ("Pacific/Honolulu", -10 * 60),
    "M": ("America/Denver", -7 * 60),
    "N": ("America/St_Johns", -3 * 60 - 30),
    "P": ("America/Los_Angeles", -8 * 60),
    "T": ("America/Halifax", -4 * 60),
}
"""By the first letter of a time code: the zone, and the minutes that its standard time is ahead of UTC."""


class X12Status(Carrier):
    """Any carrier that sends status messages by the American standard."""

    slug = "x12_214"
    name = "ANSI X12 214"
    website = "https://x12.org"
    number_form, example = "[A-Za-z0-9-]{4,40}", "PRO0001"
    pushes = True
    unsaid = (("not_found", "no message is no news"),)
    interchange = X12_BEGINS
    table = table_file("x12_214.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        found = messages(x12(body), "ST", "SE")
        if not {kind for kind, _ in found} & {"214", ANSWER}:
            raise UnreadablePayload("no transaction set 214")
        told = [segments for kind, segments in found if kind == "214"]
        parcels = [parcel for segments in told for parcel in _parcels(segments)]
        if not any(parcel.events or parcel.eta for parcel in parcels):
            some_readable(_wrong(each) for segments in told for each in segments if each.tag == "AT7" and _code(each))
        return parcels


def _parcels(segments: Sequence[Segment]) -> list[Parcel]:
    """The shipment of a transaction set, and its packages."""
    head = next((each for each in segments if each.tag == "B10"), None)
    if head is None:
        return []
    other = [each.at(1, 1, 40) for name in NUMBERS for each in segments if each.tag == "L11" and each.at(2) == name]
    number = head.at(1, 1, 40) or next(iter(other), "")
    told: list[Told] = []
    etas: list[Eta | None] = []
    for group in _groups(segments, "LX") if any(each.tag == "LX" for each in segments) else (segments,):
        packages = tuple(dict.fromkeys(_packages(group)))
        for said in _groups(group, "AT7"):
            place, where = _where(said)
            at7 = said[0]
            moment = _moment(at7, where)
            if moment is None:
                continue
            if at7.at(1) in FUTURE or at7.at(3):
                etas += [expected(moment)] if at7.at(1) in EXPECTED or at7.at(3) == "AB" else []
            elif at7.at(1):
                told.append(Told(_said(at7.at(1, 1, 20), at7.at(2, 1, 20)).at(moment, place), packages))
    return shipment(number, other, told, etas[-1] if etas else None) if number or any(t.packages for t in told) else []


def _code(at7: Segment) -> str:
    return at7.at(1) or at7.at(3)


def _wrong(at7: Segment) -> str:
    return "" if _moment(at7, None) else f"AT7 {_code(at7)} has the date {at7.at(5)!r} and the time {at7.at(6)!r}"


def _groups(segments: Sequence[Segment], first: str) -> Iterator[Sequence[Segment]]:
    """The segments from each `first` to the next; those before it are none's."""
    starts = [nth for nth, each in enumerate(segments) if each.tag == first]
    for start, end in itertools.pairwise([*starts, len(segments)]):
        yield segments[start:end]


@remembered
def _said(code: str, reason: str) -> Said:
    find = X12Status.table.find
    row = find(reason, within="reason") if code in REFINED else None
    if row and row.status:
        return meant(row, code, "", f"reason {reason}")
    return meant(find(code), code)


def _where(said: Sequence[Segment]) -> tuple[Place | None, tzinfo | None]:
    ms1 = next((each for each in said if each.tag == "MS1"), None)
    return _place(ms1.at(1), ms1.at(2, 1, 3).upper(), ms1.at(3, 1, 3)) if ms1 else (None, None)


@remembered
def _place(city: str, state: str, named: str) -> tuple[Place | None, tzinfo | None]:
    """A town, and the zone of its state or country; a state without country is one of the United States or Canada."""
    country = country_coded(named)
    american, canadian = state_zone(state), province_zone(state)
    if country in ("", "US") and american:
        return Place(city, state=state, country="US"), american
    if country in ("", "CA") and canadian:
        return Place(city, state=state, country="CA"), canadian
    return Place(city, state=state, country=country) or None, country_zone(country) if country else None


def _moment(at7: Segment, where: tzinfo | None) -> Moment | None:
    day, clock = parsed_date(at7.at(5), "%Y%m%d", "%y%m%d"), parsed_time(at7.at(6)[:6], "%H%M", "%H%M%S")
    if day is None or (clock is None and at7.at(6)):
        return None
    coded = _coded(at7.at(7).upper()) if clock else None
    if coded is not None:
        return local_moment(day, clock, coded, OffsetSource.GIVEN)
    return local_moment(day, clock, where or UTC, OffsetSource.PLACE if where else OffsetSource.UNKNOWN)


@remembered
def _coded(code: str) -> tzinfo | None:
    """The zone of a time code; none for the place's own, or one that is not known."""
    if code in ("UT", "GM"):
        return UTC
    if re.fullmatch("0[1-9]|1[0-9]|2[0-4]", code, re.ASCII):
        return timezone(timedelta(hours=int(code) if int(code) <= 12 else int(code) - 25))
    if code[1:] not in ("T", "S", "D") or code[:1] not in _REGIONS:
        return None
    name, minutes = _REGIONS[code[0]]
    return zone(name) if code[1] == "T" else timezone(timedelta(minutes=minutes + (60 if code[1] == "D" else 0)))


def _packages(group: Sequence[Segment]) -> Iterator[str]:
    """The numbers of MAN, which come in pairs behind what they are; not those of a line or of the whole shipment."""
    for each in group:
        if each.tag == "MAN":
            yield from (
                number
                for nth in (2, 5)
                if each.at(nth - 1) not in ("L", "S") and re.fullmatch("[0-9A-Z-]{4,40}", number := each.at(nth, 1, 41))
            )
