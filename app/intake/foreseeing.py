"""Shipments that are posted together: their numbers are held, and what all of them ask is asked once, before any row.

What a row may change meanwhile, it asks for itself: a number that two rows have, and whatever stands for something.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select

from app.arrivals.tables import arrivals
from app.beforehand import Known
from app.database import Session
from app.installation import Installation
from app.intake.claiming import unclaimed
from app.intake.concerning import batched, hold_all
from app.intake.refusing import marks_of
from app.shipments.names import names
from app.shipments.posting import PostedShipment
from app.shipments.tables import shipments
from app.shops import Shop
from app.tombstones import lacking

AT_ONCE = 1_000
"""Numbers in one statement."""


async def foresee(installation: Installation, db: Session, shop: Shop, rows: Sequence[PostedShipment]) -> None:
    """Hold the numbers of what is about to be posted, and learn which of it the database has never seen."""
    possible = [(posted, posted.possible) for posted in rows]
    named = {(slug, number) for posted, slugs in possible if (number := posted.tracking_number) for slug in slugs}
    if len(rows) < 2:
        await hold_all(db, shop.company_id, named)
        return
    db.beforehand = known = Known()
    await hold_all(db, shop.company_id, named)
    marks = {mark for posted, slugs in possible for slug in slugs for mark in marks_of(shop, posted, slug)}
    known.lacking |= await lacking(db, installation.sealer, shop.company_id, marks)
    legs = (leg.tracking_number for posted in rows for leg in posted.legs or ())
    times = Counter(each for each in (*(posted.tracking_number for posted in rows), *legs) if each)
    slugs, waiting, taken = {slug for slug, _ in named}, set[tuple[str, str]](), set[str]()
    for some in batched(sorted(times), AT_ONCE):
        waiting |= await unclaimed(db, shop.company_id, slugs, some)
        taken |= await _taken(db, shop, some)
    known.lacking |= {(arrivals, *name) for name in named - waiting}
    if not waiting:  # else what they say may give a parcel any number
        known.lacking |= {(shipments, shop.id, each) for each, n in times.items() if n == 1 and each not in taken}


async def _taken(db: Session, shop: Shop, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers a shipment of the shop goes by, or any of its company as another name."""
    mine = shipments.c.company_id == shop.company_id, shipments.c.shop_id == shop.id
    bearing = select(shipments.c.tracking_number).where(*mine, shipments.c.tracking_number.in_(numbers))
    other = names.c.company_id == shop.company_id, names.c.tracking_number.in_(numbers)
    query = bearing.union(select(names.c.tracking_number).where(*other))
    return {row.tracking_number for row in await db.all(query)}
