"""Whose a push of an aggregator is: a shipment's that goes by its account, under the name of its own carrier."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import or_, select

from app.accounts import CarrierAccount, carrier_accounts
from app.arrivals.keeping import Arrived
from app.database import Session
from app.intake.concerning import numbers_of
from app.sealing import Sealer
from app.shipments.tables import shipments
from app.standing_in import its_shipments, standing_in


async def addressed(db: Session, sealer: Sealer, account: CarrierAccount, parts: Sequence[Arrived]) -> list[Arrived]:
    """The parts of a push, each with its shipment if one of another carrier goes by the account.

    So do those of a disabled account in whose place it is asked. A number that several carriers' shipments have is
    left: a poll, which names the carrier, tells them apart.
    """
    numbers = sorted({number for part in parts for number in numbers_of(part)})
    instead = await standing_in(db, sealer, carrier_accounts.c.company_id == account.company_id)
    places = [place for place, stands_in in instead.items() if stands_in.id == account.id]
    rows = await db.all(
        select(
            *(shipments.c[name] for name in ("id", "tracking_number", "carrier", "shop_id", "direction", "generation"))
        )
        .where(
            shipments.c.company_id == account.company_id,
            shipments.c.tracking_number.in_(numbers),
            or_(shipments.c.account_id == account.id, *map(its_shipments, places)),
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
