"""Made-up journeys: what happens to a parcel, step by step, in nobody's format.

The sandbox carrier and the stand-ins of real carriers all tell these, each in its own words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """Something that happens to a parcel."""

    REGISTERED = "registered"
    COLLECTED = "collected"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    AT_DEPOT = "at_depot"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ABSENT = "absent"
    DELAYED = "delayed"
    HELD = "held"
    REFUSED = "refused"
    DAMAGED = "damaged"
    LOST = "lost"
    CUSTOMS = "customs"
    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_CLEARED = "customs_cleared"
    READY = "ready"
    PICKED_UP = "picked_up"
    RETURNING = "returning"
    RETURNED = "returned"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Leg:
    """A step, so many hours after the journey's start, in a town."""

    step: Step
    hours: float
    town: str = "Milano"


@dataclass(frozen=True, slots=True)
class Happened:
    """A step of a journey that has taken place; `at` is aware UTC."""

    step: Step
    at: datetime
    town: str


_START = (
    Leg(Step.REGISTERED, 0.5),
    Leg(Step.COLLECTED, 5),
    Leg(Step.DEPARTED, 9),
    Leg(Step.ARRIVED, 17, "Bologna"),
    Leg(Step.AT_DEPOT, 24, "Firenze"),
)


def _then(*legs: tuple[Step, float]) -> tuple[Leg, ...]:
    return _START + tuple(Leg(step, hours, "Firenze") for step, hours in legs)


JOURNEYS: dict[str, tuple[Leg, ...]] = {
    "DELIVERED": _then((Step.OUT_FOR_DELIVERY, 26), (Step.DELIVERED, 30)),
    "HELD": _then((Step.OUT_FOR_DELIVERY, 26), (Step.ABSENT, 30), (Step.HELD, 36)),
    "FAILED": _then(
        (Step.OUT_FOR_DELIVERY, 26),
        (Step.ABSENT, 30),
        (Step.OUT_FOR_DELIVERY, 50),
        (Step.ABSENT, 54),
        (Step.OUT_FOR_DELIVERY, 74),
        (Step.DELIVERED, 78),
    ),
    "RETURNED": _then(
        (Step.OUT_FOR_DELIVERY, 26),
        (Step.ABSENT, 30),
        (Step.HELD, 36),
        (Step.RETURNING, 60),
        (Step.RETURNED, 90),
    ),
    "LOST": _then((Step.LOST, 72)),
    "DELAYED": _then((Step.DELAYED, 30), (Step.OUT_FOR_DELIVERY, 98), (Step.DELIVERED, 102)),
    "PICKUP": _then((Step.READY, 28), (Step.PICKED_UP, 60)),
    "DAMAGED": _then((Step.DAMAGED, 28)),
    "REFUSED": _then((Step.OUT_FOR_DELIVERY, 26), (Step.REFUSED, 30), (Step.RETURNING, 50), (Step.RETURNED, 80)),
    "CUSTOMS": (
        *_START[:3],
        Leg(Step.CUSTOMS, 20, "Chiasso"),
        Leg(Step.CUSTOMS_HOLD, 30, "Chiasso"),
        Leg(Step.CUSTOMS_CLEARED, 60, "Chiasso"),
        Leg(Step.OUT_FOR_DELIVERY, 74, "Firenze"),
        Leg(Step.DELIVERED, 78, "Firenze"),
    ),
    "STALE": _START[:3],
    "DISORDER": _then(
        (Step.OUT_FOR_DELIVERY, 26), (Step.ABSENT, 30), (Step.OUT_FOR_DELIVERY, 50), (Step.DELIVERED, 54)
    ),
}
"""Every journey by its name in a sandbox number: SANDBOX-<NAME>-<anything>."""


def named_in(number: str) -> str | None:
    """The name of the journey in a sandbox number; none if it names none."""
    match = re.fullmatch(r"SANDBOX-([A-Z]+)-[A-Z0-9-]+", number)
    return match[1] if match and match[1] in JOURNEYS else None


def so_far(legs: Sequence[Leg], start: datetime, speed: float, now: datetime) -> list[Happened]:
    """The steps that have taken place, in the order of time; `speed` divides the journey's hours."""
    times = [start + timedelta(hours=leg.hours) / speed for leg in legs]
    return [Happened(leg.step, at, leg.town) for leg, at in zip(legs, times, strict=True) if at <= now]
