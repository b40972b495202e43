"""Carriers as the commands print them: their grade cards, for a terminal and for programs, and the README's table."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from app.grading import Card, Outcome, grade
from carriers import Carrier

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_APPLICABLE: "dim"}


def table(card: Card) -> Table:
    """A card for a terminal."""
    verdict = f"{len(card.failed)} failed" if card.failed else "no point failed"
    made = Table(title=f"{card.slug}: {verdict}", title_justify="left", min_width=80)
    for column in ("", "point", "found"):
        made.add_column(column)
    for point in card.points:
        made.add_row(Text(point.outcome, style=STYLES[point.outcome]), point.name, Text(point.found))
    return made


def said(card: Card) -> dict[str, Any]:
    """A card for programs."""
    return {
        **{outcome.replace(" ", "_"): card.count(outcome) for outcome in Outcome},
        "points": [{"point": point.name, "outcome": point.outcome, "found": point.found} for point in card.points],
    }


def about(carrier: Carrier) -> dict[str, Any]:
    """What a list of carriers says of each."""
    return {
        "slug": carrier.slug,
        "name": carrier.name,
        "poll": carrier.polls,
        "push": carrier.pushes,
        "batch_size": carrier.batch_size,
        "confidence": carrier.confidence,
    }


def listed(carriers: Iterable[Carrier]) -> Table:
    """The carriers for a terminal."""
    made = Table(Column("slug", no_wrap=True), "name", "poll", "push", "batch size", "confidence")
    for each in carriers:
        cells = about(each).values()
        made.add_row(*("yes" if cell is True else "no" if cell is False else str(cell) for cell in cells))
    return made


HEAD = (
    "| slug | name | polled | pushes | confidence | rows | statuses | grade | credentials (optional ones in brackets) |"
)


def markdown(carriers: Iterable[Carrier]) -> Iterator[str]:
    """The lines of the README's table."""
    yield HEAD
    yield "|---|---|---|---|---|---|---|---|---|"
    for each in carriers:
        yield f"| {' | '.join(_cells(each, grade(each)))} |"


def replaced(text: str, carriers: Iterable[Carrier]) -> str:
    """The text with this table in place of the one in it; ValueError if there is none."""
    lines = text.split("\n")
    if HEAD not in lines:
        raise ValueError(f"there is no table with the head {HEAD}")
    start = lines.index(HEAD)
    return "\n".join([*lines[:start], *markdown(carriers), *lines[lines.index("", start) :]])


def _cells(carrier: Carrier, card: Card) -> tuple[str, ...]:
    fields = carrier.credentials.model_fields.items()
    asked = ", ".join(name if field.is_required() else f"[{name}]" for name, field in fields)
    pushes = ("signed" if carrier.signs else "yes") if carrier.pushes else "no"
    doubtful = sum(row.doubtful for row in carrier.table.values())
    statuses = {row.status for row in carrier.table.values()} - {None}
    passed, failed = card.count(Outcome.PASSED), card.count(Outcome.FAILED)
    return (
        f"`{carrier.slug}`",
        carrier.name,
        "yes" if carrier.polls else "no",
        pushes,
        carrier.confidence,
        f"{len(carrier.table)}{f', {doubtful} doubtful' if doubtful else ''}",
        str(len(statuses)),
        f"{passed} of {passed + failed}",
        asked or "none",
    )
