"""How the benchmark judges; what it measures is no test's matter."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import ClassVar, cast

import pytest
from rich.console import Console

from bench.answers import lengthened
from bench.load import Address, get, load, post
from bench.openly import offered
from bench.rounds import Measure, Round, Rounds, in_turn
from bench.table import Goal, Line, as_json, cells, line, show
from carriers import carriers


def measure(values: list[float]) -> Measure:
    """A measurement that gives these values in turn."""
    left: Iterator[float] = iter(values)

    async def value() -> float:
        return next(left)

    return value


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [((0.1, 0.49, 0.9), "missed"), ((0.5,), "met"), ((0.6, 0.74, 0.1), "met"), ((0.75, 0.8, 0.1), "stretch")],
)
def test_the_median_is_held_against_the_goal(ratios: tuple[float, ...], verdict: str) -> None:
    """One lucky or unlucky round decides nothing."""
    assert Line("ingest", 1, ratios=ratios).verdict == verdict


@pytest.mark.parametrize(("ratio", "verdict"), [(2.1, "missed"), (2.0, "met"), (1.3, "stretch")])
def test_of_some_goals_less_is_better(ratio: float, verdict: str) -> None:
    """As of times and of memory."""
    assert Goal(2, 2.0, 1.3, lower=True).verdict(ratio) == verdict


def test_a_goal_that_was_not_run_is_not_met() -> None:
    """And what has no goal has no verdict."""
    lines = (Line("Karrio", 6, note="not installed"), Line("parsing", ratios=(9.0,)), Line("ingest", 1, failed=True))

    assert [each.verdict for each in lines] == ["not run", "-", "missed"]


def test_the_last_column_is_the_verdict() -> None:
    """Programs read the table; what must be known of a line stands below it."""
    out = StringIO()
    found = Rounds((Round(60, 100, 1.0), Round(80, 100, 1.2), Round(20, 100, 1.1)), "ping moved")

    show(
        [replace(line("ingest", found, 1), database="SQLite"), Line("worker", 12, note="no time")],
        Console(file=out, width=120),
    )

    assert [row.split() for row in out.getvalue().splitlines()] == [
        ["#", "what", "database", "ours", "limit", "ratio", "min", "max", "goal", "stretch", "verdict"],
        ["1", "ingest", "SQLite", "60", "/s", "100.0", "/s", "0.6", "0.2", "0.8", "0.5", "0.75", "met"],
        ["12", "worker", "≤", "0.85", "≤", "0.5", "not", "run"],
        ["ingest", "(SQLite):", "ping", "moved"],
        ["worker:", "no", "time"],
    ]


def test_a_line_for_a_program() -> None:
    """Everything of the table, by name."""
    assert as_json([Line("one", 5, 50, 100, (0.4, 0.5, 0.6), "/s")]) == [
        {
            "goal": 5,
            "what": "one",
            "database": "",
            "ours": 50,
            "limit": 100,
            "unit": "/s",
            "ratio": 0.5,
            "min": 0.4,
            "max": 0.6,
            "bound": 0.45,
            "stretch": 0.6,
            "verdict": "met",
            "note": "",
        }
    ]
    assert cells(Line("one", 5, 50, 100, (0.5,), "/s"))[-1] == "met"


async def test_a_round_in_which_the_machine_changed_is_done_again() -> None:
    """A `ping` that moved by over 1.3 from a round's beginning to its end says that its two sides saw two machines."""
    found = await in_turn(2, measure([5, 6, 7]), measure([10, 10, 10]), measure([100, 110, 50, 60]))

    assert found == Rounds((Round(5, 10, 1.1), Round(7, 10, 1.2)))


async def test_a_machine_that_never_settles_is_measured_all_the_same() -> None:
    """After three times the rounds the steadiest count, and the table says so."""
    found = await in_turn(1, measure([5, 6, 7]), measure([10, 10, 10]), measure([100, 200, 100, 150]))

    assert found == Rounds((Round(7, 10, 1.5),), "ping moved by more than 1.3 in 1 of 1 rounds")


class Server(asyncio.Protocol):
    """Answers each request of a known length in two pieces, the second a moment later."""

    requests: ClassVar[list[bytes]] = []

    def __init__(self, answer: bytes, length: int) -> None:
        self._answer, self._length, self._held = answer, length, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) == self._length:
            self.requests.append(self._held)
            self._held = b""
            self._transport.write(self._answer[:-1])
            asyncio.get_running_loop().call_soon(self._transport.write, self._answer[-1:])


async def served(answer: bytes, length: int) -> tuple[asyncio.Server, Address]:
    """A server on this loop, and where it is."""
    server = await asyncio.get_running_loop().create_server(lambda: Server(answer, length), "127.0.0.1", 0)
    return server, Address(*server.sockets[0].getsockname())


async def test_a_load_counts_the_answers() -> None:
    """Also those that come when it has ended; a connection sends its next request when the last is answered whole."""
    request = post("/hook", b"{}", x_id="1")
    server, at = await served(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", len(request))

    loaded = await load(at, lambda: request, 0.05)

    server.close()
    assert loaded.accepted == len(Server.requests) > 32
    assert set(Server.requests) == {request}


async def test_a_load_breaks_off_at_an_unexpected_answer() -> None:
    """A service that refuses is not a fast one."""
    request = get("/")
    server, at = await served(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nstop", len(request))

    with pytest.raises(RuntimeError, match="429 Too Many"):
        await load(at, lambda: request, 5)

    server.close()


async def test_a_fixed_rate_is_offered_whatever_the_answers_take() -> None:
    """Each request is timed from when it was due: waiting for a connection counts."""
    request = get("/fixed")
    server, at = await served(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", len(request))

    found = await offered(at, lambda: request, rate=1000, seconds=0.1, connections=1)

    server.close()
    assert found.accepted == len(found.waits) == 100
    assert 0 < max(found.waits) <= 60


@pytest.mark.parametrize("slug", sorted(slug for slug, each in carriers().items() if each.polls and not each.couriers))
def test_recorded_answers_can_be_made_long(slug: str) -> None:
    """Of every carrier that is measured; one without a list of events in JSON is left out."""
    body = next(lengthened(carriers()[slug]), None)

    assert body is None or len(carriers()[slug].parse(body)[0].events) >= 10
