"""httpx's API on aiohttp's connections, with what neither does by itself: a time limit on the whole attempt, a limit
on the body, errors of one family, no memory of cookies, and addresses pinned to those that were checked.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from app.outbound import counting
from app.outbound.addresses import AddressRefused, Resolve, allowed, checked, denied
from app.outbound.decoding import read_bounded
from app.settings import Network

CONNECT_SECONDS = 3.0
SESSION_SECONDS = 60.0
"""How long new requests use a session; then the next begins, so that no connection outlives its address for long."""

TRIED_ADDRESSES = 3


@dataclass(slots=True)
class _Session:
    session: aiohttp.ClientSession
    ends: float
    busy: int = 0


@cache
def _trusted() -> ssl.SSLContext:
    """Whom connections trust: the public authorities, read once, since reading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


class Transport(AiohttpTransport):
    """Sends one request within `seconds`, wall clock, and reads at most `limit` bytes of the answer's body.

    A longer body is cut if `cut`, else httpx.DecodingError. Everything that goes wrong is a httpx.TransportError or
    httpx.DecodingError.
    """

    def __init__(self, *, seconds: float, limit: int, cut: bool, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(verify=tls or _trusted(), trust_env=False)
        self._seconds, self._limit, self._cut = seconds, limit, cut
        self._sessions: list[_Session] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; the answer is read whole."""
        left = True
        try:
            async with asyncio.timeout(self._seconds), self._current_session():
                return await self._attempt(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no complete answer within {self._seconds:g} s") from error
        except NEVER_LEFT:
            left = False
            raise
        finally:
            if left:
                counting.sent()

    async def aclose(self) -> None:
        """Close every connection."""
        for each in self._sessions:
            await each.session.close()
        self._sessions.clear()

    async def _attempt(self, request: httpx.Request) -> httpx.Response:
        return await self._exchange(request)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await super().handle_async_request(request)
            try:
                assert isinstance(answer.stream, httpx.AsyncByteStream)
                encoding = answer.headers.get("content-encoding", "")
                body = await read_bounded(answer.stream, encoding, self._limit, cut=self._cut)
            finally:
                await answer.aclose()
        except httpx.DecodingError:
            raise
        except (aiohttp.ClientError, httpx.HTTPError, ValueError, OSError) as error:
            raise as_httpx(error) from error
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _BODY_HEADERS]
        return httpx.Response(
            answer.status_code, headers=headers, content=body, request=request, extensions=answer.extensions
        )

    @asynccontextmanager
    async def _current_session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for one request; sessions past their time are closed once nothing uses them."""
        now = time.monotonic()
        if not self._sessions or now >= self._sessions[-1].ends:
            self._sessions.append(_Session(self._new_session(), now + SESSION_SECONDS))
        used = self._sessions[-1]
        self.client = used.session
        used.busy += 1
        try:
            yield used.session
        finally:
            used.busy -= 1
            for old in [each for each in self._sessions[:-1] if not each.busy]:
                self._sessions.remove(old)
                await old.session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.ssl_context, limit=0, **self._connector_options()),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(sock_connect=min(CONNECT_SECONDS, self._seconds)),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=16 * 1024,
        )

    def _connector_options(self) -> dict[str, Any]:
        return {}


class GuardedTransport(Transport):
    """For addresses that a shop typed: resolved once, checked, and connected to by the address that was checked."""

    def __init__(
        self,
        allow: Sequence[Network],
        resolve: Resolve,
        *,
        seconds: float,
        limit: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(seconds=seconds, limit=limit, cut=True, tls=tls)
        self._allow, self._resolve = tuple(allow), resolve

    async def _attempt(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        addresses = await checked(url, self._allow, self._resolve)
        # The name stays in the Host header and, for the certificate, in the TLS greeting.
        request.extensions["sni_hostname"] = url.raw_host.decode("ascii").rstrip(".")
        failure: httpx.TransportError = AddressRefused()
        for address in addresses[:TRIED_ADDRESSES]:
            request.url = url.copy_with(host=str(address))
            try:
                return await self._exchange(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            finally:
                request.url = url
        raise failure

    def _connector_options(self) -> dict[str, Any]:
        return {"socket_factory": self._socket}

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The last gate: whatever led here, no socket is made for an address that may not be reached."""
        family, kind, protocol, _, place = info
        address = ip_address(place[0])
        if denied(address) and not allowed(address, self._allow):
            raise OSError("address refused")
        return socket.socket(family, kind, protocol)


_BODY_HEADERS = (b"content-encoding", b"content-length", b"transfer-encoding")

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""Nobody was connected to, or nothing could be written: the other side knows of no request."""

# In this order: each stands before the classes it derives from.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientError, httpx.ReadError),
    (TimeoutError, httpx.ReadTimeout),
    (ValueError, httpx.LocalProtocolError),
    (OSError, httpx.ReadError),
)


def as_httpx(error: Exception) -> httpx.HTTPError:
    """httpx's error for one of aiohttp's, also where httpx-aiohttp has no word for it or the wrong one."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) else error
    for kind, meaning in _ERRORS:
        if isinstance(cause, kind):
            return meaning(f"no answer: {type(cause).__name__}")
    return error if isinstance(error, httpx.HTTPError) else httpx.ReadError(f"no answer: {type(error).__name__}")
