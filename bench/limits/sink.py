"""A receiver that takes anything: `python -m bench.limits.sink PORT`.

It answers every POST with 204 and remembers when each `webhook-id` came first; a GET tells those times and how many
POSTs there were, since the last GET.
"""

import asyncio
import json
import re
import sys
import time
from typing import cast

import uvloop

ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


class Sink(asyncio.Protocol):
    """A connection to the receiver."""

    posts = 0
    came: dict[str, float] = {}  # noqa: RUF012  (one for all connections)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._held = cast(asyncio.Transport, transport), b""

    def data_received(self, data: bytes) -> None:
        held = self._held + data
        while (end := held.find(b"\r\n\r\n") + 4) > 3:
            length = LENGTH.search(held, 0, end)
            whole = end + (int(length[1]) if length else 0)
            if len(held) < whole:
                break
            if held.startswith(b"POST"):
                self._posted(held, end)
            else:
                self._told()
            held = held[whole:]
        self._held = held

    def _posted(self, held: bytes, end: int) -> None:
        Sink.posts += 1
        if found := ID.search(held, 0, end):
            Sink.came.setdefault(found[1].decode(), time.time())
        self._transport.write(DONE)

    def _told(self) -> None:
        body = json.dumps({"posts": Sink.posts, "came": Sink.came}).encode()
        Sink.posts, Sink.came = 0, {}
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def main(port: int) -> None:
    """Receive until terminated."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
