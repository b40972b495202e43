"""GLS Italy's XML: shipments as elements whose children hold a text each, padded, and whose events lie flat."""

import re
from collections.abc import Iterator
from datetime import timedelta

from lxml import etree

from carriers.base import TrackingNumber, UnreadablePayload
from carriers.event import Moment, OffsetSource
from carriers.reading import text_of, xml_of
from carriers.times import local_moment, parsed_date, parsed_time, zone

ROME = zone("Europe/Rome")
PRINTED = re.compile(r"([A-Z][A-Z0-9])([0-9]{9})")
"""A number as printed: two characters of the sede, then nine digits that are unique only within it."""

BEFORE = timedelta(days=30)
"""A parcel that left so long before the one meant is another, by a document number used again."""


def name_of(element: etree._Element) -> str:
    """The element's name in small letters; empty for a comment."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The children of these names, in order."""
    return (child for child in element if name_of(child) in names)


def value_of(element: etree._Element, name: str) -> str:
    """The text of the child of this name, empty if there is none."""
    return next((text_of(child.text, 100) for child in children(element, name)), "")


def rows_of(leg: etree._Element, name: str) -> Iterator[dict[str, str]]:
    """The events of a leg's lists: flat, a new one at each `Data`."""
    for tracking in children(leg, name):
        row: dict[str, str] = {}
        for element in tracking.iterdescendants():
            if name_of(element) == "data" and row:
                yield row
                row = {}
            row.setdefault(name_of(element), text_of(element.text))
        yield row


def error_of(root: etree._Element) -> str | None:
    """The error text of an answer; empty when the element is, none when there is no such element."""
    errors = [text_of(element.text) for element in root.iter() if name_of(element) in ("errore", "testoerrore")]
    return next(filter(None, errors), "") if errors else None


def moment_of(day: str, clock: str) -> Moment | None:
    """An Italian wall time, or a day if the clock says nothing; none if the day is none."""
    date = parsed_date(day, "%d/%m/%y", "%d/%m/%Y")
    if date is None:
        return None
    return local_moment(date, parsed_time(clock, "%H:%M", "%H.%M", "%H:%M:%S", "%H.%M.%S"), ROME, OffsetSource.CARRIER)


def by_document(body: bytes, reference: str, sede: str = "") -> Iterator[str]:
    """The printed numbers of an answer's shipments that bear the BDA; `sede` is that of those that name none."""
    root, shipped_at = xml_of(body), TrackingNumber.of(reference).shipped_at
    if name_of(root) not in ("elenco", "spedizione", "errore"):
        raise UnreadablePayload(f"no answer of GLS Italy, but {name_of(root)[:40]!r}")
    for shipment in [root] if name_of(root) == "spedizione" else children(root, "spedizione"):
        document = value_of(shipment, "bda") or reference
        left = moment_of(value_of(shipment, "datapartenza"), "")
        number = (value_of(shipment, "sedepartenza").upper() or sede) + value_of(shipment, "numsped")
        if document.casefold().lstrip("0") != reference.strip().casefold().lstrip("0"):
            continue
        if not PRINTED.fullmatch(number) or (left and shipped_at and left.occurred_at < shipped_at - BEFORE):
            continue
        yield number
