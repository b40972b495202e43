"""Pushes that came before anybody had posted their number: taken in when the shipment comes."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select

from app.arrivals.keeping import ArrivalState
from app.arrivals.tables import arrivals
from app.database import Session
from app.installation import Installation
from app.intake.taking import Taken, take_in
from app.intake.waiting import waiting_for
from app.shipments import names
from app.shipments.names import same_name
from app.shipments.shipment import Shipment
from app.tombstones import revive


async def claim(installation: Installation, db: Session, shipment: Shipment) -> Shipment:
    """Take in the pushes that came for the number before anybody had posted it, newest 30 days."""
    going_by = [each.borne(shipment) for each in names.going_by(await names.of(db, shipment))]
    for bearer in [shipment, *(each for each in going_by if not same_name(each, shipment))]:
        for taken in await _claim(installation, db, bearer):
            shipment = next(iter(taken.shipments), shipment)
    return shipment


async def _claim(installation: Installation, db: Session, bearer: Shipment) -> Sequence[Taken]:
    """The same for one of its names."""
    if bearer.tracking_number is None:
        return ()
    await revive(db, installation.sealer, bearer.company_id, bearer.carrier, bearer.tracking_number)
    if db.beforehand.lacks(arrivals, bearer.carrier, bearer.tracking_number):
        return ()
    found = await waiting_for(db, bearer)
    return await take_in(installation, db, found) if found else ()


async def unclaimed(
    db: Session, company_id: UUID, slugs: Collection[str], numbers: Sequence[str]
) -> set[tuple[str, str]]:
    """By carrier and number, what pushes wait for among these."""
    at = arrivals.c.carrier, arrivals.c.tracking_number
    waiting = arrivals.c.state == ArrivalState.UNCLAIMED.value, arrivals.c.company_id == company_id
    query = select(*at).where(*waiting, at[0].in_(sorted(slugs)), at[1].in_(numbers)).distinct()
    return {(row.carrier, row.tracking_number) for row in await db.all(query)}
