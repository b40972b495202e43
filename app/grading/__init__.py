"""The kit: an adapter's grade card, whether it is built in or of a package of its own.

`nove carrier check` prints it, the README's table is made from it, and the tests hold every built-in adapter to it.
"""

from pathlib import Path

from app.grading import adapter, answers, disorder, hostile, meanings, nights, pushes, speed
from app.grading.card import Card, Outcome, Point, Subject, looked_at
from app.grading.recordings import recordings_of
from carriers import Carrier

LOOKS = (
    ("identity", adapter.identity),
    ("numbers", adapter.numbers),
    ("credentials", adapter.credentials),
    ("ways in", adapter.ways_in),
    ("rows", meanings.rows),
    ("doubtful rows", meanings.doubtful),
    ("recordings", answers.recordings),
    ("statuses", meanings.statuses),
    ("unlisted code", answers.unlisted_code),
    ("not found", answers.not_found),
    ("error", answers.error),
    ("zones", nights.zones),
    ("repeated", disorder.repeated),
    ("disorder", disorder.disorder),
    ("push", pushes.verified),
    ("replay", pushes.replayed),
    ("hostile input", hostile.hostile),
)
"""The points that are the same whenever they are looked at."""


def grade(carrier: Carrier, folder: Path | None = None, *, timed: bool = False) -> Card:
    """The carrier's card, by the recordings in this folder or where they usually are; `timed` adds its speed."""
    subject = Subject(carrier, recordings_of(carrier, folder))
    looks = (*LOOKS, ("speed", speed.speed)) if timed else LOOKS
    return Card(carrier.slug, tuple(looked_at(name, look, subject) for name, look in looks))


__all__ = ["LOOKS", "Card", "Outcome", "Point", "grade"]
