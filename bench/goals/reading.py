"""Goals 4 and 5: one shipment of ten events, read with a key; whole, and unchanged since the last time."""

from collections.abc import Callable
from itertools import cycle

import httpx
import orjson

from bench.load import get, load
from bench.stage import EVENTS, Stage
from bench.table import Line, line

DIFFERENT = 1000
"""Shipments that are read in turn."""


async def whole(stage: Stage) -> list[Line]:
    """Goal 4, against `read`."""
    sample = await stage.some(DIFFERENT)
    reads = _turns([get(f"/v1/shipments/{each}", authorization=stage.shop.bearer) for each in sample])
    bare = _turns([get(f"/shipments/BARE{n}") for n in range(1, DIFFERENT + 1)])
    await _check(stage, sample[0])

    async def ours() -> float:
        return (await load(stage.ours, reads, stage.seconds)).rate

    async def limit() -> float:
        return (await load(stage.bare, bare, stage.seconds)).rate

    return [line("GET a shipment / read", await stage.measured(ours, limit), 4)]


async def unchanged(stage: Stage) -> list[Line]:
    """Goal 5, against `ping`."""
    tags = await _tags(stage)
    reads = _turns(
        [get(f"/v1/shipments/{each}", authorization=stage.shop.bearer, if_none_match=tag) for each, tag in tags.items()]
    )

    async def ours() -> float:
        return (await load(stage.ours, reads, stage.seconds, b"304")).rate

    async def limit() -> float:
        return await stage.ping(stage.seconds)

    return [line("GET unchanged, 304 / ping", await stage.measured(ours, limit), 5)]


def _turns(requests: list[bytes]) -> Callable[[], bytes]:
    return cycle(requests).__next__


async def _check(stage: Stage, shipment: str) -> None:
    """Both sides answer with a shipment of ten events."""
    async with httpx.AsyncClient() as http:
        mine = await http.get(f"{stage.ours.url}/v1/shipments/{shipment}", headers={"authorization": stage.shop.bearer})
        bare = await http.get(f"{stage.bare.url}/shipments/BARE1")
        for answer in (mine, bare):
            assert len(orjson.loads(answer.raise_for_status().content)["events"]) == EVENTS, answer.text


async def _tags(stage: Stage) -> dict[str, str]:
    """The ETag of each shipment of the sample."""
    tags = {}
    async with httpx.AsyncClient(base_url=stage.ours.url, headers={"authorization": stage.shop.bearer}) as http:
        for each in await stage.some(100):
            tags[each] = (await http.get(f"/v1/shipments/{each}")).raise_for_status().headers["etag"]
    return tags
