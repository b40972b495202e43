"""The life of the outbox: two workers claim, send, fail, die and come late; nothing is lost, doubled or passed by."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from app.channels.base import Outcome
from app.database import Database
from app.outbox import endpoints
from app.outbox.claiming import PER_ENDPOINT, Claim, Room, claim
from app.outbox.leasing import Claimed
from app.outbox.outcomes import Done, record, release
from app.outbox.tables import endpoints as endpoints_table
from app.outbox.tables import messages
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.living import Wait, live, lives

STATUSES = [status for status in Status if not status.final and status is not Status.PENDING]
WORKERS = st.sampled_from(("one", "other"))
SENT = Outcome("sent", 200)
FAILED = (Outcome("retry", 500), Outcome("retry", None, "too slow", timed_out=True))
ROOM = 6
PACE = 10.0


class OutboxLife(RuleBasedStateMachine):
    """Three shipments, two endpoints, letters to people, and two workers."""

    def __init__(self, database: Database, wait: Wait[Any]) -> None:
        super().__init__()
        self.wait, self.database = wait, database
        self.world: World
        self.parcels: list[Shipment]
        self.world, self.parcels = wait(self._begin(database))
        self.hands: defaultdict[str, list[Claimed]] = defaultdict(list)
        self.first: defaultdict[tuple[UUID, UUID], list[UUID]] = defaultdict(list)
        self.numbers: dict[UUID, int] = {}
        self.letters: set[UUID] = set()
        self.sent: set[UUID] = set()
        self.well: dict[UUID, bool] = {}
        self.said = 0

    async def _begin(self, database: Database) -> tuple[World, list[Shipment]]:
        world = await build(database)
        async with database.transaction() as db:
            for name in "ab":
                whose = world.shop.company_id, world.shop.id
                url = f"https://{name}.example.com/x"
                await endpoints.create(
                    db, world.installation.sealer, *whose, url=url, types=["shipment.status_changed"]
                )
        return world, [await world.ship(f"LIFE-{number:04}") for number in range(3)]

    @rule(which=st.integers(0, 2), status=st.sampled_from(STATUSES))
    def news(self, which: int, status: Status) -> None:
        """A shipment moves."""
        self.said += 1
        said = event(status, at=self.world.now, code=f"news {self.said}")
        self.wait(self.world.say(self.parcels[which], said))

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        """A worker claims: nothing that is anybody's, two of a pair never, a letter only once."""
        claimed: Claim = self.wait(self._claim(worker))
        for row in claimed.rows:
            assert row.lease_number == self.numbers.get(row.id, 0) + 1
            self.numbers[row.id] = row.lease_number
            if row.endpoint_id is None:
                assert row.id not in self.letters
                self.letters.add(row.id)
            elif row.id not in self.first[row.endpoint_id, row.shipment_id]:
                self.first[row.endpoint_id, row.shipment_id].append(row.id)
            self.hands[worker].append(row)
            self.well[row.id] = row.endpoint_id is not None and claimed.targets[row.endpoint_id].well

    @rule(worker=WORKERS, nth=st.integers(0, ROOM), outcome=st.sampled_from((SENT, SENT, *FAILED)))
    def finish(self, worker: str, nth: int, outcome: Outcome) -> None:
        """An attempt ends; its outcome counts only if nobody has taken the message over."""
        if nth < len(self.hands[worker]):
            row = self.hands[worker].pop(nth)
            counted = self.wait(self._finish(row, outcome))

            assert not counted or self.numbers[row.id] == row.lease_number
            if counted and outcome is SENT:
                assert row.id not in self.sent
                self.sent.add(row.id)

    @rule(worker=WORKERS)
    def die(self, worker: str) -> None:
        """A worker is gone, and all that it held with it."""
        self.hands[worker].clear()

    @rule(worker=WORKERS)
    def stop(self, worker: str) -> None:
        """A worker gives back what it holds."""
        self.wait(self._release([row for row in self.hands[worker] if row.endpoint_id is not None]))
        self.hands[worker].clear()

    @rule(seconds=st.sampled_from((1, 10, 31, 200)))
    def pass_time(self, seconds: int) -> None:
        """Time passes; leases may run out in the hands of those who hold them."""
        self.world.pass_time(seconds=seconds)

    @invariant()
    def is_in_order(self) -> None:
        """What was sent stays so; no pair and no endpoint has more under way than it may."""
        self.wait(self._look())

    def teardown(self) -> None:
        """Everybody dies, a new worker sends: all arrives, and the last version told is the shipment's (T5)."""
        self.hands.clear()
        self.world.pass_time(hours=3)
        while rows := self.wait(self._claim("last")).rows:
            for row in rows:
                self.wait(self._finish(row, SENT))
            self.world.pass_time(minutes=5)
        self.wait(self._end())

    async def _claim(self, worker: str) -> Claim:
        held = Counter(row.endpoint_id for row in self.hands[worker] if row.endpoint_id is not None)
        async with self.database.transaction() as db:
            return await claim(db, Room(ROOM, ROOM, held))

    async def _finish(self, row: Claimed, outcome: Outcome) -> bool:
        async with self.database.transaction() as db:
            done = Done(row, outcome, 0.1, self.well.get(row.id, False))
            return bool(await record(db, [done], PACE))

    async def _release(self, rows: Sequence[Claimed]) -> None:
        async with self.database.transaction() as db:
            await release(db, rows)

    async def _look(self) -> None:
        async with self.database.reading() as db:
            rows = await db.all(select(messages))
        assert {row.id for row in rows if row.state == "sent"} == self.sent
        under_way = [row for row in rows if row.lease_until is not None and row.lease_until >= self.database.now()]
        assert all(row.state == "due" for row in under_way)
        webhooks = [row for row in under_way if row.endpoint_id is not None]
        pairs = Counter((row.endpoint_id, row.shipment_id) for row in webhooks)
        assert set(pairs.values()) <= {1}
        assert all(number <= 2 * PER_ENDPOINT for number in Counter(row.endpoint_id for row in webhooks).values())
        assert all(ids == sorted(ids) for ids in self.first.values()), "first attempts are in order"

    async def _end(self) -> None:
        async with self.database.reading() as db:
            versions = {row.id: row.version for row in await db.all(select(shipments.c.id, shipments.c.version))}
            rows = await db.all(select(messages))
            enabled = {row.id for row in await db.all(select(endpoints_table)) if row.enabled}
        webhooks = [row for row in rows if row.endpoint_id in enabled]
        assert {row.state for row in webhooks} <= {"sent"}
        assert {row.state for row in rows if row.endpoint_id is None} <= {"sent", "unknown", "cancelled", "skipped"}
        told: Counter[tuple[UUID, UUID]] = Counter()
        for row in webhooks:
            told[row.endpoint_id, row.shipment_id] = max(told[row.endpoint_id, row.shipment_id], row.version)
        assert told == Counter({(to, id_): version for to in enabled for id_, version in versions.items() if version})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_life_of_the_outbox(database: Database) -> None:
    """Some lives."""
    await live(OutboxLife, database, lives(10, 20))


@pytest.mark.long
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_life_of_the_outbox_at_length(database: Database) -> None:
    """Five thousand steps, looked at after each."""
    await live(OutboxLife, database, lives(200, 25))
