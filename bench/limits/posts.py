"""Bare posts: httpx over httpx-aiohttp, so many at once, of a body and headers like a webhook's."""

import asyncio
import time

import httpx
from httpx_aiohttp import AiohttpTransport

AT_ONCE = 32
HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "webhook-id": "0195a000-0000-7000-8000-000000000000",
    "webhook-timestamp": "1700000000",
    "webhook-signature": f"v1,{'A' * 44}",
}


async def posted(url: str, body: bytes, count: int) -> float:
    """Posts a second."""
    left = iter(range(count))

    async def one(http: httpx.AsyncClient) -> None:
        for _ in left:
            (await http.post(url, content=body, headers=HEADERS)).raise_for_status()

    async with httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False) as http:
        await one_each(http, url, body)
        began = time.perf_counter()
        await asyncio.gather(*(one(http) for _ in range(AT_ONCE)))
        return count / (time.perf_counter() - began)


async def one_each(http: httpx.AsyncClient, url: str, body: bytes) -> None:
    """Open the connections first."""
    await asyncio.gather(*(http.post(url, content=body, headers=HEADERS) for _ in range(AT_ONCE)))
