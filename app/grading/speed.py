"""The point about time spent: reading an answer, against decoding the same bytes alone, in turn in one run."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import orjson
from lxml import etree

from app.grading.answers import recorded
from app.grading.breaking import format_of
from app.grading.card import Fault, NotApplicable, Subject
from app.grading.recordings import Recording

Decode = Callable[[bytes], object]

ROUNDS = 7
AT_LEAST = 0.002
"""Seconds that one side of a round takes, so that the clock does not matter."""

SLOWEST = 200.0
"""Times the decoding alone. Built-in adapters take 3 to 60: beyond this a body is searched again for every event."""


def speed(subject: Subject) -> str:
    """How many times the decoding alone it takes to read the recording with the most events."""
    recorded(subject)
    timed = [each for each in subject.recordings.readable if format_of(each.body)]
    if not timed:
        raise NotApplicable("its answers are neither JSON nor XML: there is no decoder to hold them against")
    chosen = max(timed, key=lambda each: sum(1 for _ in each.events))
    decode, name = (orjson.loads, "orjson") if format_of(chosen.body) == "JSON" else (etree.fromstring, "lxml")
    ratio = median(_ratio(subject, chosen, decode) for _ in range(ROUNDS))
    if ratio > SLOWEST:
        raise Fault(f"{chosen.path.name} takes {ratio:.0f} times as long as {name} alone: at most {SLOWEST:.0f}")
    return f"{chosen.path.name} takes {ratio:.1f} times as long as {name} alone"


def _ratio(subject: Subject, chosen: Recording, decode: Decode) -> float:
    return _seconds(subject.carrier.parse, chosen.body) / _seconds(decode, chosen.body)


def _seconds(read: Decode, body: bytes) -> float:
    """Seconds for one reading, of as many as take long enough."""
    times = 1
    while True:
        start = perf_counter()
        for _ in range(times):
            read(body)
        if (taken := perf_counter() - start) >= AT_LEAST:
            return taken / times
        times *= 2
