"""What every registered carrier must keep, whoever wrote it."""

import ast
import inspect
import re
import sys
from datetime import UTC
from pathlib import Path

import pytest
from pydantic import SecretStr

from carriers import BUILT_IN, Carrier, Parcel, Status, UnreadablePayload, carrier, carriers, detect
from carriers import parse as parse_by_slug
from carriers.base import BadSignature
from carriers.vocabulary import belongs
from tests.carriers.numbers import NUMBERS
from tests.recorded import FOLDER, recordings

HOUSE = Path(inspect.getfile(Carrier)).parent
SLUGS = [kind.slug for kind in BUILT_IN]

MEANINGS = {
    *("delivered", "out_for_delivery", "held", "returned", "not_found"),
    *("error", "many_parcels", "hostile", "unlisted_code"),
}
MISSING = {
    "austrian_post": {"many_parcels"},  # its answer has room for one
    "bpost": {"many_parcels"},  # its answer has room for one
    "chronopost": {"many_parcels"},  # its answer has room for one
    "ctt_express": {"many_parcels"},  # its answer has room for one
    "edifact_iftsta": {"not_found"},  # no message is no news
    "evri": {"error"},  # what it answers when something is wrong is not known
    "gs1_epcis": {"not_found", "error"},  # a feed of events says nothing else
    "hermes_de": {"error"},  # its only error is about a number, which is then not known
    "japan_post_s10": {"error"},  # a feed of events says nothing else
    "mondial_relay": {"many_parcels"},  # its answer has room for one
    "own": {"not_found", "error", "unlisted_code"},  # the shop posts facts, and only in the vocabulary's words
    "packeta": {"many_parcels", "out_for_delivery"},  # one packet a call, and no code for the round
    "sandbox": {"error"},  # its only error is HTTP's 422, which never reaches the parser
    "spring_gds": {"many_parcels"},  # one shipment a call
    "swiss_post": {"not_found", "error"},  # an unknown number is an empty list; of errors nothing is known
    "upu_emsevt": {"error"},  # a feed of events says nothing else
    "x12_214": {"not_found"},  # no message is no news
    "yodel": {"error"},  # what it says when something is wrong is not known
}
REFUSED = {("own", "hostile.json")}
"""Recordings that a carrier rightly refuses: what a shop posts is input, so a wrong type is told, not passed over."""

READ_BY_OTHERS: dict[tuple[str, str], str] = {
    ("dhl_express", "error.json"): "DHL's interfaces write the same problem+json",
    ("dhl_express", "not_found.json"): "DHL's interfaces write the same problem+json",
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

SECRETS = re.compile("secret|passw|token")
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter"}

every = pytest.mark.parametrize("slug", SLUGS)


def named(slug: str) -> list[str]:
    """The carrier's recordings that it must read."""
    return [path.name for path in recordings(slug) if (slug, path.name) not in REFUSED]


def read(slug: str, name: str) -> list[Parcel]:
    return carrier(slug).parse((FOLDER / slug / name).read_bytes())


# Who it is


@every
def test_identity(slug: str) -> None:
    """A carrier is one class of its own file, with a name, a description and a page."""
    known = carrier(slug)
    assert type(known).__module__ == f"carriers.{slug}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", slug)
    assert known.name
    assert (type(known).__doc__ or "").strip()
    assert (sys.modules[type(known).__module__].__doc__ or "").strip()
    assert known.website.startswith("https://") or slug in ("own", "sandbox")
    assert known.confidence in ("high", "medium", "low")
    assert known.batch_size >= 1
    assert known.rate.calls >= 1
    assert known.rate.seconds > 0


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
    for pattern in known.number_patterns:
        re.compile(pattern)
    assert bool(known.number_patterns) == (slug in NUMBERS)
    if slug in NUMBERS:
        spaced = " ".join(NUMBERS[slug]).lower()
        assert known in detect(NUMBERS[slug])
        assert known in detect(spaced)
        address = known.tracking_url(NUMBERS[slug])
        assert address == "" or address.startswith("https://")
    assert not known.matches("")


@every
def test_credentials(slug: str) -> None:
    """Whatever is secret about an account is marked so, and an account that needs anything has a secret."""
    fields = carrier(slug).credentials.model_fields
    hidden = {name for name, field in fields.items() if field.annotation in (SecretStr, SecretStr | None)}

    assert {name for name in fields if SECRETS.search(name)} <= hidden
    assert bool(hidden) == any(field.is_required() for field in fields.values())


@every
def test_ways_in(slug: str) -> None:
    """A carrier that is asked has an address; one that signs pushes refuses what is not signed."""
    known = carrier(slug)
    scheme = "http://" if slug in PLAIN_HTTP else "https://"
    assert known.base_url.startswith(scheme) == (known.polls and slug != "sandbox")
    assert known.polls or not known.needs_token
    if known.signs:
        assert known.pushes
        for secrets in ([], [""], ["a secret"]):
            with pytest.raises(BadSignature):
                known.verify({}, b"{}", secrets)


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


# What its codes mean


@every
def test_accepted_numbers(slug: str) -> None:
    """No number of a recording is refused, nor one that the carrier is told by; what is no number at all is."""
    known = carrier(slug)
    names = [path.name for path in recordings(slug) if "hostile" not in path.name]
    numbers = {parcel.number for name in names for parcel in read(slug, name)} - {"", "SANDBOX-NOWHERE-1"}

    assert known.example
    for number in {*numbers, known.example, NUMBERS.get(slug, known.example)}:
        assert known.accepts(number), number
    for wrong in ("", "AB", "A" * 61, "1Z999/../x", "ÀÈÌÒÙÀÈÌÒÙÀÈÌ"):
        assert not known.accepts(wrong), wrong


@every
def test_table(slug: str) -> None:
    """Each row means something in the vocabulary, or says that nothing happened; no row hides behind another."""
    table = carrier(slug).table
    assert table
    for (within, code), row in table.items():
        assert row is table.find(code, within=within)
        assert row.name == (f"{within}/{code}" if within else code)
        assert row.status is not Status.PENDING
        assert row.sub_status is None or row.status is not None
        assert row.status is None or belongs(row.status, row.sub_status)
    assert len({row.name for row in table.values()}) == len(table)


# What it reads


@every
def test_recordings(slug: str) -> None:
    """There is a recorded answer for each meaning, and the carrier's test names every one."""
    stems = {path.stem for path in recordings(slug)}
    source = (FOLDER / f"test_{slug}.py").read_text(encoding="utf-8")

    assert MEANINGS - MISSING.get(slug, set()) <= stems
    assert {stem for stem in stems if f'"{stem}"' not in source} == set()


@every
def test_recordings_are_read(slug: str) -> None:
    """Every recorded answer is read, to sound parcels, and twice to the same."""
    for name in named(slug):
        parcels = read(slug, name)

        assert parcels == read(slug, name) == parse_by_slug(slug, (FOLDER / slug / name).read_bytes()), name
        for parcel in parcels:
            assert_sound(parcel)


@pytest.mark.parametrize(("slug", "name"), sorted(REFUSED))
def test_recording_is_refused(slug: str, name: str) -> None:
    """What is no answer is not read as one."""
    with pytest.raises(UnreadablePayload):
        read(slug, name)


def assert_sound(parcel: Parcel) -> None:
    """The parcel has the types and times that the contract promises, and each event's meaning comes from a row."""
    assert {type(parcel.number), type(parcel.events), type(parcel.not_found)} == {str, tuple, bool}
    for event in parcel.events:
        moment = event.moment
        assert moment.occurred_at.tzinfo is UTC
        assert moment.until is None or (moment.until.tzinfo is UTC and moment.until > moment.occurred_at)
        date_only = r"\d{4}-\d\d-\d\d"
        assert re.fullmatch(date_only if moment.until else rf"{date_only}T\d\d:\d\d:\d\d", moment.local_time)
        assert {type(word) for word in (event.code, event.list, event.context, event.text, event.id)} == {str}
        assert all(word.isprintable() for word in (event.code, event.text, event.id, parcel.number))
        assert len(event.text) <= 500
        assert event.status is None or (belongs(event.status, event.sub_status) and event.row is not None)
    if parcel.eta:
        assert all(end is None or end.tzinfo is UTC for end in (parcel.eta.earliest, parcel.eta.latest))
    assert not (parcel.not_found and parcel.events)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if "unlisted_code" not in MISSING.get(slug, set())])
def test_unlisted_code(slug: str) -> None:
    """A code that no row lists gives an event without status, which says that it is unlisted."""
    [path] = (FOLDER / slug).glob("unlisted_code.*")
    unlisted = [event for parcel in read(slug, path.name) for event in parcel.events if event.unmapped]

    assert unlisted
    assert {(event.status, event.sub_status, event.row) for event in unlisted} == {(None, None, None)}


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
