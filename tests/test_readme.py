"""The README says what there is: every setting, command, carrier, make target and status, as the code has them."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic_core import PydanticUndefined
from typer.main import get_command

from app.cli import nove
from app.cli.cards import HEAD, markdown
from app.locales import label
from app.outbox.endpoints import Type
from app.pace import HOURS
from app.settings import Settings
from carriers import carriers
from carriers.vocabulary import Status
from tests.source import ROOT

README = ROOT.joinpath("README.md").read_text()


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def setting_rows() -> Iterator[str]:
    """A row for each setting."""
    for name, field in Settings.model_fields.items():
        empty = field.default in (None, "", (), PydanticUndefined)
        yield row(f"`NOVE_{name.upper()}`", "" if empty else f"`{field.default}`", f"{field.description}")


def command_rows(command: Any, path: str = "nove") -> Iterator[str]:
    """A row for each command, by typer's own registry."""
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from command_rows(each, f"{path} {name}")
        return
    of_kind = {
        kind: [each for each in command.params if each.param_type_name == kind] for kind in ("argument", "option")
    }
    words = [
        each.metavar or (each.name.upper() if each.required else f"[{each.name.upper()}]")
        for each in of_kind["argument"]
    ]
    options = " ".join(f"`{each.opts[0]}`" for each in of_kind["option"] if each.name != "help")
    yield row(f"`{' '.join([path, *words])}`", options, " ".join(command.help.split("\n\n")[0].split()))


ROWS = [*setting_rows(), *command_rows(get_command(nove))]


@pytest.mark.parametrize("told", ROWS, ids=lambda told: told.split("`")[1])
def test_its_row_is_there(told: str) -> None:
    """Each setting and command has the row that the code would write."""
    assert told in README.splitlines()


def test_the_carriers() -> None:
    """Their table is what `nove carriers --markdown` prints; with `--into README.md` it is put there."""
    start = README.index(HEAD)

    assert README[start : README.index("\n\n", start)] == "\n".join(markdown(carriers().values()))


def test_nothing_else_is_told() -> None:
    """No row is left of a setting or command that has gone."""
    named = set(re.findall(r"^\| `(NOVE_\w+|nove [^`]*)`", README, flags=re.MULTILINE))

    assert named == {told.split("`")[1] for told in ROWS if told.startswith(("| `NOVE_", "| `nove "))}


@pytest.mark.parametrize("status", Status)
def test_the_nine_statuses(status: Status) -> None:
    """Each has its id and its labels in both languages."""
    begins = row(str(status.id), f"`{status}`", label(status, None, "en"), label(status, None, "it"))
    [told] = [line for line in README.splitlines() if line.startswith(begins)]

    assert told.endswith("| yes |" if status.final else "| |")


def test_every_make_target() -> None:
    """What the Makefile offers is listed."""
    [targets] = re.findall(r"^\.PHONY: (.+)$", ROOT.joinpath("Makefile").read_text(), flags=re.MULTILINE)

    assert set(re.findall(r"^\| `make (\w+)`", README, flags=re.MULTILINE)) == set(targets.split())


@pytest.mark.parametrize(
    "word", [*(f"`{type_}`" for type_ in get_args(Type)), *(f"`{n}` {h:g}" for n, h in HOURS.items())]
)
def test_what_can_be_chosen(word: str) -> None:
    """The webhook types, and the paces that polling can be set to."""
    assert word in README


def test_every_setting_is_in_the_example() -> None:
    """`.env.example` has each setting once, commented out, with its meaning above it."""
    lines = ROOT.joinpath(".env.example").read_text().splitlines()
    names = [line.removeprefix("# ").partition("=")[0] for line in lines if line.startswith("# NOVE_")]

    assert names == [f"NOVE_{name.upper()}" for name in Settings.model_fields]
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_commands_shown_are_commands() -> None:
    """Every `nove …` in an example is one that there is, with options that it has."""
    known = {told.split("`")[1].split(" [")[0]: told for told in ROWS if told.startswith("| `nove ")}
    for block in re.findall(r"^```\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL):
        for line in re.findall(r"^(?:docker compose exec \w+ )?(nove [^#\n]+)", block, flags=re.MULTILINE):
            found = [told for name, told in known.items() if f"{line} ".startswith(f"{without_arguments(name)} ")]

            assert found, line
            assert all(f"`{option}`" in found[0] for option in re.findall(r"--[a-z-]+", line)), line


def without_arguments(name: str) -> str:
    """A command's words without the capital ones that stand for arguments."""
    return " ".join(word for word in name.split() if word.islower())
