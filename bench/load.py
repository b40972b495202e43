"""Load over loopback, the same for both sides: connections that each send a request as soon as the last is answered."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

CONNECTIONS = 32
WARM_SECONDS = 0.3
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The same for a client."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: requests a second while it was full, and all that were answered, first and last included."""

    rate: float
    accepted: int


def get(path: str, **headers: str) -> bytes:
    """A GET as it is sent."""
    return _head("GET", path, headers)


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A POST of JSON as it is sent."""
    return _head("POST", path, {"content-type": "application/json", "content-length": str(len(body)), **headers}) + body


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class Connection(asyncio.Protocol):
    """One connection; `answered` is called for each whole answer of the expected status, any other breaks the load."""

    def __init__(self, good: bytes, answered: "Callable[[Connection], None]", ended: "asyncio.Future[None]") -> None:
        self._good, self._answered, self._ended, self._held = b"HTTP/1.1 " + good, answered, ended, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        """Send a request; the one before must have been answered."""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        end = held.find(b"\r\n\r\n") + 4
        length = LENGTH.search(held, 0, end) if end > 3 else None
        if end < 4 or len(held) < end + (int(length[1]) if length else 0):
            self._held = held
            return
        self._held = b""
        if held.startswith(self._good):
            self._answered(self)
        else:
            self.fail(RuntimeError(held.decode(errors="replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(exc or ConnectionError("the server closed a connection"))

    def fail(self, error: Exception) -> None:
        """Break the load off."""
        if not self._ended.done():
            self._ended.set_exception(error)

    def close(self) -> None:
        """End it."""
        self._transport.abort()


async def connected(
    at: Address, good: bytes, answered: Callable[[Connection], None], ended: "asyncio.Future[None]", count: int
) -> list[Connection]:
    """So many connections."""
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: Connection(good, answered, ended), at.host, at.port))[1]
        for _ in range(count)
    ]


async def load(
    at: Address, request: Callable[[], bytes], seconds: float, good: bytes = b"200", connections: int = CONNECTIONS
) -> Loaded:
    """Send what `request` gives for so long, then wait for the last answers; one that is not `good` is an error."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    accepted, waiting, sending = 0, 0, True

    def answered(connection: Connection) -> None:
        nonlocal accepted, waiting
        accepted += 1
        if sending:
            connection.send(request())
            return
        waiting -= 1
        if not waiting and not ended.done():
            ended.set_result(None)

    opened = await connected(at, good, answered, ended, connections)
    try:
        waiting = len(opened)
        for each in opened:
            each.send(request())
        await _pause(ended, WARM_SECONDS)
        began, before = loop.time(), accepted
        await _pause(ended, seconds)
        rate = (accepted - before) / (loop.time() - began)
        sending = False
        await asyncio.wait_for(ended, 30)
    finally:
        ended.cancel()
        for each in opened:
            each.close()
        await asyncio.sleep(0)  # then the connections are closed
    return Loaded(rate, accepted)


async def _pause(ended: "asyncio.Future[None]", seconds: float) -> None:
    """Wait so long; what broke the load off is raised."""
    done, _ = await asyncio.wait([ended], timeout=seconds)
    for each in done:
        each.result()
