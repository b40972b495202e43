"""What a demo came to, counted in its database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, select, union

from app.arrivals.keeping import ArrivalSource, ArrivalState
from app.arrivals.tables import arrivals, unmapped
from app.database import Database, Session
from app.demo.failures import Seen, failures
from app.outbox.tables import messages
from app.shipments.tables import events, shipments, transitions
from carriers.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the database, by the slugs of carriers and statuses and by (channel, state or reason) of messages.

    `polls` and `pushes` are the bodies that brought news; `calls`, `mailed`, `verified` and `refused` are what
    stand-ins, mailbox and receiver counted themselves.
    """

    seconds: float
    now: Counter[Status]
    passed: Counter[Status]
    transitions: int
    events: int
    polls: Counter[str]
    pushes: Counter[str]
    unmapped: int
    states: Counter[tuple[str, str]]
    reasons: Counter[tuple[str, str]]
    calls: int
    mailed: int
    verified: int
    refused: int
    failures: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The summary for people and programs: words, then a count; of a status two, now and passed through."""
        yield f"Summary after {self.seconds:.0f} s"
        yield ""
        yield f"{'status':<24}{'now':>8}{'passed through':>18}"
        for status in Status:
            yield f"{status.value:<24}{self.now[status]:>8}{self.passed[status]:>18}"
        yield ""
        yield _line("shipments", self.now.total())
        yield _line("transitions", self.transitions)
        yield _line("events", self.events)
        yield _line("polls", self.polls.total(), f"answers with news: {_counted(self.polls)}")
        yield _line("calls", self.calls, "answered by the stand-ins of six carriers")
        yield _line("pushes", self.pushes.total(), f"taken in: {_counted(self.pushes)}")
        yield _line("codes without a row", self.unmapped)
        for channel in ("email", "webhook"):
            states = Counter({state: count for (name, state), count in self.states.items() if name == channel})
            reasons = Counter({why: count for (name, why), count in self.reasons.items() if name == channel})
            not_sent = f"   not sent: {_counted(reasons)}" if reasons else ""
            yield _line(f"messages by {channel}", states.total(), _counted(states) + not_sent)
        yield _line("mails in the mailbox", self.mailed)
        yield _line("webhooks verified", self.verified, f"{self.refused} refused")
        yield ""
        yield from (f"FAILED: {failure}" for failure in self.failures)
        if not self.failures:
            yield "Nothing failed."


async def summarise(database: Database, company_id: UUID, seen: Seen) -> Summary:
    """Count everything of the demo's company, and say what failed."""
    async with database.reading() as db:
        now = await db.all(select(shipments.c.status).where(shipments.c.company_id == company_id))
        passed = await _passed(db, company_id)
        return Summary(
            seconds=seen.ran.total_seconds(),
            now=Counter(row.status for row in now),
            passed=passed,
            transitions=await _count(db, transitions, company_id),
            events=await _count(db, events, company_id),
            polls=await _taken(db, company_id, ArrivalSource.POLL),
            pushes=await _taken(db, company_id, ArrivalSource.HOOK),
            unmapped=await _count(db, unmapped, company_id),
            states=await _by(db, company_id, messages.c.state),
            reasons=await _by(db, company_id, messages.c.reason),
            calls=sum(len(contract.stand_in.requests) for contract in seen.contracts),
            mailed=seen.mailbox.count,
            verified=len(seen.receiver.deliveries),
            refused=seen.receiver.refused,
            failures=tuple(await failures(db, company_id, seen, frozenset(passed))),
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
    """How many bodies with news came by this way, by carrier."""
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


async def _by(db: Session, company_id: UUID, word: ColumnElement[str]) -> Counter[tuple[str, str]]:
    """How many messages of each channel have each state, or each reason."""
    rows = await db.all(
        select(messages.c.channel, word.label("word"), func.count().label("number"))
        .where(messages.c.company_id == company_id, word != "")
        .group_by(messages.c.channel, word)
    )
    return Counter({(row.channel, row.word): row.number for row in rows})


async def _count(db: Session, table: Table, company_id: UUID) -> int:
    return int(await db.value(select(func.count()).select_from(table).where(table.c.company_id == company_id)))


def _line(name: str, count: int, more: str = "") -> str:
    return f"{name:<24}{count:>8}   {more}".rstrip()


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
