"""Subscribing: carriers are asked to push the news of shipments, asked again before that ends, and answered.

A poll stays due all the while: pushes show that a subscription works, and only then is the carrier asked less.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, Table, delete, or_, select, union, update

from app import accounts
from app.accounts import CarrierAccount, carrier_accounts
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.outbound import carrier_client
from app.polling.calling import CALL_SECONDS, called
from app.polling.claiming import Batch
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.subscriptions import SubscriptionState, begun, handshakes, subscriptions
from carriers import carriers
from carriers.asking import confirm, subscribe
from carriers.base import Account, Carrier, CarrierError
from carriers.subscribing import Handshake, Hook, Subscribed

EARLY = timedelta(days=1)
"""Before its end a subscription is renewed; one that lives shorter, when half its life is over."""

TAKEN_FOR = timedelta(minutes=10)
"""What a worker has taken and was not heard of about is taken again after this."""

AGAIN, LONGEST = timedelta(minutes=1), timedelta(hours=6)
AWAITED = "waiting for the carrier's handshake, which comes to the account's hook_url"
MOST_REFUSALS, MOST_ANSWERS = 3, 6
ACCOUNTS = 100

log = structlog.get_logger()

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class _Taken:
    """Shipments of an account to subscribe to, with how often each was tried; until when they are this worker's."""

    account: Row[Any]
    shipments: tuple[Shipment, ...]
    tried: Mapping[UUID, int]
    until: datetime


class Subscriber:
    """Subscribes and answers handshakes; one for each process that works."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._http = carrier_client(seconds=CALL_SECONDS)

    async def tick(self) -> int:
        """A call or two for each account that has something due; how many accounts."""
        async with self._installation.database.reading() as db:
            found = await _due_accounts(db)
        for account in found:
            await self._answer(account)
            await self._subscribe(account)
        return len(found)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _subscribe(self, account: Row[Any]) -> None:
        here, database = self._installation, self._installation.database
        async with database.transaction() as db:
            taken = await _take(db, account)
        if not taken.shipments:
            return
        numbers = [str(each.tracking_number) for each in taken.shipments]
        try:
            hook = _hook(here, CarrierAccount(**account._mapping))
            result = await self._call(
                account,
                lambda carrier, opened: subscribe(
                    carrier, self._http, opened, numbers, hook, tokens=here.tokens, key=str(account.id)
                ),
            )
        except Exception as error:
            _log(account, error)
            async with database.transaction() as db:
                await _put_off(db, taken, str(error))
        else:
            async with database.transaction() as db:
                await _note(db, taken, result)

    async def _answer(self, account: Row[Any]) -> None:
        database = self._installation.database
        async with database.transaction() as db:
            asked = await _take_handshake(db, account)
        if asked is None:
            return
        said, tokens, confirmed = Handshake(asked.subscription, asked.secret), self._installation.tokens, False
        try:
            await self._call(
                account,
                lambda carrier, opened: confirm(carrier, self._http, opened, said, tokens=tokens, key=str(account.id)),
            )
            confirmed = True
        except Exception as error:
            _log(account, error)
            if asked.attempts + 1 < MOST_ANSWERS:
                return  # it is due again by itself
        async with database.transaction() as db:
            known = await begun(db, account.company_id, account.id, asked.subscription) if confirmed else True
            if not known and asked.attempts + 1 < MOST_ANSWERS:
                return  # the answer by which we know it is under way still
            this = handshakes.c.subscription == asked.subscription, handshakes.c.secret == asked.secret
            await db.run(delete(handshakes).where(*_of(handshakes, account), *this))

    async def _call(self, account: Row[Any], question: Callable[[Carrier, Account], Awaitable[_Told]]) -> _Told:
        batch = Batch(account, (), self._installation.database.now(), probe=False)
        return await called(self._installation, batch, CALL_SECONDS, question)


def _hook(here: Installation, account: CarrierAccount) -> Hook:
    secret = next(iter(accounts.secrets_of(here.sealer, account)), "")
    return Hook(accounts.hook_url(here.sealer, account, here.settings.public_url), secret)


def _log(account: Row[Any], error: Exception) -> None:
    """An error that is the carrier's or the contract's is no surprise; any other is ours."""
    said = {"carrier": account.carrier, "account_id": str(account.id)}
    if isinstance(error, CarrierError | NoveError):
        log.warning("a subscription fails", error=str(error), **said)
    else:
        log.error("an adapter broke while subscribing", exc_info=error, **said)


async def _due_accounts(db: Session) -> list[Row[Any]]:
    """The accounts that have something due, and that their carriers answer."""
    places = [
        select(table.c.company_id, table.c.account_id).where(table.c.due_at <= db.now)
        for table in (subscriptions, handshakes)
    ]
    due = union(*places).limit(ACCOUNTS).subquery()
    a = carrier_accounts.c
    return list(
        await db.all(
            select(carrier_accounts)
            .join(due, (due.c.company_id == a.company_id) & (due.c.account_id == a.id))
            .where(a.removed_at.is_(None), a.disabled_at.is_(None), or_(a.open_until.is_(None), a.open_until <= db.now))
            .order_by(a.id)
        )
    )


def _of(table: Table, account: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    return table.c.company_id == account.company_id, table.c.account_id == account.id


async def _take(db: Session, account: Row[Any]) -> _Taken:
    """What is due of an account, as much as one call takes; subscriptions that are of no use any more go."""
    rows = await db.all(
        select(subscriptions)
        .where(*_of(subscriptions, account), subscriptions.c.due_at <= db.now)
        .order_by(subscriptions.c.due_at, subscriptions.c.shipment_id)
        .limit(carriers()[account.carrier].subscribe_size)
        .with_for_update(skip_locked=True)
    )
    tried, until = {row.shipment_id: row.attempts for row in rows}, db.now + TAKEN_FOR
    mine = shipments.c.company_id == account.company_id, shipments.c.id.in_(tried)
    found = [Shipment.of(row) for row in await db.all(select(shipments).where(*mine).order_by(shipments.c.id))]
    useful = [
        each for each in found if each.account_id == account.id and each.tracking_number and not each.status.final
    ]
    gone = tried.keys() - {each.id for each in useful}
    ours = subscriptions.c.company_id == account.company_id
    if gone:
        await db.run(delete(subscriptions).where(ours, subscriptions.c.shipment_id.in_(gone)))
    if useful:
        wanted = subscriptions.c.shipment_id.in_([each.id for each in useful])
        taken = {"due_at": until, "attempts": subscriptions.c.attempts + 1}
        await db.run(update(subscriptions).where(ours, wanted).values(taken))
    return _Taken(account, tuple(useful), tried, until)


async def _note(db: Session, taken: _Taken, result: Subscribed) -> None:
    """Write down until when the carrier pushes, and which numbers it does not take."""
    until = result.until or (db.now + result.life if result.life else None)
    renewed = until and until - min(EARLY, (until - db.now) / 2)
    state = SubscriptionState.PENDING if result.asks else SubscriptionState.LIVE
    live = {"until_at": until, "due_at": renewed, "attempts": 0, "name": result.name, "state": state.value}
    live["reason"] = AWAITED if result.asks else ""
    for shipment in taken.shipments:
        if shipment.tracking_number not in result.refused:
            await _write(db, taken, shipment, live)
            continue
        again = db.now + LONGEST if taken.tried[shipment.id] + 1 < MOST_REFUSALS else None
        reason = "the carrier does not take the number"
        refused = {"state": SubscriptionState.REFUSED.value, "until_at": None, "due_at": again, "reason": reason}
        await _write(db, taken, shipment, refused)


async def _put_off(db: Session, taken: _Taken, reason: str) -> None:
    """Try again later: after a minute, then twice as long each time, up to six hours."""
    for shipment in taken.shipments:
        due = db.now + min(LONGEST, AGAIN * 2.0 ** min(taken.tried[shipment.id], 20))
        await _write(db, taken, shipment, {"due_at": due, "reason": reason[:300]})


async def _write(db: Session, taken: _Taken, shipment: Shipment, values: Mapping[str, Any]) -> None:
    """As long as it is still ours: it may have another number by now, which wants a subscription of its own."""
    this = subscriptions.c.company_id == shipment.company_id, subscriptions.c.shipment_id == shipment.id
    await db.run(update(subscriptions).where(*this, subscriptions.c.due_at == taken.until).values(values))


async def _take_handshake(db: Session, account: Row[Any]) -> Row[Any] | None:
    row = await db.first(
        select(handshakes)
        .where(*_of(handshakes, account), handshakes.c.due_at <= db.now)
        .order_by(handshakes.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is not None:
        this = handshakes.c.subscription == row.subscription
        again = {"due_at": db.now + AGAIN * 2.0**row.attempts, "attempts": row.attempts + 1}
        await db.run(update(handshakes).where(*_of(handshakes, account), this).values(again))
    return row
