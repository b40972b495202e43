"""A webhook's post goes to exactly the address that was checked at that very post, and no receiver holds it up."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from app.outbound import AddressRefused, poster
from tests.outbound.certificates import certificate
from tests.outbound.receivers import LOOPBACK, PUBLIC, Handler, answering, http, receiver, resolving
from tests.outbound.test_hostile import BOMB, continuing, dripping, dripping_body, silent

BODY, SIGNED = b'{"a":1}', {"content-type": "application/json", "webhook-id": "1"}


async def test_a_name_is_asked_for_again_at_every_post_and_refused_once_it_is_private() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with receiver(answering(http(b"ok"))) as port, poster(LOOPBACK, resolve=resolve) as posts:
        first = await posts.post(f"http://Rebind.example:{port}/", BODY, SIGNED)
        with pytest.raises(AddressRefused):
            await posts.post(f"http://Rebind.example:{port}/", BODY, SIGNED)

    assert (first.status, first.body, asked) == (200, b"ok", [("rebind.example", port)] * 2)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://user@public.example/",
        "https://public.example:25/",
        "http://public.example/",
        "ftp://public.example/",
        "https://mixed.example/",
    ],
)
async def test_an_address_that_may_not_be_called_is_refused_before_anything_is_sent(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [PUBLIC, "10.0.0.1"] if host == "mixed.example" else [PUBLIC]

    async with poster(resolve=resolve) as posts:
        with pytest.raises(AddressRefused):
            await posts.post(url, BODY, SIGNED)


async def test_the_last_gate_refuses_a_socket_for_a_private_address_whatever_led_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[bytes] = []
    async with receiver(answering(http(b"secret"), requests)) as port, poster(resolve=resolving([PUBLIC])) as posts:
        monkeypatch.setattr("app.outbound.addresses.denied", lambda _address: False)
        with pytest.raises(AddressRefused):  # the port is odd
            await posts.post(f"https://127.0.0.1:{port}/", BODY, SIGNED)
        monkeypatch.setattr("app.outbound.addresses.PORTS", (port,))
        with pytest.raises(httpx.ConnectError):
            await posts.post(f"https://127.0.0.1:{port}/", BODY, SIGNED)

    assert requests == []


async def test_the_request_has_the_name_the_path_and_the_headers_and_nothing_of_ours_but_the_agent() -> None:
    requests: list[bytes] = []
    async with (
        receiver(answering(http(b"ok"), requests)) as port,
        poster(LOOPBACK, resolve=resolving(["127.0.0.1"])) as posts,
    ):
        await posts.post(f"http://Shop.example:{port}/hook?x=1#y", BODY, SIGNED)

    first, *lines = requests[0].decode().lower().removesuffix("\r\n\r\n").split("\r\n")
    assert first == "post /hook?x=1 http/1.1"
    assert dict(line.split(": ") for line in lines) == {
        "host": f"shop.example:{port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "nove",
        "content-type": "application/json",
        "webhook-id": "1",
        "content-length": str(len(BODY)),
    }


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with (
        receiver(answering(http(b"ok"))) as port,
        poster(LOOPBACK, resolve=resolving(["127.0.0.2", "127.0.0.1"])) as posts,
    ):
        assert (await posts.post(f"http://shop.example:{port}/", BODY, SIGNED)).body == b"ok"


async def test_the_certificate_is_checked_for_the_name_although_we_connect_to_the_address(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "shop.example")
    resolve = resolving(["127.0.0.1"])
    async with (
        receiver(answering(http(b"ok")), server) as port,
        poster(LOOPBACK, resolve=resolve, tls=trusting) as posts,
        poster(LOOPBACK, resolve=resolve) as strange,
    ):
        assert (await posts.post(f"https://shop.example.:{port}/", BODY, SIGNED)).body == b"ok"
        with pytest.raises(httpx.ConnectError):
            await posts.post(f"https://other.example:{port}/", BODY, SIGNED)
        with pytest.raises(httpx.ConnectError):
            await strange.post(f"https://shop.example:{port}/", BODY, SIGNED)


@pytest.mark.parametrize("hostile", [silent, dripping, dripping_body, continuing])
async def test_a_receiver_that_takes_its_time_is_left_when_the_time_is_up(hostile: Handler) -> None:
    async with receiver(hostile) as port, poster(LOOPBACK, seconds=0.3) as posts:
        with pytest.raises(httpx.TimeoutException):
            await posts.post(f"http://127.0.0.1:{port}/", BODY, SIGNED)


@pytest.mark.parametrize(
    ("answer", "body"),
    [(http(b"x" * 100_000), b"x" * 16384), (http(BOMB, "Content-Encoding: gzip"), bytes(16384))],
    ids=["long", "a bomb"],
)
async def test_of_a_long_answer_the_first_bytes_are_read(answer: bytes, body: bytes) -> None:
    async with receiver(answering(answer)) as port, poster(LOOPBACK) as posts:
        assert (await posts.post(f"http://127.0.0.1:{port}/", BODY, SIGNED)).body == body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", httpx.RemoteProtocolError),
        (http(b"x", "Content-Encoding: br"), httpx.DecodingError),
    ],
    ids=["nothing", "not HTTP", "a huge header", "half a body", "an unknown encoding"],
)
async def test_what_is_no_proper_answer_is_one_of_httpx_errors(answer: bytes, error: type[Exception]) -> None:
    async with receiver(answering(answer)) as port, poster(LOOPBACK) as posts:
        with pytest.raises(error):
            await posts.post(f"http://127.0.0.1:{port}/", BODY, SIGNED)


async def test_redirects_are_answers_and_cookies_and_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    requests: list[bytes] = []
    moved = http(b"", "Location: http://169.254.169.254/", "Set-Cookie: who=me", status="307 Temporary Redirect")
    async with receiver(answering(moved, requests)) as port, poster(LOOPBACK) as posts:
        answers = [await posts.post(f"http://127.0.0.1:{port}/", BODY, SIGNED) for _ in range(2)]

    assert [each.status for each in answers] == [307, 307]
    assert len(requests) == 2
    assert all(b"who=me" not in each for each in requests)
