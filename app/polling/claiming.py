"""Claiming what is due: account by account, as many calls as its rate and health allow, never a shipment twice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, repeat
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, or_, select, update

from app import leases
from app.accounts import carrier_accounts
from app.database import Session
from app.leases import LEASE
from app.outbound.counting import Requests
from app.polling.notes import asked_alone
from app.polling.rationing import RANKED, most_overdue
from app.polling.slots import book
from app.ration import Ration, day_of, ration_of
from app.sealing import Sealer
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.standing_in import Place, its_shipments, standing_in
from carriers import carriers

DEFAULTS: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Batch:
    """Shipments of one account, each number once, to be asked about in one call at a time of its own.

    One that has no number yet is alone: its carrier is asked for that.
    `account` is its row of `carrier_accounts`. `probe`: the account's circuit is half open, and this call decides.
    `spent`: calls of the day's ration, none without one; `requests` counts those that were sent.
    """

    account: Row[Any]
    shipments: tuple[Shipment, ...]
    at: datetime
    probe: bool
    spent: int = 0
    requests: Requests = field(default_factory=Requests)


async def due_accounts(db: Session) -> Sequence[tuple[UUID, UUID]]:
    """Company and id of the accounts that have shipments to ask about and may ask."""
    rows = await db.all(
        select(carrier_accounts.c.company_id, carrier_accounts.c.id).where(_work(db.now), *may_ask(db.now))
    )
    return [(row.company_id, row.id) for row in rows]


async def due_elsewhere(db: Session, sealer: Sealer) -> Mapping[tuple[UUID, UUID], Sequence[Place]]:
    """Of the disabled accounts with shipments to ask about: in whose place which account may ask."""
    found = defaultdict(list)
    for place, account in (await standing_in(db, sealer, _work(db.now))).items():
        found[account.company_id, account.id].append(place)
    return found


def _work(now: datetime) -> ColumnElement[bool]:
    """Whether an account has shipments to ask about.

    One is looked for account by account, in the order of the index: EXISTS has PostgreSQL collect all that is due.
    """
    return (
        select(shipments.c.id)
        .where(
            shipments.c.company_id == carrier_accounts.c.company_id,
            shipments.c.account_id == carrier_accounts.c.id,
            *_due(now),
        )
        .order_by(shipments.c.next_poll_at, shipments.c.id)
        .limit(1)
        .scalar_subquery()
        .is_not(None)
    )


async def claim(
    db: Session,
    company_id: UUID,
    account_id: UUID,
    most: int,
    lease: timedelta = LEASE,
    *,
    hours: Mapping[str, float] = DEFAULTS,
    also: Sequence[Place] = (),
) -> list[Batch]:
    """At most `most` batches of an account, oldest due first; none if another worker is claiming from it just now.

    Where its quota is short, those of which news is the most overdue come instead, by the setting `poll_hours`.
    `also`: the disabled accounts in whose place this one asks.
    """
    account = await db.first(
        select(carrier_accounts)
        .where(carrier_accounts.c.company_id == company_id, carrier_accounts.c.id == account_id, *may_ask(db.now))
        .with_for_update(skip_locked=True)
    )
    carrier = carriers().get(account.carrier) if account is not None else None
    if account is None or carrier is None:
        return []
    probe = account.open_until is not None
    ration = ration_of(account, carrier, db.now)
    most = min(1 if probe else most, ration.left(db.now) if ration else most)
    times, _ = book(carrier.rate, account.booked_until, db.now, repeat(1, most))
    if not times:
        if ration is not None and not most:
            await change_account(db, account, rationed_until=ration.next_at())
        return []
    due = due_shipments(company_id, account_id, db.now, also)
    if ration is not None:
        due = await _first(db, due, ration.left(db.now) * carrier.batch_size, hours)
    rows = await db.all(due.limit(len(times) * carrier.batch_size).with_for_update(skip_locked=True))
    groups = _grouped([Shipment.of(row) for row in rows], carrier.batch_size)[: len(times)]
    calls = [1 if group[0].tracking_number else carrier.resolve_calls for group in groups]
    if ration is not None:
        calls = [each for each, total in zip(calls, accumulate(calls), strict=True) if total <= ration.left(db.now)]
        if groups and not calls:
            await change_account(db, account, rationed_until=ration.next_at(carrier.resolve_calls))
    if not calls:
        return []
    times, booked_until = book(carrier.rate, account.booked_until, db.now, calls)
    groups = groups[: len(times)]
    booking = booked(booked_until, ration, sum(calls[: len(times)]))
    if probe:  # until it is back, nobody else tries; if its worker dies, the next probe comes then
        booking["open_until"] = db.now + lease
    await change_account(db, account, **booking)
    taken = [shipment.id for group in groups for shipment in group]
    await db.run(
        update(shipments)
        .where(shipments.c.company_id == company_id, shipments.c.id.in_(taken))
        .values(leases.claimed(shipments, db.now, lease))
    )
    return [
        Batch(
            account,
            tuple(each._replace(lease_number=each.lease_number + 1) for each in group),
            at,
            probe,
            number if ration else 0,
        )
        for group, at, number in zip(groups, times, calls, strict=False)
    ]


async def _first(db: Session, due: Select[Any], room: int, hours: Mapping[str, float]) -> Select[Any]:
    """What is due, or as much of it as there is room for, if that is less: then what is the most overdue."""
    if room >= RANKED:
        return due
    rows = await db.all(due.limit(RANKED))
    if len(rows) <= room:
        return due
    ranked = most_overdue([Shipment.of(row) for row in rows], db.now, hours)[:room]
    return due.where(shipments.c.id.in_([each.id for each in ranked]))


def booked(until: datetime | None, ration: Ration | None, calls: int) -> dict[str, Any]:
    """The columns of an account by which so many calls are booked, and spent of its ration if it has one."""
    return {"booked_until": until, **({"spent": ration.used + calls, "spent_on": ration.day} if ration else {})}


async def give_back_calls(db: Session, batch: Batch) -> None:
    """Give back to the day's ration what was booked for the batch and not sent; whoever waits for it may ask again."""
    left, account = batch.spent - batch.requests.sent, carrier_accounts.c
    if left > 0:
        mine = account.company_id == batch.account.company_id, account.id == batch.account.id
        booked_then = account.spent_on == day_of(batch.at), account.spent >= left
        values = {"spent": account.spent - left, "rationed_until": None}
        await db.run(update(carrier_accounts).where(*mine, *booked_then).values(values))


async def change_account(db: Session, account: Row[Any], **values: Any) -> None:
    """Write to an account's row, which must be locked."""
    mine = carrier_accounts.c.company_id == account.company_id, carrier_accounts.c.id == account.id
    await db.run(update(carrier_accounts).where(*mine).values(values))


def due_shipments(company_id: UUID, account_id: UUID, now: datetime, also: Sequence[Place] = ()) -> Select[Any]:
    """An account's shipments to ask about, oldest due first: the order of the index `ix_shipments_poll`.

    `also`: and those of other accounts, in whose place it asks.
    """
    theirs = or_(shipments.c.account_id == account_id, *map(its_shipments, also))
    return (
        select(shipments)
        .where(shipments.c.company_id == company_id, theirs, *_due(now))
        .order_by(shipments.c.next_poll_at, shipments.c.id)
    )


def may_ask(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether an account may be asked by now."""
    shut = carrier_accounts.c.open_until
    rationed = carrier_accounts.c.rationed_until
    there = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.disabled_at.is_(None)
    return *there, or_(shut.is_(None), shut <= now), or_(rationed.is_(None), rationed <= now)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return shipments.c.next_poll_at <= now, leases.free(shipments, now)


def _grouped(found: Sequence[Shipment], size: int) -> list[list[Shipment]]:
    """Batches in order: no number twice in one; by itself what has spoilt a batch before, or waits for its number."""
    groups: list[list[Shipment]] = []
    open_: list[Shipment] = []
    for shipment in found:
        if asked_alone(shipment.poll_note) or not shipment.tracking_number:
            groups.append([shipment])
            continue
        if not open_ or len(open_) == size or any(each.tracking_number == shipment.tracking_number for each in open_):
            open_ = []
            groups.append(open_)
        open_.append(shipment)
    return groups
