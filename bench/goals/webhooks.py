"""Goals 8 and 9: webhooks on their way out, by one worker.

8: messages that fall due all at once, to a number of endpoints at one receiver: claimed, signed, posted, recorded. The
limit posts the same body to the same receiver and does nothing else.
9: a hundred events a second come in by hooks; counted from the beginning of the transaction that wrote a message, which
is before its commit, to the first byte at the receiver.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from statistics import median, quantiles
from uuid import UUID

import httpx

from bench import processes
from bench.copies import copied
from bench.databases import Connection, connected
from bench.goals.ingest import hooks
from bench.limits.posts import posted
from bench.openly import offered
from bench.stage import Stage
from bench.table import Line, line

ENDPOINTS = 16
PER_SECOND = 300
"""Messages that fall due, for each second that a measurement takes."""
PATIENCE = 120
OFFERED = 100

DUE = {
    "id": "uuidv7()",
    "shipment_id": "s.id",
    "endpoint_id": "e.id",
    "target": "$2",
    "state": "'due'",
    "reason": "''",
    "due_at": "now()",
    "created_at": "now()",
    "attempts": "0",
    "sent_at": "NULL",
}
"""In what the messages that fall due differ from the one that they are copied from."""

SOURCE = """
(SELECT * FROM messages WHERE channel = 'webhook' ORDER BY id LIMIT 1) t,
    (SELECT id, row_number() OVER () AS n FROM shipments WHERE tracking_number LIKE 'OLD%' LIMIT $1) s
JOIN (
    SELECT id, row_number() OVER () AS n, count(*) OVER () AS of FROM endpoints WHERE url LIKE '%/hook/%'
) e ON e.n = s.n % e.of + 1
"""

MADE = "SELECT id, created_at FROM messages WHERE channel = 'webhook' AND created_at > $1"


@asynccontextmanager
async def _receiving(stage: Stage) -> AsyncIterator[tuple[httpx.AsyncClient, Connection]]:
    """A receiver, a worker, and nothing left over that it would have to send."""
    await stage.quiet()
    async with (
        processes.sink(stage.environ, stage.folder) as sink,
        stage.working(),
        httpx.AsyncClient(base_url=sink.url) as http,
        connected(stage.url) as connection,
    ):
        yield http, connection


async def dispatch(stage: Stage) -> list[Line]:
    """Goal 8."""
    async with _receiving(stage) as (sink, database):
        for number in range(ENDPOINTS):
            await _endpoint(stage, f"{sink.base_url}/hook/{number}", "message.failed")
        rounds, due = count(), int(stage.seconds * PER_SECOND)
        body: str = await database.fetchval("SELECT payload ->> 'body' FROM messages WHERE channel = 'webhook' LIMIT 1")
        fall_due = await copied(database, "messages", DUE, SOURCE)

        async def ours() -> float:
            return await _dispatched(sink, database, fall_due, f"bench{next(rounds)}", due)

        async def limit() -> float:
            return await posted(f"{sink.base_url}/hook", body.encode(), due)

        found = await stage.measured(ours, limit)
    return [line("webhooks / bare posts", found, 8, note=f"{due} due at once, to {ENDPOINTS} endpoints")]


async def _dispatched(sink: httpx.AsyncClient, database: Connection, fall_due: str, turn: str, due: int) -> float:
    """Messages sent in a second, from the first to the last; each was posted and recorded once."""
    await sink.get("/")
    await database.execute(fall_due, due, turn)
    deadline = time.monotonic() + PATIENCE
    # By the index of what is due: looking through every stored message would take a core from the service.
    under_way = "SELECT EXISTS (SELECT 1 FROM messages WHERE state = 'due' AND target = $1)"
    while await database.fetchval(under_way, turn):
        assert time.monotonic() < deadline, f"not all of {due} messages were sent within {PATIENCE} s"
        await asyncio.sleep(0.1)
    done = (await sink.get("/")).json()
    ledger = """
        SELECT count(*) FROM attempts a JOIN messages m ON m.id = a.message_id WHERE m.target = $1 AND m.state = 'sent'
    """
    recorded = await database.fetchval(ledger, turn)
    assert (done["posts"], len(done["came"]), recorded) == (due, due, due), (done["posts"], len(done["came"]), recorded)
    came = sorted(done["came"].values())
    return float((due - 1) / (came[-1] - came[0]))


async def latency(stage: Stage) -> list[Line]:
    """Goal 9."""
    ninety_ninth, middle = [], []
    async with _receiving(stage) as (sink, database):
        await stage.fresh("LATENCY")
        await stage.quiet()
        address = {"url": f"{sink.base_url}/changes", "enabled": True}
        async with httpx.AsyncClient(base_url=stage.ours.url, headers={"authorization": stage.shop.bearer}) as http:
            (await http.patch(f"/v1/endpoints/{stage.shop.endpoint}", json=address)).raise_for_status()
        pushes = hooks(stage, "LATENCY")
        for _ in range(stage.rounds):
            await sink.get("/")
            began = datetime.now(UTC)
            loaded = await offered(stage.ours, pushes, OFFERED, 3 * stage.seconds)
            came: dict[str, float] = {}
            deadline = time.monotonic() + PATIENCE
            while len(came) < loaded.accepted and time.monotonic() < deadline:
                await asyncio.sleep(0.5)
                came |= (await sink.get("/")).json()["came"]
            waited = [came[str(id_)] - made.timestamp() for id_, made in await database.fetch(MADE, began)]
            assert len(waited) == loaded.accepted, (len(waited), loaded)
            ninety_ninth.append(quantiles(waited, n=100)[98])
            middle.append(median(waited))
        await database.execute("UPDATE endpoints SET enabled = false WHERE id = $1", UUID(stage.shop.endpoint))
    note = f"median {1000 * median(middle):.0f} ms; {OFFERED} events a second by hooks, {3 * stage.seconds:g} s a round"
    what = "commit to first byte, p99"
    return [Line(what, 9, median(ninety_ninth), None, tuple(ninety_ninth), "s", note)]


async def _endpoint(stage: Stage, url: str, type_: str) -> str:
    """An endpoint that takes one type."""
    async with httpx.AsyncClient(base_url=stage.ours.url, headers={"authorization": stage.shop.bearer}) as http:
        made = await http.post("/v1/endpoints", json={"url": url, "types": [type_]})
    found: str = made.raise_for_status().json()["id"]
    return found
