"""UN/EDIFACT and ANSI X12 as segments, within bounds; and parcels of what they say about shipments and packages.

A segment is its tag and elements, an element its components. Of an interchange both ends must be there.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from carriers.base import UnreadablePayload
from carriers.event import Eta, Parcel, TrackingEvent
from carriers.reading import MAX_BODY, text_of
from carriers.sequence import numbered

MAX_SEGMENTS = 100_000
MAX_TOLD = 50_000
"""Events of all shipments and packages that one body may come to."""
EDIFACT_BEGINS = re.compile(rb"(?:UNA[^\r\n]{6}\s*)?UNB[^A-Z0-9]UNO[A-Z]")
X12_BEGINS = re.compile(rb"ISA([^A-Z0-9])[0-9]{2}\1.{10}\1[0-9]{2}\1", re.DOTALL)
"""What an interchange begins with, wherever it stands in a file."""
_TAG = re.compile("[A-Z][A-Z0-9]{1,2}", re.ASCII)
_HELD = "\ue000\ue001\ue002\ue003"
"""What stands for a released character while the text is split."""
_CHARSETS = {b"UNOC": "iso8859-1", b"UNOD": "iso8859-2", b"UNOE": "iso8859-5", b"UNOF": "iso8859-7"}
"""The charsets of UNB that are neither ASCII nor UTF-8."""


class Segment(NamedTuple):
    """`elements` are those behind the tag, counted from 1 as in the standards' tables."""

    tag: str
    elements: Sequence[Sequence[str]]

    def at(self, element: int, component: int = 1, limit: int = 100) -> str:
        """A component as clean text; empty if it is not there."""
        try:
            return text_of(self.elements[element - 1][component - 1], limit)
        except IndexError:
            return ""


def edifact(body: bytes) -> list[Segment]:
    """The segments of an interchange, or of messages without one; UnreadablePayload if it is not whole."""
    found = re.match(rb"(?:\xef\xbb\xbf)?\s*(UNA[^\r\n]{6}\s*)?(UNB|UNH)(.)(UNO[A-Z])?", body, re.DOTALL)
    if found is None:
        raise UnreadablePayload("no EDIFACT")
    text = _text(body[found.start(2) :], _CHARSETS.get(found[4] or b"", ""))
    marks = found[1].decode("latin-1") if found[1] else "UNA:+.? '"
    component, element, release, end = marks[3], marks[4], marks[6], marks[8]
    special = release + element + component + end
    if len(set(special)) < 4 or any(mark.isalnum() for mark in special):
        raise UnreadablePayload("EDIFACT whose marks are not told apart")
    if release != " " and release in text:
        held = dict(zip(special, _HELD, strict=True))

        def hold(each: re.Match[str]) -> str:
            return held.get(each[1]) or each[1]

        text = re.sub(re.escape(release) + "(.)", hold, text, flags=re.DOTALL)
        back = str.maketrans(_HELD, special)
    else:
        back = {}
    segments = _segments(text, end, element, component, lambda part: part.translate(back) if back else part)
    return _whole(segments, "UNB", "UNZ")


def x12(body: bytes) -> list[Segment]:
    """The segments of an interchange, or of transaction sets without one; UnreadablePayload if it is not whole."""
    text = _text(body, "").lstrip("\ufeff \r\n")
    if text.startswith("ISA") and len(text) >= 106:
        element, component, end = text[3], text[104], text[105]
    elif text.startswith("ST") and len(text) > 2:
        element, component, end = text[2], ">", "~" if "~" in text else "\n"
    else:
        raise UnreadablePayload("no X12")
    if len({element, component, end}) < 3 or any(mark.isalnum() for mark in (element, component, end)):
        raise UnreadablePayload("X12 whose marks are not told apart")
    return _whole(_segments(text, end, element, component, lambda part: part), "ISA", "IEA")


def messages(segments: Sequence[Segment], first: str, last: str) -> list[tuple[str, Sequence[Segment]]]:
    """The kind and segments of each message (UNH to UNT, ST to SE); UnreadablePayload if one has no end."""
    found, start = [], None
    for nth, segment in enumerate(segments):
        if segment.tag == first:
            if start is not None:
                raise UnreadablePayload(f"a message without {last}")
            start = nth
        elif segment.tag == last and start is not None:
            head = segments[start]
            found.append((head.at(2) if first == "UNH" else head.at(1), segments[start + 1 : nth]))
            start = None
    if start is not None:
        raise UnreadablePayload(f"a message without {last}")
    return found


class Told(NamedTuple):
    """An event of a shipment, and the packages that it is about; all of them if it names none."""

    event: TrackingEvent
    packages: tuple[str, ...] = ()


def shipment(number: str, aliases: Iterable[str], told: Sequence[Told], eta: Eta | None = None) -> list[Parcel]:
    """The shipment, and its packages if there are several: then what is said of some is not said of the whole.

    A single package is the shipment by another number. `told` runs in the order of the message.
    """
    packages = list(dict.fromkeys(package for each in told for package in each.packages if package != number))
    other = [each for each in dict.fromkeys(aliases) if each and each != number]
    if len(packages) <= 1:
        named = [*packages, *(form for package in packages if (form := _other_sscc(package)))]
        events = dict.fromkeys(each.event for each in told)
        return [
            Parcel(number or next(iter(named), ""), _ordered(events), eta, aliases=tuple(dict.fromkeys(other + named)))
        ]
    whole = dict.fromkeys(each.event for each in told if not each.packages)
    found = [Parcel(number, _ordered(whole), eta, aliases=tuple(other))] if number else []
    events_of: dict[str, dict[TrackingEvent, None]] = {package: {} for package in packages}
    count = 0
    for each in told:
        concerned = set(each.packages) & events_of.keys() if each.packages else events_of.keys()
        if (count := count + len(concerned)) > MAX_TOLD:
            raise UnreadablePayload(f"more than {MAX_TOLD} events of all packages")
        for package in concerned:
            events_of[package][each.event] = None
    for package, events in events_of.items():
        form = _other_sscc(package)
        found.append(Parcel(package, _ordered(events), eta, aliases=(form,) if form else ()))
    return found


def _other_sscc(package: str) -> str:
    """An SSCC with `00` before it, or without."""
    if re.fullmatch("[0-9]{18}", package):
        return f"00{package}"
    return package[2:] if re.fullmatch("00[0-9]{18}", package) else ""


def _ordered(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """Newest first. A message runs oldest first, unless its ends say otherwise: so those of one instant keep order."""
    listed = list(events)
    if listed and listed[0].moment.occurred_at > listed[-1].moment.occurred_at:
        listed.reverse()
    return numbered(sorted(listed, key=lambda event: event.moment.occurred_at)[::-1])


def _text(body: bytes, charset: str) -> str:
    if len(body) > MAX_BODY:
        raise UnreadablePayload(f"a body of {len(body)} bytes: at most {MAX_BODY} are read")
    try:
        text = body.decode(charset or "utf-8")
    except UnicodeDecodeError:
        text = body.decode("iso8859-1")
    for mark in _HELD:
        text = text.replace(mark, " ")
    return text


def _segments(text: str, end: str, element: str, component: str, back: Callable[[str], str]) -> list[Segment]:
    if text.count(end) > MAX_SEGMENTS:
        raise UnreadablePayload(f"more than {MAX_SEGMENTS} segments")
    *closed, rest = text.split(end)
    if rest.strip() and end != "\n":
        raise UnreadablePayload("the last segment has no end")
    found = []
    for each in (*closed, rest):
        if line := each.strip("\r\n \t"):
            tag, *parts = line.split(element)
            if not _TAG.fullmatch(tag):
                raise UnreadablePayload(f"no segment begins with {text_of(tag, 20)!r}")
            found.append(Segment(tag, [[back(piece) for piece in part.split(component)] for part in parts]))
    return found


def _whole(segments: list[Segment], first: str, last: str) -> list[Segment]:
    opened, closed = (sum(each.tag == tag for each in segments) for tag in (first, last))
    if opened != closed:
        raise UnreadablePayload(f"{opened} times {first} and {closed} times {last}: not whole")
    return segments
