"""An endpoint that fails: its circuit, the mails to the shop, being switched off, and the ramp when it is back."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.channels.base import Outcome
from app.channels.wording import email_for
from app.database import Database
from app.demo.serving import serving
from app.outbox.endpoints import Endpoint, of_shop
from app.outbox.health import count, note_successes
from app.outbox.sending import Sender
from app.outbox.tables import endpoints, messages
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.receivers import Receiver, add_endpoint, send

LOOPBACK = {"outbound_allow": "127.0.0.0/8"}


async def parcels(world: World, number: int, first: int = 0) -> None:
    """As many shipments, each with a change of status."""
    for n in range(first, first + number):
        await world.say(await world.ship(f"PARCEL{n:04}"), event(Status.IN_TRANSIT, at=world.now))


async def the_endpoint(world: World) -> Endpoint:
    async with world.database.reading() as db:
        [endpoint] = await of_shop(db, world.shop.company_id, world.shop.id)
    return endpoint


async def change(world: World, **values: object) -> None:
    async with world.database.transaction() as db:
        await db.run(update(endpoints).values(**values))


async def notices(world: World) -> list[tuple[str, str]]:
    """Type and state of each notice, the oldest first."""
    async with world.database.reading() as db:
        query = select(messages.c.type, messages.c.state).where(messages.c.target.like("notice:%"))
        return [(row.type, row.state) for row in await db.all(query.order_by(messages.c.id))]


async def warn(world: World) -> int:
    sender = Sender(world.installation)
    count = await sender.warn()
    await sender.close()
    return count


async def test_ten_failures_in_a_row_open_the_circuit(database: Database) -> None:
    """Then one message may try again after 30 seconds."""
    world, receiver = await build(database, settings=LOOPBACK), Receiver(always=500)
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await parcels(world, 14)
        await send(world)
        failing, now = await the_endpoint(world), world.database.now()
        at_first = len(receiver.got)
        await send(world)
        at_once = len(receiver.got) - at_first
        world.pass_time(seconds=31)
        await send(world)

    assert (failing.failures, failing.circuit(now), failing.last_error) == (at_first, "open", "HTTP 500: said")
    assert failing.circuit(now + timedelta(seconds=31)) == "half_open"
    assert 10 <= at_first <= 14
    assert (at_once, len(receiver.got) - at_first) == (0, 1)


SENT, FAILED = Outcome("sent", 200), Outcome("retry", 500)


async def tried(world: World, outcomes: str, seconds: float = 0) -> Endpoint:
    """The endpoint after these attempts, so far apart: `-` failed, `+` was taken, `*` was taken by a quick one."""
    [mine] = [(each.company_id, each.id) for each in [await the_endpoint(world)]]
    for each in outcomes:
        async with world.database.transaction() as db:
            if each == "*":
                await note_successes(db, {mine: 1})
            else:
                await count(db, {mine: [FAILED if each == "-" else SENT]}, 10)
        world.pass_time(seconds=seconds)
    return await the_endpoint(world)


@pytest.mark.parametrize(
    ("outcomes", "seconds", "circuit"),
    [
        ("-+--+---+-", 0, "open"),  # seven of ten
        ("-+--+-*-+-", 0, "closed"),  # six
        ("-+--*---*-", 0, "open"),
        ("---+-----", 0, "closed"),  # not ten yet
        ("+++++++++++-+--+---+-", 0, "open"),  # counted from the first that fails
        ("-+--+---+-", 35, "closed"),  # the first is more than five minutes ago
        ("-+--+---+-", 33, "open"),
    ],
)
async def test_a_share_of_failures_opens_the_circuit(
    database: Database, outcomes: str, seconds: float, circuit: str
) -> None:
    """Seven in ten of at least ten within five minutes, whoever has made the attempts: the row counts them."""
    world = await build(database)
    await add_endpoint(world, "http://127.0.0.1:9/hook")
    endpoint = await tried(world, outcomes, seconds)

    assert endpoint.circuit(world.now - timedelta(seconds=seconds)) == circuit


async def test_only_the_one_that_may_try_closes_the_circuit(database: Database) -> None:
    """Not an answer to what was under way when it opened; its own failure keeps it open, its success forgets all."""
    world = await build(database)
    await add_endpoint(world, "http://127.0.0.1:9/hook")
    opened = await tried(world, "-+--+---+-")
    still = await tried(world, "+*")
    world.pass_time(seconds=31)
    half, again = still.circuit(world.now), await tried(world, "-")
    world.pass_time(seconds=31)
    closed = await tried(world, "+")

    assert opened.open_until is not None
    assert (still.open_until, still.failures, half) == (opened.open_until, 0, "half_open")
    assert again.circuit(world.now - timedelta(seconds=31)) == "open"
    assert (closed.open_until, closed.recent_from, closed.recent_tried, closed.recent_failed) == (None, None, 0, 0)
    assert closed.pace == 10


async def test_the_shop_is_warned_once_after_a_day(database: Database) -> None:
    """A success begins a new streak, which is warned of anew."""
    world = await build(database, settings=LOOPBACK)
    await add_endpoint(world, "http://127.0.0.1:9/hook")
    began = world.now
    await change(world, failures=12, failing_since=began, last_error="HTTP 503")
    counts = []
    for hours in (23, 2, 1):
        world.pass_time(hours=hours)
        counts.append(await warn(world))
    await change(world, failures=3, failing_since=world.now, warned_at=None)
    world.pass_time(hours=25)
    counts.append(await warn(world))

    async with database.reading() as db:
        payload = await db.value(select(messages.c.payload).order_by(messages.c.id).limit(1))
    subject, text, _ = email_for({**payload, "locale": "en"})
    assert counts == [0, 1, 0, 1]
    assert await notices(world) == [("endpoint_failing", "due")] * 2
    assert (subject, payload["to"]) == ("A webhook endpoint is failing", "staff@example.com")
    assert "Endpoint: http://127.0.0.1:9/hook\n" in text
    assert "Last error: HTTP 503\n" in text


@pytest.mark.parametrize(("days", "failures", "enabled"), [(4.9, 30, True), (5.1, 18, True), (5.1, 19, False)])
async def test_five_days_of_failures_switch_it_off(
    database: Database, days: float, failures: int, *, enabled: bool
) -> None:
    """Of twenty at least; the shop is told."""
    world, receiver = await build(database, settings=LOOPBACK), Receiver(always=500)
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await change(world, failures=failures, failing_since=world.database.now() - timedelta(days=days))
        await parcels(world, 1)
        await send(world)

    endpoint = await the_endpoint(world)
    assert (endpoint.enabled, bool(endpoint.disabled_reason)) == (enabled, not enabled)
    assert [kind for kind, _ in await notices(world)] == ([] if enabled else ["endpoint_disabled"])


async def test_a_gone_endpoint_is_told_of(database: Database) -> None:
    """410 switches it off, which its shop should know."""
    world, receiver = await build(database, settings=LOOPBACK), Receiver(always=410)
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await parcels(world, 1)
        await send(world)

    async with database.reading() as db:
        payload = await db.value(select(messages.c.payload).where(messages.c.type == "endpoint_disabled"))
    assert "Why: it answered 410: gone" in email_for({**payload, "locale": "en"})[1]


async def test_after_an_outage_it_gets_little_at_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe, then ten a second, then twice as many with as many taken; another endpoint gets all at once."""
    world = await build(database, settings=LOOPBACK)
    stands = world.now
    monkeypatch.setattr(database, "now", lambda: stands + database.clock_offset)
    back, well = Receiver(), Receiver()
    async with serving(back.app()) as one, serving(well.app()) as other:
        await add_endpoint(world, f"{one}/hook")
        await change(world, failures=40, failing_since=stands, open_until=stands)
        await add_endpoint(world, f"{other}/hook")
        await parcels(world, 60)
        got = []
        for _ in range(7):
            await send(world)
            got.append((len(back.got), len(well.got)))
            world.pass_time(seconds=0.5)

    assert got == [(each, 60) for each in (1, 6, 11, 21, 31, 51, 60)]


async def test_a_failure_while_it_recovers_begins_the_pace_anew(database: Database) -> None:
    """It is not well yet."""
    world, receiver = await build(database, settings=LOOPBACK), Receiver(always=500)
    async with serving(receiver.app()) as url:
        await add_endpoint(world, f"{url}/hook")
        await change(world, pace=160.0, pace_taken=7, paced_until=world.now - timedelta(seconds=10))
        await parcels(world, 1)
        await send(world)

    endpoint = await the_endpoint(world)
    assert (endpoint.pace, endpoint.pace_taken, endpoint.failures) == (10.0, 0, 1)
