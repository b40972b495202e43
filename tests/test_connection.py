"""What a client sends before its request has begun has bounds."""

import asyncio

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.connection import Connection
from app.demo.serving import listen
from app.serving import answering
from app.settings import Settings


async def said(*parts: bytes) -> bytes:
    """All that a server answers to these parts, until it ends the connection."""

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    listener = listen(0)
    async with answering(Starlette(routes=[Route("/", hello)]), listener, Settings(_env_file=None)):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(8):
            answer = await reader.read()
        writer.close()
    return answer


def problem(answer: bytes) -> tuple[bytes, int, str]:
    """The status line of an answer, and what its body says."""
    head, _, body = answer.partition(b"\r\n\r\n")
    value = orjson.loads(body)
    return head.split(b"\r\n")[0], value["status"], value["code"]


async def test_headers_without_end_are_refused() -> None:
    """Before they fill the memory."""
    answer = await said(b"GET / HTTP/1.1\r\nX-Long: ", *[b"x" * 16_384] * 4, b"y")

    assert problem(answer) == (b"HTTP/1.1 431 Request Header Fields Too Large", 431, "headers_too_large")


async def test_headers_that_do_not_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first request and of the next one on the same connection."""
    monkeypatch.setattr(Connection, "head_seconds", 0.3)
    first = await said(b"GET / HTTP/1.1\r\nX-")
    whole, second = (await said(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n")).split(b"hello", 1)

    assert problem(first) == problem(second) == (b"HTTP/1.1 408 Request Timeout", 408, "too_slow")
    assert whole.startswith(b"HTTP/1.1 200 OK")


async def test_who_says_nothing_is_left_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection opened ahead of need is no request."""
    monkeypatch.setattr(Connection, "head_seconds", 0.2)

    assert await said() == b""
