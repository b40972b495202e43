"""Recorded answers, broken by chance in their bytes and in their values: an adapter reads or refuses, nothing else."""

from collections.abc import Callable
from random import Random

import orjson
import pytest
from lxml import etree

from carriers import BUILT_IN, UnreadablePayload, carrier
from carriers.reading import Json
from tests.carriers.test_contract import assert_sound
from tests.recorded import recordings

ODD: tuple[Json, ...] = (
    *(None, True, False, 0, -1, 7, 10**18, 1.5, -1e300),
    *("", " ", "x", "\0", "0", "-1", "²", "٣", "è" * 600, "null", "<a/>", "99999999", "999999", "+99:99", "-24:00"),
    *("0001-01-01", "9999-12-31T23:59:59", "2026-02-30", "20260302", "2026-03-29T02:30:00", "31/12/9999", "24.00"),
    *([], {}, [[]], [None], [{}], {"a": 1}, [1, "a", {"b": []}], {"": ""}),
)
"""Values that stand where an adapter expects another kind."""

SLUGS = [kind.slug for kind in BUILT_IN]
COUNTS = [300, pytest.param(10_000, marks=pytest.mark.long)]


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
    rows = [odd_values(line.split(";"), by, rate) for line in body.decode().splitlines()]
    return "\n".join(";".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows).encode()


def odd_bytes(body: bytes, by: Random) -> bytes:
    """The body with some bytes changed, cut out or put in."""
    made = bytearray(body)
    for _ in range(by.randint(1, 8)):
        at = by.randrange(len(made) + 1)
        made[at : at + by.choice((0, 0, 1, 1, 5, 80))] = by.randbytes(by.choice((0, 1, 1, 4)))
    return bytes(made)


def odd_members(body: bytes, by: Random, rate: float) -> bytes:
    """The JSON, in which values are replaced by odd ones, lost or doubled at this rate."""
    return orjson.dumps(odd_values(orjson.loads(body), by, rate))


ODDLY: dict[str, Callable[[bytes, Random, float], bytes]] = {".xml": odd_elements, ".json": odd_members}


def check(slug: str, body: bytes, seed: int) -> None:
    """Read, soundly, or refused; what else happens names the seed by which the body is made again."""
    try:
        parcels = carrier(slug).parse(body)
    except UnreadablePayload:
        return
    except Exception as error:
        error.add_note(f"seed {seed}, body {body[:500]!r}")
        raise
    for parcel in parcels:
        assert_sound(parcel)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("slug", SLUGS)
def test_odd_bytes(slug: str, count: int) -> None:
    """Whatever bytes are broken, the answer is read or refused."""
    bodies = [path.read_bytes() for path in recordings(slug)]
    for seed in range(count):
        by = Random(seed)
        check(slug, odd_bytes(by.choice(bodies), by), seed)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("slug", SLUGS)
def test_odd_values(slug: str, count: int) -> None:
    """Whatever values are of the wrong kind, the answer is read or refused."""
    bodies = [(path.suffix, path.read_bytes()) for path in recordings(slug)]
    for seed in range(count):
        by = Random(seed)
        (suffix, body), rate = by.choice(bodies), by.choice((0.01, 0.05, 0.2))
        check(slug, ODDLY.get(suffix, odd_cells)(body, by, rate), seed)
