"""Writing down what came of asking: only for shipments that are still held, in one transaction, and then let go."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from app import leases
from app.bulk import Update
from app.database import Session
from app.installation import Installation
from app.intake import next_poll
from app.intake.concerning import locked
from app.intake.scheduling import BACKSTOP
from app.polling import health, notes
from app.polling.claiming import Batch
from app.polling.pushed import pushed_lately
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers.base import CarrierError, CredentialsRefused, RateLimited

SUSPECT = timedelta(minutes=10)
"""A carrier that answered other questions this lately may fail for one number alone: that one waits as long."""

log = structlog.get_logger()


async def write_off(installation: Installation, batch: Batch, note: str) -> None:
    """The carrier answered, and nothing can be made of it: the shipments are asked about at their pace."""
    async with installation.database.transaction() as db:
        [held] = await still_held(db, [batch])
        await schedule(installation, db, [(shipment, note) for shipment in held.values()])
        await health.succeeded(db, [batch])


async def pass_over(installation: Installation, batch: Batch) -> None:
    """Nobody is asked about the shipments themselves: they are due again at their pace."""
    async with installation.database.transaction() as db:
        [held] = await still_held(db, [batch])
        await schedule(installation, db, [(shipment, "") for shipment in held.values()])


async def ask_alone(installation: Installation, batch: Batch) -> None:
    """One number spoils the question about all: each is asked about by itself, at once."""
    async with installation.database.transaction() as db:
        await leases.release(db, shipments, batch.shipments, poll_note=notes.ALONE)
        await health.succeeded(db, [batch])


async def fail(installation: Installation, batch: Batch, error: CarrierError) -> None:
    """The carrier, or the account with it, is not well: nothing is asked for a while."""
    async with installation.database.transaction() as db:
        [held] = await still_held(db, [batch])
        until = await health.failed(db, batch, error)
        answered = batch.account.last_success_at
        suspect = not isinstance(error, RateLimited | CredentialsRefused) and (
            answered is not None and db.now - answered < SUSPECT
        )
        log.warning(
            "a carrier fails",
            carrier=batch.account.carrier,
            account_id=str(batch.account.id),
            error=health.said(error),
            until=until.isoformat(timespec="seconds") if until else "disabled",
        )
        if until is None:  # what is due stays due: it is asked about once the account is enabled
            note = notes.disabled(health.said(error))
            await leases.release(db, shipments, list(held.values()), next_poll_at=db.now, poll_note=note)
            return
        for shipment in held.values():
            due = until
            if suspect and (paced := next_poll(installation, shipment, db.now)[0]) is not None:
                due = max(until, min(paced, db.now + SUSPECT))
            note = notes.failing(health.said(error), due)
            await leases.release(db, shipments, [shipment], next_poll_at=due, poll_note=note)


async def still_held(db: Session, batches: Sequence[Batch]) -> list[dict[UUID, Shipment]]:
    """Each batch's shipments as they are now, locked in one order: those that no other claim has taken over."""
    now = await locked(db, [(each.company_id, each.id) for batch in batches for each in batch.shipments])
    return [
        {
            each.id: found
            for each in batch.shipments
            if (found := now.get((each.company_id, each.id))) and found.lease_number == each.lease_number
        }
        for batch in batches
    ]


_SCHEDULE = Update(shipments, ("company_id", "id"), ("last_polled_at", "next_poll_at", "poll_note", "lease_until"))


async def schedule(installation: Installation, db: Session, asked: Sequence[tuple[Shipment, str]]) -> None:
    """Write when each shipment was asked about, when it will be, and give it back. No revision: nothing is news.

    With each comes what to note of the last time, unless it is asked about no more.
    """
    rows, pushed = [], await pushed_lately(db, [shipment for shipment, _ in asked])
    for shipment, last in asked:
        known = shipment._replace(poll_note=BACKSTOP if shipment.id in pushed else "")
        due, note = next_poll(installation, known, db.now)
        rows.append((shipment.company_id, shipment.id, db.now, due, note if due is None else last or note, None))
    await _SCHEDULE(db, rows)
