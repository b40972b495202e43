"""Shipments without an account: taken over by one that was added since, or that is left when theirs was removed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, or_, select, update

from app.accounts import carrier_accounts
from app.database import Session
from app.installation import Installation
from app.intake.scheduling import with_account
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers.vocabulary import Status

BATCH = 100
GOING_ON = tuple(status for status in Status if not status.final)


class Adopter:
    """Looks at the accounts that were added since it last looked (all of them at first), and at removed ones."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._looked: datetime | None = None

    async def tick(self) -> int:
        """Give every shipment that waits for an account the one there is, or the note that there is none; how many."""
        adopted = 0
        async with self._installation.database.reading() as db:
            now, changed = db.now, await _changed(db, self._looked)
        for row in changed:
            while True:
                async with self._installation.database.transaction() as db:
                    found = await _orphans(db, row)
                    for shipment in found:
                        await _adopt(self._installation, db, shipment)
                adopted += len(found)
                if len(found) < BATCH:
                    break
        self._looked = now
        return adopted


async def _changed(db: Session, since: datetime | None) -> Sequence[Row[Any]]:
    """Company and carrier of new accounts, and of removed ones that shipments still wait for."""
    account = carrier_accounts.c
    # An account may be committed a moment after the time that its row says.
    new = account.removed_at.is_(None) if since is None else account.created_at >= since - (db.now - since)
    waiting = exists().where(
        shipments.c.company_id == account.company_id,
        shipments.c.account_id == account.id,
        shipments.c.next_poll_at <= db.now,
    )
    left = account.removed_at.is_not(None) & waiting
    return await db.all(select(account.company_id, account.carrier).where(or_(new, left)).distinct())


async def _orphans(db: Session, of: Row[Any]) -> list[Shipment]:
    """Shipments under way that nobody asks about, and that an account can ask about; locked."""
    theirs = (carrier_accounts.c.company_id == of.company_id, carrier_accounts.c.carrier == of.carrier)
    removed: Select[tuple[UUID]] = select(carrier_accounts.c.id).where(
        *theirs, carrier_accounts.c.removed_at.is_not(None)
    )
    left = shipments.c.account_id.in_(removed) & shipments.c.next_poll_at.is_not(None)
    live = await db.value(
        select(carrier_accounts.c.id).where(*theirs, carrier_accounts.c.removed_at.is_(None)).limit(1)
    )
    rows = await db.all(
        select(shipments)
        .where(
            shipments.c.company_id == of.company_id,
            shipments.c.carrier == of.carrier,
            shipments.c.status.in_(GOING_ON),
            left if live is None else or_(left, shipments.c.account_id.is_(None)),
        )
        .order_by(shipments.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return [Shipment.of(row) for row in rows]


async def _adopt(installation: Installation, db: Session, shipment: Shipment) -> None:
    after = await with_account(installation, db, shipment._replace(account_id=None))
    await db.run(
        update(shipments)
        .where(shipments.c.company_id == after.company_id, shipments.c.id == after.id)
        .values(
            account_id=after.account_id,
            speed=after.speed,
            next_poll_at=after.next_poll_at,
            poll_note=after.poll_note,
            revision=after.revision + 1,
        )
    )
