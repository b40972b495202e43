"""A network that fails between us, receivers and the database: one is not harmed by another, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.engine import make_url

from app.database import Database
from app.demo.serving import serving
from app.errors import Unavailable
from app.outbound import Answer, Poster, poster
from app.outbox import endpoints, sending
from app.outbox.sending import Sender
from app.outbox.tables import attempts, messages
from app.outbox.tables import endpoints as endpoints_table
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.fault_proxy import Faults, Proxy, before
from tests.outbound.receivers import Handler, answering, http, receiver
from tests.outbound.test_hostile import BOMB, dripping, dripping_body, silent
from tests.test_sending import Receiver

ATTEMPT_SECONDS = 1.0
PER_ENDPOINT = 4


@pytest.fixture(autouse=True)
def _short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen seconds are a second here."""
    monkeypatch.setattr(sending, "poster", partial(poster, seconds=ATTEMPT_SECONDS))


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop whose endpoints may be on this machine."""
    return await build(database, settings={"outbound_allow": "127.0.0.0/8"})


@pytest.fixture
async def sender(world: World) -> AsyncIterator[Sender]:
    """What sends."""
    sender = Sender(world.installation)
    yield sender
    await sender.close()


async def listen(world: World, url: str) -> None:
    async with world.database.transaction() as db:
        whose = world.shop.company_id, world.shop.id
        await endpoints.create(db, world.installation.sealer, *whose, url=url, types=["shipment.status_changed"])


async def move(world: World, parcels: int) -> None:
    for number in range(parcels):
        shipment = await world.ship(f"NUMBER{number:04}")
        await world.say(shipment, event(Status.IN_TRANSIT, at=world.now))


async def send(sender: Sender) -> None:
    """All that is due, one attempt each; a minute would be far too long for it."""
    async with asyncio.timeout(60):
        while await sender.send_due():
            await sender.idle()


async def states(world: World) -> dict[str, Counter[str]]:
    """The states of webhooks by the path of their endpoint."""
    found: dict[str, Counter[str]] = {}
    async with world.database.reading() as db:
        for row in await db.all(
            select(endpoints_table.c.url, messages.c.state).join(
                messages, messages.c.endpoint_id == endpoints_table.c.id
            )
        ):
            found.setdefault(row.url.rpartition("/")[2], Counter())[row.state] += 1
    return found


BROKEN: dict[str, tuple[Callable[[Proxy], None], str, int]] = {
    "slow": (lambda proxy: vars(proxy).update(back=Faults(latency=0.05)), "sent", 1),
    "narrow": (lambda proxy: vars(proxy).update(there=Faults(bandwidth=20_000)), "sent", 1),
    "sliced": (lambda proxy: vars(proxy).update(there=Faults(piece=7), back=Faults(piece=3)), "sent", 1),
    "slowly closed": (lambda proxy: vars(proxy).update(back=Faults(slow_close=0.3)), "sent", 1),
    "down": (lambda proxy: vars(proxy).update(down=True), "due", 0),
    "silent on the way there": (lambda proxy: vars(proxy).update(there=Faults(stopped=True)), "due", 0),
    "silent on the way back": (lambda proxy: vars(proxy).update(back=Faults(stopped=True)), "due", 1),
    "cut on the way there": (lambda proxy: vars(proxy).update(there=Faults(limit=300)), "due", 0),
    "cut on the way back": (lambda proxy: vars(proxy).update(back=Faults(limit=10)), "due", 1),
    "reset on the way back": (lambda proxy: vars(proxy).update(back=Faults(limit=0, reset=True)), "due", 1),
}
"""By fault: how it is made, the message's state after the first attempt, and how often the receiver has it then."""


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_webhook_survives_a_broken_way(fault: str, world: World, sender: Sender) -> None:
    """It arrives at once or by the next attempt: with the same id and bytes, and again only if an answer was lost."""
    spoil, state, arrived = BROKEN[fault]
    there = Receiver()
    async with serving(there.app()) as base, before(int(base.rpartition(":")[2])) as proxy:
        await listen(world, f"http://127.0.0.1:{proxy.port}/hook")
        await move(world, 1)
        spoil(proxy)
        await send(sender)
        first = (await states(world))["hook"], len(there.got)
        proxy.heal()
        world.pass_time(minutes=3)
        await send(sender)

        assert first == (Counter({state: 1}), arrived)
        assert (await states(world))["hook"] == Counter({"sent": 1})
        assert len(there.got) == arrived + (state == "due")
        assert len({(headers["webhook-id"], body) for headers, body in there.got}) == 1


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.transport.abort()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        await writer.drain()


HOSTILE: dict[str, Handler] = {
    "silent": silent,
    "dripping": dripping,
    "dripping-body": dripping_body,
    "endless": endless,
    "resetting": resetting,
    "bomb": answering(http(BOMB, "Content-Encoding: gzip", status="500 Oh")),
    "huge-header": answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
    "redirecting": answering(http(b"", "Location: /redirecting", status="307 Temporary Redirect")),
}
PARCELS, GOOD = 6, 4


async def test_hostile_receivers_harm_no_other(world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes at most four slots and gives them back in time; the others have all of theirs at the first attempt."""
    there, most, under_way, post = Receiver(), Counter[str](), Counter[str](), Poster.post

    async def counted(posts: Poster, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        name = url.rpartition("/")[2]
        under_way[name] += 1
        most[name] = max(most[name], under_way[name])
        try:
            return await post(posts, url, body, headers)
        finally:
            under_way[name] -= 1

    monkeypatch.setattr(Poster, "post", counted)
    async with AsyncExitStack() as stack:
        for name, handler in HOSTILE.items():
            port = await stack.enter_async_context(receiver(handler))
            await listen(world, f"http://127.0.0.1:{port}/{name}")
        base = await stack.enter_async_context(serving(there.app()))
        for _ in range(GOOD):
            await listen(world, f"{base}/hook")
        await move(world, PARCELS)
        await send(sender)

    found = await states(world)
    assert found.pop("hook") == Counter({"sent": PARCELS * GOOD})
    assert found == {name: Counter({"due": PARCELS}) for name in HOSTILE}
    assert len(there.got) == PARCELS * GOOD
    assert max(most.pop("hook") / GOOD, *most.values()) <= PER_ENDPOINT
    assert set(most) == set(HOSTILE)
    async with world.database.reading() as db:
        slowest = max(row.seconds for row in await db.all(select(attempts.c.seconds)))
        leased = await db.all(select(messages.c.id).where(messages.c.lease_until.is_not(None)))
    assert slowest < ATTEMPT_SECONDS + 1
    assert leased == []


@pytest.fixture
def only_postgres(database_kind: str) -> None:
    """A file has no way to it that could break."""
    if database_kind == "sqlite":
        pytest.skip("a file has no way to it that could break")


async def test_a_broken_way_to_the_database_is_told_and_healed(only_postgres: None, database_url: str) -> None:
    """Every transaction is there whole or not at all; those that fail say `Unavailable`, and the next can succeed."""
    address = make_url(database_url)
    async with before(path=f"{address.query['host']}/.s.PGSQL.5432") as proxy:
        world = await build(Database(f"postgresql://postgres@127.0.0.1:{proxy.port}/{address.database}"))
        shipment = await world.ship()
        told, failed = 0, 0
        for bytes_ in range(0, 12_000, 600):
            proxy.back = Faults(limit=bytes_, reset=bytes_ % 1200 == 0)
            await world.database._writer.dispose()
            try:
                await world.say(shipment, event(Status.IN_TRANSIT, at=world.now, code=f"C{bytes_}"))
                told += 1
            except Unavailable:
                failed += 1
            proxy.heal()
        now = await world.say(shipment, event(Status.DELIVERED, at=world.now))
        ledger = await world.ledger(now)
        await world.database.close()

    assert failed > 0
    assert told + failed == 20
    assert (now.status, now.version) == (Status.DELIVERED, 2)
    assert len({type_ for type_, _, _ in ledger}) == len(ledger)


async def test_a_frozen_process_does_not_hold_its_locks_for_long(only_postgres: None, database: Database) -> None:
    """The server ends a transaction that says nothing more, as of a process that was stopped in the middle of it."""
    with pytest.raises(Unavailable):
        async with database.transaction() as db:
            kept = await db.value(text("SHOW idle_in_transaction_session_timeout"))
            await db.run(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            await asyncio.sleep(0.5)
            await db.value(select(messages.c.id))
    async with database.transaction() as db:
        left = await db.value(select(messages.c.id))

    assert (kept, left) == ("10s", None)


async def test_a_task_cut_off_in_a_transaction_leaves_none_open(
    only_postgres: None, database: Database, database_url: str
) -> None:
    """At whatever step: the connection's next transaction is one of its own, and what it commits is there for all."""
    world, other = await build(database), Database(database_url)

    async def write() -> None:
        async with database.transaction() as db:
            await db.run(update(endpoints_table).values(failures=1))

    for turns in range(40):
        task = asyncio.create_task(write())
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns % 2:
            await asyncio.sleep(turns / 20_000)
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        assert ended is None or isinstance(ended, asyncio.CancelledError)
        shipment = await world.ship(f"AFTER-{turns:04}")
        async with other.reading() as db:
            assert await db.value(select(shipments.c.id).where(shipments.c.id == shipment.id)) == shipment.id
    async with other.reading() as db:
        open_ = await db.value(text("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"))
    await other.close()

    assert open_ == 0
