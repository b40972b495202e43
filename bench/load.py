"""Load over loopback: connections that each send one request again as soon as it is answered."""

import asyncio
import re
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 32
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """One connection; counts answers of status 200 and breaks off at any other."""

    def __init__(self, request: bytes, ended: "asyncio.Future[None]") -> None:
        self._request, self._ended, self._held = request, ended, b""
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, _ = self._held.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if found else None
        if length is None or len(self._held) < len(head) + 4 + int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(RuntimeError(self._held.decode(errors="replace")))
            return
        self._held = b""
        self.answers += 1
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the server closed a connection"))

    def _fail(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    def close(self) -> None:
        """End it, answered or not."""
        self._transport.abort()


async def requests_a_second(url: str, seconds: float, headers: dict[str, str] | None = None) -> float:
    """How many GETs a second are answered with 200; any other answer is an error."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    connections: list[_Connection] = []
    for _ in range(CONNECTIONS):
        _, made = await loop.create_connection(lambda: _Connection(request, ended), parts.hostname, parts.port)
        connections.append(made)
    began, before = loop.time(), sum(each.answers for each in connections)
    try:
        await asyncio.wait_for(asyncio.shield(ended), seconds)
    except TimeoutError:
        return (sum(each.answers for each in connections) - before) / (loop.time() - began)
    finally:
        ended.cancel()
        for each in connections:
            each.close()
    raise AssertionError("a load ends by time or by an error")
