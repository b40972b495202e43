"""A call goes to exactly the address that was checked, under the name that was typed."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from app.outbound import AddressRefused, carrier_client, check_url, guarded_client
from tests.outbound.certificates import certificate
from tests.outbound.receivers import LOOPBACK, PUBLIC, answering, http, receiver, resolving


async def test_a_name_that_changes_after_the_check_is_refused_at_the_call() -> None:
    requests: list[bytes] = []
    resolve = resolving([PUBLIC], ["127.0.0.1"])
    async with receiver(answering(http(b"secret"), requests)) as port, guarded_client(resolve=resolve) as client:
        await check_url("https://rebind.example:8443/", (), resolve)

        with pytest.raises(AddressRefused):
            await client.get("https://rebind.example:8443/")
        with pytest.raises(AddressRefused):
            await client.get(f"https://rebind.example:{port}/")

    assert requests == []


async def test_a_name_is_resolved_once_for_a_call_and_again_for_the_next() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with receiver(answering(http(b"ok"))) as port, guarded_client(LOOPBACK, resolve=resolve) as client:
        first = await client.get(f"http://Rebind.example:{port}/")
        with pytest.raises(AddressRefused):
            await client.get(f"http://rebind.example:{port}/")

    assert (first.text, asked) == ("ok", [("rebind.example", port)] * 2)


async def test_the_last_gate_refuses_a_socket_for_a_private_address_whatever_led_there() -> None:
    client = guarded_client(resolve=resolving([PUBLIC]))
    async with receiver(answering(http(b"secret"))) as port, client:
        request = client.build_request("GET", f"http://127.0.0.1:{port}/")
        with pytest.raises(httpx.ConnectError):
            async with client._transport._current_session():  # type: ignore[attr-defined]
                await client._transport._exchange(request)  # type: ignore[attr-defined]


async def test_the_name_is_kept_in_the_host_header_and_the_address_in_the_answer() -> None:
    requests: list[bytes] = []
    async with (
        receiver(answering(http(b"ok"), requests)) as port,
        guarded_client(LOOPBACK, resolve=resolving(["127.0.0.1"])) as client,
    ):
        answer = await client.post(f"http://shop.example:{port}/hook?x=1", content=b"")

    assert str(answer.url) == f"http://shop.example:{port}/hook?x=1"
    assert requests[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"host: shop.example:{port}\r\n".encode() in requests[0].lower()


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with (
        receiver(answering(http(b"ok"))) as port,
        guarded_client(LOOPBACK, resolve=resolving(["127.0.0.2", "127.0.0.1"])) as client,
    ):
        assert (await client.get(f"http://shop.example:{port}/")).text == "ok"


async def test_nobody_listening_is_a_connect_error() -> None:
    async with receiver(answering(b"")) as port:
        pass
    async with guarded_client(LOOPBACK) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_the_certificate_is_checked_for_the_name_although_we_connect_to_the_address(tmp_path: Path) -> None:
    greeted: list[str | None] = []
    server, trusting = certificate(tmp_path, "shop.example")
    server.sni_callback = lambda _socket, name, _context: greeted.append(name)
    resolve = resolving(["127.0.0.1"])
    async with (
        receiver(answering(http(b"ok")), server) as port,
        guarded_client(LOOPBACK, resolve=resolve, tls=trusting) as client,
        guarded_client(LOOPBACK, resolve=resolve) as strange,
    ):
        assert (await client.get(f"https://shop.example:{port}/")).text == "ok"
        assert (await client.get(f"https://shop.example.:{port}/")).text == "ok"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"https://other.example:{port}/")
        with pytest.raises(httpx.ConnectError):
            await strange.get(f"https://shop.example:{port}/")

    assert greeted == ["shop.example", "shop.example", "other.example", "shop.example"]


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    requests: list[bytes] = []
    moved = http(b"", "Location: http://169.254.169.254/latest/meta-data/", status="307 Temporary Redirect")
    async with receiver(answering(moved, requests)) as port, guarded_client(LOOPBACK) as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", json={})

    assert (answer.status_code, len(requests)) == (307, 1)


async def test_cookies_and_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    requests: list[bytes] = []
    async with receiver(answering(http(b"", "Set-Cookie: who=me"), requests)) as port:
        for make in (guarded_client(LOOPBACK), carrier_client()):
            async with make as client:
                await client.get(f"http://127.0.0.1:{port}/")
                await client.get(f"http://127.0.0.1:{port}/")
                assert list(client.cookies) == []

    assert len(requests) == 4
    assert all(b"who=me" not in each for each in requests)
