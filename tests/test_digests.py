"""One digest for each run of imports, to the shop's staff: where everything is, once the carriers have been asked."""

from collections.abc import AsyncIterator, Iterable
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app import shops
from app.commands import ImportBatch
from app.database import Database
from app.intake.importing import Line, import_batch, run_of
from app.outbox.sending import Sender
from app.outbox.tables import messages
from app.shipments.tables import shipments
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event
from tests.mail_servers import Mailbox, mail_server

RUN = UUID("019ef0f0-0000-7000-8000-00000000abcd")


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, str]]:
    """A running mail server and its address."""
    box = Mailbox()
    async with mail_server(box) as port:
        yield box, f"smtp://127.0.0.1:{port}"


@pytest.fixture
async def world(database: Database, mailbox: tuple[Mailbox, str]) -> World:
    """A shop with a mail server."""
    return await build(database, settings={"smtp_url": mailbox[1]})


def lines(numbers: Iterable[str], carrier: str = "own") -> tuple[Line, ...]:
    return tuple(Line(n, {"carrier": carrier, "tracking_number": each}) for n, each in enumerate(numbers, 2))


async def run(world: World, given: tuple[Line, ...] = (), failed: int | None = None) -> None:
    """A batch of the run; its last one, if `failed` is given."""
    await ImportBatch(shop=world.shop.id, lines=given, run_id=RUN, failed=failed).run(world.installation)


async def send(world: World) -> None:
    sender = Sender(world.installation)
    await sender.send_due()
    await sender.idle()
    await sender.close()


async def digests(world: World) -> list[tuple[str, str]]:
    """State and reason of each digest in the ledger."""
    async with world.database.reading() as db:
        rows = await db.all(select(messages.c.state, messages.c.reason).where(messages.c.type == "import_digest"))
    return [(row.state, row.reason) for row in rows]


def text(box: Mailbox) -> tuple[str, list[str]]:
    """Subject and lines of the one letter there is."""
    [letter] = box.taken
    read = message_from_bytes(letter.original_content or b"", policy=policy.default)
    body = read.get_body(("plain",))
    assert body is not None
    return read["subject"], [line for line in body.get_content().splitlines() if line]


async def test_it_counts_the_statuses_and_lists_the_shipments(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """In the shop's language, to its staff, troubled shipments first; it leaves when the run has ended."""
    async with world.database.transaction() as db:
        await shops.change(db, world.shop, locale="en")
    first, second, third = [await world.ship(number) for number in ("OLD-1", "OLD-2", "OLD-3")]
    await world.say(first, event(Status.DELIVERED, at=world.now))
    await world.say(second, event(Status.EXCEPTION, SubStatus.HELD, at=world.now))
    await world.say(third, event(Status.DELIVERED, at=world.now))
    async with world.database.transaction() as db:
        await db.run(update(messages).values(state="sent"))
    await run(world, lines(["OLD-1", "OLD-2", "NEW-1"]))
    await run(world, lines(["OLD-3"]))
    await send(world)
    before = list(mailbox[0].taken)
    await run(world, failed=2)
    await send(world)

    subject, said = text(mailbox[0])
    assert (before, await digests(world)) == ([], [("sent", "")])
    assert mailbox[0].taken[0].rcpt_tos == ["staff@example.com"]
    assert subject == "Import finished (4)"
    assert said[1:9] == [
        "Import finished",
        "This is where the imported shipments are now. Recipients are told of that at most, and of nothing that came "
        "before it.",
        "Rows that were refused: 2",
        "Shipments: 4",
        "Waiting for the carrier: 1",
        "Problem to solve: 1",
        "Delivered: 2",
        "Own carrier OLD-2: Held",
    ]
    assert [line for line in said if line.startswith("Own carrier")][1:] == [
        "Own carrier OLD-1: Delivered",
        "Own carrier OLD-3: Delivered",
        "Own carrier NEW-1: Waiting for the carrier",
    ]


async def test_the_list_is_bounded(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """Fifty, and how many more there are."""
    await run(world, lines(f"MANY-{n}" for n in range(60)), failed=0)
    await send(world)

    _, said = text(mailbox[0])
    assert len([line for line in said if line.startswith("Corriere proprio MANY-")]) == 50
    assert "Altre: 10" in said
    assert "Spedizioni: 60" in said


async def test_a_run_that_is_repeated_has_one(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """Under the same id nothing is told twice, whether its digest is due or sent."""
    for _ in range(2):
        await run(world, lines(["ONCE-1"]), failed=0)
    await send(world)
    await run(world, lines(["ONCE-1", "ONCE-2"]), failed=0)
    await send(world)

    assert (await digests(world), len(mailbox[0].taken)) == ([("sent", "")], 1)


async def test_a_run_that_was_cut_off_has_one_too(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """Ten minutes after its last batch, if nobody says that it has ended."""
    await run(world, lines(["CUT-1"]))
    world.pass_time(minutes=9)
    await run(world, lines(["CUT-2"]))
    world.pass_time(minutes=9)
    await send(world)
    early = len(mailbox[0].taken)
    world.pass_time(minutes=2)
    await send(world)

    assert (early, text(mailbox[0])[0]) == (0, "Importazione completata (2)")


async def test_it_waits_until_the_carriers_have_been_asked(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """At most two hours: where a parcel is shows after its first poll."""
    await run(world, lines(["SANDBOX-DELIVERED-1"], "sandbox"), failed=0)
    await send(world)
    waiting = await digests(world)
    async with world.database.transaction() as db:
        await db.run(update(shipments).values(last_polled_at=db.now, status=Status.DELIVERED))
    world.pass_time(minutes=1, seconds=1)
    await send(world)

    assert waiting == [("due", "")]
    assert "Consegnato: 1" in text(mailbox[0])[1]


async def test_nobody_is_waited_for_longer_than_two_hours(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """A carrier that does not answer holds up no digest."""
    await run(world, lines(["SANDBOX-DELIVERED-1"], "sandbox"), failed=0)
    world.pass_time(hours=2)
    await send(world)

    assert text(mailbox[0])[0] == "Importazione completata (1)"


async def test_without_an_address_it_stands_in_the_ledger(world: World, mailbox: tuple[Mailbox, str]) -> None:
    """With the reason."""
    async with world.database.transaction() as db:
        await shops.change(db, world.shop, staff_mail="")
    await run(world, lines(["NOBODY-1"]), failed=0)
    await send(world)

    assert (await digests(world), mailbox[0].taken) == ([("skipped", "no_address")], [])


async def test_a_batch_without_a_run_has_none(world: World) -> None:
    """The shop's everyday posts are no import."""
    await import_batch(world.installation, world.shop.id, lines(["DAILY-1"]))

    assert await digests(world) == []


def test_the_same_file_of_a_shop_is_the_same_run(tmp_path: Path) -> None:
    """By its bytes, whatever it is called."""
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, content in zip(paths, (b"same", b"same", b"other"), strict=True):
        path.write_bytes(content)
    other = UUID(int=1)

    first, second, third = (run_of(path, RUN) for path in paths)
    assert (first == second, first == third, first == run_of(paths[0], other)) == (True, False, False)
