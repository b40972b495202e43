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
    number = checked(given, before.carrier)
    if before.tracking_number == number:
        return {}
    if before.tracking_number is not None:
        raise Conflict(
            f"The shipment has the number {before.tracking_number}: PATCH /v1/shipments/{before.id} corrects it.",
            code="number_known",
        )
    return {"tracking_number": number, "generation": await generation(db, before, before.carrier, number)}


def checked(given: str, carrier: str) -> str:
    """A number of this carrier as it is stored; InvalidInput if the carrier can have no such number."""
    try:
        return number_of(given, carrier)
    except ValueError as error:
        message = str(error)
        raise InvalidInput(f"tracking_number: {message}", [FieldError("tracking_number", message)]) from None


async def generation(db: Session, before: Shipment, carrier: str, number: str, *, of_company: bool = False) -> int:
    """The shipment's generation under this number, which is held then.

    Conflict if another shipment goes by it, in the same shop or with `of_company` in any of its company.
    """
    await hold_number(db, before.company_id, carrier, number)
    # Read without a lock: whoever else gives the number out waits for the hold.
    query = (
        select(shipments)
        .where(
            shipments.c.company_id == before.company_id,
            shipments.c.carrier == carrier,
            shipments.c.direction == before.direction,
            shipments.c.tracking_number == number,
            shipments.c.id != before.id,
        )
        .order_by(shipments.c.generation.desc())
    )
    if not of_company:
        query = query.where(shipments.c.shop_id == before.shop_id)
    found = [Shipment.of(row) for row in await db.all(query)]
    taken = next((each for each in found if not recycled(each, db.now)), None)
    if taken is not None:
        whose = f"shipment {taken.id}" if taken.shop_id == before.shop_id else "a shipment of another of your shops"
        raise Conflict(
            f"The number {number} is that of {whose} already. Both stay as they are: delete the one that is not needed "
            "(DELETE /v1/shipments/…).",
            code="number_taken",
        )
    return max((each.generation for each in found if each.shop_id == before.shop_id), default=0) + 1
