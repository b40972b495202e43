"""The life of shipments: whatever is said, repeated, corrected, withdrawn, rolled back or brought by time alone."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from app.database import Database
from app.intake.timed import settle_due
from app.outbox import endpoints
from app.outbox.tables import messages
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments, transitions
from carriers.vocabulary import SUB_STATUSES, Status
from tests.building import World, build, event
from tests.living import Wait, live, lives

MEANINGS = [
    (None, None),
    *((status, None) for status in Status if status is not Status.PENDING),
    *((Status.EXCEPTION, each) for each in sorted(SUB_STATUSES[Status.EXCEPTION])),
]
# Hours from now, meaning, the carrier's id, which version of it: the same id again is a correction.
SAID = st.tuples(st.integers(-90, 30), st.sampled_from(MEANINGS), st.integers(0, 7), st.sampled_from(("", "1", "2")))
ANSWER = st.tuples(st.lists(SAID, max_size=3), st.lists(st.integers(0, 7), max_size=1))
MOVES = ("shipment.status_changed", "shipment.imported")


class Broken(Exception):
    """What goes wrong in the middle of a transaction."""


class ShipmentLife(RuleBasedStateMachine):
    """Up to three shipments of a shop that listens."""

    posted = Bundle("posted")

    def __init__(self, database: Database, wait: Wait[Any]) -> None:
        super().__init__()
        self.wait = wait
        self.world: World = wait(self._begin(database))
        self.hour = self.world.now
        self.revisions: Counter[str] = Counter()
        self.keys: dict[str, set[str]] = {}

    async def _begin(self, database: Database) -> World:
        world = await build(database)
        async with database.transaction() as db:
            whose = world.shop.company_id, world.shop.id
            await endpoints.create(
                db, world.installation.sealer, *whose, url="https://shop.example.com/x", types=endpoints.TYPES
            )
        return world

    @rule(target=posted, number=st.integers(1, 3))
    def post(self, number: int) -> Shipment:
        """Post one; a number that is known is the same shipment."""
        shipment: Shipment = self.wait(self.world.ship(f"LIFE-{number:04}"))
        return shipment

    @rule(which=posted, said=ANSWER)
    def hear(self, which: Shipment, said: tuple[Sequence[Any], Sequence[int]]) -> None:
        """An answer with events new, known, corrected or taken back; the same once more changes nothing."""
        self.wait(self._say(which, said))
        before = self.wait(self.world.look(which))
        self.wait(self._say(which, said))
        after = self.wait(self.world.look(which))

        assert (after.version, after.revision) == (before.version, before.revision)

    @rule(which=posted, one=ANSWER, other=ANSWER)
    def hear_at_once(self, which: Shipment, one: Any, other: Any) -> None:
        """Two answers at the same time."""
        self.wait(self._both(which, one, other))

    @rule(which=posted, said=ANSWER)
    def break_down(self, which: Shipment, said: Any) -> None:
        """An error after all was written leaves nothing of it."""
        before = self.wait(self._stored())
        with pytest.raises(Broken):
            self.wait(self._broken(which, said))

        assert self.wait(self._stored()) == before

    @rule(hours=st.sampled_from((1, 7, 26, 130)))
    def pass_time(self, hours: int) -> None:
        """Time passes, and what it brings is settled."""
        self.world.pass_time(hours=hours)
        self.hour += timedelta(hours=hours)
        while self.wait(settle_due(self.world.installation)):
            pass

    @invariant()
    def holds_together(self) -> None:
        """The status is the fold, versions lead to it one by one, each with its message, and no message is alone."""
        self.wait(self._look())

    def _events(self, said: tuple[Sequence[Any], Sequence[int]]) -> tuple[list[Any], tuple[str, ...]]:
        told = [
            event(*meaning, at=self.hour + timedelta(hours=hours), id=f"e{id_}", revision=revision)
            for hours, meaning, id_, revision in said[0]
        ]
        return told, tuple(f"e{id_}" for id_ in said[1])

    async def _say(self, which: Shipment, said: Any) -> None:
        told, withdrawn = self._events(said)
        await self.world.say(which, *told, withdrawn=withdrawn)

    async def _both(self, which: Shipment, one: Any, other: Any) -> None:
        await asyncio.gather(self._say(which, one), self._say(which, other))

    async def _broken(self, which: Shipment, said: Any) -> None:
        told, withdrawn = self._events(said)
        async with self.world.database.transaction() as db:
            await self.world.take_within(db, which, *told, withdrawn=withdrawn)
            raise Broken

    async def _stored(self) -> list[Any]:
        async with self.world.database.reading() as db:
            return [
                [tuple(row) for row in await db.all(select(table).order_by(table.c.id))]
                for table in (shipments, transitions, messages)
            ]

    async def _look(self) -> None:
        async with self.world.database.reading() as db:
            parcels = [Shipment.of(row) for row in await db.all(select(shipments))]
            events = await history.of_many(db, parcels)
            steps = await db.all(select(transitions).order_by(transitions.c.version))
            told = await db.all(select(messages).where(messages.c.type.in_(MOVES)))
        moves = Counter((row.shipment_id, row.version) for row in told)
        assert moves == Counter((row.shipment_id, row.version) for row in steps)
        for shipment in parcels:
            mine = [row for row in steps if row.shipment_id == shipment.id]
            assert [row.version for row in mine] == list(range(1, shipment.version + 1))
            places = [("pending", None), *((row.status, row.sub_status) for row in mine)]
            assert [(row.from_status, row.from_sub_status) for row in mine] == places[:-1]
            assert (shipment.status, shipment.sub_status) == places[-1]
            state = answer.explained(shipment, events[shipment.id], self.world.database.now())
            assert (state.status, state.sub_status, state.decided_by) == (*places[-1], shipment.decided_by)
            name = str(shipment.id)
            assert shipment.revision >= self.revisions[name]
            assert set(events[shipment.id]) >= self.keys.get(name, set())
            self.revisions[name], self.keys[name] = shipment.revision, set(events[shipment.id])


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_life_of_shipments(database: Database) -> None:
    """Some lives."""
    await live(ShipmentLife, database, lives(12, 10))


@pytest.mark.long
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_life_of_shipments_at_length(database: Database) -> None:
    """Five thousand steps, looked at after each."""
    await live(ShipmentLife, database, settings(lives(250, 20), print_blob=True))
