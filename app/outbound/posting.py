"""Posts to addresses that a shop typed: the guarded transport used directly.

httpx's own layers cost more than twice what such a call does. What does not change from one call to the next, the
address taken apart and its pinned forms, is remembered; who it stands for is asked and checked at every call.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

import aiohttp
import httpx

from app.outbound.addresses import Address, Place, place
from app.outbound.decoding import read_bounded
from app.outbound.transport import TRIED_ADDRESSES, GuardedTransport, as_httpx

REMEMBERED = 1024
CHUNK = 16 * 1024
AGENT = "Nove"

_ALWAYS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": AGENT}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: its body unpacked, as far as it is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Poster(GuardedTransport):
    """Posts with the bounds and the errors of the guarded client (httpx.TransportError, httpx.DecodingError)."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body once; a redirect is an answer.

        AddressRefused for an address that may not be called; httpx.InvalidURL or ValueError for what is none.
        """
        there = _place(url)
        try:
            async with asyncio.timeout(self._seconds), self._current_session() as session:
                return await self._to_one_of(session, there, body, headers)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no complete answer within {self._seconds:g} s") from error

    async def _to_one_of(
        self, session: aiohttp.ClientSession, there: Place, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        named = {"host": there.url.netloc.decode("ascii"), **_ALWAYS, **headers}
        *others, last = (await there.addresses(self._allow, self._resolve))[:TRIED_ADDRESSES]
        for address in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._to(session, _pinned(there, address), there.name, body, named)
        return await self._to(session, _pinned(there, last), there.name, body, named)

    async def _to(
        self, session: aiohttp.ClientSession, url: str, name: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False, server_hostname=name
            ) as answer:
                encoding = answer.headers.get("content-encoding", "")
                said = await read_bounded(answer.content.iter_chunked(CHUNK), encoding, self._limit, cut=self._cut)
                return Answer(answer.status, answer.headers, said)
        except httpx.DecodingError:
            raise
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise as_httpx(error) from error


@lru_cache(REMEMBERED)
def _place(url: str) -> Place:
    return place(httpx.URL(url))


@lru_cache(REMEMBERED)
def _pinned(there: Place, address: Address) -> str:
    """The address to connect to, in place of the name."""
    return str(there.url.copy_with(host=str(address)))
