"""A grade card: points looked at, each passed, failed (what, and where to mend it), or not applicable (why)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.grading.recordings import Recordings
from carriers import Carrier


class Outcome(StrEnum):
    """What became of a point."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class Fault(Exception):
    """What an adapter or its recordings do against the contract, and where that is mended."""


class NotApplicable(Exception):
    """Why a point does not concern this carrier."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The carrier that is graded, with its recordings; none where it was installed without them."""

    carrier: Carrier
    recordings: Recordings

    def unsaid(self, meaning: str) -> str:
        """Why the carrier has no answer of this meaning; empty if it may have."""
        return dict(self.carrier.unsaid).get(meaning, "")


@dataclass(frozen=True, slots=True)
class Point:
    """One thing looked at, and what was found."""

    name: str
    outcome: Outcome
    found: str


@dataclass(frozen=True, slots=True)
class Card:
    """One carrier's points, in the order in which an adapter is written."""

    slug: str
    points: tuple[Point, ...]

    @property
    def failed(self) -> list[Point]:
        """What is to be mended."""
        return [point for point in self.points if point.outcome is Outcome.FAILED]

    def count(self, outcome: Outcome) -> int:
        """How many points came out so."""
        return sum(point.outcome is outcome for point in self.points)


def looked_at(name: str, look: Callable[[Subject], str], subject: Subject) -> Point:
    """One point; `look` tells what it found, or raises Fault or NotApplicable."""
    try:
        return Point(name, Outcome.PASSED, look(subject))
    except NotApplicable as reason:
        return Point(name, Outcome.NOT_APPLICABLE, str(reason))
    except Fault as fault:
        return Point(name, Outcome.FAILED, str(fault))
    except Exception as error:  # an adapter may be wrong in any way; the card says how
        return Point(name, Outcome.FAILED, f"{type(error).__name__}: {error}")
