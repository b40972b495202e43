"""PostgreSQL's connections for reads of one statement, where a pool's own work would cost more than the read.

They carry no transaction and no state between two reads, so nothing is reset; one that fails is not used again. They
are opened one after the other, which takes as long as some dozen reads: meanwhile those that are open serve who waits.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from types import TracebackType
from typing import Any

from app.engines import PING_SECONDS, RESTED_LONG

MOST = 10
WAIT_SECONDS = 5.0


class Glances:
    """A few connections, the last used first. `connect` opens one."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect
        self._open = 0
        self._opening: asyncio.Task[None] | None = None
        self._resting: list[tuple[float, Any]] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def one(self) -> "Glance":
        """A connection, for as long as the block; TimeoutError if all are taken for too long."""
        return Glance(self)

    async def take(self) -> Any:
        """A connection, to be given back."""
        while self._resting:
            since, connection = self._resting.pop()
            try:
                stands = await _stands(connection, since)
            except BaseException:  # who asked has gone
                connection.terminate()
                self._open -= 1
                raise
            if stands:
                return connection
            self._open -= 1
        return await self._given()

    async def _given(self) -> Any:
        """The next connection that comes back or is opened."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(waiting)
        self._open_another()
        late = loop.call_later(WAIT_SECONDS, _too_late, waiting)
        try:
            return await waiting
        except BaseException:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self.give(waiting.result())  # it came just as nobody waited any more
            raise
        finally:
            late.cancel()

    def give(self, connection: Any) -> None:
        """Give one back, to whoever waits for it."""
        if connection.is_closed():
            self._open -= 1
            self._open_another()
            return
        if (waiting := self._next()) is not None:
            waiting.set_result(connection)
        else:
            self._resting.append((time.monotonic(), connection))

    def _next(self) -> "asyncio.Future[Any] | None":
        while self._waiting:
            if not (waiting := self._waiting.popleft()).done():
                return waiting
        return None

    def _open_another(self) -> None:
        """See that one is on its way if somebody waits and there may be more."""
        if self._waiting and self._open < MOST and self._opening is None:
            self._open += 1
            self._opening = asyncio.create_task(self._add(), context=Context())  # it is opened for whoever waits then

    async def _add(self) -> None:
        try:
            connection = await self._connect()
        except Exception as error:
            self._opening = None
            self._open -= 1
            while not self._open and (waiting := self._next()) is not None:  # no other will come back to them
                waiting.set_exception(error)
            return
        self._opening = None
        self.give(connection)
        self._open_another()

    async def close(self) -> None:
        """Close those at rest; who comes after that opens others."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
            self._open -= 1
        while self._resting:
            _, connection = self._resting.pop()
            self._open -= 1
            await connection.close(timeout=2)


class Glance:
    """A connection, for as long as the block: written out, since each layer of `asynccontextmanager` costs as much."""

    __slots__ = ("_connection", "_glances")

    def __init__(self, glances: Glances) -> None:
        self._glances = glances

    async def __aenter__(self) -> Any:
        self._connection = await self._glances.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and (not isinstance(error, Exception) or isinstance(error, TimeoutError)):
            self._connection.terminate()  # in the middle of something
        self._glances.give(self._connection)


def _too_late(waiting: "asyncio.Future[Any]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


async def _stands(connection: Any, since: float) -> bool:
    """Whether a connection at rest can be used; one that has rested for long is asked."""
    if connection.is_closed():
        return False
    if time.monotonic() - since < RESTED_LONG:
        return True
    try:
        await connection.execute("", timeout=PING_SECONDS)
    except Exception:
        connection.terminate()
        return False
    return True
