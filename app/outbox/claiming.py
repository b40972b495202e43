"""Claiming messages that are due: with a lease and a number, so that each is sent by one worker at a time."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import floor
from uuid import UUID

from sqlalchemy import tuple_, update

from app.database import Database, Session
from app.outbox.candidates import Candidate, due
from app.outbox.leasing import Claimed, lease
from app.outbox.reasons import NotDelivered
from app.outbox.tables import endpoints, messages
from app.settings import LEASE_SECONDS

LEASE = timedelta(seconds=LEASE_SECONDS)
"""Twice the longest attempt: a lease that runs out means that its worker is gone."""

PER_ENDPOINT = 4
CANDIDATES = (64, 256, 1024, 4096)
"""How many are looked at; then more of them, without the endpoints that turned out full."""

BURST = timedelta(seconds=0.5)
"""What a paced endpoint may catch up on at once."""

LOST = "unknown"

CLAIMING = 764584
"""The advisory lock of whoever claims."""

_ALONE = "SELECT set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock($1)"


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may be claimed: in all, and letters.

    `held` counts what this process has of each endpoint's, `most` how much it may have where that is not the usual.
    What is `under_way` here is not claimed again, even if its lease has run out: it is being recorded.
    """

    total: int
    letters: int
    held: Mapping[UUID, int] = field(default_factory=dict)
    most: Mapping[UUID, int] = field(default_factory=dict)
    under_way: Container[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as it was at the claim; `well` if its health and pace need no counting."""

    id: UUID
    url: str
    secrets: bytes = field(repr=False)
    well: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """Leased messages, oldest due first, and where they go; `more` if others were due that had no room."""

    rows: Sequence[Claimed]
    targets: Mapping[UUID, Target]
    more: bool


NOTHING = Claim((), {}, False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Messages to be claimed; `paced_until` by company and id of the endpoints whose share they are."""

    rows: Sequence[Candidate]
    paced_until: Mapping[tuple[UUID, UUID], datetime]
    more: bool


async def claim_in(database: Database, room: Room, lasting: timedelta = LEASE) -> Claim:
    """Lease due messages as far as there is room.

    On SQLite, where nobody else claims, nobody who writes waits while they are looked for.
    """
    if database.postgres:
        async with database.transaction() as db:
            return await claim(db, room, lasting)
    async with database.reading() as db:
        chosen = await choose(db, room)
    if not chosen.rows:
        return Claim((), {}, chosen.more)
    async with database.transaction() as db:
        return await take(db, chosen, lasting)


async def claim(db: Session, room: Room, lasting: timedelta = LEASE) -> Claim:
    """The same in one transaction; claims of all processes come one after the other."""
    if db.postgres:
        # A process that stops just here, for whatever reason, does not hold up the others for long.
        await db.driver.fetch(_ALONE, CLAIMING)
    return await take(db, await choose(db, room), lasting)


async def take(db: Session, chosen: Chosen, lasting: timedelta) -> Claim:
    """Lease what was chosen, as far as it is free still.

    A letter to a person whose worker died while sending it is not claimed: nobody knows whether it was taken, so it is
    marked unknown and never repeated.
    """
    for (company_id, endpoint_id), until in chosen.paced_until.items():
        mine = endpoints.c.company_id == company_id, endpoints.c.id == endpoint_id
        await db.run(update(endpoints).where(*mine).values(paced_until=until))
    found = chosen.rows
    lost = {(row.company_id, row.id) for row in found if row.endpoint_id is None and row.lease_until is not None}
    if lost:
        values = {"state": LOST, "reason": NotDelivered.WORKER_STOPPED, "lease_until": None}
        these = tuple_(messages.c.company_id, messages.c.id).in_(lost), messages.c.state == "due"
        await db.run(update(messages).where(*these).values(values))
    wanted = [(row.company_id, row.id) for row in found if (row.company_id, row.id) not in lost]
    if not wanted:
        return Claim((), {}, chosen.more)
    rows = await lease(db, wanted, db.now + lasting)
    targets = {
        row.endpoint_id: Target(
            row.endpoint_id, row.url, row.secrets, not row.failures and row.open_until is None and row.pace is None
        )
        for row in found
        if row.endpoint_id is not None
    }
    place = {row.id: number for number, row in enumerate(found)}
    return Claim(sorted(rows, key=lambda row: place[row.id]), targets, chosen.more)


async def choose(db: Session, room: Room) -> Chosen:
    """Due messages as far as there is room; a full endpoint hides nobody behind it."""
    choice = _Choice(db, room)
    for number in CANDIDATES:
        found = await due(db, choice.full, number, letters=choice.letters > 0)
        for row in found:
            choice.consider(row)
        if len(found) < number or len(choice.rows) >= room.total:
            break
    paced_until = {
        (company_id, endpoint_id): since + timedelta(seconds=number / pace)
        for endpoint_id, (company_id, pace, since) in choice.paced.items()
        if (number := choice.chosen(endpoint_id))  # it has had its share for so long
    }
    return Chosen(list(choice.rows.values()), paced_until, choice.more)


class _Choice:
    """What is chosen of due messages, one after the other."""

    def __init__(self, db: Session, room: Room) -> None:
        self._db, self._room = db, room
        self.rows: dict[UUID, Candidate] = {}
        self.letters = room.letters
        self.paced: dict[UUID, tuple[UUID, float, datetime]] = {}
        self._left = {each: room.most.get(each, PER_ENDPOINT) - held for each, held in room.held.items()}
        self._pairs: set[tuple[UUID, UUID]] = set()
        self.more = bool(self.full) or not self.letters

    @property
    def full(self) -> list[UUID]:
        """The endpoints that may get no more."""
        return [endpoint_id for endpoint_id, number in self._left.items() if number <= 0]

    def consider(self, row: Candidate) -> None:
        """Choose the message if there is room for it."""
        if row.blocked or row.id in self.rows or row.id in self._room.under_way:
            return
        if len(self.rows) >= self._room.total or not self._has_room(row):
            self.more = True
            return
        self.rows[row.id] = row

    def _has_room(self, row: Candidate) -> bool:
        if row.endpoint_id is None:
            self.letters -= 1
            return self.letters >= 0
        return self._to_machine(row, row.endpoint_id)

    def _to_machine(self, row: Candidate, endpoint_id: UUID) -> bool:
        left = self._left.get(endpoint_id, self._room.most.get(endpoint_id, PER_ENDPOINT))
        if row.open_until is not None:  # one, to see whether it is well again
            left = min(left, 1 - self._room.held.get(endpoint_id, 0) - self.chosen(endpoint_id))
        elif row.pace is not None and endpoint_id not in self.paced:
            since = _paced_since(self._db, row)
            self.paced[endpoint_id] = row.company_id, row.pace, since
            left = min(left, max(0, floor((self._db.now - since).total_seconds() * row.pace + 1e-6)))
        pair = endpoint_id, row.shipment_id
        takes = left > 0 and pair not in self._pairs
        self._left[endpoint_id] = left - takes
        self._pairs.add(pair)
        return takes

    def chosen(self, endpoint_id: UUID) -> int:
        """How many of an endpoint's."""
        return sum(1 for each in self.rows.values() if each.endpoint_id == endpoint_id)


def _paced_since(db: Session, row: Candidate) -> datetime:
    """From when on a paced endpoint has not had its share."""
    return max(row.paced_until or db.now, db.now - BURST)
