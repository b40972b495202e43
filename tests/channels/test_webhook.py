"""A webhook arrives signed, byte for byte as stored, at a receiver that checks it with the reference library."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.channels.base import Outcome, Outgoing
from app.channels.webhook import WebhookChannel, signature
from app.demo.serving import serving
from app.outbound import poster
from app.sealing import new_signing_secret
from tests.outbound.receivers import LOOPBACK, receiver, resolving

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
BODY = '{"type":"shipment.status_changed", "data":{"place":"Forlì","n":1.10}}'
SECRET, NEXT, STRANGER = new_signing_secret(), new_signing_secret(), new_signing_secret()


class Received:
    """What a receiver got, and what it answers."""

    def __init__(self, status: int = 200, body: str = "", headers: dict[str, str] | None = None) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._answer = status, body, headers

    async def take(self, request: Request) -> Response:
        self.requests.append((dict(request.headers), await request.body()))
        status, body, headers = self._answer
        return Response(body, status, headers)


@asynccontextmanager
async def endpoint(received: Received) -> AsyncIterator[str]:
    async with serving(Starlette(routes=[Route("/hook", received.take, methods=["POST"])])) as base:
        yield f"{base}/hook"


async def sent(
    address: str, *, secrets: tuple[str, ...] = (SECRET,), attempt: int = 1, body: str = BODY, seconds: float = 15
) -> Outcome:
    async with poster(LOOPBACK, seconds=seconds) as client:
        message = Outgoing(ID, address, {"body": body}, secrets, attempt=attempt)
        return await WebhookChannel(client).send(message)


async def test_the_receiver_gets_the_stored_bytes_and_verifies_them_with_the_reference_library() -> None:
    received = Received(204)
    async with endpoint(received) as address:
        outcome = await sent(address)

    [(headers, body)] = received.requests
    assert outcome == Outcome("sent", 204)
    assert body == BODY.encode()
    assert headers["webhook-id"] == str(ID)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert Webhook(SECRET).verify(body, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(STRANGER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


async def test_every_attempt_has_the_same_id_and_the_same_bytes() -> None:
    received = Received(500)
    async with endpoint(received) as address:
        await sent(address)
        await sent(address, attempt=2)

    (first, first_body), (second, second_body) = received.requests
    assert first["webhook-id"] == second["webhook-id"]
    assert first_body == second_body


async def test_while_a_secret_is_replaced_both_verify() -> None:
    received = Received()
    async with endpoint(received) as address:
        await sent(address, secrets=(NEXT, SECRET))

    [(headers, body)] = received.requests
    for secret in (SECRET, NEXT):
        Webhook(secret).verify(body, headers)


def test_the_signature_is_the_one_of_the_reference_library() -> None:
    moment = datetime(2026, 3, 13, 9, 32, tzinfo=UTC)

    ours = signature([SECRET, NEXT], "msg_1", int(moment.timestamp()), BODY.encode())

    assert ours == " ".join(Webhook(each).sign("msg_1", moment, BODY) for each in (SECRET, NEXT))


async def test_the_time_of_the_attempt_is_signed() -> None:
    received = Received()
    long_ago = (datetime.now(UTC) - timedelta(minutes=6)).timestamp()
    async with endpoint(received) as address, poster(LOOPBACK) as client:
        await WebhookChannel(client, now=lambda: long_ago).send(Outgoing(ID, address, {"body": BODY}, (SECRET,)))

    [(headers, body)] = received.requests
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Outcome("sent", 200, "said so")),
        (202, {}, Outcome("sent", 202, "said so")),
        (301, {"location": "http://169.254.169.254/"}, Outcome("retry", 301, "said so")),
        (307, {"location": "/hook"}, Outcome("retry", 307, "said so")),
        (400, {}, Outcome("retry", 400, "said so")),
        (401, {}, Outcome("retry", 401, "said so")),
        (404, {}, Outcome("retry", 404, "said so")),
        (410, {}, Outcome("gone", 410, "said so")),
        (429, {"retry-after": "90"}, Outcome("retry", 429, "said so", 90.0)),
        (500, {}, Outcome("retry", 500, "said so")),
        (503, {"retry-after": "soon"}, Outcome("retry", 503, "said so")),
        (503, {"retry-after": "Fri, 13 Mar 2020 09:32:00 GMT"}, Outcome("retry", 503, "said so", 0.0)),
    ],
)
async def test_what_an_answer_means(status: int, headers: dict[str, str], outcome: Outcome) -> None:
    received = Received(status, "said so", headers)
    async with endpoint(received) as address:
        assert await sent(address) == outcome
    assert len(received.requests) == 1


async def test_of_an_answer_the_first_kilobyte_is_kept_without_control_characters() -> None:
    async with endpoint(Received(500, "a\x00b\r\nc\x1b[31m\u202e" + "è" * 5000)) as address:
        outcome = await sent(address)

    assert outcome.detail.startswith("a b c [31m è")
    assert outcome.detail.isprintable()
    assert 1000 < len(outcome.detail.encode()) <= 1024


async def test_a_receiver_that_does_not_answer_is_tried_again() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with receiver(never) as port:
        outcome = await sent(f"http://127.0.0.1:{port}/", seconds=0.3)

    assert outcome == Outcome("retry", None, "no complete answer within 0.3 s", timed_out=True)


async def test_nobody_listening_is_tried_again() -> None:
    async def unreached(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("the receiver is closed")

    async with receiver(unreached) as port:
        pass

    assert await sent(f"http://127.0.0.1:{port}/") == Outcome("retry", None, "no answer: ClientConnectorError")


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/", "https://private.example/", "https://missing.example/", "https://xn--a/"]
)
async def test_an_address_that_may_not_be_called_is_told_like_one_that_does_not_exist(address: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        if host == "private.example":
            return ["10.0.0.1"]
        raise OSError("no such name")

    async with poster(resolve=resolve) as client:
        outcome = await WebhookChannel(client).send(Outgoing(ID, address, {"body": BODY}, (SECRET,)))

    assert (outcome.state, outcome.code, outcome.detail[:29]) == ("retry", None, "the address cannot be used: i")


@pytest.mark.parametrize("secrets", [(), ("whsec_not base64",)])
async def test_nothing_is_sent_unsigned(secrets: tuple[str, ...]) -> None:
    received = Received()
    async with endpoint(received) as address:
        outcome = await sent(address, secrets=secrets)

    assert (outcome.state, received.requests) == ("failed", [])


async def test_a_name_is_called_by_the_address_that_was_checked() -> None:
    received = Received()
    async with endpoint(received) as address, poster(LOOPBACK, resolve=resolving(["127.0.0.1"])) as client:
        named = address.replace("127.0.0.1", "shop.example")
        outcome = await WebhookChannel(client).send(Outgoing(ID, named, {"body": BODY}, (SECRET,)))

    assert outcome.state == "sent"
    assert received.requests[0][0]["host"].startswith("shop.example:")


def test_a_message_shows_neither_its_secrets_nor_its_address_when_printed() -> None:
    message = Outgoing(ID, "anna@example.com", {"body": "personal"}, (SECRET,))

    assert SECRET not in repr(message)
    assert "anna" not in repr(message)
    assert "personal" not in repr(message)
