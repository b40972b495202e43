"""The command without a database: which carriers there are, what an answer says, which adapters are sound."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

import carriers
from app.cli import nove
from app.grading import LOOKS
from carriers import Carrier, Parcel
from carriers.reading import Json
from carriers.tables import Says, table
from carriers.vocabulary import Status
from tests.recorded import FOLDER, recorded

COMMAND = Path(sys.executable).with_name("nove")


def run(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(nove, words, input=given)


def objects(result: Result) -> list[dict[str, Json]]:
    """The JSON objects that a command printed, one a line."""
    assert (result.exit_code, result.stderr) == (0, "")
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_which_version_it_is() -> None:
    """The first thing that is asked about a problem."""
    assert run("--version").stdout == f"nove {version('nove')}\n"


def test_carriers_as_a_list() -> None:
    """`--json` is a list of every carrier, for programs, each with its grade card, on which no point has failed."""
    [line] = [orjson.loads(run("carriers", "--json").stdout)]

    assert [each["slug"] for each in line] == list(carriers.carriers())
    points = {point["point"]: (point["outcome"], point["found"]) for point in line[0]["grade"].pop("points")}
    assert line[0] == {
        "slug": "sandbox",
        "name": "Sandbox",
        "poll": True,
        "push": True,
        "batch_size": 20,
        "confidence": "high",
        "grade": {"passed": 15, "failed": 0, "not_applicable": 2},
    }
    assert list(points) == [name for name, _ in LOOKS]
    assert points["statuses"] == ("passed", "8 of 8 covered")
    assert points["error"] == ("not applicable", "its only error is HTTP's 422, which never reaches the parser")
    assert [each["slug"] for each in line if each["grade"]["failed"]] == []


def test_carriers_as_a_table() -> None:
    """Without it, a table for people has a line for each."""
    result = run("carriers")

    assert result.exit_code == 0
    assert all(f"│ {slug} " in result.stdout for slug in carriers.carriers())


def test_parse_a_file() -> None:
    """An answer gives one object a line for each parcel, in full."""
    [parcel] = objects(run("parse", "sandbox", str(FOLDER / "sandbox" / "held.json")))

    assert list(parcel) == [
        *("carrier", "tracking_number", "status", "sub_status", "not_found", "eta", "events"),
    ]
    assert (parcel["status"], parcel["sub_status"], len(parcel["events"])) == ("exception", "held", 8)
    assert parcel["events"][1] == {
        "occurred_at": "2026-03-02T12:00:00+00:00",
        "local_time": "2026-03-02T13:00:00",
        "code": "collected",
        "text": "Ritirata dal mittente",
        "status": "in_transit",
        "sub_status": "picked_up",
        "place": "Milano",
        "row": "collected",
    }


def test_parse_standard_input() -> None:
    """Many parcels come in the answer's order; one that is not known says so, one without news is pending."""
    found = objects(run("parse", "sandbox", given=recorded("sandbox", "many_parcels")))
    dashed = objects(run("parse", "sandbox", "-", given=recorded("sandbox", "many_parcels")))

    assert found == dashed
    assert [
        (each["tracking_number"], each["status"], each["sub_status"], each["not_found"], each["eta"]) for each in found
    ] == [
        (
            "SANDBOX-DELIVERED-1",
            "delivered",
            "to_recipient",
            False,
            {"from": "2026-03-03", "to": "2026-03-03", "source": "carrier"},
        ),
        ("SANDBOX-NOWHERE-1", "pending", None, True, None),
        ("SANDBOX-LOST-1", "exception", "lost", False, None),
        ("SANDBOX-STALE-1", "pending", None, False, None),
    ]


def test_parse_folds() -> None:
    """The status is the fold of the events, not the last of the answer: order and unlisted codes do not matter."""
    [disorder] = objects(run("parse", "sandbox", given=recorded("sandbox", "disorder")))
    [unlisted] = objects(run("parse", "sandbox", given=recorded("sandbox", "unlisted_code")))

    assert (disorder["status"], disorder["sub_status"]) == ("failed_attempt", "recipient_absent")
    assert (unlisted["status"], unlisted["sub_status"]) == ("in_transit", "picked_up")
    assert [(each["code"], each["status"], each["row"]) for each in unlisted["events"]][-1] == (
        "teleported",
        None,
        None,
    )


def test_parse_another_carriers_answer() -> None:
    """What is not that carrier's answer ends with 3 and one line."""
    for given in (recorded("own", "delivered"), b"", b"\xff\xfe", b'"\n\n"'):
        result = run("parse", "sandbox", given=given)

        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (3, "", 1)
        assert result.stderr.startswith("nove: not an answer of sandbox: ")


def test_parse_an_error_answer(tmp_path: Path) -> None:
    """It is that carrier's answer, yet there is no parcel in it: programs read nothing, people a line."""
    (file := tmp_path / "answer.json").write_bytes(orjson.dumps({"carrier": "sandbox", "parcels": []}))
    named, given = run("parse", "sandbox", str(file)), run("parse", "sandbox", given=file.read_bytes())

    assert (named.exit_code, named.stdout, given.exit_code, given.stdout) == (0, "", 0, "")
    assert named.stderr == f"nove: {file} is an error answer of sandbox: no parcel in it\n"
    assert given.stderr == "nove: standard input is an error answer of sandbox: no parcel in it\n"


@pytest.mark.parametrize("slug", ["brt", "gls_it", "poste_italiane", "dhl_unified", "ups", "fedex"])
def test_parse_real_carriers(slug: str) -> None:
    """Each real carrier: delivered and held as they are, an unlisted code without status, another's answer refused."""
    [delivered] = objects(run("parse", slug, given=recorded(slug, "delivered")))
    [held] = objects(run("parse", slug, given=recorded(slug, "held")))
    [unlisted] = objects(run("parse", slug, given=recorded(slug, "unlisted_code")))
    many = objects(run("parse", slug, given=recorded(slug, "many_parcels")))
    unknown = objects(run("parse", slug, given=recorded(slug, "not_found")))
    error = run("parse", slug, given=recorded(slug, "error"))

    assert (delivered["carrier"], delivered["status"]) == (slug, "delivered")
    assert (held["status"], held["sub_status"]) == ("exception", "held")
    assert None in [event["status"] for event in unlisted["events"]]
    assert len(many) > 1
    assert [(each["status"], each["not_found"], each["events"]) for each in unknown] == [("pending", True, [])]
    assert (error.exit_code, error.stdout, error.stderr) == (
        0,
        "",
        f"nove: standard input is an error answer of {slug}: no parcel in it\n",
    )
    assert run("parse", slug, given=recorded("sandbox", "delivered")).exit_code == 3


def test_parse_names_the_field() -> None:
    """A shop's own event that does not fit is told where."""
    result = run("parse", "own", given=recorded("own", "hostile"))

    assert (result.exit_code, result.stderr) == (
        3,
        "nove: not an answer of own: events.0.occurred_at: Input should be a valid string\n",
    )


@pytest.mark.parametrize("words", [("parse", "pigeon"), ("carrier", "check", "pigeon")])
def test_unknown_carrier(words: tuple[str, ...]) -> None:
    """A carrier that there is not ends with 2 and a line that says where the names are."""
    result = run(*words, given=b"{}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "nove: no carrier 'pigeon': `nove carriers` lists them\n"


def test_a_carrier_misspelt() -> None:
    """The nearest names are told."""
    result = run("parse", "dhl_expres", given=b"{}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("nove: no carrier 'dhl_expres', perhaps dhl_express")
    assert result.stderr.count("dhl_express") == 1


def test_parse_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, or a folder, ends with 2 and one line."""
    for path, reason in ((tmp_path / "none.json", "No such file or directory"), (tmp_path, "Is a directory")):
        result = run("parse", "sandbox", str(path))

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"nove: cannot read {path}: {reason}\n"


def test_a_grade_card(tmp_path: Path) -> None:
    """Point by point, for people and for programs; without recordings, what needs them has failed."""
    for_people = run("carrier", "check", "fedex", "--no-speed")
    [card] = orjson.loads(run("carrier", "check", "fedex", "--no-speed", "--json").stdout)
    bare = run("carrier", "check", "fedex", "--no-speed", "--json", "--recordings", str(tmp_path))

    assert (for_people.exit_code, for_people.stdout.splitlines()[0].strip()) == (0, "fedex: no point failed")
    assert (card["slug"], card["failed"], len(card["points"])) == ("fedex", 0, len(LOOKS))
    assert bare.exit_code == 1
    assert {point["point"] for point in orjson.loads(bare.stdout)[0]["points"] if point["outcome"] == "failed"} == {
        *("recordings", "statuses", "unlisted code", "not found", "error", "zones", "repeated", "disorder"),
        *("push", "replay", "hostile input"),
    }


def test_recordings_are_of_one_carrier() -> None:
    """A folder of recordings without a slug ends with 2."""
    assert run("carrier", "check", "--recordings", "tests").exit_code == 2


class Broken(Carrier):
    """A carrier that keeps no promise."""

    slug, name = "Broken!", ""
    number_patterns = ("(",)
    batch_size = 0
    table = table({"A": Says(Status.DELIVERED)})

    def parse(self, body: bytes) -> list[Parcel]:
        return [Parcel(body.decode()[0])]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    carriers.carriers.cache_clear()
    monkeypatch.setattr(carriers, "BUILT_IN", (Broken,))
    yield
    carriers.carriers.cache_clear()


@pytest.mark.usefixtures("broken")
def test_broken_carrier() -> None:
    """Each promise not kept is a failed point that says what to mend, and the command ends with 1."""
    result = run("carrier", "check", "--no-speed", "--json")
    [card] = orjson.loads(result.stdout)
    found = {point["point"]: point["found"] for point in card["points"] if point["outcome"] == "failed"}

    assert result.exit_code == 1
    assert found["identity"] == "`slug` is 'Broken!': make it of lower-case letters, digits and underscores"
    assert found["numbers"].startswith("`number_patterns` or `number_form`: (: ")
    assert found["ways in"] == "`batch_size` 0 and `rate` (1, 1.0) must be above zero"
    assert found["recordings"].startswith("no recordings in tests/carriers/Broken!: compose them")
    assert {point["point"] for point in card["points"] if point["outcome"] == "passed"} == {"rows", "doubtful rows"}


def test_installed_command() -> None:
    """The script runs, explains itself, and gives its exit codes to the shell."""

    def nove_says(*words: str, given: bytes = b"") -> tuple[int, bytes, bytes]:
        done = subprocess.run([COMMAND, *words], input=given, capture_output=True, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    code, printed, complaint = nove_says("parse", "sandbox", given=recorded("sandbox", "delivered"))
    assert (code, orjson.loads(printed)["status"], complaint) == (0, "delivered", b"")
    code, printed, complaint = nove_says("parse", "sandbox", given=b"{}")
    assert (code, printed, complaint) == (3, b"", b"nove: not an answer of sandbox: not an answer of the sandbox\n")
    code, printed, _ = nove_says("--help")
    assert code == 0
    assert all(word in printed for word in (b"carriers", b"parse", b"carrier"))


def test_starts_fast() -> None:
    """Help needs none of the carriers' libraries: what is heavy is imported by the command that needs it."""
    code = "import sys, app.cli; print([name for name in sys.modules if name.split('.')[0] in HEAVY])"
    heavy = {"carriers", "httpx", "lxml", "sqlalchemy", "fastapi", "pydantic", "uvicorn", "jinja2"}

    done = subprocess.run(
        [sys.executable, "-c", code.replace("HEAVY", repr(heavy))], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
