"""How an adapter is tried: any bytes and headers are read and verified, or refused by its own errors."""

import contextlib
from collections.abc import Iterator, Mapping
from random import Random

import orjson

from app.grading.breaking import RATES, odd_bytes, odd_values
from carriers import carrier
from carriers.base import BadSignature
from tests.carriers.test_mutated import check

SECRETS = ("a-secret-of-the-account", "è")


class Whatever(Mapping[str, str]):
    """Headers that are there whatever is asked for, made of the lines of a body."""

    def __init__(self, body: bytes) -> None:
        self._lines = body[:2_000].decode("latin-1").splitlines() or [""]
        self._asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        if name not in self._asked:
            self._asked.append(name)
        line = self._lines[self._asked.index(name) % len(self._lines)]
        if line.endswith("?"):
            raise KeyError(name)
        return line

    def __iter__(self) -> Iterator[str]:
        return iter(self._asked)

    def __len__(self) -> int:
        return len(self._asked)


def try_one(slug: str, body: bytes) -> None:
    """Read it and verify it: done, or refused by the adapter's own errors."""
    check(slug, body)
    with contextlib.suppress(BadSignature):
        carrier(slug).verify(Whatever(body), body, SECRETS)


def mutated(body: bytes, by: Random) -> bytes:
    """The body broken in its values where it is JSON, or in its bytes."""
    if by.random() < 0.6:
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.dumps(odd_values(orjson.loads(body), by, by.choice(RATES)))
    return odd_bytes(body, by)
