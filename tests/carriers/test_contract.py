"""What every registered carrier must keep, whoever wrote it."""

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest

from app.grading import grade
from app.grading.soundness import faults_of
from carriers import BUILT_IN, Carrier, Parcel, UnreadablePayload, carrier, carriers, detect
from carriers import parse as parse_by_slug
from tests.carriers.numbers import NUMBERS
from tests.recorded import FOLDER, recordings

HOUSE = Path(inspect.getfile(Carrier)).parent
SLUGS = [kind.slug for kind in BUILT_IN]

REFUSED = {("own", "hostile.json")}
"""Recordings that a carrier rightly refuses: what a shop posts is input, so a wrong type is told, not passed over."""

READ_BY_OTHERS: dict[tuple[str, str], str] = {
    ("dhl_express", "error.json"): "DHL's interfaces write the same problem+json",
    ("dhl_express", "not_found.json"): "DHL's interfaces write the same problem+json",
    ("easypost", "error.json"): "USPS writes the same error",
    ("postnl", "error.json"): "GLS Group stands behind the same gateway, which writes the faults",
}
"""Recordings too bare to be told from another carrier's, with the reason."""

SAME_INTERFACE = {
    "gls_it": {"gls_group"},
    "gls_group": {"gls_it"},
    "japan_post_s10": {"upu_emsevt"},
    "upu_emsevt": {"japan_post_s10"},
}
"""Carriers that speak by one interface too, so that each reads the other's answers."""

PLAIN_HTTP = {"ctt_express"}
"""Carriers whose documented interface has no other address."""

CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter"}

every = pytest.mark.parametrize("slug", SLUGS)


def named(slug: str) -> list[str]:
    """The carrier's recordings that it must read."""
    return [path.name for path in recordings(slug) if (slug, path.name) not in REFUSED]


def read(slug: str, name: str) -> list[Parcel]:
    return carrier(slug).parse((FOLDER / slug / name).read_bytes())


@every
def test_grade_card(slug: str) -> None:
    """No point of its grade card has failed; `nove carrier check` says more about it."""
    assert grade(carrier(slug), FOLDER / slug).failed == []


# Who it is


def test_registry() -> None:
    """Every file that holds a carrier is registered, once, and has a folder of recordings."""
    files = {path.stem for path in HOUSE.glob("*.py") if re.search(r"^class \w+\(Carrier\)", path.read_text(), re.M)}
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("__")}

    assert list(carriers()) == SLUGS
    assert sorted(SLUGS) == sorted(files) == sorted(folders)


@every
def test_numbers(slug: str) -> None:
    """A number of the carrier's own form is seen to be one; spaces and lower case do not matter."""
    known = carrier(slug)
    assert bool(known.number_patterns) == (slug in NUMBERS)
    if slug in NUMBERS:
        assert known.accepts(NUMBERS[slug])
        spaced = " ".join(NUMBERS[slug]).lower()
        assert known in detect(NUMBERS[slug])
        assert known in detect(spaced)
        address = known.tracking_url(NUMBERS[slug])
        assert address == "" or address.startswith("https://")
    assert not known.matches("")


@every
def test_address(slug: str) -> None:
    """A carrier that is asked has an address, and every one is of its own file and has a page."""
    known = carrier(slug)
    scheme = "http://" if slug in PLAIN_HTTP else "https://"

    assert type(known).__module__ == f"carriers.{slug}"
    assert known.website.startswith("https://") or slug in ("own", "sandbox")
    assert known.base_url.startswith(scheme) == (known.polls and slug != "sandbox")


@every
def test_adapter_reads_no_clock(slug: str) -> None:
    """An adapter's file has no way to the time of day: the same body always means the same."""
    source = inspect.getsource(sys.modules[type(carrier(slug)).__module__])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in CLOCKS, f"line {node.lineno}: {node.attr}"
        if isinstance(node, ast.Import):
            assert "time" not in [name.name for name in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.module != "time"


# What it reads


@every
def test_recordings(slug: str) -> None:
    """The carrier's test names every recorded answer, and the library reads it as the adapter does."""
    source = (FOLDER / f"test_{slug}.py").read_text(encoding="utf-8")

    assert [path.stem for path in recordings(slug) if f'"{path.stem}"' not in source] == []
    for name in named(slug):
        assert parse_by_slug(slug, (FOLDER / slug / name).read_bytes()) == read(slug, name)


def assert_sound(parcel: Parcel) -> None:
    """The parcel has the types and times that the contract promises, and each event's meaning comes from a row."""
    assert faults_of(parcel) == []


@every
def test_recordings_are_nobody_elses(slug: str) -> None:
    """No other carrier takes an answer for its own."""
    others = set(SLUGS) - {slug} - SAME_INTERFACE.get(slug, set())
    bodies = {path.name: path.read_bytes() for path in recordings(slug) if (slug, path.name) not in READ_BY_OTHERS}

    assert {(name, other) for name, body in bodies.items() for other in others if takes(other, body)} == set()


def takes(slug: str, body: bytes) -> bool:
    """Whether the carrier reads the body as its own answer."""
    try:
        carrier(slug).parse(body)
    except UnreadablePayload:
        return False
    return True
