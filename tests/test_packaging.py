"""What is shipped: the image and the wheel hold all they need, and call only what there is."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.main import get_command

from app.cli import nove
from app.main import ROUTERS
from app.settings import Settings
from tests.source import ROOT, kept_files

PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["project"]
PACKAGES = ("app", "carriers", "migrations")
IMAGE = re.compile(r"[a-z]+:\d+\.\d+(\.\d+)?(-[a-z]+)*")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's lines, each as its instruction and what follows, comments and line ends taken away."""
    text = re.sub(r"^#.*\n", "", ROOT.joinpath("Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word
    ]


def told(instruction: str) -> list[str]:
    """What the Dockerfile says by an instruction, each time it does."""
    return [rest for word, rest in instructions() if word == instruction]


def words(listed: str) -> list[str]:
    """The words of a list as JSON or YAML write it."""
    return [word.strip(" \"'") for word in listed.strip("[] ").split(",")]


def composed(key: str) -> list[str]:
    """Every value of a key in compose.yaml."""
    return re.findall(rf"^ +{key}: (.+)$", ROOT.joinpath("compose.yaml").read_text(), flags=re.MULTILINE)


CALLED = {
    "image": [word for listed in (told("ENTRYPOINT") + told("CMD")) for word in words(listed)],
    **{f"compose {listed}": ["nove", *words(listed)] for listed in composed("command")},
}


@pytest.mark.parametrize("called", CALLED.values(), ids=CALLED)
def test_the_commands_called_exist_with_their_options(called: list[str]) -> None:
    """The image and every service of compose.yaml start a command that `nove` knows, as it is written there."""
    program, *rest = called
    command = get_command(nove)
    with command.make_context(program, rest) as context:
        name, found, left = command.resolve_command(context, rest)  # type: ignore[attr-defined]
        found.make_context(name, left, parent=context).close()

    assert program == "nove"


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_the_settings_named_exist(name: str) -> None:
    """Nothing is set that is not read."""
    named = set(re.findall(r"\bNOVE_([A-Z_]+)", ROOT.joinpath(name).read_text()))

    assert named - {field.upper() for field in Settings.model_fields} == set()


def test_secrets_have_no_default() -> None:
    """Compose refuses to start without the key and the password."""
    text = ROOT.joinpath("compose.yaml").read_text()

    assert set(re.findall(r"\$\{(\w+):?([?-])", text)) == {("NOVE_SECRET_KEY", "?"), ("POSTGRES_PASSWORD", "?")}


def test_images_are_pinned_by_version() -> None:
    """The same file builds the same image next year; our own image has the project's version."""
    images = [each.partition(" ")[0] for each in told("FROM")] + composed("image")

    assert [image for image in images if not IMAGE.fullmatch(image)] == []
    assert f"nove:{PROJECT['version']}" in images


def test_the_image_does_not_run_as_root() -> None:
    """A user of its own runs the service, and owns nothing but the data."""
    [user] = told("USER")

    assert user == "nove"
    assert f"useradd --system --uid 10001 --home-dir /nove --no-create-home {user}" in told("RUN")[-1]


def test_the_health_check_asks_a_route_there_is() -> None:
    """What the health check calls is served, at the port that the command listens at."""
    [check] = told("HEALTHCHECK")
    found = re.search(r"'http://127\.0\.0\.1:(\d+)(/\w+)'", check)

    assert found is not None
    assert [found[1]] == told("EXPOSE")
    assert found[2] in {getattr(route, "path", "") for router in ROUTERS for route in router.routes}


def test_the_ignore_file_lets_through_what_is_copied() -> None:
    """Each path that the image is built from reaches the builder."""
    let_through = {line[1:] for line in ROOT.joinpath(".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {path.partition("/")[0] for path in copied_paths()}

    assert copied == let_through


def copied_paths() -> list[str]:
    """What the Dockerfile copies out of the repository."""
    return [path for rest in told("COPY") if not rest.startswith("--from") for path in rest.split()[:-1]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network from a copy of what the image copies."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in copied_paths():
        for path in kept_files():
            if path.relative_to(ROOT).is_relative_to(name):
                target = source / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True, cwd=source)
    [path] = built.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """Tables, words, templates and migrations are installed with the code."""
    ours = {str(path.relative_to(ROOT)) for path in kept_files() if path.relative_to(ROOT).parts[0] in PACKAGES}

    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.partition("/")[0] in PACKAGES}

    assert held == ours


def test_the_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    """The application and the command load from the wheel's files alone."""
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = (
        "import sys, app.main, app.worker, app.cli, app.migrating; print(app.migrating.newest());"
        "print(*{m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] in ('app', 'carriers')}, sep='\\n')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    newest, *files = ran.stdout.splitlines()

    assert newest
    assert [file for file in files if not file.startswith(str(tmp_path))] == []
