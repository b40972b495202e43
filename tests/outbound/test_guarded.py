"""A call goes to exactly the address that was checked, under the name that was typed."""

import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.outbound import AddressRefused, carrier_client, check_url, guarded_client
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


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server that is `name`, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


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
