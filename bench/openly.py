"""Load at a fixed rate, whatever the answers take: requests wait their turn on a clock, and each is timed from then."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles

from bench.load import CONNECTIONS, Address, Connection, connected


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of a load at a fixed rate: how many were answered, and what each took from when it was due, in s."""

    accepted: int
    waits: tuple[float, ...]

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds."""
        return quantiles(self.waits, n=100)[98]


async def offered(
    at: Address, request: Callable[[], bytes], rate: float, seconds: float, connections: int = CONNECTIONS
) -> Offered:
    """So many requests a second for so long; what is due while all connections are busy waits, and that counts."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    total, waits = int(rate * seconds), list[float]()
    idle: deque[Connection] = deque()
    due: deque[float] = deque()
    sent: dict[int, float] = {}

    def answered(connection: Connection) -> None:
        waits.append(loop.time() - sent.pop(id(connection)))
        idle.append(connection)
        send()
        if len(waits) == total and not ended.done():
            ended.set_result(None)

    def send() -> None:
        while due and idle:
            connection = idle.popleft()
            sent[id(connection)] = due.popleft()
            connection.send(request())

    opened = await connected(at, b"200", answered, ended, connections)
    idle.extend(opened)
    began, made = loop.time(), 0
    try:
        while made < total and not ended.done():
            while made < total and began + made / rate <= loop.time():
                due.append(began + made / rate)
                made += 1
            send()
            await asyncio.sleep(0.001)
        await asyncio.wait_for(ended, 60 + 2 * seconds)
    finally:
        ended.cancel()
        for each in opened:
            each.close()
        await asyncio.sleep(0)
    return Offered(len(waits), tuple(waits))
