"""Erasing shipments with everything about them; a tombstone keeps late events from bringing them back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import zstandard
from sqlalchemy import delete, select, update

from app.arrivals.keeping import MAX_BODY, body_hash
from app.arrivals.tables import arrivals, bodies, sightings, unmapped
from app.cutting import cut
from app.database import Session
from app.mappings.known import code_of
from app.orders import orders
from app.outbox.tables import attempts, messages
from app.personal import about_a_shipment, emptied
from app.sealing import Sealer
from app.shipments import names
from app.shipments.names import Role
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments
from app.tombstones import mark, number_mark, order_mark, reference_mark
from carriers import carriers


async def erase(db: Session, sealer: Sealer, shipment: Shipment) -> None:
    """Forget everything about a shipment that the shop deletes; it may post it anew."""
    await erase_all(db, sealer, [shipment])


async def erase_all(
    db: Session, sealer: Sealer, gone: Sequence[Shipment], *, marked: bool = True, person: bool = False
) -> None:
    """Forget everything about these shipments of one company, whose rows are locked.

    With `marked` nothing about them is taken in again; `person` says that somebody wished it, so that the shop cannot
    post them anew either, and that their orders go, too, once no other shipment carries them.
    """
    if not gone:
        return
    company_id = gone[0].company_id
    named = await names.bearers(db, gone)
    texts = _texts([*gone, *(each for name, each in named if name.role is not Role.FORMER)], orders_too=person)
    former = _texts([each for name, each in named if name.role is Role.FORMER], orders_too=False)
    gone = [*gone, *(each for _, each in named)]
    ids = [each.id for each in gone]
    await _erase_bodies(db, gone)
    await _erase_unmapped(db, gone)
    mine = select(messages.c.id).where(messages.c.company_id == company_id, messages.c.shipment_id.in_(ids))
    await db.run(delete(attempts).where(attempts.c.company_id == company_id, attempts.c.message_id.in_(mine)))
    if any(each.linked for each in gone):
        children = shipments.c.company_id == company_id, shipments.c.parent_id.in_(ids)
        await db.run(update(shipments).where(*children).values(parent_id=None, revision=shipments.c.revision + 1))
    for table in about_a_shipment():
        await db.run(delete(table).where(table.c.company_id == company_id, table.c.shipment_id.in_(ids)))
    await db.run(delete(shipments).where(shipments.c.company_id == company_id, shipments.c.id.in_(ids)))
    await _forget_orders(db, company_id, gone, delete_them=person or not marked)
    if marked:
        await mark(db, sealer, company_id, texts, person=person)
        # Whoever corrected a number may have parcels that go by it.
        await mark(db, sealer, company_id, set(former) - set(texts), person=False)


def words_of(gone: Iterable[Shipment]) -> set[str]:
    """What names the people of these shipments, as it was posted."""
    found: set[str] = set()
    for each in gone:
        for part, fields in ((each.recipient, ("name", "email", "phone", "street")), (each.buyer, ("name", "email"))):
            found |= {str(part[name]) for name in fields if part and part.get(name)}
    return found


def _texts(gone: Sequence[Shipment], *, orders_too: bool) -> list[str]:
    texts = []
    for each in gone:
        if each.tracking_number:
            texts.append(number_mark(each.carrier, each.tracking_number))
        if each.sender_reference:
            texts.append(reference_mark(each.carrier, each.sender_reference))
        if orders_too and each.order_reference:
            texts.append(order_mark(each.shop_id, each.order_reference))
    return texts


async def _erase_bodies(db: Session, gone: Sequence[Shipment]) -> None:
    """Raw bodies; out of one that also tells of other parcels, these are cut, or it goes as a whole."""
    company_id, ids = gone[0].company_id, [each.id for each in gone]
    rows = await db.all(
        select(arrivals.c.body_hash, arrivals.c.shipment_id, arrivals.c.carrier).where(
            arrivals.c.company_id == company_id, arrivals.c.shipment_id.in_(ids)
        )
    )
    told: defaultdict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        told[row.body_hash].add(row.shipment_id)
    teller = {row.body_hash: row.carrier for row in rows}
    if not told:
        return
    shared = await db.all(
        select(arrivals.c.body_hash)
        .where(
            arrivals.c.company_id == company_id,
            arrivals.c.body_hash.in_(told),
            arrivals.c.shipment_id.is_(None) | arrivals.c.shipment_id.not_in(ids),
        )
        .distinct()
    )
    for row in shared:
        its = [each for each in gone if each.id in told[row.body_hash]]
        await _cut_body(db, row.body_hash, teller[row.body_hash], its)
    await db.run(delete(bodies).where(bodies.c.company_id == company_id, bodies.c.hash.in_(told)))


async def _cut_body(db: Session, digest: str, teller: str, its: Sequence[Shipment]) -> None:
    """Keep what a body of a carrier's tells of other parcels than these, under the digest that it has then."""
    company_id = its[0].company_id
    found = await db.first(
        select(bodies.c.content, bodies.c.created_at).where(bodies.c.company_id == company_id, bodies.c.hash == digest)
    )
    carrier = carriers().get(teller)
    if found is None or carrier is None:
        return
    whole = zstandard.ZstdDecompressor().decompress(found.content, max_output_size=MAX_BODY)
    rest = cut(carrier, whole, [each.number for each in its], words_of(its))
    if rest is not None:
        await _keep_rest(db, company_id, digest, rest, found.created_at)


async def _keep_rest(db: Session, company_id: UUID, digest: str, rest: bytes, created_at: datetime) -> None:
    packed = zstandard.ZstdCompressor(level=3).compress(rest)
    insert = db.insert(bodies).values(
        company_id=company_id, hash=body_hash(rest), content=packed, created_at=created_at
    )
    await db.run(insert.on_conflict_do_nothing())
    await db.run(
        update(arrivals)
        .where(arrivals.c.company_id == company_id, arrivals.c.body_hash == digest)
        .values(body_hash=body_hash(rest))
    )


async def _erase_unmapped(db: Session, gone: Sequence[Shipment]) -> None:
    """What was counted of events without meaning, whose text may name somebody."""
    company_id, ids = gone[0].company_id, [each.id for each in gone]
    rows = await db.all(
        select(events.c.text).where(
            events.c.company_id == company_id,
            events.c.shipment_id.in_(ids),
            events.c.status.is_(None),
            events.c.text != "",
        )
    )
    texts = {row.text for row in rows}
    mine = sightings.c.company_id == company_id, sightings.c.shipment_id.in_(ids), sightings.c.text != ""
    shown = {row.text for row in await db.all(select(sightings.c.text).where(*mine))}
    if texts or shown:
        # A code without a row may be the beginning of an event's text: see `code_of`.
        said = unmapped.c.text.in_(texts | shown) | unmapped.c.code.in_({code_of("", text) for text in texts})
        await db.run(delete(unmapped).where(unmapped.c.company_id == company_id, said))


async def _forget_orders(db: Session, company_id: UUID, gone: Sequence[Shipment], *, delete_them: bool) -> None:
    """An order keeps no personal details once its last shipment is forgotten."""
    ids = {each.order_id for each in gone if each.order_id is not None}
    if not ids:
        return
    others = select(shipments.c.id).where(shipments.c.company_id == company_id, shipments.c.order_id == orders.c.id)
    theirs = orders.c.company_id == company_id, orders.c.id.in_(ids), ~others.exists()
    if delete_them:
        await db.run(delete(orders).where(*theirs))
    else:
        await db.run(update(orders).where(*theirs).values(**emptied(orders), updated_at=db.now))
