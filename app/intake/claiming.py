"""Pushes that came before anybody had posted their number: taken in when the shipment comes."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.installation import Installation
from app.intake.concerning import numbers_of
from app.intake.taking import Taken, take_in
from app.shipments import names
from app.shipments.names import same_name
from app.shipments.shipment import Shipment
from app.tombstones import revive
from carriers import UnreadablePayload, carriers

UNCLAIMED_FOR = timedelta(days=30)


async def claim(installation: Installation, db: Session, shipment: Shipment) -> Shipment:
    """Take in the pushes that came for the number before anybody had posted it, newest 30 days."""
    going_by = [each.borne(shipment) for each in await names.of(db, shipment) if each.until is None]
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
    waiting = (
        arrivals.c.company_id == bearer.company_id,
        arrivals.c.carrier == bearer.carrier,
        arrivals.c.tracking_number == bearer.tracking_number,
        arrivals.c.state == ArrivalState.UNCLAIMED.value,
    )
    rows = await db.all(
        select(arrivals).where(*waiting, arrivals.c.received_at > db.now - UNCLAIMED_FOR).order_by(arrivals.c.id)
    )
    found: list[Arrived] = []
    for row in rows:
        body = await read_body(db, bearer.company_id, row.body_hash)
        found.extend(_parts(bearer.id, row, body) if body is not None else ())
    if rows:
        await db.run(delete(arrivals).where(*waiting))
    return await take_in(installation, db, found) if found else ()


async def unclaimed(
    db: Session, company_id: UUID, slugs: Collection[str], numbers: Sequence[str]
) -> set[tuple[str, str]]:
    """By carrier and number, what pushes wait for among these."""
    at = arrivals.c.carrier, arrivals.c.tracking_number
    waiting = arrivals.c.state == ArrivalState.UNCLAIMED.value, arrivals.c.company_id == company_id
    query = select(*at).where(*waiting, at[0].in_(sorted(slugs)), at[1].in_(numbers)).distinct()
    return {(row.carrier, row.tracking_number) for row in await db.all(query)}


def _parts(shipment_id: UUID, row: Any, body: bytes) -> Sequence[Arrived]:
    try:
        parcels = carriers()[row.carrier].parse(body)
    except UnreadablePayload:
        return ()
    made = [
        Arrived(
            row.company_id,
            row.carrier,
            ArrivalSource(row.source),
            body,
            row.received_at,
            account_id=row.account_id,
            parcel=parcel,
            shipment_id=shipment_id,
        )
        for parcel in parcels
    ]
    return [each for each in made if row.tracking_number in numbers_of(each)]
