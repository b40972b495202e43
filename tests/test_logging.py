"""What the process writes about itself: who, what and when, and nothing of anybody's."""

import subprocess
import sys

import orjson
import pytest

from app.logging import masked

SCRIPT = """
import logging, structlog
from app.errors import NotFound
from app.logging import set_up
from app.settings import Settings
from sqlalchemy.exc import IntegrityError

set_up(Settings(_env_file=None, log_format={form!r}, log_level={level!r}))
log = structlog.get_logger()
structlog.contextvars.bind_contextvars(request_id="r1")
log.debug("too little")
log.info("taken", shipment_id="s1")
try:
    try:
        raise IntegrityError("INSERT", {{"email": "anna@example.com"}}, ValueError("anna@example.com"))
    except IntegrityError as error:
        raise NotFound("No shop 1.") from error
except NotFound:
    log.exception("failed")
logging.getLogger("httpx").info("GET https://carrier.example/?key=secret")
logging.getLogger("uvicorn.error").warning("odd %s", "request")
logging.getLogger("another").error("broken", exc_info=RuntimeError("anna@example.com"))
"""


def written(form: str = "json", level: str = "INFO") -> str:
    """What a process with these settings writes."""
    script = SCRIPT.format(form=form, level=level)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr


def test_lines_for_machines() -> None:
    """Each is an object with its time, level and request; an exception is its kinds and places, in our words only."""
    lines = [orjson.loads(line) for line in written().splitlines()]

    assert [(line["event"], line["level"], line["request_id"]) for line in lines] == [
        ("taken", "info", "r1"),
        ("failed", "error", "r1"),
        ("odd request", "warning", "r1"),
        ("broken", "error", "r1"),
    ]
    assert lines[0]["shipment_id"] == "s1"
    assert lines[1]["error"] == "NotFound (No shop 1.) at <string>:17 < IntegrityError at <string>:15"
    assert lines[3]["error"] == "RuntimeError at ?"
    assert all(line["timestamp"].endswith("Z") for line in lines)


@pytest.mark.parametrize("form", ["json", "console"])
def test_nothing_of_anybody(form: str) -> None:
    """Values that a driver or a library repeats do not get into a log."""
    text = written(form)

    assert "anna" not in text
    assert "secret" not in text
    assert "failed" in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_control_characters_are_escaped(form: str) -> None:
    """A requested path neither colours a terminal nor begins a line of its own; other letters stay as they are."""
    path = "/è/\x1b[31m\x00\r\n2026 [info] forged\u2028\x9b\u202e"
    script = "from app.settings import Settings; from app.logging import log, set_up\n"
    script += f"set_up(Settings(_env_file=None, log_format={form!r}))\nlog.info('answered', path={path!r})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    [line] = done.stderr.splitlines()
    shown = "/è/\\x1b[31m\\x00\\r\\n2026 [info] forged\\u2028\\x9b\\u202e"

    assert not any(ord(each) < 32 for each in line)
    if form == "json":
        assert orjson.loads(line)["path"] == shown
    else:
        assert line.partition("path=")[2] == repr(shown)  # quoted, as whatever has spaces in it


def test_the_least_level() -> None:
    """What is below it is not written."""
    assert [orjson.loads(line)["event"] for line in written(level="ERROR").splitlines()] == ["failed", "broken"]
    assert orjson.loads(written(level="DEBUG").splitlines()[0])["event"] == "too little"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/t/abc", "/t/…"),
        ("/t/abc.json", "/t/…"),
        ("/hooks/ups/abc", "/hooks/ups/…"),
        ("/hooks/ups/abc/more", "/hooks/ups/…/more"),
        ("/track", "/track"),
        ("/v1/shipments/1", "/v1/shipments/1"),
        ("/", "/"),
    ],
)
def test_paths(path: str, shown: str) -> None:
    """The tokens of tracking pages and hooks are masked."""
    assert masked(path) == shown
