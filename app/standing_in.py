"""Aggregators in the place of disabled accounts: whose shipments go by which account until theirs is enabled again.

A shipment keeps its account, so it comes back by itself. It needs a number: no aggregator finds one by a reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from app import fallback
from app.accounts import CarrierAccount, carrier_accounts
from app.database import Session
from app.sealing import Sealer
from app.shipments.tables import shipments
from carriers import aggregators, carriers

Place = tuple[UUID, str]
"""A disabled account, and the carrier whose shipments are meant."""

DISABLED = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.disabled_at.is_not(None)


async def standing_in(db: Session, sealer: Sealer, *disabled: ColumnElement[Any]) -> Mapping[Place, CarrierAccount]:
    """By the disabled accounts that fit, the account of the same company that each carrier's shipments go by."""
    places = await _accounts(db, *DISABLED, *disabled)
    if not places:
        return {}
    theirs = carrier_accounts.c.company_id.in_({each.company_id for each in places})
    enabled = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.disabled_at.is_(None)
    able = await _accounts(db, theirs, *enabled, carrier_accounts.c.carrier.in_(aggregators()))
    found = {}
    for each in places:
        known = [one for one in able if one.company_id == each.company_id and each.carrier in carriers()]
        for slug in (fallback.covered(sealer, each) or {each.carrier}) if known else ():
            if account := fallback.serving(sealer, known, slug):
                found[each.id, slug] = account
    return found


def its_shipments(place: Place) -> ColumnElement[bool]:
    """The shipments of a disabled account that another can be asked about."""
    account_id, slug = place
    numbered = shipments.c.tracking_number.is_not(None)
    return and_(shipments.c.account_id == account_id, shipments.c.carrier == slug, numbered)


async def _accounts(db: Session, *conditions: ColumnElement[Any]) -> Sequence[CarrierAccount]:
    rows = await db.all(select(carrier_accounts).where(*conditions).order_by(carrier_accounts.c.id))
    return [CarrierAccount(**row._mapping) for row in rows]
