"""The health of a carrier's account: what a failed call closes, and for how long; what a success opens again.

Refused credentials: a carrier that refuses them once may be mistaken, so it is asked again after a minute, and after
ten. Three refusals in a row, with no answer in between, disable the account: nothing more is asked, for many a carrier
locks out who tries too often, and the staff of the company's shops is told. New credentials enable it, or a word.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import random
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, update

from app import shops
from app.accounts import carrier_accounts
from app.database import Session
from app.outbox import notices
from app.outbox.notices import Notice
from app.polling.claiming import Batch
from carriers import carriers
from carriers.base import CarrierError, CredentialsRefused, RateLimited

PATIENCE = timedelta(seconds=60)
"""After a 429 that does not say how long."""

BACK_OFF = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
REFUSED = (timedelta(minutes=1), timedelta(minutes=10))
"""The waits after credentials were refused; after the next refusal the account is disabled."""

NOTED = timedelta(minutes=1)
"""How exactly the last success is known while all is well: a row written at every call would be waited for."""


async def succeeded(db: Session, batches: Iterable[Batch]) -> None:
    """The carriers have answered. Only a probe closes an open circuit: other calls may have begun before it opened."""
    by_account: defaultdict[tuple[UUID, UUID], list[Batch]] = defaultdict(list)
    for batch in batches:
        by_account[batch.account.company_id, batch.account.id].append(batch)
    for _, mine in sorted(by_account.items()):  # in one order, so that two groups never wait for each other
        if all(_known(batch, db.now) for batch in mine):
            continue
        may = () if any(batch.probe for batch in mine) else (carrier_accounts.c.open_until.is_(None),)
        values: dict[str, Any] = {"failures": 0, "refusals": 0, "open_until": None, "last_success_at": db.now}
        await db.run(update(carrier_accounts).where(*_this(mine[0]), *may).values(values))


def _known(batch: Batch, now: datetime) -> bool:
    """Whether the account's row says exactly enough that it is well."""
    last = batch.account.last_success_at
    return batch.account.failures == 0 and not batch.probe and last is not None and now - last < NOTED


async def failed(db: Session, batch: Batch, error: CarrierError) -> datetime | None:
    """The carrier has not answered, or refuses us: open the circuit; until when, none if that disables the account."""
    now = await db.first(select(carrier_accounts).where(*_this(batch)).with_for_update())
    if now is None:
        return db.now + LONGEST
    if now.disabled_at is not None:
        return None
    shut = None if batch.probe or now.open_until is None or now.open_until <= db.now else now.open_until
    # Calls that were under way together fail together: they count once.
    failures = now.failures if shut or isinstance(error, RateLimited) else now.failures + 1
    refusals = now.refusals + (shut is None and isinstance(error, CredentialsRefused))
    noted = {"failures": failures, "refusals": refusals, "last_error": said(error)[:500], "last_error_at": db.now}
    if refusals > len(REFUSED):
        await _disable(db, now, noted)
        return None
    until = db.now + _wait(error, failures, refusals)
    if shut is not None:
        until = max(until, shut) if isinstance(error, RateLimited | CredentialsRefused) else shut
    await db.run(update(carrier_accounts).where(*_this(batch)).values(open_until=until, **noted))
    return until


async def _disable(db: Session, account: Row[Any], noted: Mapping[str, Any]) -> None:
    """Ask no more by this account, and tell each shop of the company that has somebody to tell."""
    reason = f"{noted['refusals']} times in a row {noted['last_error']}"[:500]
    mine = carrier_accounts.c.company_id == account.company_id, carrier_accounts.c.id == account.id
    values = {**noted, "open_until": None, "disabled_at": db.now, "disabled_reason": reason}
    await db.run(update(carrier_accounts).where(*mine).values(**values))
    facts = {
        "account_id": str(account.id),
        "account_name": account.name,
        "carrier_name": carriers()[account.carrier].name,
        "since": account.last_success_at.isoformat() if account.last_success_at else None,
        "last_error": noted["last_error"],
    }
    every = await shops.of_company(db, account.company_id)
    for shop in {each.staff_mail: each for each in reversed(every)}.values():
        if shop.staff_mail or not any(each.staff_mail for each in every):
            cause = f"{db.now.isoformat()}/{shop.id}"
            await notices.put(db, shop, [Notice("account_disabled", account.id, cause, facts)])


def said(error: CarrierError) -> str:
    """The error for a person, with what to do if there is something."""
    if isinstance(error, CredentialsRefused):
        return f"{error}: check the account's credentials and enter them again (PATCH /v1/accounts/…)"
    return str(error)


def _wait(error: CarrierError, failures: int, refusals: int) -> timedelta:
    if isinstance(error, CredentialsRefused):
        return REFUSED[max(0, refusals - 1)]
    if isinstance(error, RateLimited):
        return PATIENCE if error.retry_after is None else min(LONGEST, timedelta(seconds=error.retry_after))
    doubled = BACK_OFF * float(2 ** min(failures - 1, 20)) * (1 + random() / 10)
    return min(LONGEST, doubled)


def _this(batch: Batch) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return carrier_accounts.c.company_id == batch.account.company_id, carrier_accounts.c.id == batch.account.id
