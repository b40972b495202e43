"""Bodies broken by chance, in their bytes and in their values, and bodies that say the same in another order."""

from random import Random

import orjson
from lxml import etree

from carriers.reading import Json

ODD: tuple[Json, ...] = (
    *(None, True, False, 0, -1, 7, 10**18, 1.5, -1e300),
    *("", " ", "x", "\0", "0", "-1", "²", "٣", "è" * 600, "null", "<a/>", "99999999", "999999", "+99:99", "-24:00"),
    *("0001-01-01", "9999-12-31T23:59:59", "2026-02-30", "20260302", "2026-03-29T02:30:00", "31/12/9999", "24.00"),
    *([], {}, [[]], [None], [{}], {"a": 1}, [1, "a", {"b": []}], {"": ""}),
)
"""Values that stand where an adapter expects another kind."""

RATES = (0.01, 0.05, 0.2)


def odd_body(body: bytes, kind: str, by: Random) -> bytes:
    """The body with odd values, as its `format_of` has them: elements of XML, members of JSON, else cells."""
    rate = by.choice(RATES)
    if kind == "XML":
        return odd_elements(body, by, rate)
    if kind == "JSON":
        return orjson.dumps(odd_values(orjson.loads(body), by, rate))
    return odd_cells(body, by, rate)


def format_of(body: bytes) -> str:
    """What a body is written in: JSON, XML, or empty for anything else."""
    try:
        orjson.loads(body)
        return "JSON"
    except orjson.JSONDecodeError:
        pass
    try:
        etree.fromstring(body)
        return "XML"
    except (etree.XMLSyntaxError, ValueError):
        return ""


def odd_values(value: Json, by: Random, rate: float) -> Json:
    """The value, in which each part is replaced by an odd one, lost or doubled at this rate."""
    if by.random() < rate:
        return by.choice(ODD)
    if isinstance(value, dict):
        return {key: odd_values(child, by, rate) for key, child in value.items() if by.random() >= rate / 2}
    if isinstance(value, list):
        doubled = [child for child in value for _ in range(2 if by.random() < rate else 1)]
        if by.random() < rate:
            by.shuffle(doubled)
        return [odd_values(child, by, rate) for child in doubled]
    return value


def odd_elements(body: bytes, by: Random, rate: float) -> bytes:
    """The XML, in which elements are emptied, renamed, moved or given odd text at this rate."""
    root = etree.fromstring(body)
    for element in list(root.iter()):
        if by.random() >= rate:
            continue
        choice, parent = by.randrange(4), element.getparent()
        if choice == 0:
            element.text = str(by.choice(ODD)).replace("\0", "")
        elif choice == 1 and parent is not None:
            parent.remove(element)
        elif choice == 2:
            element.tag = "odd"
        else:
            element.extend([etree.Element("odd") for _ in range(3)])
    return etree.tostring(root)


def odd_cells(body: bytes, by: Random, rate: float) -> bytes:
    """The table, in which cells are given odd text, lost or doubled at this rate."""
    lines = body.decode("utf-8", "surrogateescape").splitlines()
    rows = [odd_values(line.split(";"), by, rate) for line in lines]
    made = "\n".join(";".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows)
    return made.encode("utf-8", "surrogateescape")


def odd_bytes(body: bytes, by: Random) -> bytes:
    """The body with some bytes changed, cut out or put in."""
    made = bytearray(body)
    for _ in range(by.randint(1, 8)):
        at = by.randrange(len(made) + 1)
        made[at : at + by.choice((0, 0, 1, 1, 5, 80))] = by.randbytes(by.choice((0, 1, 1, 4)))
    return bytes(made)


def turned(body: bytes) -> bytes:
    """The body with the items of every list in the opposite order; as it is if it is neither JSON nor XML."""
    kind = format_of(body)
    if kind == "JSON":
        return orjson.dumps(_turned_values(orjson.loads(body)))
    return _turned_elements(body) if kind == "XML" else body


def _turned_values(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _turned_values(child) for key, child in value.items()}
    if isinstance(value, list):
        items = [_turned_values(child) for child in value]
        return items[::-1] if all(isinstance(child, dict) for child in items) else items
    return value


def _turned_elements(body: bytes) -> bytes:
    """Siblings of one name change places with each other; those of different names stay in their order."""
    root = etree.fromstring(body)
    for element in root.iter(etree.Element):
        children = list(element.iterchildren(etree.Element))
        alike: dict[str, list[etree._Element]] = {}
        for child in children:
            alike.setdefault(str(child.tag), []).append(child)
        element[:] = [alike[str(child.tag)].pop() for child in children]
    return etree.tostring(root)
