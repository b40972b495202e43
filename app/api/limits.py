"""What holds for every request, before any route sees it: its id, its size and time, and the headers of its answer."""

import asyncio
import re
import time
from contextlib import suppress
from itertools import chain
from secrets import token_hex

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import docs, problems
from app.api.buckets import Standing
from app.api.metrics import count_request
from app.errors import HeadersTooLarge, InvalidInput, NoveError, TooLarge, TooSlow, UnsupportedBody
from app.installation import Installation

MIB = 1024 * 1024
BODY, HOOK_BODY, HEADERS = MIB, 4 * MIB, 16 * 1024
BODY_SECONDS = 10.0
LINGER_BYTES, LINGER_SECONDS = 2 * MIB, 1.0
"""What is still taken of a body that was refused: to who is cut off while sending, the answer may be lost."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLAIN = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_CLOSED = (*_PLAIN, (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"))
_UNKEPT = (*_CLOSED, (b"cache-control", b"no-store"))
_DOCS = (*_PLAIN, (b"content-security-policy", docs.POLICY.encode()))
"""What every answer carries: of a page, of the API and of hooks, of the documentation."""

log = structlog.get_logger()


class Limits:
    """Outermost of our layers: gives each request its id, bounds what is read of it, and lets no error out."""

    def __init__(self, app: ASGIApp, here: Installation, body_seconds: float = BODY_SECONDS) -> None:
        self._app, self._here, self._body_seconds = app, here, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id", b""))
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        body = _Body(receive, headers, self._body_seconds)
        status = 0

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message, ends=body.unread)
            elif body.unread and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await body.linger()
                message = {"type": "http.response.body"}
            await send(message)

        began = time.monotonic()
        try:
            body.limit = _checked(scope, headers)
            await self._app(scope, body.receive, answered)
        except Exception as error:
            if not isinstance(error, NoveError):
                log.exception("request failed", request_id=request_id, method=scope["method"])
            if status:
                raise  # the answer has begun: all that is left is to break it off
            await problems.of(error, request_id)(scope, receive, answered)
        finally:
            count_request(self._here, scope, status, time.monotonic() - began)


class _Body:
    """The request's body as it comes: at most `limit` bytes, all of it within the time for it."""

    def __init__(self, receive: Receive, headers: dict[bytes, bytes], seconds: float) -> None:
        self.limit = 0
        self.unread = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        """Whether some of it may still be on its way: then the connection must end with the answer."""
        self._receive, self._seconds = receive, seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._size, self._whole, self._lingers = 0, False, True

    async def receive(self) -> Message:
        """The next part; TooLarge, TooSlow."""
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self._lingers = False
            raise TooSlow(f"The request did not arrive whole within {self._seconds:g} seconds.") from None
        self._size += len(message.get("body", b""))
        if self._size > self.limit:
            raise _too_large(self.limit)
        if not message.get("more_body", False):
            self._whole, self.unread = True, False
        return message

    async def linger(self) -> None:
        """Take some of what is still on its way, and throw it away."""
        size, going_on = 0, self._lingers
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while going_on and size < LINGER_BYTES:
                    message = await self._receive()
                    size += len(message.get("body", b""))
                    going_on = message.get("more_body", False)


def _request_id(given: bytes) -> str:
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else token_hex(16)


def _checked(scope: Scope, headers: dict[bytes, bytes]) -> int:
    """The limit of the request's body; a NoveError for what can be refused unread."""
    if sum(map(len, chain.from_iterable(scope["headers"]))) > HEADERS:
        raise HeadersTooLarge(f"Send at most {HEADERS // 1024} KiB of headers.")
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidInput("Leave the character NUL out of the address.")
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"", b"identity"):
        raise UnsupportedBody("Send the body uncompressed, without the header `Content-Encoding`.")
    limit = HOOK_BODY if scope["path"].startswith("/hooks/") else BODY
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > limit:
        raise _too_large(limit)
    return limit


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"Send at most {limit // MIB} MiB at a time.")


def _add_headers(scope: Scope, message: Message, *, ends: bool) -> None:
    """What every answer carries; what a route has set itself stays."""
    headers: list[tuple[bytes, bytes]] = message.setdefault("headers", [])
    given = {name for name, _ in headers}
    state, path = scope["state"], scope["path"]
    added = _DOCS if path == "/docs" else _UNKEPT if path.startswith(("/v1/", "/hooks/")) else _CLOSED
    headers.extend([each for each in added if each[0] not in given])
    headers.append((b"x-request-id", state["request_id"].encode("latin-1")))
    if ends:
        headers.append((b"connection", b"close"))
    standing: Standing | None = state.get("standing")
    if standing is not None:
        headers.extend(standing.headers())
