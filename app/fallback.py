"""Aggregators as sources of last resort: which account of a company's serves a carrier that it has no account with.

An aggregator's account says so itself, by the option `fallback` of its credentials: `all` for every carrier that the
aggregator has a name for, or slugs with commas between. A shipment then has that account as its own; the aggregator is
asked and pushes, and its table alone says what it means. An account with the carrier, made later, takes over.
"""

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from app import accounts
from app.accounts import CarrierAccount
from app.database import Session
from app.errors import WrongSetting
from app.sealing import Sealer
from carriers import aggregators, carriers


def covered(sealer: Sealer, account: CarrierAccount) -> frozenset[str]:
    """The carriers that the account serves in place of an account with them."""
    carrier = carriers()[account.carrier]
    if not carrier.couriers:
        return frozenset()
    try:
        given = getattr(accounts.opened(sealer, account).credentials, "fallback", "")
    except (WrongSetting, ValidationError):
        return frozenset()  # who asks by it is told
    named = frozenset(filter(None, given.split(",")))
    return frozenset(carrier.couriers) if "all" in named else named


def serving(sealer: Sealer, known: Sequence[CarrierAccount], slug: str) -> CarrierAccount | None:
    """Of a company's accounts, oldest first, the one that serves the carrier.

    One that is enabled comes before one that is not, and one that names the carrier before one for all.
    """
    able = [
        (account.disabled_at is not None, len(its), n)
        for n, account in enumerate(known)
        if slug in (its := covered(sealer, account))
    ]
    return known[min(able)[2]] if able else None


async def accounts_of(db: Session, company_id: UUID, slug: str) -> list[CarrierAccount]:
    """The live accounts of a company with a carrier or with an aggregator, oldest first."""
    wanted = {slug, *aggregators()}
    mine = await db.beforehand.once(accounts.of_company, db, company_id)
    return [each for each in mine if each.carrier in wanted]
