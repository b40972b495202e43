"""A fault proxy: a TCP relay between two parts of ours that delays, drips, stops, cuts or resets what passes.

The faults are those of Toxiproxy: latency, bandwidth, slicer, limit data, timeout, slow close, reset peer, down.
"""

import asyncio
import math
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Faults:
    """What happens to what passes in one direction. `limit` counts the bytes of one connection.

    Beyond the limit the connection is closed, or reset if `reset`; `stopped` holds it open, passes nothing, and cuts it
    when it is healed.
    """

    latency: float = 0
    bandwidth: float = math.inf
    piece: int = 65_536
    limit: float = math.inf
    reset: bool = False
    stopped: bool = False
    slow_close: float = 0


@dataclass
class Proxy:
    """A relay at `port`. Faults can be set at any time, and hold for open connections too; `down` takes no new ones."""

    connect: Callable[[], Awaitable[Streams]]
    there: Faults = field(default_factory=Faults)
    back: Faults = field(default_factory=Faults)
    down: bool = False
    port: int = 0
    taken: int = 0
    cut: int = 0

    def heal(self) -> None:
        """From now on everything passes."""
        self.there, self.back, self.down = Faults(), Faults(), False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until either end, or a fault, ends it."""
        self.taken += 1
        if self.down:
            _reset(writer)
            return
        try:
            server, to_server = await self._connected()
        except BaseException:
            writer.close()
            raise
        tasks = [
            asyncio.create_task(self._pump(reader, to_server, "there")),
            asyncio.create_task(self._pump(server, writer, "back")),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not any(task.result() for task in done):
                await asyncio.wait(tasks)
            else:
                self.cut += 1
        finally:
            for task in tasks:
                task.cancel()
            for each in (writer, to_server):  # first: the wait may be cut off
                each.close()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self) -> Streams:
        """The other side; who is cut off while connecting leaves nothing open."""
        connecting = asyncio.ensure_future(self.connect())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            with suppress(ConnectionError):
                (await connecting)[1].close()
            raise

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> bool:
        """Pass on what comes; whether a fault has cut it."""
        passed = 0
        with suppress(ConnectionError):
            while data := await reader.read(self._faults(way).piece):
                faults = self._faults(way)
                if faults.stopped:
                    while self._faults(way).stopped:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                    return True
                await asyncio.sleep(faults.latency + len(data) / faults.bandwidth)
                if passed + len(data) > faults.limit:
                    writer.write(data[: int(faults.limit) - passed])
                    if faults.reset:
                        _reset(writer)
                    return True
                writer.write(data)
                await writer.drain()
                passed += len(data)
            await asyncio.sleep(self._faults(way).slow_close)
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()
        return False

    def _faults(self, way: str) -> Faults:
        return self.there if way == "there" else self.back


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it so that the other side sees a reset, not an end."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def before(port: int = 0, *, path: str = "") -> AsyncIterator[Proxy]:
    """A relay before a port of this machine, or before a socket in the file system."""

    async def connect() -> Streams:
        if path:
            return await asyncio.open_unix_connection(path)
        return await asyncio.open_connection("127.0.0.1", port)

    proxy = Proxy(connect)
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await proxy.take(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await asyncio.sleep(0)  # a connection that was taken just now begins
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
