"""The database alone: `group_full`'s statement with a hundred rows, over and over, by one client without HTTP."""

import time

import asyncpg

from bench.limits.postgres import TAKE
from bench.limits.storage import Event

Batch = list[Event]


async def taken(url: str, batches: list[Batch], seconds: float) -> tuple[float, int]:
    """Events a second, and how many in all; the batches are taken from the end of the list."""
    connection = await asyncpg.connect(url)
    try:
        statement = await connection.prepare(TAKE)
        began = now = time.perf_counter()
        done = 0
        while now - began < seconds:
            batch = batches.pop()
            await statement.fetch(*zip(*batch, strict=True))
            done, now = done + len(batch), time.perf_counter()
        return done / (now - began), done
    finally:
        await connection.close()
