"""The operator's rows, on the command line: for everybody, or for a company, from the first to the last."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from app.cli import nove
from app.errors import InvalidInput, NotFound, NoveError

NOBODY = "019ef0f0-0000-7000-8000-000000000000"
KEY = {"NOVE_SECRET_KEY": "A" * 43 + "="}
BEAMED = ("mapping", "add", "sandbox", "beamed", "--status", "out_for_delivery", "--reason", "Seen.")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as the command makes it."""
    path = tmp_path_factory.mktemp("made") / "nove.db"
    migrated = CliRunner().invoke(nove, ["migrate"], env={"NOVE_DATABASE_URL": f"sqlite:///{path}", **KEY})
    assert migrated.exit_code == 0, migrated.exception
    return path


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Path) -> None:
    """A working directory with an installation."""
    shutil.copy(made, tmp_path / "nove.db")
    monkeypatch.chdir(tmp_path)
    for name, value in {"NOVE_DATABASE_URL": f"sqlite:///{tmp_path}/nove.db", **KEY}.items():
        monkeypatch.setenv(name, value)


def run(*words: str) -> Result:
    """The command, as it ended."""
    return CliRunner().invoke(nove, words)


def told(*words: str) -> Any:
    """What it printed, as JSON."""
    done = run(*words)
    assert done.exit_code == 0, done.exception or done.output
    return orjson.loads(done.stdout)


def failed(*words: str) -> NoveError:
    """Why it failed."""
    error = run(*words).exception
    assert isinstance(error, NoveError)
    return error


def test_a_replay_of_what_there_is_not_says_so() -> None:
    """A shipment that does not exist is no success; nothing at all to change asks for no further step."""
    assert failed("replay", "--shipment", NOBODY).detail.startswith(f"No shipment {NOBODY} that fits")
    assert run("replay").stdout == "0 of 0 would change.\n"


def test_a_row_from_its_first_to_its_last() -> None:
    """Taken as a shadow, shown, switched on, applied, withdrawn; it stays listed with its end."""
    made = told(*BEAMED, "--shadow", "--list", "scan", "--context", "x", "--strong", "--doubtful")
    shown = run("mapping", "preview", made["id"])
    without = run("mapping", "preview", made["id"], "--without")
    compared = told("mapping", "shadow")
    on = told("mapping", "switch-on", made["id"])
    asked = told("mapping", "replay", made["id"])
    come = told("mapping", "replay", made["id"], "--progress")
    ended = told("mapping", "withdraw", made["id"], "--reason", "It was not so.")

    assert {name: made[name] for name in ("company_id", "author", "state", "list", "context", "weak", "doubtful")} == {
        "company_id": None,
        "author": "operator",
        "state": "shadow",
        "list": "scan",
        "context": "x",
        "weak": False,
        "doubtful": True,
    }
    assert shown.stdout == without.stdout == "0 of 0 would change; nothing was written.\n"
    assert compared == {"compared": [], "differences": []}
    assert (on["state"], asked["state"], come) == ("active", "due", asked)
    assert (ended["state"], ended["withdrawn_by"], ended["withdrawn_reason"]) == (
        "withdrawn",
        "operator",
        "It was not so.",
    )
    assert (told("mapping", "list"), told("mapping", "list", "--withdrawn")) == ([], [ended])


def test_a_row_for_one_company() -> None:
    """The company must be there."""
    company = told("shop", "create", "Bottega")["company_id"]
    made = told(*BEAMED, "--company", company)

    assert (made["company_id"], made["id"]) == (company, told("mapping", "list", "--carrier", "sandbox")[0]["id"])
    assert isinstance(failed(*BEAMED, "--company", NOBODY), NotFound)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("mapping", "add", "nobody", "x", "--reason", "Seen."), "carrier"),
        (("mapping", "add", "sandbox", "x", "--status", "flying", "--reason", "Seen."), "status"),
        (("mapping", "add", "sandbox", "x", "--sub-status", "held", "--reason", "Seen."), "sub_status"),
        (("mapping", "add", "sandbox", " ", "--reason", "Seen."), "code"),
        (("mapping", "add", "sandbox", "x", "--reason", " "), "reason"),
    ],
)
def test_what_cannot_be_a_row(words: tuple[str, ...], field: str) -> None:
    """The argument is named."""
    error = failed(*words)

    assert isinstance(error, InvalidInput)
    assert [each.field for each in error.errors] == [field]


@pytest.mark.parametrize("command", ["preview", "replay", "switch-on", "withdraw"])
def test_a_row_that_is_not_there(command: str) -> None:
    """It is said so, with the database that was asked."""
    error = failed("mapping", command, NOBODY)

    assert isinstance(error, NotFound)
    assert error.detail.startswith(f"No mapping {NOBODY}.")


def test_a_row_that_was_never_applied() -> None:
    """Has no progress, and what does it is said."""
    made = told(*BEAMED)

    assert "nove mapping replay" in failed("mapping", "replay", made["id"], "--progress").detail
