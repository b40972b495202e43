"""The goals as lines of a table, and what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio is held against; `lower` if less is better."""

    number: int
    goal: float
    stretch: float
    lower: bool = False

    def verdict(self, ratio: float) -> str:
        """`stretch`, `met` or `missed`."""
        sign = -1 if self.lower else 1
        if sign * ratio >= sign * self.stretch:
            return "stretch"
        return "met" if sign * ratio >= sign * self.goal else "missed"


GOALS = {
    goal.number: goal
    for goal in (
        Goal(1, 0.50, 0.75),
        Goal(2, 2.0, 1.3, lower=True),
        Goal(3, 0.30, 0.50),
        Goal(4, 0.70, 1.0),
        Goal(5, 0.45, 0.60),
        Goal(6, 10, 25),
        Goal(7, 0.15, 0.30),
        Goal(8, 0.50, 0.80),
        Goal(9, 1.0, 0.25, lower=True),
        Goal(10, 0.90, 0.97),
        Goal(11, 40, 15, lower=True),
        Goal(12, 0.85, 0.5, lower=True),
        Goal(13, 1.4, 1.2, lower=True),
        Goal(14, 2.0, 1.5, lower=True),
    )
}
"""The goals of the project, as its sheet of performance sets them."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table. Without `number` it is only for information.

    Without `ratios` it was not run, or `failed`, and `note` says why. `ours` and `limit` are in `unit`.
    `database` is empty where there is none.
    """

    what: str
    number: int | None = None
    ours: float | None = None
    limit: float | None = None
    ratios: tuple[float, ...] = ()
    unit: str = ""
    note: str = ""
    failed: bool = False
    database: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the rounds."""
        return median(self.ratios) if self.ratios else None

    @property
    def goal(self) -> Goal | None:
        """What it is held against."""
        return GOALS[self.number] if self.number is not None else None

    @property
    def verdict(self) -> str:
        """How it stands to its goal; `-` without one. What went wrong on the way is missed."""
        if self.failed:
            return "missed"
        if self.goal is None:
            return "-"
        return "not run" if self.ratio is None else self.goal.verdict(self.ratio)


def line(what: str, found: Rounds, number: int | None = None, *, unit: str = "/s", note: str = "") -> Line:
    """The line of rounds of two sides."""
    return Line(
        what,
        number,
        median(each.ours for each in found.rounds),
        median(each.limit for each in found.rounds),
        tuple(each.ratio for each in found.rounds),
        unit,
        "; ".join(filter(None, (note, found.note))),
    )


COLUMNS = ("#", "what", "database", "ours", "limit", "ratio", "min", "max", "goal", "stretch", "verdict")


def cells(line: Line) -> list[str]:
    """A row of the table."""
    goal = line.goal
    numbers = (line.ratio, min(line.ratios, default=None), max(line.ratios, default=None))
    bounds = (goal.goal, goal.stretch) if goal else (None, None)
    return [
        str(line.number or ""),
        line.what,
        line.database,
        *(f"{_figure(value)} {line.unit}".strip() if value is not None else "" for value in (line.ours, line.limit)),
        *map(_figure, numbers),
        *(f"{'≤ ' if goal and goal.lower else ''}{_figure(bound)}" if bound is not None else "" for bound in bounds),
        line.verdict,
    ]


def show(lines: Sequence[Line], console: Console) -> None:
    """Print the table, and below it what must be known of its lines."""
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("what", "database", "verdict") else "right", no_wrap=True)
    for each in lines:
        table.add_row(*cells(each))
    console.print(table)
    for each in lines:
        if each.note:
            where = f" ({each.database})" if each.database else ""
            console.print(f"{each.what}{where}: {each.note}", highlight=False)


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines for a program."""
    return [
        {
            "goal": each.number,
            "what": each.what,
            "database": each.database,
            "ours": each.ours,
            "limit": each.limit,
            "unit": each.unit,
            "ratio": each.ratio,
            "min": min(each.ratios, default=None),
            "max": max(each.ratios, default=None),
            "bound": each.goal.goal if each.goal else None,
            "stretch": each.goal.stretch if each.goal else None,
            "verdict": each.verdict,
            "note": each.note,
        }
        for each in lines
    ]


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.3g}"
