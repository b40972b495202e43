"""Forgetting a shipment: its rows, raw bodies and messages; a tombstone keeps late events from bringing it back."""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import Table, delete, select, tuple_, update

from app.arrivals.tables import arrivals, bodies
from app.database import Session
from app.orders import orders
from app.outbox.tables import attempts, messages
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments, tombstones, transitions

AT_ONCE = 2_000


def _mark(company_id: UUID, carrier: str, number: str) -> str:
    """The digest under which an erased number is remembered: keyed, so that the number cannot be read from it."""
    return blake2b(f"{carrier}\x1f{number}".encode(), key=company_id.bytes, digest_size=16).hexdigest()


async def erased(db: Session, named: Iterable[tuple[UUID, str, str]]) -> set[tuple[UUID, str, str]]:
    """Those of these numbers (company, carrier, number) whose shipments have been forgotten."""
    marks = {(each[0], _mark(*each)): each for each in named}
    found: set[tuple[UUID, str, str]] = set()
    for start in range(0, len(marks), AT_ONCE):
        some = list(marks)[start : start + AT_ONCE]
        rows = await db.all(
            select(tombstones.c.company_id, tombstones.c.hash).where(
                tuple_(tombstones.c.company_id, tombstones.c.hash).in_(some)
            )
        )
        found |= {marks[row.company_id, row.hash] for row in rows}
    return found


async def revive(db: Session, company_id: UUID, carrier: str, number: str) -> None:
    """The shop has posted the number anew: its events are wanted again."""
    mark = _mark(company_id, carrier, number)
    await db.run(delete(tombstones).where(tombstones.c.company_id == company_id, tombstones.c.hash == mark))


async def erase(db: Session, shipment: Shipment) -> None:
    """Forget everything about the shipment."""
    company_id, id_ = shipment.company_id, shipment.id
    digests = select(arrivals.c.body_hash).where(arrivals.c.company_id == company_id, arrivals.c.shipment_id == id_)
    await db.run(delete(bodies).where(bodies.c.company_id == company_id, bodies.c.hash.in_(digests)))
    mine = select(messages.c.id).where(messages.c.company_id == company_id, messages.c.shipment_id == id_)
    await db.run(delete(attempts).where(attempts.c.company_id == company_id, attempts.c.message_id.in_(mine)))
    tables: tuple[Table, ...] = (messages, arrivals, events, transitions)
    for table in tables:
        await db.run(delete(table).where(table.c.company_id == company_id, table.c.shipment_id == id_))
    await db.run(delete(shipments).where(shipments.c.company_id == company_id, shipments.c.id == id_))
    if shipment.order_id is not None:
        await _forget_people(db, company_id, shipment.order_id)
    if shipment.tracking_number:
        mark = _mark(company_id, shipment.carrier, shipment.tracking_number)
        await db.run(
            db.insert(tombstones).values(company_id=company_id, hash=mark, created_at=db.now).on_conflict_do_nothing()
        )


async def _forget_people(db: Session, company_id: UUID, order_id: UUID) -> None:
    """An order keeps no personal details once its last shipment is forgotten."""
    others = select(shipments.c.id).where(shipments.c.company_id == company_id, shipments.c.order_id == order_id)
    await db.run(
        update(orders)
        .where(orders.c.company_id == company_id, orders.c.id == order_id, ~others.exists())
        .values(recipient=None, recipient_email=None, buyer=None, updated_at=db.now)
    )
