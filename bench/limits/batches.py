"""The database alone: `group_full`'s statements with a hundred rows, over and over, by one client without HTTP."""

import time

from bench.limits.storage import Bare, Event

Batch = list[Event]


async def taken(bare: Bare, url: str, batches: list[Batch], seconds: float) -> tuple[float, int]:
    """Events a second, and how many in all; batches are taken from the end of the list until none is left."""
    async with bare.alone(url) as take:
        began = now = time.perf_counter()
        done = 0
        while batches and now - began < seconds:
            batch = batches.pop()
            await take(batch)
            done, now = done + len(batch), time.perf_counter()
        return done / (now - began), done
