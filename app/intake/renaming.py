"""A shipment goes by another carrier or number from now on: what was said under the old name moves aside with it.

Nothing is lost, and the way back is the same: whoever returns to a former name finds its events there.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.arrivals.keeping import ArrivalSource
from app.arrivals.tables import arrivals
from app.database import Session, new_id
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
    here, there = _name(known, before.carrier, before.tracking_number), _name(known, carrier, number)
    since = max((each.until for each in known if each.until is not None), default=before.created_at)
    if here is None:
        place = before.company_id, new_id(), before.id
        here = Name(*place, Role.FORMER, 0, before.carrier, before.tracking_number, since)
    await names.put(db, here._replace(until=db.now))
    await move(db, before.company_id, before.id, here.id)
    if there is not None:
        await move(db, before.company_id, there.id, before.id)
        if there.role is Role.FORMER:
            await names.drop(db, there)
        else:
            await names.put(db, there._replace(until=None, settled_at=db.now, outcome=why))
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
        **carriers_word(before),
    )


async def rewrite(db: Session, before: Shipment, after: Shipment) -> None:
    """Write to the shipment's row what has changed in it."""
    changed = {name: value for name, value in after._asdict().items() if value != getattr(before, name)}
    if changed:
        this = shipments.c.company_id == after.company_id, shipments.c.id == after.id
        await db.run(update(shipments).where(*this).values(changed))


async def move(db: Session, company_id: UUID, source: UUID, target: UUID) -> None:
    """What carriers said under one id is kept under another; a shop's own words stay with the shipment."""
    for table, said in (
        (events, events.c.source == Source.CARRIER),
        (arrivals, arrivals.c.source != ArrivalSource.SHOP),
    ):
        its = table.c.company_id == company_id, table.c.shipment_id == source, said
        await db.run(update(table).where(*its).values(shipment_id=target))


def _name(known: list[Name], carrier: str, number: str | None) -> Name | None:
    """The candidate or former name of this carrier and number."""
    mine = (each for each in known if each.role is not Role.LEG)
    return next((each for each in mine if (each.carrier, each.tracking_number) == (carrier, number)), None)
