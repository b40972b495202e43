"""Which shipments their carriers push the news of: those are asked about from time to time alone."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, tuple_

from app.arrivals.keeping import ArrivalSource, ArrivalState
from app.arrivals.tables import arrivals
from app.database import Session
from app.shipments.shipment import Shipment
from carriers import carriers

LATELY = timedelta(days=3)
"""A push this long ago shows that they come; without one the carrier is asked as if it pushed nothing."""


async def pushed_lately(db: Session, concerned: Iterable[Shipment]) -> set[UUID]:
    """Those of the shipments of which a push told something lately."""
    wanted = sorted((each.company_id, each.id) for each in concerned if _may_be_pushed(each))
    if not wanted:
        return set()
    rows = await db.all(
        select(arrivals.c.shipment_id)
        .distinct()
        .where(
            tuple_(arrivals.c.company_id, arrivals.c.shipment_id).in_(wanted),
            arrivals.c.source == ArrivalSource.HOOK.value,
            arrivals.c.state == ArrivalState.TAKEN.value,
            arrivals.c.received_at > db.now - LATELY,
        )
    )
    return {row.shipment_id for row in rows}


def _may_be_pushed(shipment: Shipment) -> bool:
    carrier = carriers()[shipment.carrier]
    return carrier.pushes and not carrier.around_the_clock and not shipment.status.final
