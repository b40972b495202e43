"""The bare service: FastAPI over hand-written statements. Served by one uvicorn with uvloop and httptools.

`/ping` gives an empty object; `/null` validates a body; `/one` and `/group` store it, each request by itself and all
that wait in one statement; `/one_full` and `/group_full` store the event once, move the status and put a message into
the outbox; `/shipments/{number}` reads a shipment with its events into pydantic models.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from fastapi import FastAPI, Request
from pydantic import BaseModel

from bench.databases import kind_of
from bench.limits.storage import Event, Storage

MOST = 100
T = TypeVar("T")


class Said(BaseModel):
    """An event as it is posted."""

    number: str
    key: str
    occurred_at: datetime
    local_time: str
    code: str
    text: str
    status: int
    city: str
    country: str


class Shown(BaseModel):
    """An event as it is shown."""

    occurred_at: datetime
    local_time: str
    code: str
    text: str
    status: int
    city: str
    country: str
    received_at: datetime


class Shipment(BaseModel):
    """A shipment as it is shown."""

    id: str
    number: str
    carrier: str
    status: int
    version: int
    recipient_name: str
    recipient_city: str
    created_at: datetime
    updated_at: datetime
    events: list[Shown]


class Group(Generic[T]):
    """What waits while one statement runs goes into the next; each caller is answered after its commit."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._write, self._waiting = write, list[tuple[T, asyncio.Future[None]]]()
        self._runner: asyncio.Task[None] | None = None

    async def put(self, item: T) -> None:
        """Return once it is committed."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._write([item for item, _ in group])
            except Exception as error:
                for _, done in group:
                    done.set_exception(error)
            else:
                for _, done in group:
                    done.set_result(None)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = os.environ["BARE_DATABASE_URL"]
    async with kind_of(url).bare.opened(url) as storage:
        app.state.storage = storage
        app.state.group, app.state.group_full = Group(storage.insert), Group(storage.take)
        yield


app = FastAPI(lifespan=_lifespan)


def _storage(request: Request) -> Storage:
    return cast(Storage, request.app.state.storage)


def _event(said: Said) -> Event:
    key, place = bytes.fromhex(said.key), (said.city, said.country)
    return Event(said.number, key, said.occurred_at, said.local_time, said.code, said.text, said.status, *place)


@app.get("/ping")
async def ping() -> dict[str, Any]:
    """The barest answer."""
    return {}


@app.post("/null")
async def null(_: Said) -> dict[str, Any]:
    """A body, validated."""
    return {}


@app.post("/one")
async def one(said: Said, request: Request) -> dict[str, Any]:
    """One row and one commit for each request."""
    await _storage(request).insert([_event(said)])
    return {}


@app.post("/group")
async def group(said: Said, request: Request) -> dict[str, Any]:
    """One row for each request, one commit for all that wait."""
    await request.app.state.group.put(_event(said))
    return {}


@app.post("/one_full")
async def one_full(said: Said, request: Request) -> dict[str, Any]:
    """Event, status and message, one commit for each request."""
    await _storage(request).take([_event(said)])
    return {}


@app.post("/group_full")
async def group_full(said: Said, request: Request) -> dict[str, Any]:
    """Event, status and message, one commit for all that wait."""
    await request.app.state.group_full.put(_event(said))
    return {}


@app.get("/shipments/{number}")
async def read(number: str, request: Request) -> Shipment:
    """One shipment with its events."""
    shipment, events = await _storage(request).read(number)
    shown = [
        Shown(
            occurred_at=occurred_at,
            local_time=local_time,
            code=code,
            text=text,
            status=status,
            city=city,
            country=country,
            received_at=received_at,
        )
        for occurred_at, local_time, code, text, status, city, country, received_at in events
    ]
    id_, number, carrier, status, version, name, city, created_at, updated_at = shipment
    return Shipment(
        id=str(id_),
        number=number,
        carrier=carrier,
        status=status,
        version=version,
        recipient_name=name,
        recipient_city=city,
        created_at=created_at,
        updated_at=updated_at,
        events=shown,
    )
