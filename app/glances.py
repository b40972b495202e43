"""PostgreSQL's connections for reads of one statement, where a pool's own work would cost more than the read.

They carry no transaction and no state between two reads, so nothing is reset; one that fails is not used again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.engines import PING_SECONDS, RESTED_LONG

MOST = 10
WAIT_SECONDS = 5.0


class Glances:
    """A few connections, the last used first. `connect` opens one."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect
        self._room = asyncio.Semaphore(MOST)
        self._resting: list[tuple[float, Any]] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """A connection, for as long as the block; TimeoutError if all are taken for too long."""
        if self._room.locked():
            await asyncio.wait_for(self._room.acquire(), WAIT_SECONDS)
        else:
            await self._room.acquire()
        try:
            connection = await self._take()
            try:
                yield connection
            except BaseException as error:
                if not isinstance(error, Exception) or isinstance(error, TimeoutError):  # in the middle of something
                    connection.terminate()
                raise
            finally:
                if not connection.is_closed():
                    self._resting.append((time.monotonic(), connection))
        finally:
            self._room.release()

    async def _take(self) -> Any:
        while self._resting:
            since, connection = self._resting.pop()
            if connection.is_closed():
                continue
            if time.monotonic() - since < RESTED_LONG:
                return connection
            try:
                await connection.execute("", timeout=PING_SECONDS)
            except Exception:
                connection.terminate()
                continue
            return connection
        return await self._connect()

    async def close(self) -> None:
        """Close those at rest."""
        while self._resting:
            _, connection = self._resting.pop()
            await connection.close(timeout=2)
