"""Goal 7: what it costs to read and normalise a carrier's JSON, against reading the same bytes and no more."""

import time
from collections.abc import Callable, Iterable
from itertools import repeat

import orjson

from bench.ratios import Line, geometric_mean, in_turn
from carriers import Carrier, UnreadablePayload, carriers
from tests.recorded import recordings

GOAL, STRETCH = 0.15, 0.30


def lines(quick: bool) -> list[Line]:
    """A line for each carrier that is polled and answers in JSON, then their mean, to which the goal is set."""
    rounds, seconds = (3, 0.2) if quick else (7, 1.0)
    found = [
        Line(f"7  {carrier.slug}, {len(answers)} answers", _ratios(carrier, answers, rounds, seconds))
        for carrier in carriers().values()
        if carrier.polls and carrier.slug != "sandbox" and (answers := readable(carrier))
    ]
    return [*found, geometric_mean("7  parse + normalise / orjson.loads", found, GOAL, STRETCH)]


def readable(carrier: Carrier) -> list[bytes]:
    """The recorded JSON answers in which the carrier tells events."""
    bodies = (path.read_bytes() for path in recordings(carrier.slug) if path.suffix == ".json")
    return [body for body in bodies if _tells(carrier, body)]


def _tells(carrier: Carrier, body: bytes) -> bool:
    try:
        return any(parcel.events for parcel in carrier.parse(body))
    except UnreadablePayload:
        return False


def _ratios(carrier: Carrier, answers: list[bytes], rounds: int, seconds: float) -> tuple[float, ...]:
    times = max(1, int(seconds / _elapsed(carrier.parse, answers)))
    return tuple(
        in_turn(
            rounds,
            lambda: 1 / _elapsed(orjson.loads, answers, 10 * times) * 10,
            lambda: 1 / _elapsed(carrier.parse, answers, times),
        )
    )


def _elapsed(read: Callable[[bytes], object], answers: Iterable[bytes], times: int = 1) -> float:
    """Seconds for reading all the answers so many times."""
    began = time.perf_counter()
    for _ in repeat(None, times):
        for body in answers:
            read(body)
    return time.perf_counter() - began
