"""Mail reaches a real SMTP server once, and what the server says decides whether it is tried again."""

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app.channels.base import Outcome, Outgoing
from app.channels.email import EmailChannel, compose
from app.channels.retrying import next_delay
from app.errors import WrongSetting
from tests.channels.test_wording import TOLD
from tests.mail_servers import Mailbox, Step, mail_server
from tests.outbound.certificates import certificate
from tests.outbound.receivers import receiver

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOW = datetime(2026, 3, 13, 9, 32, tzinfo=UTC)


def only_mail(mailbox: Mailbox) -> EmailMessage:
    [envelope] = mailbox.taken
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def saying(answer: str) -> Step:
    async def say(server: SMTP) -> str:
        return answer

    return say


async def dropping(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    await asyncio.sleep(3600)
    return ""


async def silent(server: SMTP) -> str:
    await asyncio.sleep(3600)
    return ""


def outgoing(**given: Any) -> Outgoing:
    given = {"address": "anna@example.com", "sender": "Bottega Verdi <ordini@bottega.example>", "payload": TOLD} | given
    return Outgoing(ID, **given)


async def send(port: int, message: Outgoing | None = None, seconds: float = 5) -> Outcome:
    return await EmailChannel(f"smtp://127.0.0.1:{port}", seconds=seconds).send(message or outgoing())


async def test_a_mail_is_taken_with_both_forms_and_headers_that_tell_machines_what_it_is() -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        outcome = await send(port)

    [envelope] = mailbox.taken
    mail = only_mail(mailbox)
    assert outcome == Outcome("sent", 250)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("ordini@bottega.example", ["anna@example.com"])
    assert {name: mail[name] for name in mail if name not in ("Date", "Content-Type", "MIME-Version")} == {
        "From": "Bottega Verdi <ordini@bottega.example>",
        "To": "anna@example.com",
        "Subject": "Partito: il tuo ordine 1042",
        "Message-ID": f"<{ID}@bottega.example>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "it",
    }
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Il corriere ha preso in carico il pacco il 13 marzo." in plain.get_content()
    assert "Il corriere ha preso in carico il pacco il 13 marzo." in html.get_content()


async def test_a_server_that_offers_starttls_is_spoken_to_in_secret(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "localhost")
    mailbox = Mailbox()
    async with mail_server(mailbox, tls_context=server) as port:
        strange = await EmailChannel(f"smtp://localhost:{port}").send(outgoing())
        known = await EmailChannel(f"smtp://localhost:{port}", tls=trusting).send(outgoing())

    assert (strange.state, known.state, mailbox.secure) == ("retry", "sent", [True])


async def test_smtps_is_secret_from_the_first_byte(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "localhost")
    mailbox = Mailbox()
    async with mail_server(mailbox, server) as port:
        outcome = await EmailChannel(f"smtps://localhost:{port}", tls=trusting).send(outgoing())

    assert (outcome.state, len(mailbox.taken)) == ("sent", 1)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("word", "state"), [("p%40ss%3Aword", "sent"), ("wrong", "retry")])
async def test_credentials_are_given_and_wrong_ones_are_for_the_operator_to_mend(word: str, state: str) -> None:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"nove@x", b"p@ss:word"), handled=False)

    mailbox = Mailbox()
    async with mail_server(mailbox, authenticator=check, auth_required=True, auth_require_tls=False) as port:
        outcome = await EmailChannel(f"smtp://nove%40x:{word}@127.0.0.1:{port}").send(outgoing())

    assert (outcome.state, len(mailbox.taken)) == (state, int(state == "sent"))
    assert outcome.code == (250 if state == "sent" else 535)


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("mail", "451 4.3.0 later", Outcome("retry", 451, "4.3.0 later")),
        ("mail", "553 5.1.8 no such sender", Outcome("failed", 553, "5.1.8 no such sender")),
        ("rcpt", "451 4.7.1 greylisted", Outcome("retry", 451, "4.7.1 greylisted")),
        ("rcpt", "550 5.1.1 <anna@example.com> unknown", Outcome("failed", 550, "5.1.1 <(address)> unknown")),
        ("data", "451 4.3.0 disk full", Outcome("retry", 451, "4.3.0 disk full")),
        ("data", "554 5.7.1 spam", Outcome("failed", 554, "5.7.1 spam")),
    ],
)
async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(
    step: str, answer: str, outcome: Outcome
) -> None:
    async with mail_server(Mailbox(**{step: saying(answer)})) as port:
        got = await send(port)

    assert (got.state, got.code) == (outcome.state, outcome.code)
    assert outcome.detail in got.detail
    assert "anna" not in got.detail


@pytest.mark.parametrize("lost", [dropping, silent])
async def test_a_mail_whose_text_was_handed_over_without_an_answer_is_never_repeated(lost: Step) -> None:
    mailbox = Mailbox(data=lost)
    async with mail_server(mailbox) as port:
        outcome = await send(port, seconds=0.3)

    assert (outcome.state, outcome.code, len(mailbox.taken)) == ("unknown", None, 1)
    assert next_delay(1, outcome, Random()) is None


@pytest.mark.parametrize("step", ["mail", "rcpt"])
@pytest.mark.parametrize(("lost", "timed_out"), [(dropping, False), (silent, True)])
async def test_a_connection_lost_before_the_text_is_tried_again(step: str, lost: Step, timed_out: bool) -> None:
    async with mail_server(Mailbox(**{step: lost})) as port:
        outcome = await send(port, seconds=0.3)

    assert (outcome.state, outcome.code, outcome.timed_out) == ("retry", None, timed_out)


async def test_a_server_that_is_not_there_or_says_nothing_is_tried_again() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with receiver(never) as port:
        mute = await send(port, seconds=0.3)
    absent = await send(port, seconds=0.3)

    assert (mute.state, mute.timed_out) == ("retry", True)
    assert (absent.state, absent.timed_out) == ("retry", False)


async def test_a_server_that_turns_us_away_at_the_door_is_tried_again() -> None:
    async def turning_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.7.1 your address is listed\r\n")
        await writer.drain()

    async with receiver(turning_away) as port:
        outcome = await send(port)

    assert (outcome.state, outcome.code) == ("retry", 554)


@pytest.mark.parametrize(
    "given",
    [
        {"address": "anna@example.com\r\nBcc: other@example.com"},
        {"address": "anna@example.com\nRCPT TO:<other@example.com>"},
        {"address": "anna\x00@example.com"},
        {"address": "anna@example.com, other@example.com"},
        {"address": "anna"},
        {"address": "@example.com"},
        {"address": "anna@"},
        {"address": ""},
        {"sender": "Bottega\r\nBcc: other@example.com <ordini@bottega.example>"},
        {"sender": "Bottega\u2028Verdi <ordini@bottega.example>"},
        {"sender": "Bottega"},
        {"sender": ""},
        {"payload": {}},
        {"payload": {**TOLD, "locale": "it\r\nBcc: other@example.com"}},
        {"payload": {**TOLD, "timezone": "Nowhere/Land"}},
    ],
)
async def test_what_cannot_stand_in_a_header_is_not_sent(given: dict[str, Any]) -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        outcome = await send(port, outgoing(**given))

    assert (outcome.state, outcome.code, mailbox.taken) == ("failed", None, [])
    assert "other" not in outcome.detail


def test_a_line_break_in_an_order_reference_does_not_reach_the_subject_line() -> None:
    mail = compose(outgoing(payload={**TOLD, "order_reference": "10\r\nBcc: other@example.com\x00"}), NOW)

    assert mail["Subject"] == "Partito: il tuo ordine 10 Bcc: other@example.com"
    assert mail["Bcc"] is None


def test_every_attempt_has_the_same_message_id() -> None:
    first, second = compose(outgoing(), NOW), compose(outgoing(attempt=2), NOW)

    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@bottega.example>"


def test_names_and_domains_beyond_ascii_are_written_as_mail_knows_them() -> None:
    mail = compose(outgoing(sender="Caffè “Più” <ordini@caffè.example>", address="anna@müller.example"), NOW)

    assert mail["To"] == "anna@xn--mller-kva.example"
    assert mail["From"].addresses[0].display_name == "Caffè “Più”"
    assert mail["Message-ID"] == f"<{ID}@xn--caff-8oa.example>"
    mail.as_bytes().decode("ascii")


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://mail.example:99999", "mail.example:25"])
def test_a_wrong_setting_names_itself_and_shows_no_password(url: str) -> None:
    with pytest.raises(WrongSetting, match="NOVE_SMTP_URL"):
        EmailChannel(url)
