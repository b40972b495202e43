"""Reading history again: what a mended adapter or table changes, shown first, then done, and told to no person."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, select

from app.arrivals.keeping import ArrivalSource, Arrived
from app.arrivals.tables import bodies
from app.database import Database
from app.intake import take_in
from app.intake.releasing import release
from app.intake.replaying import reread
from app.intake.rereading import Reread
from app.intake.stepping import Choice
from app.outbox.tables import endpoints, messages
from app.shipments import history
from app.shipments.shipment import Shipment
from app.shipments.tables import transitions
from carriers import carriers
from carriers.base import UnreadablePayload
from carriers.event import Eta, Parcel
from carriers.sandbox import Sandbox
from carriers.tables import Row, Table
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build, event

ALL = Choice()


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def body(number: str, *said: tuple[str, datetime]) -> bytes:
    """An answer of the sandbox with these codes."""
    events = [{"code": code, "time": at.isoformat(), "text": code} for code, at in said]
    return orjson.dumps({"carrier": "sandbox", "parcels": [{"number": number, "events": events}]})


async def arrive(world: World, content: bytes, parcel: Parcel | None, reason: str = "") -> None:
    company_id = world.shop.company_id
    now = world.now
    arrived = Arrived(company_id, "sandbox", ArrivalSource.HOOK, content, now, parcel=parcel, reason=reason)
    async with world.database.transaction() as db:
        await take_in(world.installation, db, [arrived])


async def ship(world: World, *said: tuple[str, datetime]) -> Shipment:
    """A shipment of the sandbox about which the carrier has said these codes."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    content = body("SANDBOX-LOST-1", *said)
    [parcel] = carriers()["sandbox"].parse(content)
    await arrive(world, content, parcel)
    return await world.look(shipment)


def mend(monkeypatch: pytest.MonkeyPatch, code: str, **meaning: Any) -> None:
    """Give a code of the sandbox's table another meaning."""
    rows: dict[tuple[str, str], Row] = dict(Sandbox.table)
    rows["", code] = replace(rows["", code], **meaning)
    monkeypatch.setattr(Sandbox, "table", Table(rows))


def known(events: Mapping[str, history.StoredEvent]) -> list[tuple[str, Status | None, bool]]:
    return sorted((each.code, each.status, each.gone) for each in events.values())


async def events_of(world: World, shipment: Shipment) -> list[tuple[str, Status | None, bool]]:
    async with world.database.reading() as db:
        return known(await history.of(db, shipment))


async def test_nothing_has_been_mended(world: World) -> None:
    """Then nothing changes."""
    await ship(world, ("collected", world.now))

    step = await reread(world.installation, ALL, None, apply=True)

    assert (step.looked_at, step.changes, step.next) == (1, (), None)


async def test_a_withdrawal_that_waits_is_no_event_to_be_read_again(world: World) -> None:
    """It stays as it is, and holds when its event comes."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    await world.say(shipment, withdrawn=("e1",))

    step = await reread(world.installation, ALL, None, apply=True)
    after = await world.say(shipment, event(Status.DELIVERED, at=world.now, id="e1"))

    assert (step.changes, after.status) == ((), Status.PENDING)


async def test_a_mended_row_is_shown_and_then_applied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dry run says what would be and leaves all as it is; the change is a correction with its own version."""
    shipment = await ship(world, ("collected", world.now - timedelta(hours=2)), ("delivered", world.now))
    mend(monkeypatch, "delivered", status=Status.EXCEPTION, sub_status=SubStatus.REFUSED)

    shown = await reread(world.installation, ALL, None, apply=False)
    untouched = await world.look(shipment)
    done = await reread(world.installation, ALL, None, apply=True)
    after = await world.look(shipment)

    assert shown == done
    assert shown.changes == (
        Reread(
            shipment.id,
            "sandbox",
            "SANDBOX-LOST-1",
            ("delivered", shipment.sub_status),
            ("exception", "refused"),
            new=0,
            remapped=1,
            withdrawn=0,
        ),
    )
    assert untouched == shipment
    assert (after.status, after.sub_status, after.version) == (
        Status.EXCEPTION,
        SubStatus.REFUSED,
        shipment.version + 1,
    )
    assert after.last_news_at == shipment.last_news_at
    async with world.database.reading() as db:
        [corrected] = await db.all(select(transitions).where(transitions.c.version == after.version))
    assert corrected.correction is True


async def test_people_are_not_told_again_machines_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger holds what a rule would have said, and why it was not; an endpoint hears of the correction."""
    async with world.database.transaction() as db:
        await db.run(
            endpoints.insert().values(
                company_id=world.shop.company_id,
                id=world.shop.id,
                shop_id=world.shop.id,
                url="https://example.com",
                description="",
                types=[],
                secrets=b"",
                payload_version="1",
                enabled=True,
                created_at=db.now,
            )
        )
    shipment = await ship(world, ("collected", world.now))
    told = await world.ledger(shipment)
    mend(monkeypatch, "collected", status=Status.EXCEPTION, sub_status=SubStatus.DAMAGED)
    await reread(world.installation, ALL, None, apply=True)
    quiet = (await world.ledger(shipment))[len(told) :]
    await world.say(shipment, event(None, at=world.now, code="a note"), source=ArrivalSource.POLL)

    assert {(state, reason) for _, state, reason in quiet} == {("skipped", "replay")}
    assert {type_ for type_, *_ in quiet} == {"damaged", "exception"}
    assert (await world.ledger(shipment))[len(told) :] == quiet
    async with world.database.reading() as db:
        types = [
            row.type
            for row in await db.all(
                select(messages.c.type)
                .where(messages.c.shipment_id == shipment.id, messages.c.channel == "webhook")
                .order_by(messages.c.id)
            )
        ]
    assert types == [
        "shipment.created",
        "shipment.status_changed",
        "shipment.status_changed",
        "shipment.corrected",
        "shipment.event_added",
    ]


async def test_a_body_that_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its events take the meaning that their table row has now."""
    shipment = await ship(world, ("collected", world.now), ("arrived", world.now))
    before = await events_of(world, shipment)
    async with world.database.transaction() as db:
        await db.run(delete(bodies))
    quiet = await reread(world.installation, ALL, None, apply=True)
    mend(monkeypatch, "collected", status=Status.AWAITING_PICKUP, sub_status=None)
    [change] = (await reread(world.installation, ALL, None, apply=True)).changes

    assert quiet.changes == ()
    assert isinstance(change, Reread)
    assert (change.new, change.remapped, change.withdrawn) == (0, 1, 0)
    assert [each[0] for each in before] == [each[0] for each in await events_of(world, shipment)]
    assert ("collected", Status.AWAITING_PICKUP, False) in await events_of(world, shipment)


async def test_an_adapter_that_reads_more_and_less(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did not see before is new, what it no longer reads out of the body is withdrawn."""
    shipment = await ship(world, ("collected", world.now - timedelta(hours=1)), ("delivered", world.now))
    read = Sandbox.parse

    def mended(self: Sandbox, content: bytes) -> list[Parcel]:
        [parcel] = read(self, content.replace(b'"delivered"', b'"out_for_delivery"'))
        return [parcel]

    monkeypatch.setattr(Sandbox, "parse", mended)
    [change] = (await reread(world.installation, ALL, None, apply=True)).changes

    assert isinstance(change, Reread)
    assert (change.after[0], change.new, change.remapped, change.withdrawn) == ("out_for_delivery", 1, 0, 1)
    assert [(code, gone) for code, _, gone in await events_of(world, shipment)] == [
        ("collected", False),
        ("delivered", True),
        ("out_for_delivery", False),
    ]
    assert (await reread(world.installation, ALL, None, apply=True)).changes == ()


async def test_a_shops_own_events_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are its own words, whatever a table says."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    await world.say(shipment, event(Status.DELIVERED, at=world.now, code="collected"), source=ArrivalSource.SHOP)
    mend(monkeypatch, "collected", status=Status.EXCEPTION, sub_status=None)

    assert (await reread(world.installation, ALL, None, apply=True)).changes == ()


async def test_what_to_read_again(world: World) -> None:
    """By carrier, by shipment, by the time of the last change; a long list comes in steps."""
    own = await world.ship("OWN-1")
    await ship(world, ("collected", world.now))

    async def looked_at(choice: Choice) -> int:
        return (await reread(world.installation, choice, None, apply=False)).looked_at

    assert await looked_at(ALL) == 2
    assert await looked_at(Choice(carrier="sandbox")) == 1
    assert await looked_at(Choice(shipment=own.id)) == 1
    assert await looked_at(Choice(since=world.now + timedelta(hours=1))) == 0


async def test_an_adapter_that_trips(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body over which it still trips stays as it is, and so do the events from it."""
    shipment = await ship(world, ("collected", world.now))
    await arrive(world, b"{", None, "not JSON")
    before = await events_of(world, shipment)

    def trips(self: Sandbox, content: bytes) -> list[Parcel]:
        raise UnreadablePayload("no") if content == b"{" else ZeroDivisionError

    monkeypatch.setattr(Sandbox, "parse", trips)

    assert (await reread(world.installation, ALL, None, apply=True)).changes == ()
    assert (await release(world.installation, ALL, None, apply=True)).changes == ()
    assert await events_of(world, shipment) == before


async def test_when_it_is_expected_is_read_again_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the newest body that tells it says now; a body that tells nothing leaves it, and so does a second replay."""
    shipment = await world.ship("SANDBOX-LOST-1", "sandbox")
    for day in ("2026-03-03", "2026-03-04", None):
        parcel: dict[str, object] = {"number": "SANDBOX-LOST-1", "expected_on": day, "events": []}
        content = orjson.dumps({"carrier": "sandbox", "parcels": [parcel]})
        [read] = carriers()["sandbox"].parse(content)
        await arrive(world, content, read)
    before, parse = await world.look(shipment), Sandbox.parse

    def mended(carrier: Sandbox, content: bytes) -> list[Parcel]:
        """A day later than was read before."""
        return [
            each._replace(eta=each.eta and Eta(day=each.eta.day and each.eta.day + timedelta(days=1)))
            for each in parse(carrier, content)
        ]

    monkeypatch.setattr(Sandbox, "parse", mended)
    dry = await reread(world.installation, ALL, None, apply=False)
    kept = await world.look(shipment)
    done = await reread(world.installation, ALL, None, apply=True)
    again = await reread(world.installation, ALL, None, apply=True)

    after = await world.look(shipment)
    assert (before.eta_day, kept.eta_day, after.eta_day) == (date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 5))
    assert [(each.eta, each.new, each.before == each.after) for each in done.changes] == [(True, 0, True)]
    assert (dry.changes, again.changes) == (done.changes, ())
