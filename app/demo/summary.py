"""What a demo came to: counted in its database, held against what its carriers, mailbox and receiver saw."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, func, select, union

from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalSource, ArrivalState
from app.arrivals.tables import arrivals, unmapped
from app.database import Database, Session
from app.demo.contracts import Contract
from app.demo.mailbox import Mailbox
from app.demo.parcels import DemoParcel, Tempo
from app.demo.receiver import Receiver
from app.outbox.tables import endpoints, messages
from app.shipments.tables import events, shipments, transitions
from carriers.vocabulary import Status

SETTLES = timedelta(seconds=5)
"""A journey that ended so long before the demo must be known to have."""

WHOLE = 45.0
"""Seconds of a demo from which on all nine statuses must occur."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was there beside the database: those who were asked, told and written to, and the errors of the log."""

    parcels: Sequence[DemoParcel]
    contracts: Sequence[Contract]
    mailbox: Mailbox
    receiver: Receiver
    errors: Sequence[str]


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts from the database; `polls` are answers with news, `asked` all calls that stand-ins answered."""

    seconds: float
    now: Counter[Status]
    passed: Counter[Status]
    transitions: int
    events: int
    polls: Counter[str]
    pushes: Counter[str]
    unmapped: int
    messages: Counter[tuple[str, str]]
    reasons: Counter[tuple[str, str]]
    asked: int
    pushed: int
    verified: int
    refused: int
    mailed: int
    failures: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The summary for people and programs: a line each, counts after the words."""
        yield f"Summary after {self.seconds:.0f} s"
        yield ""
        yield f"{'status':<24}{'now':>8}{'passed through':>18}"
        for status in Status:
            yield f"{status.value:<24}{self.now[status]:>8}{self.passed[status]:>18}"
        yield ""
        yield f"{'shipments':<24}{self.now.total():>8}"
        yield f"{'transitions':<24}{self.transitions:>8}"
        yield f"{'events':<24}{self.events:>8}"
        yield f"{'polls':<24}{self.polls.total():>8}   answers with news: {_counted(self.polls)}"
        yield f"{'calls':<24}{self.asked:>8}   answered by the six carriers' stand-ins"
        yield f"{'pushes':<24}{self.pushes.total():>8}   taken in: {_counted(self.pushes)}"
        yield f"{'codes without a row':<24}{self.unmapped:>8}"
        for channel in ("email", "webhook"):
            of_channel = Counter({state: n for (name, state), n in self.messages.items() if name == channel})
            why = Counter({reason: n for (name, reason), n in self.reasons.items() if name == channel})
            skipped = f"   not sent: {_counted(why)}" if why else ""
            yield f"{'messages by ' + channel:<24}{of_channel.total():>8}   {_counted(of_channel)}{skipped}"
        yield f"{'mails in the mailbox':<24}{self.mailed:>8}"
        yield f"{'webhooks verified':<24}{self.verified:>8}   {self.refused} refused"
        yield ""
        if not self.failures:
            yield "Nothing failed."
        for failure in self.failures:
            yield f"FAILED: {failure}"


async def summarise(database: Database, company_id: UUID, tempo: Tempo, seen: Seen, seconds: float) -> Summary:
    """Count everything of the demo's company; `seconds` is how long it ran."""
    async with database.reading() as db:
        own = shipments.c.company_id == company_id
        rows = await db.all(select(shipments).where(own))
        seconds_run = timedelta(seconds=seconds)
        sent, mailed = await _sent(db, company_id, "webhook"), await _sent(db, company_id, "email")
        passed = await _passed(db, company_id)
        failures = [
            *[f"an error was logged: {line}" for line in dict.fromkeys(seen.errors)],
            *await _of_arrivals(db, company_id),
            *await _of_accounts(db, company_id),
            *await _of_messages(db, company_id),
            *_of_receivers(seen, sent, mailed),
            *_of_journeys(rows, seen.parcels, tempo, seconds_run),
            *_of_statuses(passed, seconds),
        ]
        return Summary(
            seconds,
            Counter(row.status for row in rows),
            passed,
            await _count(db, transitions, company_id),
            await _count(db, events, company_id),
            await _taken(db, company_id, ArrivalSource.POLL),
            await _taken(db, company_id, ArrivalSource.HOOK),
            await _count(db, unmapped, company_id),
            await _pairs(db, company_id, messages.c.state),
            await _pairs(db, company_id, messages.c.reason),
            asked=sum(len(contract.stand_in.requests) for contract in seen.contracts),
            pushed=sum(contract.pushes for contract in seen.contracts),
            verified=len(seen.receiver.deliveries),
            refused=seen.receiver.refused,
            mailed=seen.mailbox.count,
            failures=tuple(failures),
        )


async def _passed(db: Session, company_id: UUID) -> Counter[Status]:
    """How many shipments have ever been in each status."""
    moved, own = transitions.c.shipment_id, transitions.c.company_id == company_id
    were = union(
        select(moved, transitions.c.from_status.label("status")).where(own),
        select(moved, transitions.c.status).where(own),
        select(shipments.c.id, shipments.c.status).where(shipments.c.company_id == company_id),
    ).subquery()
    return Counter(Status(row.status) for row in await db.all(select(were)))


async def _taken(db: Session, company_id: UUID, source: ArrivalSource) -> Counter[str]:
    rows = await db.all(
        select(arrivals.c.carrier, func.count().label("number"))
        .where(
            arrivals.c.company_id == company_id,
            arrivals.c.source == source.value,
            arrivals.c.state == ArrivalState.TAKEN.value,
        )
        .group_by(arrivals.c.carrier)
        .order_by(arrivals.c.carrier)
    )
    return Counter({row.carrier: row.number for row in rows})


async def _pairs(db: Session, company_id: UUID, word: ColumnElement[str]) -> Counter[tuple[str, str]]:
    """How many messages of each channel have each state, or each reason."""
    rows = await db.all(
        select(messages.c.channel, word.label("word"), func.count().label("number"))
        .where(messages.c.company_id == company_id, word != "")
        .group_by(messages.c.channel, word)
    )
    return Counter({(row.channel, row.word): row.number for row in rows})


async def _of_arrivals(db: Session, company_id: UUID) -> list[str]:
    rows = await db.all(
        select(arrivals.c.carrier, arrivals.c.state, arrivals.c.reason).where(
            arrivals.c.company_id == company_id, arrivals.c.state != ArrivalState.TAKEN.value
        )
    )
    return [f"a body of {row.carrier} was {row.state}: {row.reason or 'nobody has posted its number'}" for row in rows]


async def _of_accounts(db: Session, company_id: UUID) -> list[str]:
    rows = await db.all(select(carrier_accounts).where(carrier_accounts.c.company_id == company_id))
    failed = [f"{row.carrier} could not be asked: {row.last_error}" for row in rows if row.last_error]
    return failed + [f"{row.carrier} was never asked" for row in rows if row.last_success_at is None]


async def _of_messages(db: Session, company_id: UUID) -> list[str]:
    rows = await db.all(
        select(messages.c.channel, messages.c.type, messages.c.reason).where(
            messages.c.company_id == company_id, messages.c.state.in_(("failed", "unknown"))
        )
    )
    ill = await db.all(select(endpoints).where(endpoints.c.company_id == company_id, endpoints.c.failures > 0))
    return [f"the {row.channel} message {row.type} failed: {row.reason}" for row in rows] + [
        f"{row.failures} deliveries to {row.url} failed" for row in ill
    ]


def _of_receivers(seen: Seen, sent: frozenset[str], mailed: frozenset[str]) -> Iterator[str]:
    """What the outbox holds for sent must have come, and nothing else."""
    if seen.receiver.refused:
        yield f"{seen.receiver.refused} webhooks were refused: their signature is wrong"
    if missing := sent - seen.receiver.deliveries.keys():
        yield f"{len(missing)} webhooks marked as sent have not been received"
    came = {mail.message_id.strip("<>").partition("@")[0] for mail in seen.mailbox.mails}
    if missing := mailed - came:
        yield f"{len(missing)} e-mails marked as sent have not been received"
    for contract in seen.contracts:
        if contract.unheard:
            yield f"{contract.unheard} pushes of {contract.slug} were not acknowledged"


def _of_journeys(
    rows: Sequence[Row[Any]], parcels: Sequence[DemoParcel], tempo: Tempo, run: timedelta
) -> Iterator[str]:
    status = {(row.carrier, row.tracking_number): row.status for row in rows}
    for parcel in parcels:
        ends, where = tempo.ends(parcel), status.get((parcel.carrier, parcel.number))
        if where is None:
            yield f"{parcel.carrier} {parcel.number} was never stored"
        elif (ends is None or ends + SETTLES < tempo.begun + run) and where is not parcel.ends:
            yield f"{parcel.carrier} {parcel.number} is {where.value}, but its journey ended {parcel.ends.value}"


def _of_statuses(passed: Counter[Status], seconds: float) -> Iterator[str]:
    if seconds >= WHOLE:
        for status in Status:
            if not passed[status]:
                yield f"no shipment was ever {status.value}"


async def _sent(db: Session, company_id: UUID, channel: str) -> frozenset[str]:
    """The ids of the messages that have left by a channel."""
    mine = messages.c.company_id == company_id, messages.c.channel == channel, messages.c.state == "sent"
    return frozenset(str(row.id) for row in await db.all(select(messages.c.id).where(*mine)))


async def _count(db: Session, table: Table, company_id: UUID) -> int:
    return int(await db.value(select(func.count()).select_from(table).where(table.c.company_id == company_id)))


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
