"""A real mail server on loopback, and what it took."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

Step = Callable[[SMTP], Awaitable[str]]


class Mailbox:
    """A mail server's mind: what it took, and what it says at the steps that a test names."""

    def __init__(self, **steps: Step) -> None:
        self.taken: list[Envelope] = []
        self.secure: list[bool] = []
        self._steps = steps

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "mail" in self._steps:
            return await self._steps["mail"](server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "rcpt" in self._steps:
            return await self._steps["rcpt"](server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        self.secure.append(session.ssl is not None)
        return await self._steps["data"](server) if "data" in self._steps else "250 Taken"


@asynccontextmanager
async def mail_server(mailbox: Mailbox, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def make() -> SMTP:
        sessions.append(SMTP(mailbox, hostname="mail.test", enable_SMTPUTF8=True, **options))
        return sessions[-1]

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in sessions:
            if each._handler_coroutine is not None:
                each._handler_coroutine.cancel()
        await asyncio.sleep(0.01)
