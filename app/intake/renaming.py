"""A shipment goes by another carrier or number from now on: what was said under the old name moves aside with it.

Nothing is lost, and the way back is the same: whoever returns to a former name finds its events there.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from app.arrivals.keeping import ArrivalSource
from app.arrivals.tables import arrivals
from app.database import Session
from app.lifecycle import Source
from app.shipments import names
from app.shipments.names import Name, Role
from app.shipments.shipment import Identity, Shipment
from app.shipments.tables import events, shipments


def carriers_word(shipment: Shipment) -> dict[str, Any]:
    """What a carrier says of a shipment beside its events: it goes with the carrier's number.

    So does the lease: an answer about the old number, which is on its way, is none about the new one.
    """
    return {
        **dict.fromkeys(("eta_from", "eta_to", "eta_day", "eta_source", "last_polled_at", "lease_until")),
        "carrier_service": "",
        "carrier_pickup_point": "",
        "not_found": False,
        "lease_number": shipment.lease_number + 1,
    }


async def become(
    db: Session, before: Shipment, carrier: str, number: str | None, *, generation: int, why: str
) -> Shipment:
    """The shipment, whose row is locked, under this name; nothing of that is written to its row yet.

    Events of the old name are kept under that one, those of the new come back; `why` is noted with the new name.
    """
    known = await names.of(db, before)
    here = next(iter(_names(known, before.carrier, before.tracking_number)), None)
    here = here or names.former(before, known)
    await names.put(db, here._replace(until=db.now, begins_after=before.begins_after))
    await move(db, before.company_id, before.id, here.id)
    theirs = _names(known, carrier, number)
    for there in theirs:
        await move(db, before.company_id, there.id, before.id)
        if there.role is Role.FORMER:
            await names.drop(db, there)
    if theirs and (theirs[0].role is Role.CANDIDATE or theirs[0].came_of()):
        await names.put(db, theirs[0]._replace(role=Role.CANDIDATE).settled(db.now, why, *theirs[1:]))
    leg = next((each for each in known if each.role is Role.LEG and each.is_of(before)), None)
    if leg is not None:
        await names.put(db, leg._replace(carrier=carrier, tracking_number=number))
    return before._replace(
        carrier=carrier,
        tracking_number=number,
        generation=generation,
        identity=Identity.NAMED,
        account_id=before.account_id if carrier == before.carrier else None,
        last_news_at=db.now,
        stale=False,
        begins_after=next((each.begins_after for each in theirs if each.begins_after is not None), None),
        recycled_at=None,
        **carriers_word(before),
    )


async def rewrite(db: Session, before: Shipment, after: Shipment) -> None:
    """Write to the shipment's row what has changed in it."""
    changed = {name: value for name, value in after._asdict().items() if value != getattr(before, name)}
    if changed:
        this = shipments.c.company_id == after.company_id, shipments.c.id == after.id
        await db.run(update(shipments).where(*this).values(changed))


async def move(db: Session, company_id: UUID, source: UUID, target: UUID) -> None:
    """What carriers said under one id is kept under another; a shop's own words stay with the shipment.

    What was said under both is kept as it comes.
    """
    coming = select(events.c.key).where(
        events.c.company_id == company_id, events.c.shipment_id == source, events.c.source == Source.CARRIER
    )
    twice = events.c.company_id == company_id, events.c.shipment_id == target, events.c.key.in_(coming)
    await db.run(delete(events).where(*twice, events.c.source == Source.CARRIER))
    for table, said in (
        (events, events.c.source == Source.CARRIER),
        (arrivals, arrivals.c.source != ArrivalSource.SHOP),
    ):
        its = table.c.company_id == company_id, table.c.shipment_id == source, said
        await db.run(update(table).where(*its).values(shipment_id=target))


def _names(known: list[Name], carrier: str, number: str | None) -> list[Name]:
    """The candidate of this carrier and number, then the former names: those that it had before a search began anew."""
    mine = [each for each in known if each.role is not Role.LEG]
    same = [each for each in mine if (each.carrier, each.tracking_number) == (carrier, number)]
    return sorted(same, key=lambda each: each.role is Role.FORMER)
