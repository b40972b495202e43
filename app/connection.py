"""A client's connection: what it sends before a request begins has bounds too, which uvicorn does not set.

Once its headers are here a request is the application's (`app.api.limits`).
"""

import asyncio
from http import HTTPStatus
from typing import ClassVar

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.database import new_id
from app.errors import HeadersTooLarge, Refused, TooSlow

HEAD_BYTES = 64 * 1024
"""Of headers that do not end: more than of those that do, which are refused with all an answer should have."""


class Connection(HttpToolsProtocol):
    """A connection that ends when a request's headers take too long, or have no end."""

    head_seconds: ClassVar[float] = 10.0

    _due = True
    """Whether headers are to come; most come whole with the first bytes, and no timer is set for them."""
    _waiting: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and count what belongs to no request yet."""
        super().data_received(data)
        if self._due:
            if self._waiting is None:
                self._wait()
            self._size += len(data)
            if self._size > HEAD_BYTES:
                self._refuse(HeadersTooLarge("Send at most 16 KiB of headers."))

    def on_message_begin(self) -> None:
        """The next request begins."""
        super().on_message_begin()
        self._due = True

    def on_headers_complete(self) -> None:
        """The request's headers are here."""
        self._due = False
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._size = 0
        late = TooSlow(f"The request's headers did not arrive within {self.head_seconds:g} seconds.")
        self._waiting = self.loop.call_later(self.head_seconds, self._refuse, late)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self, error: Refused) -> None:
        """End the connection, and say why, unless an answer is on its way."""
        self._due = False
        self._stop_waiting()
        if self._size and (self.cycle is None or self.cycle.response_complete):
            title = HTTPStatus(error.status).phrase
            told = {"type": "about:blank", "title": title, "status": error.status, "detail": error.detail}
            body = orjson.dumps({**told, "code": error.code, "request_id": new_id().hex})
            self.transport.write(
                b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%s" % (error.status, title.encode(), len(body), body)
            )
        self.transport.close()
