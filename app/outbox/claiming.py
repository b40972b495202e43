"""Claiming messages that are due: with a lease and a number, so that each is sent by one worker at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import floor
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, exists, or_, select, tuple_, update

from app.database import Session
from app.outbox.leasing import Claimed, free, lease
from app.outbox.reasons import NotDelivered
from app.outbox.tables import endpoints, messages
from app.settings import LEASE_SECONDS

LEASE = timedelta(seconds=LEASE_SECONDS)
"""Twice the longest attempt: a lease that runs out means that its worker is gone."""

PER_ENDPOINT = 4
FIRST_ATTEMPTS = 3
"""Newer messages of a shipment wait while an older one to the same endpoint is in its first attempts."""

CANDIDATES = (64, 256, 1024, 4096)
"""How many are looked at; then more of them, without the endpoints that turned out full."""

BURST = timedelta(seconds=0.5)
"""What a paced endpoint may catch up on at once."""

LOST = "unknown"


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may be claimed: in all, and letters.

    `held` counts what this process has of each endpoint's, `most` how much it may have where that is not the usual.
    """

    total: int
    letters: int
    held: Mapping[UUID, int] = field(default_factory=dict)
    most: Mapping[UUID, int] = field(default_factory=dict)


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


async def claim(db: Session, room: Room, lasting: timedelta = LEASE) -> Claim:
    """Lease due messages as far as there is room; claims of all processes come one after the other.

    A letter to a person whose worker died while sending it is not claimed: nobody knows whether it was taken, so it is
    marked unknown and never repeated.
    """
    if db.postgres:
        # A process that stops just here, for whatever reason, does not hold up the others for long.
        await db.driver.execute("SET LOCAL idle_in_transaction_session_timeout = '5s'")
        await db.lock("outbox.claim")
    found, more = await _choose(db, room)
    lost = {(row.company_id, row.id) for row in found if row.endpoint_id is None and row.lease_until is not None}
    if lost:
        values = {"state": LOST, "reason": NotDelivered.WORKER_STOPPED, "lease_until": None}
        await db.run(update(messages).where(tuple_(messages.c.company_id, messages.c.id).in_(lost)).values(values))
    chosen = [(row.company_id, row.id) for row in found if (row.company_id, row.id) not in lost]
    if not chosen:
        return Claim((), {}, more)
    rows = await lease(db, chosen, db.now + lasting)
    targets = {
        row.endpoint_id: Target(
            row.endpoint_id, row.url, row.secrets, not row.failures and row.open_until is None and row.pace is None
        )
        for row in found
        if row.endpoint_id is not None
    }
    place = {row.id: number for number, row in enumerate(found)}
    return Claim(sorted(rows, key=lambda row: place[row.id]), targets, more)


async def _choose(db: Session, room: Room) -> tuple[list[Row[Any]], bool]:
    """Due messages as far as there is room, and whether others had none; a full endpoint hides nobody behind it."""
    choice = _Choice(db, room)
    for number in CANDIDATES:
        found = await db.all(_due(db, choice.full, choice.letters > 0, number))
        for row in found:
            choice.consider(row)
        if len(found) < number or len(choice.rows) >= room.total:
            break
    for endpoint_id, row in choice.paced.items():
        await _book(db, row, sum(1 for each in choice.rows.values() if each.endpoint_id == endpoint_id))
    return list(choice.rows.values()), choice.more


class _Choice:
    """What is chosen of due messages, one after the other."""

    def __init__(self, db: Session, room: Room) -> None:
        self._db, self._room = db, room
        self.rows: dict[UUID, Row[Any]] = {}
        self.letters = room.letters
        self.paced: dict[UUID, Row[Any]] = {}
        self._left = {each: room.most.get(each, PER_ENDPOINT) - held for each, held in room.held.items()}
        self._pairs: set[tuple[UUID, UUID]] = set()
        self.more = bool(self.full) or not self.letters

    @property
    def full(self) -> list[UUID]:
        """The endpoints that may get no more."""
        return [endpoint_id for endpoint_id, number in self._left.items() if number <= 0]

    def consider(self, row: Row[Any]) -> None:
        """Choose the message if there is room for it."""
        if row.blocked or row.id in self.rows:
            return
        if len(self.rows) >= self._room.total or not (self._to_machine(row) if row.endpoint_id else self._to_person()):
            self.more = True
            return
        self.rows[row.id] = row

    def _to_person(self) -> bool:
        self.letters -= 1
        return self.letters >= 0

    def _to_machine(self, row: Row[Any]) -> bool:
        left = self._left.get(row.endpoint_id, self._room.most.get(row.endpoint_id, PER_ENDPOINT))
        if row.open_until is not None:  # one, to see whether it is well again
            left = min(left, 1 - self._room.held.get(row.endpoint_id, 0) - self._chosen(row.endpoint_id))
        elif row.pace is not None and row.endpoint_id not in self.paced:
            self.paced[row.endpoint_id] = row
            left = min(left, _share(self._db, row))
        pair = row.endpoint_id, row.shipment_id
        takes = left > 0 and pair not in self._pairs
        self._left[row.endpoint_id] = left - takes
        self._pairs.add(pair)
        return takes

    def _chosen(self, endpoint_id: UUID) -> int:
        return sum(1 for each in self.rows.values() if each.endpoint_id == endpoint_id)


def _share(db: Session, row: Row[Any]) -> int:
    """How many a paced endpoint may get now."""
    since = max(row.paced_until or db.now, db.now - BURST)
    share: float = (db.now - since).total_seconds() * row.pace
    return max(0, floor(share + 1e-6))


async def _book(db: Session, row: Row[Any], number: int) -> None:
    """A paced endpoint has had its share for so long."""
    if number:
        since = max(row.paced_until or db.now, db.now - BURST)
        mine = endpoints.c.company_id == row.company_id, endpoints.c.id == row.endpoint_id
        until = since + timedelta(seconds=number / row.pace)
        await db.run(update(endpoints).where(*mine).values(paced_until=until))


def _due(db: Session, full: list[UUID], letters: bool, number: int) -> Any:
    """The first due and free messages; `blocked` if another of the shipment is first, or under way.

    Those that no endpoint takes now, or only full ones, are left out before they are counted.
    """
    off = select(endpoints.c.id).where(or_(~endpoints.c.enabled, endpoints.c.open_until > db.now))
    to_machines = and_(messages.c.endpoint_id.not_in(full), messages.c.endpoint_id.not_in(off))
    to_people = [messages.c.endpoint_id.is_(None)] if letters else []
    head = (
        select(
            messages.c.company_id,
            messages.c.id,
            messages.c.endpoint_id,
            messages.c.shipment_id,
            messages.c.lease_until,
            messages.c.due_at,
        )
        .where(*free(db.now), or_(*to_people, to_machines))
        .order_by(messages.c.due_at, messages.c.id)
        .limit(number)
        .subquery("head")
    )
    other = messages.alias("other")
    first = other.c.attempts - other.c.attempts_before < FIRST_ATTEMPTS
    ahead = exists().where(
        other.c.company_id == head.c.company_id,
        other.c.endpoint_id == head.c.endpoint_id,
        other.c.shipment_id == head.c.shipment_id,
        other.c.id != head.c.id,
        other.c.state == "due",
        or_(other.c.lease_until >= db.now, and_(other.c.id < head.c.id, first)),
    )
    same = and_(endpoints.c.company_id == head.c.company_id, endpoints.c.id == head.c.endpoint_id)
    return (
        select(
            head,
            and_(head.c.endpoint_id.is_not(None), or_(endpoints.c.id.is_(None), ahead)).label("blocked"),
            endpoints.c.url,
            endpoints.c.secrets,
            endpoints.c.failures,
            endpoints.c.open_until,
            endpoints.c.pace,
            endpoints.c.paced_until,
        )
        .select_from(head.outerjoin(endpoints, same))
        .order_by(head.c.due_at, head.c.id)
    )
