"""Shipments without an account of their carrier's: taken over by one that was added since, or that is left.

An account with the carrier takes over what an aggregator serves; an aggregator, what nobody else does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update

from app.accounts import CarrierAccount, carrier_accounts
from app.database import Session
from app.fallback import covered
from app.installation import Installation
from app.intake.recognising import take_up
from app.intake.scheduling import with_account
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers import aggregators
from carriers.vocabulary import Status

BATCH = 100
GOING_ON = tuple(status for status in Status if not status.final)


class _Changed(NamedTuple):
    """A company's accounts with a carrier have changed; an aggregator's serves these carriers now."""

    company_id: UUID
    carrier: str
    account_id: UUID | None = None
    serves: frozenset[str] = frozenset()


class Adopter:
    """Looks at the accounts that were added since it last looked (all of them at first), and at removed ones."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._looked: datetime | None = None
        self._served: dict[UUID, frozenset[str]] = {}

    async def tick(self) -> int:
        """Give every shipment that waits for an account the one there is, or the note that there is none; how many."""
        adopted = 0
        async with self._installation.database.reading() as db:
            now, changed = db.now, [*await _changed(db, self._looked)]
            serving = await _aggregators(db)
        served = {each.id: covered(self._installation.sealer, each) for each in serving}
        changed += [
            _Changed(each.company_id, each.carrier, each.id, served[each.id])
            for each in serving
            if self._served.get(each.id) != served[each.id]
        ]
        for row in changed:
            async with self._installation.database.transaction() as db:
                adopted += await take_up(self._installation, db, row.company_id, row.carrier, BATCH)
            while True:
                async with self._installation.database.transaction() as db:
                    found = await _orphans(db, row)
                    for shipment in found:
                        await _adopt(self._installation, db, shipment)
                adopted += len(found)
                if len(found) < BATCH:
                    break
        self._looked, self._served = now, served
        return adopted


async def _changed(db: Session, since: datetime | None) -> Sequence[_Changed]:
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
    rows = await db.all(select(account.company_id, account.carrier).where(or_(new, left)).distinct())
    return [_Changed(row.company_id, row.carrier) for row in rows]


async def _aggregators(db: Session) -> list[CarrierAccount]:
    """The live accounts with aggregators."""
    live = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.carrier.in_(aggregators())
    return [CarrierAccount(**row._mapping) for row in await db.all(select(carrier_accounts).where(*live))]


async def _orphans(db: Session, of: _Changed) -> list[Shipment]:
    """Shipments under way that nobody asks about, or not who should, and that an account can ask about; locked."""
    rows = await db.all(
        select(shipments)
        .where(
            shipments.c.company_id == of.company_id,
            shipments.c.status.in_(GOING_ON),
            _unserved(of) if of.account_id is not None else await _unowned(db, of),
        )
        .order_by(shipments.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return [Shipment.of(row) for row in rows]


def _unserved(of: _Changed) -> ColumnElement[bool]:
    """Those that an aggregator's account serves from now on, or no longer."""
    carrier, account = shipments.c.carrier, shipments.c.account_id
    return or_(
        and_(account.is_(None), carrier.in_(of.serves)),
        and_(account == of.account_id, carrier.not_in({*of.serves, of.carrier})),
    )


async def _unowned(db: Session, of: _Changed) -> ColumnElement[bool]:
    """Those whose account was removed; of a carrier with an account, those that have none or an aggregator's."""
    mine = carrier_accounts.c.company_id == of.company_id

    def accounts(*wanted: ColumnElement[bool]) -> Select[tuple[UUID]]:
        return select(carrier_accounts.c.id).where(mine, *wanted)

    theirs = carrier_accounts.c.carrier == of.carrier
    removed = accounts(theirs, carrier_accounts.c.removed_at.is_not(None))
    left = shipments.c.account_id.in_(removed) & shipments.c.next_poll_at.is_not(None)
    if await db.value(accounts(theirs, carrier_accounts.c.removed_at.is_(None)).limit(1)) is None:
        return left
    account = shipments.c.account_id
    served = account.in_(accounts(carrier_accounts.c.carrier.in_(aggregators() - {of.carrier})))
    return or_(left, and_(shipments.c.carrier == of.carrier, or_(account.is_(None), served)))


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
