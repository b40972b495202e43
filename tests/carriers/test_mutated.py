"""Recorded answers, broken by chance in their bytes and in their values: an adapter reads or refuses, nothing else."""

from random import Random

import pytest

from app.grading.breaking import format_of, odd_body, odd_bytes
from carriers import BUILT_IN, UnreadablePayload, carrier
from tests.carriers.test_contract import assert_sound
from tests.recorded import recordings

SLUGS = [kind.slug for kind in BUILT_IN]
COUNTS = [300, pytest.param(10_000, marks=pytest.mark.long)]


def check(slug: str, body: bytes, seed: int | None = None) -> None:
    """Read, soundly, or refused; what else happens names the body, and the seed by which it is made again."""
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
    bodies = [(body, format_of(body)) for body in (path.read_bytes() for path in recordings(slug))]
    for seed in range(count):
        by = Random(seed)
        check(slug, odd_body(*by.choice(bodies), by), seed)
