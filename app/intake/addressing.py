"""Whose a push of an aggregator is: a shipment's that goes by its account, under the name of its own carrier."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from app.accounts import CarrierAccount
from app.arrivals.keeping import Arrived
from app.database import Session
from app.intake.concerning import numbers_of
from app.shipments.tables import shipments


async def addressed(db: Session, account: CarrierAccount, parts: Sequence[Arrived]) -> list[Arrived]:
    """The parts of a push, each with its shipment if one of another carrier goes by the account.

    A number that several carriers' shipments have is left: a poll, which names the carrier, tells them apart.
    """
    numbers = sorted({number for part in parts for number in numbers_of(part)})
    rows = await db.all(
        select(
            *(shipments.c[name] for name in ("id", "tracking_number", "carrier", "shop_id", "direction", "generation"))
        )
        .where(
            shipments.c.company_id == account.company_id,
            shipments.c.tracking_number.in_(numbers),
            shipments.c.account_id == account.id,
            shipments.c.carrier != account.carrier,
        )
        .order_by(shipments.c.generation)
    )
    newest = {(row.tracking_number, row.shop_id, row.carrier, row.direction): row for row in rows}
    found: list[Arrived] = []
    for part in parts:
        mine = [row for row in newest.values() if row.tracking_number in numbers_of(part)]
        if len({row.carrier for row in mine}) == 1:
            found += [replace(part, shipment_id=row.id) for row in mine]
        else:
            found.append(part)
    return found
