"""Status tables: what a carrier's codes mean, as data.

A table is a mapping of (list, code) to a row. Small ones are written in the carrier's file, large ones are CSV files in
this folder with the columns `list,code,wording,status,sub_status,weak,source,doubtful`. A code that means different
things in different lists has a row in each. `weak` is empty (the sub-status decides), `yes` or `no`; `doubtful` is
empty or `yes`. A row without status says that nothing happened to the parcel.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from carriers.vocabulary import WEAK_SUB_STATUSES, Status, SubStatus, belongs

COLUMNS = ("list", "code", "wording", "status", "sub_status", "weak", "source", "doubtful")


@dataclass(frozen=True, slots=True)
class Row:
    """What one code means. `name` identifies the row in an event's evidence (`list/code`)."""

    name: str
    status: Status | None
    sub_status: SubStatus | None
    weak: bool
    doubtful: bool
    wording: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Says:
    """A row as an adapter's file writes it; `weak` left out follows from the sub-status."""

    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool | None = None
    doubtful: bool = False


class Table(Mapping[tuple[str, str], Row]):
    """Rows by (list, code); `find` answers none for a code that stands in no row."""

    def __init__(self, rows: Mapping[tuple[str, str], Row]) -> None:
        self._rows = dict(rows)

    def __getitem__(self, key: tuple[str, str]) -> Row:
        return self._rows[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, code: str, *, within: str = "") -> Row | None:
        """The row of a code in one list, or none: never a neighbouring list."""
        return self._rows.get((within, code))


def table(rows: Mapping[str | tuple[str, str], Says]) -> Table:
    """A table from a dict in an adapter's file: keys are codes, or (list, code) pairs."""
    made = {}
    for key, says in rows.items():
        within, code = key if isinstance(key, tuple) else ("", key)
        made[within, code] = _row(within, code, says)
    return Table(made)


def table_file(name: str) -> Table:
    """A table from a CSV file in this folder; ValueError names the line that does not fit."""
    made: dict[tuple[str, str], Row] = {}
    lines = io.StringIO(files(__name__).joinpath(name).read_text(encoding="utf-8"), newline="")
    reader = csv.reader(lines)
    if tuple(next(reader, ())) != COLUMNS:
        raise ValueError(f"{name}: the columns must be {','.join(COLUMNS)}")
    for cells in reader:
        try:
            key, row = _read(cells)
            if key in made:
                raise ValueError(f"{key} stands twice")
        except ValueError as error:
            raise ValueError(f"{name}, line {reader.line_num}: {error}") from error
        made[key] = row
    return Table(made)


def _read(cells: list[str]) -> tuple[tuple[str, str], Row]:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells, not {len(COLUMNS)}")
    within, code, wording, status, sub_status, weak, source, doubtful = cells
    if not code:
        raise ValueError("no code")
    if weak not in ("", "yes", "no"):
        raise ValueError(f"weak is empty, yes or no, not {weak!r}")
    if doubtful not in ("", "yes"):
        raise ValueError(f"doubtful is empty or yes, not {doubtful!r}")
    says = Says(
        Status(status) if status else None,
        SubStatus(sub_status) if sub_status else None,
        None if weak == "" else weak == "yes",
        doubtful == "yes",
    )
    return (within, code), _row(within, code, says, wording, source)


def _row(within: str, code: str, says: Says, wording: str = "", source: str = "") -> Row:
    if says.status is None and says.sub_status is not None:
        raise ValueError(f"{within}/{code}: a sub-status without status")
    if says.status is Status.PENDING:
        raise ValueError(f"{within}/{code}: pending is never an event's status")
    if says.status is not None and not belongs(says.status, says.sub_status):
        raise ValueError(f"{within}/{code}: {says.sub_status} is no sub-status of {says.status}")
    weak = says.weak if says.weak is not None else says.sub_status in WEAK_SUB_STATUSES
    name = f"{within}/{code}" if within else code
    return Row(name, says.status, says.sub_status, weak, says.doubtful, wording, source)
