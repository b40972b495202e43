"""Carriers' own words without people in them.

Wordings come with signatures, neighbours, streets and phone numbers ("Signed for by: J.SMITH"). What might name
somebody is cut off or left out: the page says in our words what happened.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.shipments.shipment import Shipment

# What follows these may be a person: kept is what stands before them.
_PEOPLE_FOLLOW = re.compile(
    r"\W*\b(?:sign(?:ed|ature)|(?:received|accepted|collected|picked up) by|received:|handed (?:over )?to|left with"
    r"|delivered to|recipient:|consignee:|contact:|attn|c/o|firma(?:to|ta|tario)?\b|ricevut[oa] da|ritirat[oa] da"
    r"|consegnat[oa] a\b|rilasciat[oa] a\b|lasciat[oa] a\b|accettat[oa] da|destinatario:|sig(?:\.|nora?\b)"
    r"|unterschr|empfänger:|remis à|entregado a)",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(r"\S+@\S+|(?:\+|\b00)?\d(?:[\s./-]?\d){6,}")
_WORD = re.compile(r"[^\W_]+")
_STREET_WORDS = frozenset(
    {"viale", "piazza", "piazzale", "corso", "largo", "vicolo", "strada", "contrada", "località", "frazione", "borgo"}
    | {"street", "road", "avenue", "lane", "square", "scala", "interno", "piano", "palazzina"}
)


def personal_words(shipment: Shipment) -> frozenset[str]:
    """The words that point at the people of a shipment: names, street, mail, phone and postcode, in lower case."""
    words: set[str] = set()
    for person in (shipment.recipient, shipment.buyer):
        words |= _words_of(person or {})
    return frozenset(words)


def without_people(text: str, personal: frozenset[str]) -> str:
    """The text up to where a person may follow; nothing of it if it names the shipment's own."""
    kept = _PEOPLE_FOLLOW.split(text, maxsplit=1)[0]
    kept = _ADDRESSES.sub("…", kept).strip(" ,;:-–(")
    if personal.intersection(word.casefold() for word in _WORD.findall(kept)):
        return ""
    return kept if _WORD.search(kept) else ""


def is_somebodys(text: str, shipment: Shipment) -> bool:
    """Whether a public place turns out to be a person: their whole name or street stands in it.

    One word in common is no sign: many a pickup point is in a Via Garibaldi too.
    """
    words = set(_WORD.findall(text.casefold()))
    for person in (shipment.recipient, shipment.buyer):
        for field in ("name", "street"):
            own = set(_words(person or {}, field))
            if own and (own == words or (len(own) > 1 and own <= words)):
                return True
    return False


def _words_of(person: Mapping[str, Any]) -> set[str]:
    town = set(_words(person, "city"))
    names = {word for field in ("name", "company", "email") for word in _words(person, field) if len(word) > 2}
    street = {word for word in _words(person, "street") if len(word) > 3} - _STREET_WORDS - town
    postcode = {word for word in _words(person, "postcode") if len(word) > 3}
    return names | street | postcode


def _words(person: Mapping[str, Any], field: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(str(person.get(field) or ""))]
