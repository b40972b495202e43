"""What holds for every request: ids, sizes, times, strict JSON, rate limits, the headers of answers."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from httpx import AsyncClient

from app.api.buckets import Buckets
from app.demo.serving import serving
from app.shops import Shop
from tests.api.conftest import Service

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("known", "parts", "status"), [(True, 17, 413), (False, 1, 401)])
async def test_a_body_without_end_ends_the_connection(
    service: Service, shop: Shop, known: bool, parts: int, status: int
) -> None:
    """Over a real connection: refused past 1 MiB, or at once to who has no key, and nothing more is listened to."""
    key = await service.key(shop) if known else "none"
    begin = (
        b"PATCH /v1/shop HTTP/1.1\r\nHost: nove.test\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/json\r\nAuthorization: Bearer " + key.encode() + b"\r\n\r\n"
    )
    async with serving(service.app) as address:
        answer = await _said(address, begin + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * parts)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"connection: close" in answer.lower()


async def _said(address: str, request: bytes) -> bytes:
    """What a server answers to bytes that it need not read to their end: it may reset the connection after that."""
    loop = asyncio.get_running_loop()
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, (host, int(port)))
        sending = asyncio.create_task(loop.sock_sendall(connection, request))
        answer = b""
        with suppress(ConnectionError):
            while some := await loop.sock_recv(connection, 65_536):
                answer += some
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return answer


async def test_a_refusal_reaches_who_is_still_sending(service: Service) -> None:
    """A body that nobody reads is taken all the same: a connection reset under the sender would lose the answer."""
    async with serving(service.app) as address, AsyncClient(verify=False, base_url=address) as stranger:
        refused = await stranger.post("/v1/shipments", content=b" " * 900_000, headers=JSON)

    assert (refused.status_code, refused.headers["connection"]) == (401, "close")


async def test_a_chunked_body_is_counted(client: AsyncClient) -> None:
    """413 for a finite one over the limit as well, and nothing of it is taken."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in range(17):
            yield b"x" * 65_536
        yield b'"}'

    refused = await client.patch("/v1/shop", content=chunks(), headers=JSON)

    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert (await client.get("/v1/shop")).json()["name"] == "Bottega"


async def test_a_declared_length_over_the_limit_is_refused_unread(client: AsyncClient) -> None:
    """The header alone is enough."""
    refused = await client.patch("/v1/shop", content=b"{}", headers=JSON | {"Content-Length": str(2**40)})

    assert refused.status_code == 413


async def test_a_slow_body_is_given_up(service: Service, shop: Shop) -> None:
    """408 once the time for the whole of it is over."""
    app = await service.start(body_seconds=0)
    key = await service.key(shop)
    messages: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PATCH",
        "path": "/v1/shop",
        "raw_path": b"/v1/shop",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")],
    }
    await app(scope, never, send)  # type: ignore[arg-type]

    assert [message["type"] for message in messages] == ["http.response.start", "http.response.body"]
    assert messages[0]["status"] == 408


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        (JSON | {"Content-Encoding": "gzip"}, 415, "unsupported_body"),
        ({"Content-Type": "text/plain"}, 415, "unsupported_body"),
        (JSON | {"X-Long": "x" * 17_000}, 431, "headers_too_large"),
    ],
)
async def test_headers_are_checked(client: AsyncClient, headers: dict[str, str], status: int, code: str) -> None:
    """Compressed, foreign or huge: each refusal has its code."""
    refused = await client.patch("/v1/shop", content=b'{"name": "New"}', headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b'{"name": NaN}', "invalid_json"),
        (b'{"name": 1e999}', "invalid_json"),
        (b'{"name": ' + b"9" * 5_000 + b"}", "invalid_json"),
        (b'{"name": "\\ud800"}', "invalid_json"),
        (b'{"name": "\xff"}', "invalid_json"),
        (b'{"name": "a", "name": "b"}', "invalid_json"),
        (b'{"brand": {"n\\u0061me": "a", "name": "b"}}', "invalid_json"),
        (b'{"brand": ' + b"[" * 64 + b"]" * 64 + b"}", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"name": "a\\u0000b"}', "invalid_input"),
        (b'{"name": "' + b"x" * 8_193 + b'"}', "invalid_input"),
        (b'{"brand": [' + b"1," * 1_000 + b"1]}", "invalid_input"),
        (b"[]", "invalid_input"),
        (b"null", "invalid_input"),
        (b"", "invalid_input"),
    ],
)
async def test_json_is_read_strictly(client: AsyncClient, body: bytes, code: str) -> None:
    """What two readers could understand differently, or not at all, is a 422."""
    refused = await client.patch("/v1/shop", content=body, headers=JSON)

    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_equal_keys_of_different_objects_and_in_texts_are_fine(client: AsyncClient) -> None:
    """Only one object's own keys are counted."""
    body = b'{"name": "a \\"name\\": b", "brand": {"name" : "c"}}'
    taken = await client.patch("/v1/shop", content=body, headers=JSON)

    assert (taken.json()["name"], taken.json()["brand"]) == ('a "name": b', {"name": "c"})


async def test_an_unknown_parameter_is_named(client: AsyncClient) -> None:
    """A misspelt filter must not be lost in silence."""
    refused = await client.get("/v1/statuses", params={"locle": "it"})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "locle")


async def test_a_nul_in_the_address_is_refused(client: AsyncClient) -> None:
    """No database takes one."""
    assert (await client.get("/v1/accounts?carrier=a%00b")).status_code == 422
    assert (await client.get("/v1/accounts/a%00b")).status_code == 422


async def test_request_ids_are_taken_over_or_made(client: AsyncClient) -> None:
    """A well-formed id comes back, any other is replaced; the body of an error names it too."""
    ours = await client.get("/v1/nothing", headers={"X-Request-Id": "shop-42"})
    made = await client.get("/v1/nothing", headers={"X-Request-Id": "a b\tc"})

    assert ours.headers["x-request-id"] == ours.json()["request_id"] == "shop-42"
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["x-request-id"])
    assert made.json()["request_id"] == made.headers["x-request-id"]


async def test_every_answer_carries_security_headers(client: AsyncClient) -> None:
    """No sniffing, no framing, nothing kept by caches."""
    headers = (await client.get("/v1/shop")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "access-control-allow-origin" not in headers


def test_a_costly_request_takes_more_and_the_costliest_waits_for_a_full_bucket() -> None:
    """A refusal takes nothing; what exceeds the bucket passes when it is full."""
    now = 0.0
    buckets = Buckets(lambda: now)
    taken = [buckets.take("key", "key", 10, 1.0, cost) for cost in (4, 7, 6)]
    now = 10.0
    whole = buckets.take("key", "key", 10, 1.0, 100)

    assert [(each.left, each.wait) for each in [*taken, whole]] == [(6, 0), (6, 1), (0, 0), (0, 0)]
