"""The demo's mailbox and receiver take what is real and refuse what is not; the whole demo ends well by itself."""

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import aiosmtplib
import orjson
import pytest
from httpx import AsyncClient
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.routing import Mount

from app.database import Database
from app.demo.failures import Seen
from app.demo.journeys import JOURNEYS
from app.demo.mailbox import Mailbox
from app.demo.parcels import LONGEST, REAL, STAGGER, DemoParcel, Tempo, demo_parcels, history, posted
from app.demo.receiver import Receiver
from app.demo.serving import listen, serving
from app.demo.summary import summarise
from app.errors import WrongSetting
from app.sealing import new_signing_secret
from app.shipments.posting import PostedShipment
from carriers import carriers
from carriers.vocabulary import Status
from tests.building import build, event

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def parcel_of(carrier: str, journey: str) -> DemoParcel:
    return next(each for each in demo_parcels() if (each.carrier, each.journey) == (carrier, journey))


@pytest.fixture
async def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver(new_signing_secret())


@pytest.fixture
async def browser(mailbox: Mailbox, receiver: Receiver) -> AsyncIterator[AsyncClient]:
    """A client of the two's pages."""
    app = Starlette(routes=[Mount("/demo", routes=[*mailbox.routes(), *receiver.routes()])])
    async with serving(app) as url, AsyncClient(verify=False, base_url=url) as client:
        yield client


def letter(subject: str = "Consegnato: il tuo ordine 1042") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Bottega <ordini@bottega.example>", "anna@example.com"
    mail["Subject"], mail["Message-ID"] = subject, "<42@bottega.example>"
    mail.set_content("È arrivato.")
    mail.add_alternative(
        "<html><head></head><body><a href='http://x.example/t'>È <b>arrivato</b>.</a></body></html>", "html"
    )
    return mail


async def test_the_mailbox_takes_mail_by_smtp_and_shows_it(mailbox: Mailbox, browser: AsyncClient) -> None:
    """Subject and text are escaped; the HTML stands in a frame that may run nothing, and opens links outside of it."""
    async with mailbox.serving() as smtp_url:
        port = int(smtp_url.rpartition(":")[2])
        for subject in ("Consegnato: il tuo ordine 1042", "<script>alert(1)</script>"):
            await aiosmtplib.send(letter(subject), hostname="127.0.0.1", port=port)

    listed = (await browser.get("/demo/mailbox")).text
    shown = (await browser.get("/demo/mailbox/1")).text
    html = await browser.get("/demo/mailbox/1/html")
    [first, second] = mailbox.mails
    assert (first.sender, first.to, first.text) == (
        "Bottega <ordini@bottega.example>",
        "anna@example.com",
        "È arrivato.\n",
    )
    assert (first.message_id, second.subject, mailbox.count) == ("<42@bottega.example>", "<script>alert(1)</script>", 2)
    assert "2 messages taken" in listed
    assert "<script>" not in listed
    assert listed.index("&lt;script&gt;") < listed.index("il tuo ordine 1042")
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/demo/mailbox/1/html"' in shown
    assert "<pre>È arrivato.\n</pre>" in shown
    assert '<base target="_blank">' in html.text
    assert html.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert (await browser.get("/demo/mailbox/3")).status_code == 404


def delivery(receiver: Receiver, secret: str | None = None, id_: str = "msg_1") -> tuple[bytes, dict[str, str]]:
    data = {
        "carrier": "brt",
        "tracking_number": "020061200101",
        "version": 3,
        "status": "exception",
        "sub_status": "held",
    }
    body = orjson.dumps({"type": "shipment.status_changed", "timestamp": NOW, "data": data})
    at = datetime.now(UTC)
    return body, {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret or receiver.secrets[0]).sign(id_, at, body.decode()),
    }


async def test_the_receiver_shows_verified_deliveries_with_their_attempts(
    receiver: Receiver, browser: AsyncClient
) -> None:
    """A delivery that comes again is the same one, in its next attempt."""
    for id_ in ("msg_1", "msg_2", "msg_1"):
        body, headers = delivery(receiver, id_=id_)
        assert (await browser.post("/demo/webhooks", content=body, headers=headers)).status_code == 204

    shown = (await browser.get("/demo/webhooks")).text
    first = receiver.deliveries["msg_1"]
    assert (first.type, first.carrier, first.shipment) == ("shipment.status_changed", "brt", "020061200101")
    assert (first.version, first.status, first.sub_status, first.attempts) == (3, "exception", "held", 2)
    assert receiver.deliveries["msg_2"].attempts == 1
    assert "2 deliveries verified" in shown
    assert "none refused" in shown
    assert "exception<br><code>held</code>" in shown


async def test_the_receiver_refuses_what_is_not_signed_with_its_secret(
    receiver: Receiver, browser: AsyncClient
) -> None:
    """Another's secret, another body, no signature, and one that is no signature at all."""
    body, good = delivery(receiver)
    _, foreign = delivery(receiver, secret=new_signing_secret())
    attempts: list[tuple[bytes, dict[str, str]]] = [
        (body, foreign),
        (body + b" ", good),
        (body, {}),
        (body, {**good, "webhook-signature": "nonsense"}),
        (body, {**good, "webhook-signature": "v1,é"}),
    ]

    for content, headers in attempts:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        answer = await browser.post("/demo/webhooks", content=content, headers=raw)
        assert answer.status_code == 401

    assert (receiver.deliveries, receiver.refused) == ({}, 5)
    assert "5 refused" in (await browser.get("/demo/webhooks")).text


def test_every_journey_is_made_and_the_carriers_that_the_demo_names_have_parcels() -> None:
    """Some forty of the sandbox, two or three of each real carrier named, each as a shop may post it, none twice."""
    parcels = demo_parcels()
    tempo = Tempo(NOW, 60)

    numbers = {
        PostedShipment.model_validate(posted(each, nth, tempo)).tracking_number for nth, each in enumerate(parcels)
    }
    assert len(numbers) == len(parcels) == 58
    assert sum(each.carrier == "sandbox" for each in parcels) == 40
    assert {each.journey for each in parcels if each.carrier == "sandbox"} == {*JOURNEYS, ""}
    assert {each.carrier for each in parcels} == {"sandbox", *REAL} <= carriers().keys()
    assert {each.ends for each in parcels} >= {Status.PENDING, Status.RETURNED, Status.DELIVERED, Status.EXCEPTION}


def test_journeys_end_after_three_fifths_of_the_demo() -> None:
    """Whatever the demo's length, what follows is for the last messages."""
    for seconds in (12, 60, 600):
        tempo = Tempo(NOW, seconds)
        ends = [end for each in demo_parcels() if (end := tempo.ends(each))]
        assert NOW < max(ends) <= NOW + timedelta(seconds=0.6 * seconds)
        assert tempo.after(LONGEST + STAGGER) - NOW == timedelta(seconds=0.58 * seconds)


def test_a_real_carriers_steps_lie_minutes_apart_and_never_in_the_future() -> None:
    """They come to light at the demo's speed, and are told as having happened before it began."""
    parcel, tempo = parcel_of("gls_it", "RETURNED"), Tempo(NOW, 60)
    clock = NOW
    told = history([parcel], tempo, lambda: clock)

    clock = NOW - timedelta(seconds=1)
    assert told(parcel.number) == []
    clock = tempo.after(parcel.after + 31)
    assert [each.step for each in told(parcel.number) or ()] == [leg.step for leg in JOURNEYS["RETURNED"][:7]]
    clock = NOW + timedelta(seconds=60)
    times = [each.at for each in told(parcel.number) or ()]
    assert len(times) == len(JOURNEYS["RETURNED"])
    assert all(later - earlier >= timedelta(minutes=3) for earlier, later in pairwise(times))
    assert times[-1] <= NOW
    assert told("M1000000000") is None


def test_a_taken_port_is_refused() -> None:
    """With the port and what to do."""
    with listen(0) as taken, pytest.raises(WrongSetting, match=r"Port \d+ is taken by another program: .*--port"):
        listen(taken.getsockname()[1])


async def test_the_summary_counts_the_database_and_tells_what_failed(database: Database) -> None:
    """An error of the log, a wrong signature, a parcel that is not where its journey ended, statuses never seen."""
    world, receiver = await build(database), Receiver()
    receiver.refused = 1
    shipment = await world.ship()
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now))
    parcel = DemoParcel("own", shipment.number, "DELIVERED", Status.DELIVERED)
    tempo = Tempo(world.now - timedelta(seconds=60), 60)
    seen = Seen(tempo, [parcel], [], Mailbox(), receiver, ["it broke"], timedelta(seconds=60))

    summary = await summarise(database, world.shop.company_id, seen)

    assert (summary.now, summary.passed) == ({Status.IN_TRANSIT: 1}, {Status.PENDING: 1, Status.IN_TRANSIT: 1})
    assert (summary.transitions, summary.events, summary.pushes) == (1, 1, {"own": 1})
    assert summary.states == {("email", "due"): 1}
    assert summary.failures == (
        "an error was logged: it broke",
        "1 webhooks were refused: their signature is wrong",
        "own ABC123456 is in_transit, but its journey has ended delivered",
        *(f"no shipment was ever {each}" for each in Status if each not in (Status.PENDING, Status.IN_TRANSIT)),
    )
    assert counts("\n".join(["", *summary.lines()]))["in_transit"] == (1, 1)


async def started(*arguments: str, folder: Path) -> Process:
    # The environment and the folder's .env are of other installations.
    (folder / ".env").write_text("NOVE_DATABASE_URL=postgresql://nobody@127.0.0.1:1/none\n")
    return await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("nove")), "demo", *arguments, cwd=folder, stdout=PIPE, stderr=PIPE
    )


def left_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def counts(output: str) -> dict[str, tuple[int, ...]]:
    """The rows of the summary: words, then one count or two."""
    summary = output[output.index("\nSummary after ") :]
    rows = re.findall(r"^([a-z_]+(?: [a-z]+)*)  +(\d+)(?: +(\d+))?", summary, re.MULTILINE)
    return {name: tuple(int(each) for each in numbers if each) for name, *numbers in rows}


@pytest.mark.long
async def test_the_demo_ends_by_itself_with_a_summary_of_what_happened(tmp_path: Path) -> None:
    """One shop, seven carriers asked and pushing, messages and webhooks sent: all told, and nothing failed."""
    process = await started("--port", "0", "--seconds", "25", folder=tmp_path)
    raw, errors = await process.communicate()
    output = raw.decode()

    assert (process.returncode, errors.decode()) == (0, ""), output[-3000:]
    told = counts(output)
    now = {status: told[status][0] for status in Status}
    passed = {status: told[status][1] for status in Status}
    assert sum(now.values()) == told["shipments"][0] == 58
    assert passed[Status.PENDING] == 58
    assert all(passed[status] >= now[status] for status in Status)
    assert now[Status.PENDING] >= 1
    assert now[Status.DELIVERED] > 0
    assert all(told[name][0] for name in ("transitions", "events", "polls", "calls", "pushes"))
    assert told["webhooks verified"][0] > 0
    assert told["mails in the mailbox"][0] > 0
    assert "Nothing failed." in output
    assert re.search(r"^ +[\d.]+ s  brt +\d{12,15} +[a-z_/]+ -> [a-z_/]+$", output, re.MULTILINE)
    assert left_in(tmp_path) == [".env"]


async def test_an_interrupt_ends_the_demo_cleanly(tmp_path: Path) -> None:
    """Ctrl-C: the summary of what there was, and exit code 0."""
    process = await started("--port", "0", folder=tmp_path)
    assert process.stdout is not None
    while b" -> " not in (line := await process.stdout.readline()):
        assert line, "it ended before anything moved"
    process.send_signal(signal.SIGINT)
    raw, errors = await process.communicate()

    assert (process.returncode, errors.decode()) == (0, ""), raw.decode()[-3000:]
    assert counts(raw.decode())["shipments"] == (58,)


async def test_a_taken_port_ends_the_demo_before_it_begins(tmp_path: Path) -> None:
    """One line, exit code 2, and nothing left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await started("--port", port, folder=tmp_path)
        output, errors = await process.communicate()

    assert (process.returncode, output) == (2, b"")
    assert errors.decode() == f"nove: Port {port} is taken by another program: choose another one with --port.\n"
