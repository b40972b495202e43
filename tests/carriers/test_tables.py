"""A table that does not fit the vocabulary does not load, and the error names the line."""

from pathlib import Path

import pytest

import carriers.tables
from carriers.tables import COLUMNS, Row, Says, Table, table, table_file
from carriers.vocabulary import Status, SubStatus

HEAD = ",".join(COLUMNS)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that `table_file("a.csv")` reads."""
    monkeypatch.setattr(carriers.tables, "files", lambda _: tmp_path)
    return tmp_path / "a.csv"


def test_file(written: Path) -> None:
    """A row has its meaning, wording and source; a sub-status says whether it is weak unless the row does."""
    written.write_text(
        f'{HEAD}\nx,1,"Left, at last",in_transit,departed,,p. 3,\nx,2,Paper,awaiting_pickup,info_received,,,yes\n'
        ",1,Note,,,,,\n,2,Paper,awaiting_pickup,info_received,no,,\n,3,Odd,in_transit,,yes,,\n",
        encoding="utf-8",
    )

    assert list(table_file("a.csv").values()) == [
        Row("x/1", Status.IN_TRANSIT, SubStatus.DEPARTED, False, False, "Left, at last", "p. 3"),
        Row("x/2", Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, True, True, "Paper"),
        Row("1", None, None, False, False, "Note"),
        Row("2", Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, False, False, "Paper"),
        Row("3", Status.IN_TRANSIT, None, True, False, "Odd"),
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("x,1,Again,in_transit,,,,", r"a.csv, line 3: \('x', '1'\) stands twice"),
        ("x,2,Wrong,shipped,,,,", "a.csv, line 3: 'shipped' is not a valid Status"),
        ("x,2,Wrong,in_transit,gone,,,", "a.csv, line 3: 'gone' is not a valid SubStatus"),
        ("x,2,Other's,in_transit,held,,,", "a.csv, line 3: x/2: held is no sub-status of in_transit"),
        ("x,2,Alone,,held,,,", "a.csv, line 3: x/2: a sub-status without status"),
        ("x,2,Never,pending,,,,", "a.csv, line 3: x/2: pending is never an event's status"),
        ("x,2,Weak,in_transit,,perhaps,,", "a.csv, line 3: weak is empty, yes or no, not 'perhaps'"),
        ("x,2,Doubt,in_transit,,,,no", "a.csv, line 3: doubtful is empty or yes, not 'no'"),
        ("x,2,Short,in_transit", "a.csv, line 3: 4 cells, not 8"),
        ("x,2,Long,in_transit,,,,,more", "a.csv, line 3: 9 cells, not 8"),
        ("x,,No code,in_transit,,,,", "a.csv, line 3: no code"),
    ],
)
def test_line_that_does_not_fit(written: Path, line: str, complaint: str) -> None:
    """Each mistake stops the load, naming file and line."""
    written.write_text(f"{HEAD}\nx,1,Right,in_transit,departed,,,\n{line}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=complaint):
        table_file("a.csv")


@pytest.mark.parametrize("head", ["", "code,status", HEAD.replace("weak", "strong"), f"{HEAD},more"])
def test_wrong_columns(written: Path, head: str) -> None:
    """The columns are these, in this order."""
    written.write_text(f"{head}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=f"a.csv: the columns must be {HEAD}"):
        table_file("a.csv")


def test_table_in_a_file_of_code() -> None:
    """A dict's keys are codes or (list, code) pairs; a code is looked for in its own list only."""
    made = table({"A": Says(Status.DELIVERED), ("x", "B"): Says(doubtful=True)})

    assert isinstance(made, Table)
    assert [row.name for row in made.values()] == ["A", "x/B"]
    assert made.find("A") is made["", "A"]
    assert made.find("A", within="x") is None
    assert made.find("B") is None
    with pytest.raises(ValueError, match="x/B: held is no sub-status of delivered"):
        table({("x", "B"): Says(Status.DELIVERED, SubStatus.HELD)})
