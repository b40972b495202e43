"""`nove carrier new`: what it writes runs at once, in the repository and as a package of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.composing import recordings
from app.cli.reading import commands
from tests.source import ROOT

NOVE = str(Path(sys.executable).with_name("nove"))


def run(*words: str, folder: Path, path: Path | None = None) -> tuple[int, str, str]:
    """Exit code and what was printed, with `path` before everything that is imported."""
    paths = os.pathsep.join([str(path)] if path else [])
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is not the repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
def test_a_package_is_found_where_it_is_installed(elsewhere: Path) -> None:
    """Its tests pass, `carrier check` finds nothing wrong with it, and it is one of the carriers."""
    made = CliRunner().invoke(commands, ["carrier", "new", "acme_express", "--name", "Acme Express"])
    folder = elsewhere / "nove-acme-express"
    site = elsewhere / "site"
    installed = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-build-isolation", "--target", str(site), str(folder)),
        folder=elsewhere,
    )
    tested = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=folder, path=site)
    checked = run(NOVE, "carrier", "check", "acme_express", folder=folder, path=site)
    parsed = run(
        *(NOVE, "parse", "acme_express", "tests/carriers/acme_express/delivered.json"), folder=folder, path=site
    )

    assert (made.exit_code, installed[0]) == (0, 0), (made.output, installed)
    assert tested[0] == 0, tested
    assert checked[0] == 0, checked
    assert "acme_express: no point failed" in checked[1]
    assert (parsed[0], '"delivered"' in parsed[1]) == (0, True)


def test_in_the_repository_it_is_a_file_among_the_others(tmp_path: Path) -> None:
    """With its recordings and tests, which pass as they are; the linter has nothing to say."""
    house = tmp_path / "house"
    for part in ("carriers", "tests/recorded.py", "tests/__init__.py", "pyproject.toml"):
        (house / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, house / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, house / part)
    (house / "tests" / "carriers").mkdir()
    (house / "tests" / "carriers" / "__init__.py").touch()
    made = run(NOVE, "carrier", "new", "acme", folder=house, path=ROOT)
    tested = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/carriers/test_acme.py"),
        folder=house,
        path=house,
    )
    ruff, written = str(Path(sys.executable).with_name("ruff")), ("carriers/acme.py", "app", "tests")
    ours = 'lint.isort.known-first-party = ["app", "carriers"]'  # most of `app` is not there
    linted = run(ruff, "check", "--no-cache", "--config", ours, *written, folder=house)
    shaped = run(ruff, "format", "--no-cache", "--check", *written, folder=house)

    assert made[0] == 0, made
    assert sorted(made[1].split()) == [
        "app/demo/stand_ins/acme.py",
        "carriers/acme.py",
        *sorted(f"tests/carriers/acme/{path}" for path in recordings("AC", "acme")),
        "tests/carriers/test_acme.py",
    ]
    for told in (
        "`from carriers.acme import Acme`, and `Acme` in BUILT_IN",
        '`"acme": "AC00000001",` in NUMBERS',
        '`Asked(AcmeStandIn, "AC00000001", "api_key"),`',
        "`nove carriers --markdown --into README.md`",
    ):
        assert told in made[2]
    assert tested[0] == 0, tested
    assert (linted[0], shaped[0]) == (0, 0), (linted, shaped)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["Acme"], "the slug 'Acme' must be lower-case letters"),
        (["ups"], "there is a carrier 'ups' already"),
        *[
            ([word], f"the slug '{word}' is a word of Python's or of the adapter's: add one, as `{word}_parcel`")
            for word in ("import", "match", "none", "exception", "carrier", "offset_source")
        ],
        (["acme", "--name", 'The "Acme"'], "leave quotes"),
    ],
)
def test_what_cannot_be_one_is_refused(elsewhere: Path, words: list[str], why: str) -> None:
    """A line says why, and nothing is written."""
    made = CliRunner().invoke(commands, ["carrier", "new", *words])

    assert (made.exit_code, why in " ".join(made.output.split())) == (2, True), made.output
    assert list(elsewhere.iterdir()) == []


def test_nothing_is_written_over(elsewhere: Path) -> None:
    """A second time, with what has been made of it since."""
    for expected in (0, 2):
        made = CliRunner().invoke(commands, ["carrier", "new", "acme"])
        assert made.exit_code == expected
    assert "is there already; nothing was written" in made.output
