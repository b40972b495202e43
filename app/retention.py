"""Forgetting what has been kept for long enough, in small transactions; any number of workers do it side by side.

Classes and columns stand in `app/personal.py`, times in the README. Each job claims a bounded lot that nobody else has
locked, and is called again until there is nothing left.

It needs no lease that is renewed: a lot is one transaction with nothing outside of it, so its locks are its lease, and
end with it, also when its worker dies. Rows of a lot that another worker has are passed over. The lots of one shop are
one worker's at a time: an order is emptied with the last of its parcels, and of two workers who had one each, neither
would see that the other's was forgotten, too.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, delete, or_, select, update

from app.arrivals.tables import bodies, sightings, unmapped
from app.carrier_calls import carrier_calls
from app.database import Session, first_id
from app.erasing import erase_all
from app.installation import Installation
from app.intake.forgetting import forget_old as forget_short_lived
from app.mappings.tables import differences
from app.orders import orders
from app.outbox.reasons import NotDelivered
from app.outbox.tables import attempts, imported, messages
from app.personal import emptied
from app.purging import purge
from app.shipments.names import names
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments
from app.shops import shops
from app.subscriptions import handshakes
from app.tombstones import tombstones
from carriers.vocabulary import Status

SILENT_FOR = timedelta(days=365)
"""A parcel that never gets a final status, and an order that is never shipped, is forgotten after so long a silence."""

UNMAPPED_FOR = timedelta(days=90)
CALLS_FOR = timedelta(days=90)
HANDSHAKES_FOR = timedelta(days=1)
BATCH = 200
FINAL = tuple(status for status in Status if status.final)


async def forget_old(installation: Installation) -> int:
    """Forget a bounded lot of everything; how many rows. Call it again until there is none."""
    total = await forget_short_lived(installation)
    for forget in (_raw, _strangers, _marks, _calls):
        async with installation.database.transaction(patient=True) as db:
            total += await forget(installation, db)
    async with installation.database.reading(patient=True) as db:
        every = await db.all(select(shops.c.company_id, shops.c.id, shops.c.contact_days).order_by(shops.c.id))
    for shop in every:
        total += await _of_shop(installation, shop)
    return total


async def _of_shop(installation: Installation, shop: Row[Any]) -> int:
    """Whose the shop's parcels and orders were, and journeys as a whole."""
    total = 0
    jobs: tuple[tuple[Callable[[Installation, Row[Any], datetime], Select[Any]], _Forget], ...] = (
        (_arrived_long_ago, _forget_contacts),
        (_never_shipped, _forget_orders),
        (_silent_journeys, _erase_journeys),
    )
    for due, forget in jobs:
        # Most shops have nothing due: that is found out without a writing transaction.
        async with installation.database.reading(patient=True) as db:
            if not await db.all(due(installation, shop, db.now).limit(1)):
                continue
        async with installation.database.transaction(patient=True) as db:
            if not await db.try_lock("retention", shop.company_id, shop.id):
                return total
            rows = await db.all(due(installation, shop, db.now).limit(BATCH).with_for_update(skip_locked=True))
            if rows:
                await forget(installation, db, rows)
            total += len(rows)
    return total


_Forget = Callable[[Installation, Session, Sequence[Row[Any]]], Awaitable[None]]


def _arrived_long_ago(_here: Installation, shop: Row[Any], now: datetime) -> Select[Any]:
    """Shipments whose recipient is still known although the journey ended long ago, or nothing was heard for a year."""
    since = shipments.c.status_since
    ended = and_(shipments.c.status.in_(FINAL), since < now - timedelta(days=shop.contact_days))
    silent = and_(since < now - SILENT_FOR, shipments.c.last_news_at < now - SILENT_FOR)
    return (
        select(shipments)
        .where(*_of(shipments, shop), shipments.c.forgotten_at.is_(None), or_(ended, silent))
        .where(since < now - timedelta(days=min(shop.contact_days, SILENT_FOR.days)))
        .order_by(since)
    )


def _never_shipped(_here: Installation, shop: Row[Any], now: datetime) -> Select[Any]:
    """Orders of a year ago that no shipment carries."""
    carried = select(shipments.c.id).where(
        shipments.c.company_id == orders.c.company_id, shipments.c.order_id == orders.c.id
    )
    known = or_(orders.c.recipient.is_not(None), orders.c.buyer.is_not(None))
    return (
        select(orders.c.company_id, orders.c.id)
        .where(*_of(orders, shop), known, orders.c.updated_at < now - SILENT_FOR, ~carried.exists())
        .order_by(orders.c.updated_at)
    )


def _silent_journeys(here: Installation, shop: Row[Any], now: datetime) -> Select[Any]:
    """Shipments of which nothing has been heard for as long as journeys are kept."""
    before = now - timedelta(days=here.settings.journey_days)
    return (
        select(shipments)
        .where(*_of(shipments, shop), shipments.c.id < first_id(before), shipments.c.last_news_at < before)
        .order_by(shipments.c.id)
    )


async def _forget_contacts(_here: Installation, db: Session, rows: Sequence[Row[Any]]) -> None:
    """Empty what names somebody: of the shipments, their events and messages, and of orders that all are over."""
    company_id, ids = rows[0].company_id, [row.id for row in rows]
    its_names = select(names.c.id).where(names.c.company_id == company_id, names.c.shipment_id.in_(ids))
    await db.run(
        update(shipments)
        .where(shipments.c.company_id == company_id, shipments.c.id.in_(ids))
        .values(**emptied(shipments), forgotten_at=db.now, revision=shipments.c.revision + 1)
    )
    for table in (events, messages):
        await db.run(
            update(table)
            .where(table.c.company_id == company_id, table.c.shipment_id.in_(ids) | table.c.shipment_id.in_(its_names))
            .values(emptied(table))
        )
    await db.run(delete(sightings).where(sightings.c.company_id == company_id, sightings.c.shipment_id.in_(ids)))
    unsent = messages.c.company_id == company_id, messages.c.shipment_id.in_(ids), messages.c.state == "due"
    await db.run(update(messages).where(*unsent).values(state="cancelled", reason=NotDelivered.RULE_OFF, due_at=None))
    going_on = select(shipments.c.id).where(
        shipments.c.company_id == company_id,
        shipments.c.order_id == orders.c.id,
        shipments.c.forgotten_at.is_(None),
    )
    theirs = [row.order_id for row in rows if row.order_id is not None]
    await db.run(
        update(orders)
        .where(orders.c.company_id == company_id, orders.c.id.in_(theirs), ~going_on.exists())
        .values(emptied(orders))
    )


async def _forget_orders(_here: Installation, db: Session, rows: Sequence[Row[Any]]) -> None:
    await db.run(delete(orders).where(orders.c.company_id == rows[0].company_id, orders.c.id.in_([r.id for r in rows])))


async def _erase_journeys(here: Installation, db: Session, rows: Sequence[Row[Any]]) -> None:
    await erase_all(db, here.sealer, [Shipment.of(row) for row in rows], marked=False)


async def _raw(here: Installation, db: Session) -> int:
    """Raw bodies, attempts with what receivers answered, and which run of imports brought what."""
    before = db.now - timedelta(days=here.settings.raw_days)
    old = (bodies, bodies.c.created_at), (attempts, attempts.c.at), (imported, imported.c.created_at)
    return sum([await purge(db, table, column, before) for table, column in old])


async def _strangers(_here: Installation, db: Session) -> int:
    """Codes that stand in no table and have not been met for long: a carrier's words may be all there is of them."""
    before = db.now - UNMAPPED_FOR
    met = (
        (unmapped, unmapped.c.last_seen_at),
        (sightings, sightings.c.seen_at),
        (differences, differences.c.last_seen_at),
    )
    return sum([await purge(db, table, column, before) for table, column in met])


async def _marks(here: Installation, db: Session) -> int:
    """Tombstones of shipments that would have been deleted by now anyway."""
    return await purge(db, tombstones, tombstones.c.created_at, db.now - timedelta(days=here.settings.journey_days))


async def _calls(_here: Installation, db: Session) -> int:
    """How calls to carriers went, of use for some weeks; and handshakes that nobody could answer in time."""
    calls = await purge(db, carrier_calls, carrier_calls.c.hour, db.now - CALLS_FOR)
    return calls + await purge(db, handshakes, handshakes.c.due_at, db.now - HANDSHAKES_FOR)


def _of(table: Table, shop: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    return table.c.company_id == shop.company_id, table.c.shop_id == shop.id
