"""No receiver and no carrier can hold us or fill us up, and what goes wrong is one of httpx's errors."""

import asyncio
import gzip
import zlib

import httpx
import pytest

from app.outbound import carrier_client, guarded_client
from app.outbound.transport import SESSION_SECONDS
from tests.outbound.receivers import LOOPBACK, Handler, answering, http, receiver


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A header that never ends, a byte at a time: no single wait is long."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def dripping_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def continuing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("hostile", [silent, dripping, dripping_body, continuing])
async def test_a_receiver_that_takes_its_time_is_left_when_the_time_is_up(hostile: Handler) -> None:
    async with receiver(hostile) as port:
        for client in (guarded_client(LOOPBACK, seconds=0.3), carrier_client(seconds=0.3)):
            async with client:
                with pytest.raises(httpx.TimeoutException):
                    await client.post(f"http://127.0.0.1:{port}/", content=b"{}")


async def test_an_endless_answer_is_read_up_to_its_limit_and_left() -> None:
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            await writer.drain()
            written += 0x8000

    async with receiver(endless) as port:
        async with guarded_client(LOOPBACK) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/")
            assert (answer.status_code, answer.content) == (200, b"x" * 16384)
        async with carrier_client() as client:
            with pytest.raises(httpx.DecodingError, match="longer than 4194304 bytes"):
                await client.get(f"http://127.0.0.1:{port}/")
    assert written < 32 * 1024 * 1024


BOMB = gzip.compress(bytes(64 * 1024 * 1024))


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (BOMB, "gzip", "longer than 4194304 bytes"),
        (gzip.compress(bytes(3 * 1024 * 1024)), "gzip", "a hundred times"),
        (zlib.compress(bytes(3 * 1024 * 1024)), "deflate", "a hundred times"),
        (gzip.compress(b"ok", mtime=0)[:-4], "gzip", "ends too early"),
        (b"no gzip at all", "gzip", "broken"),
        (b"(\xb5/\xfd", "zstd", "not asked for"),
        (BOMB, "gzip, gzip", "not asked for"),
        (b"x", "br", "not asked for"),
    ],
)
async def test_a_carriers_packed_answer_is_unpacked_with_bounds(body: bytes, encoding: str, error: str) -> None:
    async with receiver(answering(http(body, f"Content-Encoding: {encoding}"))) as port, carrier_client() as client:
        with pytest.raises(httpx.DecodingError, match=error):
            await client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b'{"a": 1}' * 1000, mtime=0), "gzip"),
        (gzip.compress(b'{"a": 1}' * 1000, mtime=0), "X-Gzip"),
        (zlib.compress(b'{"a": 1}' * 1000), "deflate"),
        (b'{"a": 1}' * 1000, "identity"),
    ],
)
async def test_an_honest_packed_answer_is_read(packed: bytes, encoding: str) -> None:
    async with receiver(answering(http(packed, f"Content-Encoding: {encoding}"))) as port, carrier_client() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/")

    assert answer.content == b'{"a": 1}' * 1000
    assert "content-encoding" not in answer.headers


async def test_a_bomb_from_a_receiver_yields_its_first_bytes_alone() -> None:
    async with (
        receiver(answering(http(BOMB, "Content-Encoding: gzip"))) as port,
        guarded_client(LOOPBACK) as client,
    ):
        answer = await client.get(f"http://127.0.0.1:{port}/")

    assert answer.content == bytes(16384)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", httpx.RemoteProtocolError),
    ],
    ids=["nothing", "not HTTP", "a huge header", "ten thousand headers", "half a body", "a broken chunk"],
)
async def test_what_is_no_proper_answer_is_one_of_httpx_errors(answer: bytes, error: type[Exception]) -> None:
    async with receiver(answering(answer)) as port:
        for client in (guarded_client(LOOPBACK), carrier_client()):
            async with client:
                with pytest.raises(error):
                    await client.get(f"http://127.0.0.1:{port}/")


async def test_sessions_are_followed_by_fresh_ones_and_closed_when_nothing_uses_them() -> None:
    async with receiver(answering(http(b"ok"))) as port, carrier_client() as client:
        url = f"http://127.0.0.1:{port}/"
        await client.get(url)
        transport = client._transport
        [first] = transport._sessions  # type: ignore[attr-defined]
        first.ends -= SESSION_SECONDS

        await client.get(url)

        [second] = transport._sessions  # type: ignore[attr-defined]
        assert first.session.closed
        assert not second.session.closed
    assert second.session.closed
