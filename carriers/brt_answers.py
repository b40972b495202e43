"""The answers of BRT's services, of both generations: keys in small letters, results, shipment ids."""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, UnreadablePayload
from carriers.reading import Json, at, dicts, json_object, text_of, xml_of
from carriers.remembering import remembered

EVENTS = "lista_eventi"
ROOTS = ("ttparcelidresponse", "parcelidresult", "return")
OBJECTS = frozenset((*ROOTS, "executionmessage", "bolla", "dati_spedizione", "dati_consegna"))
CHARSET = "cp1252"  # of the JSON answers that are not UTF-8

WHOLE = re.compile(r"-?\d+", re.ASCII)

FEW = 40
"""Names of an object of which is remembered how they are in small letters: rows are all alike."""

NOT_FOUND = -11
AMBIGUOUS = -22
UNEXPECTED = -1
OUTAGES = (UNEXPECTED, -3)
"""An error of BRT's, and its database not reachable."""

REFUSALS: Mapping[int, type[CarrierError]] = {
    **dict.fromkeys(OUTAGES, CarrierUnavailable),
    -4: CredentialsRefused,  # parameter missing: the number is always there, so it is one of the two headers
}
"""What a negative result means for the caller; any other one says that the question is wrong."""


def replies(body: bytes) -> list[dict[str, Json]]:
    """BRT's part of a body, keys in small letters; UnreadablePayload if there is none."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        root = _lowered(json_object(body, CHARSET))
        # Some clients read executionMessage beside the root instead of in it, others know no root at all.
        beside = {"executionmessage": root.get("executionmessage")}
        wrapped = [beside | reply for name in ROOTS for reply in dicts(root.get(name))]
    else:
        root = {}
        trees = [_tree(element) for element in xml_of(body).iter() if _name(element) in ROOTS]
        wrapped = [tree for tree in trees if isinstance(tree, dict)]
    if known := [reply for reply in wrapped if _is_brt(reply, "esito")]:
        return known
    if _is_brt(root):
        return [root]
    raise UnreadablePayload("no tracking answer of BRT")


def _is_brt(reply: Mapping[str, Json], *more: str) -> bool:
    names = ("bolla", EVENTS, *more)
    return any(name in reply for name in names) or isinstance(reply.get("executionmessage"), dict)


def lowered(value: dict[str, Json]) -> dict[str, Json]:
    """The object with its own names in small letters; one that has them already is left as it is."""
    small = (_small if len(value) < FEW else _lower)(*value)
    return dict(zip(small, value.values(), strict=True)) if small else value


def _lowered(value: Json) -> Json:
    """The value, changed in place, with the names of what is read in small letters; rows are left for their reader."""
    if type(value) is dict:
        made = lowered(value)
        for name in OBJECTS:
            if name in made:
                made[name] = _lowered(made[name])
        return made
    return [_lowered(child) for child in value] if type(value) is list else value


def _lower(*names: str) -> tuple[str, ...]:
    """The names in small letters; empty if they have them already."""
    small = tuple(map(str.lower, names))
    return () if small == names else small


_small = remembered(_lower)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _tree(element: etree._Element) -> Json:
    """An element as JSON would have it: text, or an object in which repeated children become a list."""
    made: dict[str, Json] = {}
    for child in element:
        name, value = _name(child), _tree(child)
        if name in made:
            made[name] = [*made[name], value] if isinstance(made[name], list) else [made[name], value]
        else:
            made[name] = value
    return made or (element.text or "")


def number_of(value: Json) -> int | None:
    """A whole number; none if it is not one."""
    text = text_of(value, 12)
    return int(text) if WHOLE.fullmatch(text) else None


def result_of(reply: Mapping[str, Json]) -> int:
    """The result of an answer: negative for a failure, whichever of the two fields tells it."""
    message = reply.get("executionmessage")
    for value in (reply.get("esito"), at(message, "code")):
        if (number := number_of(value)) is not None and number < 0:
            return number
    return UNEXPECTED if text_of(at(message, "severity")).upper() == "ERROR" else 0


def shipment_id(value: Json) -> str:
    """Twelve digits; a number loses its leading zeros on the way through JSON, and 0 stands for none."""
    text = text_of(value, 35)
    return text.zfill(12) if text.strip("0") else ""


def rows(listed: Json) -> Iterator[dict[str, Json]]:
    """The rows of a list of events, however it is nested; padding, too."""
    for item in dicts(listed):
        if type(row := item.get("evento")) is dict:
            yield lowered(row)
        else:
            yield from map(lowered, dicts(lowered(item).get("evento", item)))
