"""What must hold after crashes, read from the database and from the logs of those outside, and from nothing else."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, and_, func, or_, select, text

from app.arrivals.keeping import ArrivalState
from app.arrivals.tables import arrivals
from app.database import Database, Session
from app.intake import timed
from app.outbox.sending import IN_FLIGHT
from app.outbox.tables import endpoints, messages
from app.shipments import answer, history
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments, transitions
from tests.crash.journal import REPEATS, Fault, lines
from tests.crash.receiver import digest

SHOWN = 5
"""Examples told of each thing that is wrong."""

LATENESS = "lateness"
"""The cause where no fault is: the machine is so busy that a worker outlives its shortened lease."""

MOVES = ("shipment.status_changed", "shipment.imported")
SOON = timedelta(minutes=1)
STUCK = timedelta(seconds=60)
"""Twice the longest lease: nobody has taken up what was claimed that long ago."""

Parcels = dict[UUID, Shipment]
Outbox = Sequence[Row[Any]]


@dataclass(slots=True)
class Verdict:
    """What was counted, and what is wrong in words."""

    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    webhooks: int = 0
    duplicates: dict[str, int] = field(default_factory=dict)
    letters: int = 0
    wrong: list[str] = field(default_factory=list)

    def need_none(self, what: str, found: Iterable[object]) -> None:
        """Nothing of this kind may be found."""
        if listed := sorted(map(str, found)):
            more = ", …" if len(listed) > SHOWN else ""
            self.wrong.append(f"{len(listed)} {what}: {', '.join(listed[:SHOWN])}{more}")


async def under_way(url: str) -> int:
    """How many messages and arrivals are due or being worked on, or about to come; 0 when the outbox is quiet."""
    database = Database(url)
    async with database.reading() as db:
        due = and_(
            messages.c.state == "due", or_(messages.c.due_at <= db.now + SOON, messages.c.lease_until.is_not(None))
        )
        told = await db.value(select(func.count()).select_from(messages).where(due))
        kept = await db.value(select(func.count()).select_from(arrivals).where(arrivals.c.next_try_at.is_not(None)))
        # A poll, a broken promise: what it tells may fall between this look and the stop.
        soon = or_(*(column <= db.now + SOON for column in (*timed.COLUMNS, shipments.c.next_poll_at)))
        coming = await db.value(select(func.count()).select_from(shipments).where(soon))
    await database.close()
    return int(told) + int(kept) + int(coming)


def claims(now: datetime) -> dict[Table, ColumnElement[bool]]:
    """By table the rows that are due and claimed. A lease is left standing where what was due has gone meanwhile."""
    return {
        messages: and_(messages.c.lease_until.is_not(None), messages.c.state == "due", messages.c.due_at <= now),
        shipments: and_(shipments.c.lease_until.is_not(None), shipments.c.next_poll_at <= now),
    }


async def check_stored(url: str, folder: Path, *, quiet: bool = False) -> tuple[Verdict, Outbox]:
    """Hold the database against what was acknowledged, and against itself; the service may be at work, or `quiet`."""
    verdict, acknowledged = Verdict(), lines(folder / "acknowledged.jsonl")
    database = Database(url)
    async with snapshot(database) as db:
        parcels = {row.id: Shipment.of(row) for row in await db.all(select(shipments))}
        outbox = await db.all(select(messages))
        await _check_acknowledged(db, verdict, acknowledged, parcels)
        await _check_transitions(db, verdict, parcels, outbox)
        await _check_statuses(db, verdict, parcels)
        for table, claimed in claims(db.now).items() if quiet else ():
            stuck = await db.all(select(table.c.id).where(claimed, table.c.lease_until < db.now - STUCK))
            verdict.need_none(f"{table.name} claimed by nobody who lives", (row.id for row in stuck))
    await database.close()
    return verdict, outbox


async def check(url: str, folder: Path, faults: Sequence[Fault], late: int = 0) -> Verdict:
    """The same once all is quiet, and what was seen outside, after these faults.

    `late` messages were sent by a worker that could not mark them: it was too slow, or the database was away.
    """
    verdict, outbox = await check_stored(url, folder, quiet=True)
    _check_deliveries(verdict, outbox, lines(folder / "deliveries.jsonl"), faults, late)
    _check_letters(verdict, outbox, lines(folder / "letters.jsonl"), sum(fault.deaths for fault in faults))
    return verdict


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Session]:
    """The whole database as it was at one moment."""
    if not database.postgres:
        async with database.reading() as db:
            yield db
        return
    async with database.transaction() as db:
        await db.run(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield db


async def _check_acknowledged(
    db: Session, verdict: Verdict, acknowledged: list[dict[str, Any]], parcels: Parcels
) -> None:
    """All that had a 2xx is stored, once."""
    numbers = Counter(each.tracking_number for each in parcels.values())
    rows = await db.all(select(events.c.shipment_id, events.c.key, events.c.text))
    texts = Counter((parcels[row.shipment_id].tracking_number, row.text) for row in rows)
    promised = {line["shipment"] for line in acknowledged if "event" not in line}
    said = {(line["shipment"], line["event"]) for line in acknowledged if "event" in line}
    # Pushed before anybody has posted the number: it waits for that.
    waiting = await db.all(select(arrivals.c.tracking_number).where(arrivals.c.state == ArrivalState.UNCLAIMED.value))
    early = {row.tracking_number for row in waiting}
    lost = [*(promised - set(numbers)), *(each for each in said - set(texts) if each[0] not in early)]
    verdict.acknowledged, verdict.stored = len(promised) + len(said), len(numbers) + len(texts)
    verdict.lost = len(lost)
    verdict.need_none("acknowledged and lost", lost)
    verdict.need_none("shipments stored twice", (number for number, times in numbers.items() if times > 1))
    verdict.need_none("events stored twice", (text for text, times in texts.items() if times > 1))
    keys = Counter((row.shipment_id, row.key) for row in rows)
    verdict.need_none("event keys that are not unique", (key for key, times in keys.items() if times > 1))


async def _check_transitions(db: Session, verdict: Verdict, parcels: Parcels, outbox: Outbox) -> None:
    """Versions go up one by one, each from where the last one led; each has its message to each endpoint."""
    steps: dict[UUID, list[Row[Any]]] = {id_: [] for id_ in parcels}
    for row in await db.all(select(transitions).order_by(transitions.c.version)):
        steps[row.shipment_id].append(row)
    gaps, breaks = [], []
    for id_, rows in steps.items():
        shipment = parcels[id_]
        if [row.version for row in rows] != list(range(1, shipment.version + 1)):
            gaps.append(id_)
        places = [("pending", None), *((row.status, row.sub_status) for row in rows)]
        left = [*((row.from_status, row.from_sub_status) for row in rows), (shipment.status, shipment.sub_status)]
        if places != left:
            breaks.append(id_)
    verdict.need_none("shipments with a gap in their versions", gaps)
    verdict.need_none("shipments whose transitions do not follow each other", breaks)

    listening = [row.id for row in await db.all(select(endpoints.c.id))]
    wanted = {(row.shipment_id, row.version, to) for rows in steps.values() for row in rows for to in listening}
    wanted |= {(id_, 0, to) for id_ in parcels for to in listening}
    moves = [row for row in outbox if row.type in MOVES or row.type == "shipment.created"]
    put = Counter(
        (row.shipment_id, 0 if row.type == "shipment.created" else row.version, row.endpoint_id) for row in moves
    )
    verdict.need_none("transitions without their message", wanted - set(put))
    verdict.need_none("messages without their transition", set(put) - wanted)
    verdict.need_none("transitions with two messages", (each for each, times in put.items() if times > 1))


async def _check_statuses(db: Session, verdict: Verdict, parcels: Parcels) -> None:
    """The stored status is the fold of the stored events."""
    told = await history.of_many(db, list(parcels.values()))
    other = []
    for id_, shipment in parcels.items():
        state = answer.explained(shipment, told[id_], db.now)
        folded = state.status, state.sub_status, state.decided_by, state.decided_at, state.failed_attempts
        stored = shipment.status, shipment.sub_status, shipment.decided_by, shipment.decided_at
        if folded != (*stored, shipment.failed_attempts):
            other.append(id_)
    verdict.need_none("shipments whose status is not the fold of their events", other)


def _check_deliveries(
    verdict: Verdict, outbox: Outbox, deliveries: list[dict[str, Any]], faults: Sequence[Fault], late: int
) -> None:
    """Every webhook that was due arrived, each time the same; again only by a fault in between."""
    webhooks = {str(row.id): row for row in outbox if row.channel == "webhook"}
    verdict.need_none("deliveries refused by the receiver", (line for line in deliveries if "refused" in line))
    taken = [line for line in deliveries if "refused" not in line]
    verdict.webhooks, verdict.duplicates = len(webhooks), _repeated(taken, faults)
    verdict.need_none("webhooks that were not sent", (id_ for id_, row in webhooks.items() if row.state != "sent"))
    verdict.need_none("webhooks never received", set(webhooks) - {line["id"] for line in taken})
    verdict.need_none("webhooks received that are not in the outbox", {line["id"] for line in taken} - set(webhooks))
    known = [(line, webhooks[line["id"]]) for line in taken if line["id"] in webhooks]
    verdict.need_none(
        "deliveries that differ from the outbox",
        (
            line["id"]
            for line, row in known
            if (line["body"], line["type"], line["shipment"], line["version"])
            != (digest(row.payload["body"].encode()), row.type, str(row.shipment_id), row.version)
        ),
    )
    if (unexplained := verdict.duplicates.get(LATENESS, 0)) > late:
        verdict.wrong.append(f"{unexplained} deliveries came again without a fault in between")


def _repeated(taken: list[dict[str, Any]], faults: Sequence[Fault]) -> dict[str, int]:
    """How many deliveries came again, by the kind of the first fault since the one before."""
    before: dict[str, float] = {}
    causes: Counter[str] = Counter()
    for line in taken:
        if (last := before.get(line["id"])) is not None:
            since = [
                each for each in faults if each.kind in REPEATS and last <= each.ended and each.began <= line["at"]
            ]
            causes[min(since, key=lambda each: each.began).kind if since else LATENESS] += 1
        before[line["id"]] = line["at"]
    return dict(causes)


def _check_letters(verdict: Verdict, outbox: Outbox, letters: list[dict[str, Any]], kills: int) -> None:
    """No letter was sent twice; what is said to be sent was; unknown are at most those under way at a kill."""
    mail = {str(row.id): row for row in outbox if row.channel == "email"}
    taken = Counter(line["id"] for line in letters)
    verdict.letters = len(taken)
    verdict.need_none("letters sent twice", (id_ for id_, times in taken.items() if times > 1))
    sent = {id_ for id_, row in mail.items() if row.state == "sent"}
    unknown = {id_ for id_, row in mail.items() if row.state == "unknown"}
    verdict.need_none("letters marked sent that the mail server did not get", sent - set(taken))
    verdict.need_none("letters at the mail server that are neither sent nor unknown", set(taken) - sent - unknown)
    verdict.need_none("letters that failed", (id_ for id_, row in mail.items() if row.state == "failed"))
    if len(unknown) > kills * IN_FLIGHT:
        verdict.wrong.append(f"{len(unknown)} letters are unknown; {kills} kills explain {kills * IN_FLIGHT}")
