"""Rounds of two sides in turn, and the table of what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from statistics import median


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a ratio for each round, higher is better; no `goal` where none is set."""

    what: str
    ratios: tuple[float, ...]
    goal: float | None = None
    stretch: float | None = None

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return median(self.ratios)

    @property
    def met(self) -> str:
        """How the ratio stands to its goal: `met`, `stretch`, `missed`, or `-` without one."""
        if self.goal is None:
            return "-"
        if self.stretch is not None and self.ratio >= self.stretch:
            return "stretch"
        return "met" if self.ratio >= self.goal else "missed"


def geometric_mean(what: str, lines: list[Line], goal: float, stretch: float) -> Line:
    """One line for many: the mean of each round."""
    means = tuple(prod(ratios) ** (1 / len(ratios)) for ratios in zip(*(line.ratios for line in lines), strict=True))
    return Line(what, means, goal, stretch)


def in_turn(rounds: int, bare: Callable[[], float], ours: Callable[[], float], steady: float = 1.3) -> list[float]:
    """Ours over bare, as speeds, round by round; a round is done again while the bare side moved by over `steady`.

    After three times as many rounds as asked for, what there is counts.
    """
    done: list[tuple[float, float]] = []
    for _ in range(3 * rounds):
        done.append((bare(), ours()))
        usual = median(speed for speed, _ in done)
        calm = [(speed, mine) for speed, mine in done if usual / steady <= speed <= usual * steady]
        if len(calm) >= rounds:
            break
    return [mine / speed for speed, mine in (calm if len(calm) >= rounds else done)[-rounds:]]


def table(lines: list[Line]) -> str:
    """The lines for a terminal; the last column is `met`."""
    width = max(len(line.what) for line in lines)
    rows = [f"{'':{width}}  {'ratio':>7}  {'goal':>7}  {'stretch':>7}  {'min':>7}  {'max':>7}  met"]
    for line in lines:
        bounds = ("" if bound is None else f"{bound:.2f}" for bound in (line.goal, line.stretch))
        goal, stretch = bounds
        spread = f"{min(line.ratios):>7.3f}  {max(line.ratios):>7.3f}"
        rows.append(f"{line.what:{width}}  {line.ratio:>7.3f}  {goal:>7}  {stretch:>7}  {spread}  {line.met}")
    return "\n".join(rows)
