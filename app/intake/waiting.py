"""Pushes that came for a carrier's number before it was anybody's wait unclaimed, the newest 30 days."""

from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from app.arrivals.keeping import ArrivalState, Arrived, kept, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.intake.concerning import numbers_of
from app.shipments.shipment import Shipment
from carriers import UnreadablePayload, carriers

UNCLAIMED_FOR = timedelta(days=30)


async def waiting_for(db: Session, bearer: Shipment) -> list[Arrived]:
    """Those for the shipment's carrier and number, as its own; they wait no more."""
    waiting = (
        arrivals.c.company_id == bearer.company_id,
        arrivals.c.carrier == bearer.carrier,
        arrivals.c.tracking_number == bearer.tracking_number,
        arrivals.c.state == ArrivalState.UNCLAIMED.value,
    )
    waiting_rows = await db.all(select(arrivals).where(*waiting, arrivals.c.received_at > db.now - UNCLAIMED_FOR))
    rows = sorted(waiting_rows, key=attrgetter("id"))  # asked for in this order, SQLite would walk all of the company's
    found: list[Arrived] = []
    for row in rows:
        body = await read_body(db, bearer.company_id, row.body_hash)
        found.extend(_parts(bearer.id, row, body) if body is not None else ())
    if rows:
        await db.run(delete(arrivals).where(*waiting))
    return found


def _parts(shipment_id: UUID, row: Any, body: bytes) -> Sequence[Arrived]:
    try:
        parcels = carriers()[row.carrier].parse(body)
    except UnreadablePayload:
        return ()
    told = kept(row, body, parcels, shipment_id=shipment_id)
    return [each for each in told if row.tracking_number in numbers_of(each)]
