"""What is due leaves once: letters by a real mail server, webhooks to real receivers, with a ledger of it all."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.database import Database
from app.demo.serving import serving
from app.outbox import endpoints
from app.outbox.claiming import Room, choose, claim, take
from app.outbox.sending import Sender
from app.outbox.tables import attempts, messages
from app.outbox.tables import endpoints as endpoints_table
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event
from tests.mail_servers import Mailbox, mail_server

S, U = Status, SubStatus


@dataclass
class Receiver:
    """A webhook receiver: what it got, and what it answers next (200 when nothing is said)."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """One delivery."""
        self.got.append((dict(request.headers), await request.body()))
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    def app(self) -> Starlette:
        """The server."""
        return Starlette(routes=[Route("/hook", self.take, methods=["POST"])])


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, str]]:
    """A running mail server and its address."""
    box = Mailbox()
    async with mail_server(box) as port:
        yield box, f"smtp://127.0.0.1:{port}"


async def _world(database: Database, **settings: object) -> World:
    return await build(database, settings={"outbound_allow": "127.0.0.0/8", **settings})


async def _endpoint(world: World, url: str) -> str:
    async with world.database.transaction() as db:
        shop = world.shop
        _, secret = await endpoints.create(
            db, world.installation.sealer, shop.company_id, shop.id, url=url, types=["shipment.status_changed"]
        )
    return secret


async def _send(world: World) -> int:
    sender = Sender(world.installation)
    count = await sender.send_due()
    await sender.idle()
    await sender.close()
    return count


async def test_a_letter_leaves_once_and_says_so(database: Database, mailbox: tuple[Mailbox, str]) -> None:
    """From the shop's address, in the recipient's language."""
    box, url = mailbox
    world = await _world(database, smtp_url=url)
    shipment = await world.ship()
    await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))

    counts = [await _send(world), await _send(world)]

    assert (counts, await world.ledger(shipment)) == ([1, 0], [("out_for_delivery", "sent", "")])
    assert [letter.rcpt_tos for letter in box.taken] == [["anna@example.com"]]


async def test_without_a_mail_server_the_ledger_says_what_to_set(database: Database) -> None:
    """Nothing is pretended."""
    world = await _world(database)
    shipment = await world.ship()
    await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))

    await _send(world)

    assert await world.ledger(shipment) == [("out_for_delivery", "skipped", "no_mail_server")]


async def test_a_letter_about_a_state_already_left_is_not_sent(
    database: Database, mailbox: tuple[Mailbox, str]
) -> None:
    """Damaged is told four hours after the staff, if it still holds."""
    box, url = mailbox
    world = await _world(database, smtp_url=url)
    shipment = await world.ship()
    await world.say(shipment, event(S.EXCEPTION, U.DAMAGED, at=world.now))
    await world.say(shipment, event(S.IN_TRANSIT, at=world.now + timedelta(minutes=1)))
    world.pass_time(hours=4, minutes=1)

    await _send(world)

    states = {kind: (state, reason) for kind, state, reason in await world.ledger(shipment)}
    assert states["damaged"] == ("cancelled", "left_state")
    # They go out side by side: which of them arrives first nobody knows.
    assert sorted(letter.rcpt_tos for letter in box.taken) == [["anna@example.com"], ["staff@example.com"]]


async def test_a_webhook_is_signed_and_tried_again_with_the_same_bytes(database: Database) -> None:
    """The receiver checks it with the reference library; the second attempt comes five seconds later."""
    receiver = Receiver(answers=[500])
    world = await _world(database)
    async with serving(receiver.app()) as base:
        secret = await _endpoint(world, f"{base}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        counts = [await _send(world), await _send(world)]
        world.pass_time(seconds=6.1)
        counts.append(await _send(world))

    assert counts[:2] == [1, 0] or counts[:2] == [2, 0]
    (first, body), (second, again) = receiver.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert Webhook(secret).verify(body, first)["data"]["status"] == "in_transit"
    async with database.reading() as db:
        tries = await db.all(select(attempts.c.number, attempts.c.outcome, attempts.c.code).order_by(attempts.c.number))
    assert [tuple(each) for each in tries if each.code] == [(1, "retry", 500), (2, "sent", 200)]


async def test_what_is_being_claimed_at_a_stop_is_still_sent(database: Database) -> None:
    """The stop comes in the middle of a claim: its message leaves before the connections are closed."""
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        world = await _world(database)
        await _endpoint(world, f"{url}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        sender = Sender(world.installation)
        claiming = asyncio.create_task(sender.send_due())
        await asyncio.sleep(0)

        await sender.close()

        assert (await claiming, len(receiver.got)) == (2, 1)  # the other is a letter, without a mail server
        assert await world.ledger(shipment, "webhook") == [("shipment.status_changed", "sent", "")]


async def test_messages_about_one_shipment_stay_in_order(database: Database) -> None:
    """While the older one is in its first attempts, the newer waits."""
    receiver = Receiver(answers=[500])
    world = await _world(database)
    async with serving(receiver.app()) as base:
        await _endpoint(world, f"{base}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now - timedelta(hours=1)))
        await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))
        for _ in range(4):
            await _send(world)
            world.pass_time(seconds=6.1)

    versions = [orjson.loads(body)["data"]["version"] for _, body in receiver.got]
    assert versions == [1, 1, 2]


async def test_a_gone_endpoint_is_switched_off(database: Database) -> None:
    """410 means: nothing more, ever."""
    receiver = Receiver(answers=[410])
    world = await _world(database)
    async with serving(receiver.app()) as base:
        await _endpoint(world, f"{base}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        await _send(world)

    async with database.reading() as db:
        row = await db.first(select(endpoints_table.c.enabled, endpoints_table.c.disabled_reason))
    assert row is not None
    assert tuple(row) == (False, "it answered 410: gone")


async def test_private_addresses_are_refused_unless_allowed(database: Database) -> None:
    """The check sits at the connection: a saved address is no way around it."""
    receiver = Receiver()
    world = await build(database)
    async with serving(receiver.app()) as base:
        await _endpoint(world, f"{base}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        await _send(world)

    assert receiver.got == []


async def test_two_senders_never_send_the_same_message(database: Database) -> None:
    """Each claims what the other has not."""
    receiver = Receiver()
    world = await _world(database)
    async with serving(receiver.app()) as base:
        await _endpoint(world, f"{base}/hook")
        for number in range(20):
            shipment = await world.ship(f"NUMBER{number:04}")
            await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        senders = [Sender(world.installation) for _ in range(2)]
        for _ in range(20):
            await asyncio.gather(*(sender.send_due() for sender in senders))
            await asyncio.gather(*(sender.idle() for sender in senders))
        for sender in senders:
            await sender.close()

    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert (len(ids), len(set(ids))) == (20, 20)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_on_one_file_whoever_writes_holds_up_no_look_at_what_is_due(database: Database) -> None:
    """Nothing is due, so nothing has to be written."""
    world = await build(database)
    sender = Sender(world.installation)
    async with database.transaction():
        assert await asyncio.wait_for(sender.send_due(), 10) == 0
    await sender.close()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_was_called_off_after_it_was_chosen_is_not_sent(database: Database) -> None:
    """On one file it is looked for before the transaction that claims it."""
    world = await build(database)
    await _endpoint(world, "http://127.0.0.1:9/hook")
    await world.say(await world.ship(), event(S.IN_TRANSIT, at=world.now))
    async with database.reading() as db:
        chosen = await choose(db, Room(100, 100))
    async with database.transaction() as db:
        await db.run(update(messages).values(state="cancelled"))
        claimed = await take(db, chosen, timedelta(seconds=30))
    assert ({each.endpoint_id is None for each in chosen.rows}, claimed.rows) == ({True, False}, [])


async def test_a_letter_whose_worker_died_is_unknown_and_not_repeated(
    database: Database, mailbox: tuple[Mailbox, str]
) -> None:
    """Nobody knows whether the mail server had taken it."""
    box, url = mailbox
    world = await _world(database, smtp_url=url)
    shipment = await world.ship()
    await world.say(shipment, event(S.OUT_FOR_DELIVERY, at=world.now))
    async with database.transaction() as db:
        claimed = await claim(db, Room(10, 10))
    world.pass_time(seconds=31)

    await _send(world)

    [(_, state, _)] = await world.ledger(shipment)
    assert (len(claimed.rows), state, box.taken) == (1, "unknown", [])


async def test_a_stale_worker_cannot_write_back(database: Database) -> None:
    """Its lease has run out and another has taken the message over: fenced off."""
    receiver = Receiver()
    world = await _world(database)
    async with serving(receiver.app()) as base:
        await _endpoint(world, f"{base}/hook")
        shipment = await world.ship()
        await world.say(shipment, event(S.IN_TRANSIT, at=world.now))
        sender = Sender(world.installation)
        async with database.transaction() as db:
            claimed = await claim(db, Room(10, 10))
            await db.run(update(messages).values(lease_number=99))
        for row in claimed.rows:
            if row.endpoint_id is not None:
                sender._lanes.add(row, claimed.targets[row.endpoint_id], math.inf)
        sender._pump()
        await sender.idle()
        await sender.close()

    async with database.reading() as db:
        states = await db.all(select(messages.c.state).where(messages.c.channel == "webhook"))
    assert [row.state for row in states] == ["due"]
