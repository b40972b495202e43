"""Failpoints: a process dies where it was told to, and nowhere by itself; every one is somewhere in the code."""

import ast
import multiprocessing
from collections import Counter

import pytest

from app import failpoints
from tests.source import modules


def live(where: str, passes: list[str]) -> None:
    """What a process does that passes these points."""
    failpoints.arm(where)
    for each in passes:
        failpoints.reach(each)


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("", 0),
        ("message_sent", failpoints.DIED),
        ("message_sent:2", failpoints.DIED),
        ("message_sent:3", 0),
        ("message_marked", 0),
    ],
)
def test_it_dies_there_at_that_time(where: str, code: int) -> None:
    """Passing another one does not count."""
    process = multiprocessing.get_context("fork").Process(
        target=live, args=(where, ["message_sent", "before_commit", "message_sent"])
    )
    process.start()
    process.join()

    assert process.exitcode == code


def test_each_stands_in_the_code() -> None:
    """A name that no code passes would be a fault that is never tried."""
    passed = Counter(
        ast.unparse(node.args[0])
        for module in modules("app")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoints.reach"
    )

    assert {name.removeprefix("failpoints.").lower() for name in passed} == set(failpoints.MEANINGS)
