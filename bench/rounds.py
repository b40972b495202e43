"""Rounds of two sides in turn, `ping` before and after each: a round in which the machine changed is done again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

STEADY = 1.3
TRIES = 3
"""Times as many rounds as asked for are tried at most; then the steadiest count."""

Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Round:
    """What a round gave: both sides, and by how much `ping` moved from its beginning to its end (1 for not at all)."""

    ours: float
    limit: float
    moved: float

    @property
    def ratio(self) -> float:
        """Ours over the limit."""
        return self.ours / self.limit


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds that count; `note` says so if some of them are not steady."""

    rounds: tuple[Round, ...]
    note: str = ""


async def in_turn(count: int, ours: Measure, limit: Measure, ping: Measure) -> Rounds:
    """So many rounds; the side that begins changes from one to the next."""
    done: list[Round] = []
    before = await ping()
    for number in range(TRIES * count):
        first, second = (limit, ours) if number % 2 else (ours, limit)
        one, two = await first(), await second()
        after = await ping()
        moved = max(before, after) / min(before, after)
        done.append(Round(two, one, moved) if number % 2 else Round(one, two, moved))
        before = after
        if sum(each.moved <= STEADY for each in done) == count:
            break
    best = sorted(done, key=lambda each: each.moved)[:count]
    unsteady = sum(each.moved > STEADY for each in best)
    note = f"ping moved by more than {STEADY} in {unsteady} of {count} rounds" if unsteady else ""
    return Rounds(tuple(best), note)
