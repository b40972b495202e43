"""Writing down what came of asking: only for shipments that are still held, in one transaction, and then let go."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, update

from app import leases
from app.arrivals import keeping
from app.arrivals.keeping import ArrivalState
from app.database import Session
from app.installation import Installation
from app.intake import next_poll, settle, take_in
from app.intake.taking import without
from app.outbox.putting import listeners
from app.polling import health, notes
from app.polling.answers import Brought, Spoilt
from app.polling.claiming import Batch
from app.shipments.recording import missed_again
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.tombstones import erased
from carriers import carriers
from carriers.base import CarrierError, CredentialsRefused, RateLimited

SUSPECT = timedelta(minutes=10)
"""A carrier that answered other questions this lately may fail for one number alone: that one waits as long."""

log = structlog.get_logger()


async def write(installation: Installation, batch: Batch, brought: Brought, received_at: datetime) -> None:
    """Take in what is new of the shipments still held, and say when each is asked about again."""
    async with installation.database.transaction() as db:
        held = await still_held(db, batch)
        new = [each for each in brought.new if each.shipment_id in held]
        lost = [(each.company_id, each.carrier, each.number) for each in batch.shipments if each.id not in held]
        if lost and (forgotten := await erased(db, installation.sealer, lost)):
            new = [without(arrived, forgotten) for arrived in new]  # what was erased while the carrier was asked
        for taken in await take_in(installation, db, new):
            held.update({shipment.id: shipment for shipment in taken.shipments})
        for spoilt in brought.spoilt:
            if spoilt.shipment.id in held:
                await _keep(db, spoilt)
        again = {id_: arrival for id_, arrival in brought.again.items() if id_ in held}
        if again:
            await keeping.seen_again(db, batch.account.company_id, [arrival.id for arrival in again.values()])
            arrivals = installation.metrics.arrivals
            db.committed.append(lambda: arrivals.add(batch.account.carrier, "poll", "unchanged", number=len(again)))
        if carriers()[batch.account.carrier].complete_history:
            for id_, arrival in again.items():
                if arrival.part_hash is not None:
                    held[id_] = await _missed_again(installation, db, held[id_], received_at)
        await schedule(installation, db, held.values(), brought.notes)
        await health.succeeded(db, batch)


async def _keep(db: Session, spoilt: Spoilt) -> None:
    await keeping.keep(
        db,
        spoilt.arrived,
        spoilt.state,
        number=spoilt.shipment.number,
        shipment_id=spoilt.shipment.id,
        reason=spoilt.arrived.reason,
        next_try_at=db.now if spoilt.state is ArrivalState.FAILED else None,
    )


async def _missed_again(installation: Installation, db: Session, shipment: Shipment, received_at: datetime) -> Shipment:
    """What an unchanged complete answer leaves out, it leaves out again: in time that is withdrawn."""
    recorded = await missed_again(db, shipment, received_at)
    if recorded is None:
        return shipment
    to = await listeners(db, shipment.company_id, shipment.shop_id)
    return await settle(installation, db, to, shipment, recorded)


def spoilt(batch: Batch, brought: Brought, error: Exception) -> Brought:
    """The same answers, kept for a worker to try one by one: together they could not be taken in."""
    by_id = {shipment.id: shipment for shipment in batch.shipments}
    reason = f"it could not be taken in: {type(error).__name__}"
    parts = [(by_id[each.shipment_id], each) for each in brought.new if each.shipment_id is not None]
    return Brought(
        again=brought.again,
        spoilt=[
            *brought.spoilt,
            *(Spoilt(mine, replace(each, reason=reason), ArrivalState.FAILED) for mine, each in parts),
        ],
        notes=brought.notes | {mine.id: notes.TRIED_AGAIN for mine, _ in parts},
    )


async def write_off(installation: Installation, batch: Batch, note: str) -> None:
    """The carrier answered, and nothing can be made of it: the shipments are asked about at their pace."""
    async with installation.database.transaction() as db:
        held = await still_held(db, batch)
        await schedule(installation, db, held.values(), dict.fromkeys(held, note))
        await health.succeeded(db, batch)


async def ask_alone(installation: Installation, batch: Batch) -> None:
    """One number spoils the question about all: each is asked about by itself, at once."""
    async with installation.database.transaction() as db:
        await leases.release(db, shipments, batch.shipments, poll_note=notes.ALONE)
        await health.succeeded(db, batch)


async def fail(installation: Installation, batch: Batch, error: CarrierError) -> None:
    """The carrier, or the account with it, is not well: nothing is asked for a while."""
    async with installation.database.transaction() as db:
        held = await still_held(db, batch)
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
            until=until.isoformat(timespec="seconds"),
        )
        for shipment in held.values():
            due = until
            if suspect and (paced := next_poll(installation, shipment, db.now)[0]) is not None:
                due = max(until, min(paced, db.now + SUSPECT))
            note = notes.failing(health.said(error), due)
            await leases.release(db, shipments, [shipment], next_poll_at=due, poll_note=note)


async def still_held(db: Session, batch: Batch) -> dict[UUID, Shipment]:
    """The batch's shipments as they are now, locked: those that no other worker has taken over."""
    rows = await db.all(
        select(shipments)
        .where(leases.held(shipments, batch.shipments))
        .order_by(shipments.c.company_id, shipments.c.id)
        .with_for_update()
    )
    return {row.id: Shipment.of(row) for row in rows}


async def schedule(
    installation: Installation, db: Session, asked: Iterable[Shipment], said: Mapping[UUID, str]
) -> None:
    """Write when each shipment was asked about, when it will be, and give it back. No revision: nothing is news."""
    rows = []
    for shipment in asked:
        due, stopped = next_poll(installation, shipment, db.now)
        rows.append({"the_id": shipment.id, "due": due, "note": stopped or said.get(shipment.id, "")})
    if rows:
        await db.run(
            update(shipments)
            .where(shipments.c.company_id == shipment.company_id, shipments.c.id == bindparam("the_id"))
            .values(
                last_polled_at=db.now, next_poll_at=bindparam("due"), poll_note=bindparam("note"), lease_until=None
            ),
            rows,
        )
