"""Reading what carriers send: the one guarded way to JSON and XML, and to what stands in them.

Bounds are those of a carrier's body: 4 MiB, depth 64, arrays of 10,000, strings up to the body. Whatever does not fit
raises UnreadablePayload, and nothing else does.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson
from lxml import etree

from carriers.base import UnreadablePayload
from carriers.remembering import SHORT

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_ARRAY = 10_000
MAX_ELEMENTS = 20_000

Json = Any
"""A decoded JSON value; typed only where an adapter takes it apart."""


def json_of(body: bytes, charset: str = "") -> Json:
    """The JSON value of a body, within the bounds; `charset` is what a carrier writes where it is not UTF-8."""
    _sized(body)
    try:
        value = orjson.loads(_recoded(body.removeprefix(BOM_UTF8), charset))
    except orjson.JSONDecodeError as error:
        raise UnreadablePayload(f"not JSON: {error}") from error
    except RecursionError as error:
        raise UnreadablePayload("JSON nested too deeply") from error
    if not _plainly_bounded(body):
        _bounded(value)
    return value


def json_object(body: bytes, charset: str = "") -> dict[str, Any]:
    """The JSON object of a body."""
    value = json_of(body, charset)
    if not isinstance(value, dict):
        raise UnreadablePayload("not a JSON object")
    return value


def xml_of(body: bytes) -> etree._Element:
    """The root element of an XML body; a document type is refused, so no entity is ever expanded.

    White space before the declaration, which XML forbids and some carriers send, is left out.
    """
    _sized(body)
    ascii_only = body.replace(b"\0", b"")  # UTF-16 and UTF-32 hide the words between zeros
    if b"<!DOCTYPE" in ascii_only or b"<!ENTITY" in ascii_only:
        raise UnreadablePayload("XML with a document type")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.removeprefix(BOM_UTF8).lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise UnreadablePayload(f"not XML: {error}") from error
    if root is None:
        raise UnreadablePayload("XML without an element")
    if root.getroottree().docinfo.doctype:
        raise UnreadablePayload("XML with a document type")
    level, count = [root], 1
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        count += len(level)
        if not level:
            break
    else:
        raise UnreadablePayload(f"XML nested deeper than {MAX_DEPTH}")
    if count > MAX_ELEMENTS:
        raise UnreadablePayload(f"XML of more than {MAX_ELEMENTS} elements")
    return root


def text_of(value: object, limit: int = 500) -> str:
    """A scalar as clean text: control characters out, spaces folded, capped; empty for anything else."""
    if type(value) is str and len(value) <= SHORT:
        plain = _cleaned(value)
        return plain if len(plain) <= limit else plain[:limit]
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return _clean(str(value))[:limit]


def _clean(text: str) -> str:
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


_cleaned = lru_cache(maxsize=8192)(_clean)


def opening(body: bytes) -> bytes:
    """The first byte that is neither white space nor of a byte order mark: what tells JSON from XML."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def child_text(element: etree._Element, name: str, limit: int = 200) -> str:
    """The clean text of the first child of a name, whatever its namespace; empty if there is none."""
    return text_of(element.findtext(f"{{*}}{name}"), limit)


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def unsigned(text: str) -> str:
    """The text without the name of who signed."""
    return re.split(r"\W*\bsigned\b", text, maxsplit=1, flags=re.IGNORECASE)[0]


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; a single object counts as a list of one, anything else as none."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return []
    kinds = set(map(type, value))
    return value[:] if kinds == _PLAIN else [item for item in value if isinstance(item, dict)]


_PLAIN = {dict}
"""The kinds of what stands in a list, where all are objects."""


def object_at(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object that stands under a name; empty if there is none."""
    found = value.get(name)
    return found if type(found) is dict else {}


def at(value: object, *path: str) -> Json:
    """What stands at a path of keys, or none."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def some_readable(wrong: Iterable[str]) -> None:
    """`wrong` says of each event why it cannot be read, empty if it can; UnreadablePayload if there are, and none can.

    Where some can be read, these are kept; a body of which all would be lost must not pass for one without news.
    """
    reasons = list(wrong)
    if reasons and all(reasons):
        raise UnreadablePayload(f"none of its events can be read: {reasons[0]}"[:300])


def _recoded(body: bytes, charset: str) -> bytes:
    if not charset or body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(charset, "replace").encode()
    return body


def _sized(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise UnreadablePayload(f"a body of {len(body)} bytes: at most {MAX_BODY} are read")


def _plainly_bounded(body: bytes) -> bool:
    """Whether the bytes of JSON show at a glance that it is within the bounds; if not, it may be so all the same.

    What opens no more than 64 times is no deeper. Else brackets and quotes are left of the bytes: without an escaped
    quote every quote begins or ends a string, so a bracket in a string has an odd number of quotes before it, and then
    some are left when pairs are struck out. If none are, all brackets are the structure's, and each turn takes away
    one or two levels of it.
    """
    if len(body) > 2 * MAX_ARRAY and body.count(b",") >= MAX_ARRAY:
        return False
    if len(body.translate(None, _NO_OPENINGS)) <= MAX_DEPTH:
        return True
    if b"\\" in body and b'\\"' in body:
        return False
    marks = body.translate(None, _NO_MARKS).replace(b'""""', b"").replace(b'""', b"")
    if b'"' in marks:
        return False
    for _ in range(MAX_DEPTH // 2):
        if not marks:
            return True
        marks = marks.replace(b"{}", b"").replace(b"[]", b"")
    return not marks


_NO_OPENINGS = bytes(set(range(256)) - set(b"[{"))
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))


def _bounded(value: Json) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Json] = []
        for item in level:
            if type(item) is dict:
                below += [child for child in item.values() if type(child) in _NESTS]
            elif type(item) is list:
                if len(item) > MAX_ARRAY:
                    raise UnreadablePayload(f"a JSON array of {len(item)} values: at most {MAX_ARRAY} are read")
                below += [child for child in item if type(child) in _NESTS]
        if not below:
            return
        level = below
    raise UnreadablePayload(f"JSON nested deeper than {MAX_DEPTH}")


_NESTS = frozenset((dict, list))  # what the decoder makes, never a subclass
