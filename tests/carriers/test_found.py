"""What `make fuzz` has found once is read, or refused, ever after."""

from pathlib import Path

import pytest

from tests.carriers.test_mutated import SLUGS
from tests.fuzz.trying import try_one
from tests.source import ROOT

FOUND = sorted(path for path in (ROOT / "tests" / "fuzz" / "found").glob("*/*") if path.is_file())
ODD = (b"", b"\0", b"\xff\xfe", b"[]", b"[" * 10_000, b'{"a": ' * 10_000, b"<a>" * 10_000, b"1" * 10_000, b"null")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_broke_an_adapter_once(path: Path) -> None:
    """By its own error or by parcels that are sound."""
    try_one(path.parent.name, path.read_bytes())


@pytest.mark.parametrize("slug", SLUGS)
def test_what_breaks_readers(slug: str) -> None:
    """Nothing, half of something, and what is nested without end."""
    for body in ODD:
        try_one(slug, body)
