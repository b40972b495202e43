"""A mailbox on loopback: a real SMTP server that keeps what it takes in memory, and pages that show it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import islice

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.pages import SHOWN, page

KEPT = 2000
"""Messages that are kept; older ones go."""

_FRAME = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was taken; `text` and `html` are empty when it has no such part."""

    number: int
    at: datetime
    sender: str
    to: str
    subject: str
    message_id: str
    text: str
    html: str


class Mailbox:
    """Takes every message for everybody. `count` is how many have come, kept or gone."""

    def __init__(self) -> None:
        self.mails: deque[Mail] = deque(maxlen=KEPT)
        self.count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        """Take a message."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.count += 1
        self.mails.append(
            Mail(
                self.count,
                datetime.now(UTC),
                sender=str(mail["From"] or envelope.mail_from or ""),
                to=", ".join(envelope.rcpt_tos),
                subject=str(mail["Subject"] or "(no subject)"),
                message_id=str(mail["Message-ID"] or ""),
                text=_part(mail, "plain"),
                html=_part(mail, "html"),
            )
        )
        return "250 Taken"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listen on a free port of loopback; gives the address for NOVE_SMTP_URL."""
        sessions: list[SMTP] = []

        def session() -> SMTP:
            sessions.append(SMTP(self, hostname="mailbox.localhost", enable_SMTPUTF8=True))
            return sessions[-1]

        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for each in sessions:
                if each._handler_coroutine is not None:
                    each._handler_coroutine.cancel()
            await asyncio.sleep(0.01)  # the sessions end in their own tasks

    def routes(self) -> Sequence[BaseRoute]:
        """The list, a message, and a message's HTML for the frame that shows it."""
        return [
            Route("/mailbox", self._list),
            Route("/mailbox/{number:int}", self._show),
            Route("/mailbox/{number:int}/html", self._html),
        ]

    async def _list(self, _request: Request) -> Response:
        mails = list(islice(reversed(self.mails), SHOWN))
        return page("mailbox.html", here="mailbox", refresh=3, mailbox=self, mails=mails)

    async def _show(self, request: Request) -> Response:
        return page("mail.html", here="mailbox", mail=self._found(request))

    async def _html(self, request: Request) -> Response:
        # Links open a page of their own: the frame they stand in may not be left.
        html = self._found(request).html.replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(html, headers={"content-security-policy": _FRAME})

    def _found(self, request: Request) -> Mail:
        for mail in self.mails:
            if mail.number == request.path_params["number"]:
                return mail
        raise HTTPException(404, "No such message: the mailbox keeps them as long as the demo runs.")


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
