"""Who is told: a receiver of signed webhooks and a mail server, each of which logs what it takes before it answers."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from hashlib import sha256

from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.demo.serving import serving
from tests.crash.journal import Journal
from tests.mail_servers import Mailbox, mail_server


class Receiver:
    """Takes webhooks at `/{name}`, signed with the secret of that name."""

    def __init__(self, deliveries: Journal) -> None:
        self.secrets: dict[str, str] = {}
        self._deliveries = deliveries

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen for as long as the block lasts; gives the base address."""
        async with serving(Starlette(routes=[Route("/{name}", self._take, methods=["POST"])])) as address:
            yield address

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            said = Webhook(self.secrets[request.path_params["name"]]).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self._deliveries.write(id=request.headers.get("webhook-id", ""), refused="the signature is wrong")
            return Response(status_code=400)
        self._deliveries.write(
            at=time.monotonic(),
            id=request.headers["webhook-id"],
            type=said["type"],
            shipment=said["data"]["id"],
            version=said["data"]["version"],
            body=digest(body),
        )
        return Response(status_code=204)


class Letters(Mailbox):
    """Takes every letter and logs its id."""

    def __init__(self, letters: Journal) -> None:
        super().__init__()
        self._letters = letters

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The letter is taken for good when this answers."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content)
        self._letters.write(id=str(mail["Message-ID"]).strip("<>").partition("@")[0], to=envelope.rcpt_tos)
        return "250 Taken"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen for as long as the block lasts; gives the address for NOVE_SMTP_URL."""
        async with mail_server(self) as port:
            yield f"smtp://127.0.0.1:{port}"


def digest(body: bytes) -> str:
    """What tells bodies apart."""
    return sha256(body).hexdigest()
