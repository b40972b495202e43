"""Accounts that subscribe from now on: their open shipments, which were posted before, are to be subscribed to as well.

What has a subscription, even a refused one, keeps it as it is.
"""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import exists, literal, select

from app import accounts
from app.accounts import CarrierAccount, carrier_accounts
from app.database import Database, Session
from app.errors import WrongSetting
from app.installation import Installation
from app.shipments.tables import shipments
from app.subscriptions import SubscriptionState, subscriptions
from carriers import carriers
from carriers.base import Carrier
from carriers.vocabulary import Status

BATCH = 500
GOING_ON = tuple(status for status in Status if not status.final)


class Enlister:
    """Looks at the accounts whose credentials were changed since it last looked; at all of them at first."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._looked: set[tuple[UUID, bytes]] = set()

    async def tick(self) -> int:
        """Want a subscription for a batch of each one's open shipments that have none; how many."""
        enlisted = 0
        there = {(each.id, each.credentials): each for each in await _accounts(self._installation.database)}
        self._looked &= there.keys()
        for looked, account in there.items():
            if looked in self._looked:
                continue
            found = 0
            if self._subscribes(account):
                async with self._installation.database.transaction() as db:
                    found = await _enlist(db, account)
            if found < BATCH:
                self._looked.add(looked)
            enlisted += found
        return enlisted

    def _subscribes(self, account: CarrierAccount) -> bool:
        try:
            return carriers()[account.carrier].subscribes(accounts.opened(self._installation.sealer, account))
        except (WrongSetting, ValidationError):
            return False  # who asks by it is told


async def _accounts(database: Database) -> list[CarrierAccount]:
    """The live accounts with carriers that push by subscription."""
    able = [slug for slug, each in carriers().items() if type(each).subscribes is not Carrier.subscribes]
    live = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.disabled_at.is_(None)
    query = select(carrier_accounts).where(*live, carrier_accounts.c.carrier.in_(able))
    async with database.reading() as db:
        return [CarrierAccount(**row._mapping) for row in await db.all(query.order_by(carrier_accounts.c.id))]


async def _enlist(db: Session, account: CarrierAccount) -> int:
    """The next of its shipments. Where the carrier is polled, those that are asked about, by the index of these."""
    asked = (shipments.c.next_poll_at.is_not(None),) if carriers()[account.carrier].polls else ()
    here = subscriptions.c.company_id == shipments.c.company_id, subscriptions.c.shipment_id == shipments.c.id
    wanted = (
        select(
            shipments.c.company_id,
            shipments.c.id,
            shipments.c.account_id,
            literal(SubscriptionState.WANTED.value),
            literal(db.now, subscriptions.c.due_at.type),
        )
        .where(
            shipments.c.company_id == account.company_id,
            shipments.c.account_id == account.id,
            *asked,
            shipments.c.tracking_number.is_not(None),
            shipments.c.status.in_(GOING_ON),
            ~exists().where(*here),
        )
        .order_by(shipments.c.next_poll_at, shipments.c.id)
        .limit(BATCH)
    )
    columns = ["company_id", "shipment_id", "account_id", "state", "due_at"]
    return await db.run(db.insert(subscriptions).from_select(columns, wanted).on_conflict_do_nothing())
