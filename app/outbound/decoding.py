"""Bodies of answers, taken in with bounds: a few kilobytes on the wire can stand for gigabytes."""

import zlib
from collections.abc import AsyncIterable

import httpx

ACCEPTED = "gzip"
"""The packing that we ask for: zlib lets its output be bounded as it grows."""

MAX_RATIO = 100
RATIO_FROM = 256 * 1024
"""Unpacked bytes from which the ratio is judged: short texts that repeat themselves compress further."""


async def read_bounded(stream: AsyncIterable[bytes], encoding: str, limit: int, *, cut: bool) -> bytes:
    """The unpacked body, at most `limit` bytes of it.

    A longer one is cut there if `cut`, else httpx.DecodingError; as for an encoding that we did not ask for, a broken
    one, or one that unpacks to more than a hundred times its size.
    """
    unpack = _unpacker(encoding)
    body, packed = bytearray(), 0
    async for chunk in stream:
        packed += len(chunk)
        room = limit + 1 - len(body)
        body += chunk[:room] if unpack is None else _unpack(unpack, chunk, room)
        if max(len(body), packed) > limit:
            if cut:
                return bytes(body[:limit])
            raise httpx.DecodingError(f"the answer is longer than {limit} bytes")
        if unpack is not None and len(body) > RATIO_FROM and len(body) > MAX_RATIO * packed:
            raise httpx.DecodingError("the answer unpacks to more than a hundred times its size")
    if unpack is not None and not unpack.eof and not cut and packed:
        raise httpx.DecodingError("the packed answer ends too early")
    return bytes(body)


def _unpacker(encoding: str) -> "zlib._Decompress | None":
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)  # tells gzip from zlib by itself
    raise httpx.DecodingError("the answer comes in an encoding that was not asked for")


def _unpack(unpack: "zlib._Decompress", chunk: bytes, room: int) -> bytes:
    try:
        return unpack.decompress(chunk, room)
    except zlib.error as error:
        raise httpx.DecodingError("the packed answer is broken") from error
