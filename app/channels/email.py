"""E-mail by SMTP: from the shop's own address, as plain text and HTML, told apart from a person's mail.

No mail server promises to take a message exactly once. When the connection is lost after the text was handed over,
nobody knows whether it was taken: the outcome is `unknown`, and the message is not repeated.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, getaddresses
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.channels.base import Outcome, Outgoing, clean
from app.channels.wording import email_for
from app.errors import WrongSetting

STEP_SECONDS = 20.0
"""How long one answer of the mail server may take; a whole message, three times as long."""

_UNWELCOME = (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPHeloError)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class EmailChannel:
    """Sends through the mail server of NOVE_SMTP_URL: `smtp://` with STARTTLS when it is offered, or `smtps://`."""

    name = "email"

    def __init__(
        self,
        smtp_url: str,
        *,
        seconds: float = STEP_SECONDS,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        parts = urlsplit(smtp_url)
        try:
            port = parts.port
        except ValueError as error:
            raise WrongSetting("NOVE_SMTP_URL: the port must be a number up to 65535") from error
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise WrongSetting("NOVE_SMTP_URL must be an address such as smtp://user:password@host:587")
        self._server: dict[str, Any] = {
            "hostname": parts.hostname,
            "port": port,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": parts.scheme == "smtps",
            "start_tls": None if parts.scheme == "smtp" else False,
            "tls_context": tls,
            "timeout": seconds,
        }
        self._seconds, self._now = seconds, now

    async def send(self, message: Outgoing) -> Outcome:
        """Try once. A refusal for now is worth another try, one for good is not; see the module about `unknown`."""
        try:
            mail = compose(message, self._now())
        except ValueError as error:
            return Outcome("failed", None, _without_addresses(str(error)))
        client = _Client(**self._server)
        try:
            async with asyncio.timeout(3 * self._seconds):
                await client.connect()
                await client.send_message(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _outcome(error, client.handed_over)
        finally:
            client.close()  # without QUIT: the message is taken, and waiting for a farewell could only fail
        return Outcome("sent", 250)

    async def greet(self) -> Outcome:
        """See whether the mail server takes us, without sending anything: connect, sign in if we can, NOOP."""
        client = _Client(**self._server)
        try:
            async with asyncio.timeout(3 * self._seconds):
                await client.connect()
                await client.noop()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _outcome(error, False)
        finally:
            client.close()
        return Outcome("sent", 250)


class _Client(aiosmtplib.SMTP):
    """Knows whether the text was handed over without an answer to it."""

    handed_over = False

    async def data(
        self,
        message: str | bytes,
        /,
        *,
        timeout: float | Literal[aiosmtplib.typing.Default.token] | None = aiosmtplib.typing.Default.token,
    ) -> aiosmtplib.SMTPResponse:
        self.handed_over = True
        try:
            return await super().data(message, timeout=timeout)
        except aiosmtplib.SMTPResponseException:
            self.handed_over = False
            raise


def compose(message: Outgoing, now: datetime) -> EmailMessage:
    """The mail for a message; ValueError if an address or the subject cannot stand in a header."""
    subject, text, html = email_for(message.payload)
    sender = _mailbox(message.sender)
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = _mailbox(message.address)
    mail["Subject"] = _header(subject)
    mail["Date"] = format_datetime(now)
    # The same in every attempt, so that a mailbox that got two can drop one.
    mail["Message-ID"] = f"<{message.id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # Exchange's word for the same
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    mail["Content-Language"] = _header(str(message.payload["locale"]).replace("_", "-"))
    return mail


def _mailbox(text: str) -> Address:
    """One address, with or without a name, its domain in ASCII; ValueError otherwise."""
    found = getaddresses([_header(text)])
    name, address = found[0] if len(found) == 1 else ("", "")
    local, _, domain = address.rpartition("@")
    if not local or not domain or not _ADDRESS.fullmatch(address):
        raise ValueError("the address is not one of e-mail")
    try:
        return Address(name, local, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError) as error:
        raise ValueError("the address is not one of e-mail") from error


def _header(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a line break or control character stands in an address, the subject or the language")
    return text


def _outcome(error: Exception, handed_over: bool) -> Outcome:
    if handed_over:
        return Outcome("unknown", None, _without_addresses(f"lost after the text was handed over: {error}"))
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]  # there is one
    detail = _without_addresses(str(error) or type(error).__name__)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        # Nothing is wrong with the message when the server does not want us at all: the operator can mend that.
        lasts = error.code >= 500 and not isinstance(error, _UNWELCOME)
        return Outcome("failed" if lasts else "retry", error.code, detail)
    # A certificate that does not verify is a ValueError too, and an OSError, which can heal.
    if isinstance(error, (aiosmtplib.SMTPNotSupported, ValueError)) and not isinstance(error, OSError):
        return Outcome("failed", None, detail)
    return Outcome("retry", None, detail, timed_out=isinstance(error, TimeoutError))


def _without_addresses(text: str) -> str:
    """What a mail server says, without the addresses that it repeats."""
    return clean(_ADDRESS.sub("(address)", text))
