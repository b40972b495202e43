"""Goals 1 to 3: events that come in by a carrier's hook.

FedEx's push: it is common, and signed. Each scan is new, of one of some thousand shipments, and of another meaning than
the scan before: each is a transition, and each transition a message to the shop's endpoint, beside the letters that a
new shop's rules ask for. The limit is `group_full`: the event once, the status, a message.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

import orjson

from bench.databases import connected
from bench.limits.batches import taken
from bench.limits.storage import Event
from bench.load import Loaded, load, post
from bench.openly import offered
from bench.shop import CITY, pushed, scan, signed
from bench.stage import FRESH, Stage
from bench.table import Line, line

PER_BATCH = 100
IN_BATCHES = 20_000
"""Shipments told of in batches: more than are under way at once."""
FASTEST = 6000
"""Requests a second for which bodies are made beforehand."""

Turn = tuple[int, int]
"""Which of the fresh shipments, and which of its scans."""


def _turns(shipments: int) -> Iterator[Turn]:
    """A scan of each shipment, and then the next of each."""
    return ((which, lap) for lap in count() for which in range(shipments))


class Requests:
    """Requests made beforehand, so that making them is no part of the load."""

    def __init__(self, make: Callable[[Iterator[Turn]], bytes], shipments: int = FRESH) -> None:
        self._make, self._turns = make, _turns(shipments)
        self._ready: deque[bytes] = deque()

    def ready(self, number: int) -> "Requests":
        """Have so many at hand."""
        while len(self._ready) < number:
            self._ready.append(self._make(self._turns))
        return self

    def __call__(self) -> bytes:
        return self._ready.popleft() if self._ready else self._make(self._turns)


def hooks(stage: Stage, name: str, per_push: int = 1, shipments: int = FRESH) -> Requests:
    """Pushes to the service, each of so many scans of a shipment each."""

    def push(turns: Iterator[Turn]) -> bytes:
        found = [next(turns) for _ in range(per_push)]
        body = pushed([(f"{name}{which:08}", [scan(lap)]) for which, lap in found])
        return post(stage.shop.hooks[found[0][0] // per_push % len(stage.shop.hooks)], body, **signed(body))

    return Requests(push, shipments)


def bare_events(name: str, path: str = "/group_full") -> Requests:
    """The same scans to the bare service, already in its words."""

    def event(turns: Iterator[Turn]) -> bytes:
        which, lap = next(turns)
        said = scan(lap)
        event = {
            "number": f"{name}{which}",
            "key": f"{which:032x}{lap:032x}",
            "occurred_at": said["date"],
            "local_time": said["date"][:19],
            "code": said["eventType"],
            "text": said["eventDescription"],
            "status": lap % 5 + 3,
            "city": CITY,
            "country": "IT",
        }
        return post(path, orjson.dumps(event))

    return Requests(event)


async def stored(url: str) -> tuple[int, int, int]:
    """Events, transitions, and transitions that no message tells of."""
    async with connected(url) as connection:
        [found] = await connection.fetch(
            """
            SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM transitions), (
                SELECT count(*) FROM transitions t WHERE NOT EXISTS (
                    SELECT 1 FROM messages m WHERE m.company_id = t.company_id AND m.shipment_id = t.shipment_id
                    AND m.channel = 'webhook' AND m.type = 'shipment.status_changed' AND m.version = t.version
                ))
            """
        )
        return found[0], found[1], found[2]


async def hooked(stage: Stage, requests: Requests, seconds: float, events: int = 1) -> Loaded:
    """A load on the service's hook; every event that it accepted is stored, is a transition and has its message."""
    before = await stored(stage.url)
    loaded = await load(stage.ours, requests.ready(int(seconds * FASTEST) // events), seconds)
    after, new = await stored(stage.url), loaded.accepted * events
    assert after == (before[0] + new, before[1] + new, 0), (before, after, loaded)
    await stage.rest()
    return loaded


async def grouped(stage: Stage, requests: Requests, seconds: float) -> Loaded:
    """A load on `group_full`, and the same check."""
    before = await stage.kind.bare.stored(stage.bare_url)
    loaded = await load(stage.bare, requests.ready(int(seconds * FASTEST)), seconds)
    after = await stage.kind.bare.stored(stage.bare_url)
    assert after == (before[0] + loaded.accepted, before[1] + loaded.accepted), (before, after, loaded)
    return loaded


async def single(stage: Stage) -> list[Line]:
    """Goal 1."""
    await stage.fresh("SINGLE")
    pushes, bare_posts = hooks(stage, "SINGLE"), bare_events("SINGLE")

    async def ours() -> float:
        return (await hooked(stage, pushes, stage.seconds)).rate

    async def limit() -> float:
        return (await grouped(stage, bare_posts, stage.seconds)).rate

    return [line("an event by a hook / group_full", await stage.measured(ours, limit), 1)]


async def tail(stage: Stage) -> list[Line]:
    """Goal 2: both at half the rate at which the service is full, whatever their answers take."""
    await stage.fresh("TAIL")
    pushes, bare_posts = hooks(stage, "TAIL"), bare_events("TAIL")
    half = (await hooked(stage, pushes, stage.seconds)).rate / 2

    async def ours() -> float:
        return 1000 * (await offered(stage.ours, pushes, half, 2 * stage.seconds)).p99

    async def limit() -> float:
        return 1000 * (await offered(stage.bare, bare_posts, half, 2 * stage.seconds)).p99

    note = f"at {half:.0f} events a second"
    return [line("p99 of an event / of group_full", await stage.measured(ours, limit), 2, unit="ms", note=note)]


async def batches(stage: Stage) -> list[Line]:
    """Goal 3: a hundred scans in each push, against `group_full`'s statement with a hundred rows and nothing else."""
    await stage.fresh("BATCH", IN_BATCHES)
    pushes, turns = hooks(stage, "BATCH", PER_BATCH, IN_BATCHES), _turns(IN_BATCHES)

    async def ours() -> float:
        return PER_BATCH * (await hooked(stage, pushes, stage.seconds, PER_BATCH)).rate

    async def limit() -> float:
        given = [[_row("BATCH", *next(turns)) for _ in range(PER_BATCH)] for _ in range(int(stage.seconds * 400))]
        before = await stage.kind.bare.stored(stage.bare_url)
        rate, done = await taken(stage.kind.bare, stage.bare_url, given, stage.seconds)
        assert await stage.kind.bare.stored(stage.bare_url) == (before[0] + done, before[1] + done)
        return rate

    note = "a push of 100 scans of 100 shipments; ours by 32 connections, the statement by one"
    return [line("events by 100 / the database alone", await stage.measured(ours, limit), 3, note=note)]


def _row(name: str, which: int, lap: int) -> Event:
    said = scan(lap)
    at = datetime.fromisoformat(said["date"])
    key, text = bytes.fromhex(f"{which:032x}{lap:032x}"), said["eventDescription"]
    return Event(f"{name}{which}", key, at, said["date"][:19], said["eventType"], text, lap % 5 + 3, CITY, "IT")
