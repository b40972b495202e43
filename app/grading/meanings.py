"""Points about the table: what its rows mean, which are doubted, and whether each status has been seen to come out."""

from collections import Counter

from app.grading.answers import recorded
from app.grading.card import Fault, NotApplicable, Subject
from carriers.vocabulary import Status, belongs


def rows(subject: Subject) -> str:
    """Every row means something that the vocabulary knows, and is found under its own code alone."""
    table = subject.carrier.table
    for (within, code), row in table.items():
        wrong = row.status is Status.PENDING or (row.status is None and row.sub_status is not None)
        if wrong or (row.status is not None and not belongs(row.status, row.sub_status)):
            raise Fault(f"row {row.name}: {row.status}/{row.sub_status} is no meaning of an event")
        if row is not table.find(code, within=within) or row.name != (f"{within}/{code}" if within else code):
            raise Fault(f"row {row.name} is not found under its own list and code")
    if not table:
        raise Fault("`table` is empty: every code of the carrier's list is a row")
    if len({row.name for row in table.values()}) < len(table):
        raise Fault("two rows of `table` have one name")
    lists, sources = Counter(within for within, _ in table), {row.source for row in table.values()} - {""}
    if sources and (bare := [row.name for row in table.values() if not row.source]):
        raise Fault(f"{len(bare)} rows lack the source that the others have, {bare[0]} among them")
    told = f"; {len(sources)} sources" if sources else "; its source is in the module's docstring"
    named = ", ".join(f"{within or 'codes'} {count}" for within, count in lists.items())
    return f"{len(table)} ({named}){told}"


def doubtful(subject: Subject) -> str:
    """How many rows are only believed; they act, and no recipient is told of them."""
    table = subject.carrier.table
    return f"{sum(row.doubtful for row in table.values())} of {len(table)}"


def statuses(subject: Subject) -> str:
    """Every status that a sure row gives comes out of a recording; one that only doubtful rows give is named."""
    answers = recorded(subject)
    given = {row.status for row in subject.carrier.table.values() if row.status is not None}
    sure = {row.status for row in subject.carrier.table.values() if row.status is not None and not row.doubtful}
    seen = {event.status for each in answers for event in each.events}
    if missing := [status for status in Status if status in sure - seen]:
        raise Fault(
            f"the table gives {', '.join(missing)}, no recording in {subject.recordings.folder} does: compose one"
        )
    if not given:
        raise NotApplicable("no row gives a status")
    left = [status for status in Status if status in given - seen]
    unseen = f"; not covered, by doubtful rows alone: {', '.join(left)}" if left else ""
    return f"{len(given & seen)} of {len(given)} covered{unseen}"
