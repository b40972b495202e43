"""What failed in a demo: the database held against what its parcels did, and what its mailbox and receiver took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalState
from app.arrivals.tables import arrivals
from app.database import Session
from app.demo.contracts import Contract
from app.demo.mailbox import Mailbox
from app.demo.parcels import DemoParcel, Tempo
from app.demo.receiver import Receiver
from app.outbox.tables import endpoints, messages
from app.shipments.tables import shipments
from carriers.vocabulary import Status

SETTLES = timedelta(seconds=10)
"""What has been true for so long must be known: that a journey has ended, that a carrier can be asked."""

WHOLE = timedelta(seconds=45)
"""A demo of this length or more must show all nine statuses."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was there beside the database: those who were asked, told and written to, and the errors of the log."""

    tempo: Tempo
    parcels: Sequence[DemoParcel]
    contracts: Sequence[Contract]
    mailbox: Mailbox
    receiver: Receiver
    errors: Sequence[str]
    ran: timedelta


async def failures(db: Session, company_id: UUID, seen: Seen, passed: frozenset[Status]) -> list[str]:
    """A line for each thing that failed; `passed` are the statuses that any shipment has been in."""
    rows = await db.all(select(shipments).where(shipments.c.company_id == company_id))
    return [
        *(f"an error was logged: {line}" for line in seen.errors),
        *await _of_arrivals(db, company_id),
        *await _of_accounts(db, company_id, seen),
        *await _of_messages(db, company_id),
        *_of_receivers(seen, await _sent(db, company_id, "webhook"), await _sent(db, company_id, "email")),
        *_of_journeys(rows, seen),
        *(f"no shipment was ever {each.value}" for each in Status if seen.ran >= WHOLE and each not in passed),
    ]


async def _of_arrivals(db: Session, company_id: UUID) -> list[str]:
    rows = await db.all(
        select(arrivals.c.carrier, arrivals.c.state, arrivals.c.reason).where(
            arrivals.c.company_id == company_id, arrivals.c.state != ArrivalState.TAKEN.value
        )
    )
    return [f"a body of {row.carrier} was {row.state}: {row.reason or 'nobody has posted its number'}" for row in rows]


async def _of_accounts(db: Session, company_id: UUID, seen: Seen) -> list[str]:
    rows = await db.all(select(carrier_accounts).where(carrier_accounts.c.company_id == company_id))
    failed = [f"{row.carrier} could not be asked: {row.last_error}" for row in rows if row.last_error]
    return failed + [
        f"{row.carrier} was never asked" for row in rows if row.last_success_at is None and seen.ran > SETTLES
    ]


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


async def _sent(db: Session, company_id: UUID, channel: str) -> frozenset[str]:
    """The ids of the messages that have left by a channel."""
    mine = messages.c.company_id == company_id, messages.c.channel == channel, messages.c.state == "sent"
    return frozenset(str(row.id) for row in await db.all(select(messages.c.id).where(*mine)))


def _of_receivers(seen: Seen, webhooks: frozenset[str], mails: frozenset[str]) -> Iterator[str]:
    """What the outbox holds for sent must have come, and nothing that was not signed."""
    if seen.receiver.refused:
        yield f"{seen.receiver.refused} webhooks were refused: their signature is wrong"
    if missing := webhooks - seen.receiver.deliveries.keys():
        yield f"{len(missing)} webhooks marked as sent have not been received"
    if missing := mails - {mail.message_id.strip("<>").partition("@")[0] for mail in seen.mailbox.mails}:
        yield f"{len(missing)} e-mails marked as sent have not been received"
    for contract in seen.contracts:
        if contract.unheard:
            yield f"{contract.unheard} pushes of {contract.slug} were not acknowledged"


def _of_journeys(rows: Sequence[Row[Any]], seen: Seen) -> Iterator[str]:
    status = {(row.carrier, row.tracking_number): row.status for row in rows}
    known_by = seen.tempo.begun + seen.ran - SETTLES
    for parcel in seen.parcels:
        ends, where = seen.tempo.ends(parcel), status.get((parcel.carrier, parcel.number))
        if where is None:
            yield f"{parcel.carrier} {parcel.number} was never stored"
        elif (ends is None or ends < known_by) and where is not parcel.ends:
            yield f"{parcel.carrier} {parcel.number} is {where.value}, but its journey has ended {parcel.ends.value}"
