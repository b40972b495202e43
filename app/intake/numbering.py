"""A shipment gets its tracking number, which it was posted without: from the shop, or from the carrier."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.database import Session
from app.errors import Conflict, FieldError, InvalidInput
from app.intake.concerning import hold_number
from app.shipments.posting import number_of
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

NEW_AFTER_FINAL = timedelta(days=30)
NEW_AFTER = timedelta(days=180)


def recycled(shipment: Shipment, now: datetime) -> bool:
    """Whether its number is a new parcel's by now: it ended over 30 days ago, or is over 180 days old."""
    ended = shipment.final_since
    return (ended is not None and now - ended > NEW_AFTER_FINAL) or now - shipment.created_at > NEW_AFTER


async def numbered(db: Session, before: Shipment, given: str) -> dict[str, Any]:
    """The columns by which the shipment, whose row is locked, gets its number; none if it has this one.

    InvalidInput if its carrier can have no such number, Conflict if it has another, or another shipment has this one.
    """
    try:
        number = number_of(given, before.carrier)
    except ValueError as error:
        message = str(error)
        raise InvalidInput(f"tracking_number: {message}", [FieldError("tracking_number", message)]) from None
    if before.tracking_number == number:
        return {}
    if before.tracking_number is not None:
        raise Conflict(
            f"The shipment has the number {before.tracking_number}, which stays: post the other parcel as a shipment "
            "of its own.",
            code="number_known",
        )
    await hold_number(db, before.company_id, before.carrier, number)
    # Read without a lock: whoever else gives the number out waits for the hold.
    query = (
        select(shipments)
        .where(
            shipments.c.company_id == before.company_id,
            shipments.c.shop_id == before.shop_id,
            shipments.c.carrier == before.carrier,
            shipments.c.direction == before.direction,
            shipments.c.tracking_number == number,
        )
        .order_by(shipments.c.generation.desc())
        .limit(1)
    )
    row = await db.first(query)
    if row is None:
        return {"tracking_number": number}
    crossing = Shipment.of(row)
    if not recycled(crossing, db.now):
        raise Conflict(
            f"The number {number} is that of shipment {crossing.id} already. Both stay as they are: delete the one "
            "that is not needed (DELETE /v1/shipments/…).",
            code="number_taken",
        )
    return {"tracking_number": number, "generation": crossing.generation + 1}
