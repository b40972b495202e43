"""Bodies in which a part stands again: each list or element of them in turn, as often as wanted."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial

import orjson
from lxml import etree

from app.grading.breaking import format_of
from carriers.reading import Json

Path = tuple[str | int, ...]


def parts(body: bytes) -> list[Callable[[int], bytes]]:
    """For each list, and each element that has children: the body in which it stands so many times."""
    kind = format_of(body)
    if kind == "JSON":
        return [partial(_with_more, body, path) for path in lists_in(orjson.loads(body))]
    if kind != "XML":
        return []
    _, *below = etree.fromstring(body).iter(etree.Element)
    return [partial(_with_siblings, body, nth) for nth, element in enumerate(below) if len(element)]


def lists_in(value: Json, path: Path = ()) -> Iterator[Path]:
    """Where lists of objects stand in a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, list) and value and all(isinstance(child, dict) for child in value):
        yield path
    for name, child in inside:
        yield from lists_in(child, (*path, name))


def _with_more(body: bytes, path: Path, times: int) -> bytes:
    value = orjson.loads(body)
    inside = value
    for name in path:
        inside = inside[name]
    inside *= times
    return orjson.dumps(value)


def _with_siblings(body: bytes, nth: int, times: int) -> bytes:
    root, *below = etree.fromstring(body).iter(etree.Element)
    for _ in range(times - 1):
        below[nth].addnext(deepcopy(below[nth]))
    return etree.tostring(root)
