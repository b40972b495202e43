"""Reading one shipment of ten events by its id, with a key, over HTTP on SQLite; against the barest answer there is.

Both are one uvicorn process with uvloop and httptools. No goal is set for SQLite: the goals are for PostgreSQL.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvloop

from app import keys, shops
from app.installation import opened
from app.settings import read_settings
from bench.load import requests_a_second
from bench.ratios import Line, in_turn

EVENTS = 10


async def bare(scope: dict[str, object], _receive: object, send: object) -> None:
    """The barest answer: an empty JSON object."""
    assert callable(send)
    if scope["type"] == "http":
        kept = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": kept})
        await send({"type": "http.response.body", "body": b"{}"})


def lines(quick: bool) -> list[Line]:
    """One line: requests a second of the read, of those of the ping."""
    rounds, seconds = (3, 2.0) if quick else (5, 5.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nove-bench-")))
        settings = {"NOVE_DATABASE_URL": f"sqlite:///{folder}/nove.db", "NOVE_LOG_LEVEL": "WARNING"}
        key = uvloop.run(_shop(settings["NOVE_DATABASE_URL"]))
        ping = stack.enter_context(_serving(["uvicorn", "bench.reading:bare", "--log-level=error"], "/", {}))
        nove = stack.enter_context(_serving(["nove", "serve"], "/readyz", settings))
        headers = {"Authorization": f"Bearer {key}"}
        one = f"{nove}/v1/shipments/{_post(nove, headers)}"
        ratios = in_turn(
            rounds,
            lambda: uvloop.run(requests_a_second(f"{ping}/", seconds)),
            lambda: uvloop.run(requests_a_second(one, seconds, headers)),
        )
    return [Line(f"-  GET one shipment with {EVENTS} events, SQLite / ping", tuple(ratios))]


async def _shop(url: str) -> str:
    """A shop's key that no rate limit holds back."""
    async with opened(read_settings(database_url=url)) as here, here.database.transaction() as db:
        company = await shops.create_company(db, "Bench")
        shop = await shops.create(db, company, "Bench")
        _, key = await keys.create(db, company, shop.id, "bench", ["write"], bucket=10**9, refill=10**6)
    return key


def _post(nove: str, headers: dict[str, str]) -> str:
    """The id of a shipment of ten events, posted as a shop posts them."""
    began = datetime.now(UTC) - timedelta(days=2)
    with httpx.Client(base_url=nove, headers=headers) as http:
        posted = http.post("/v1/shipments", json={"carrier": "own", "tracking_number": "BENCH1"})
        shipment: str = posted.raise_for_status().json()["id"]
        for number in range(EVENTS):
            event = {"occurred_at": (began + timedelta(hours=number)).isoformat(), "status": "in_transit"}
            text = f"Arrived at depot {number}"
            http.post(f"/v1/shipments/{shipment}/events", json={**event, "text": text}).raise_for_status()
        assert len(http.get(f"/v1/shipments/{shipment}").raise_for_status().json()["events"]) == EVENTS
    return shipment


@contextmanager
def _serving(command: list[str], path: str, settings: dict[str, str]) -> Iterator[str]:
    """A server of its own process at a free port; gives its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [str(Path(sys.executable).with_name(command[0])), *command[1:], "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(program, env=os.environ | settings)
    try:
        for _ in range(200):
            time.sleep(0.1)
            try:
                httpx.get(f"{address}{path}").raise_for_status()
                break
            except httpx.HTTPError:
                if process.poll() is not None:
                    raise
        yield address
    finally:
        process.terminate()
        process.wait(30)
