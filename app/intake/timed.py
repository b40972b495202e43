"""What time alone brings: a future event falls due, a promise is broken, a carrier has been silent for too long."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, or_, select, tuple_, update

from app import failpoints
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.intake.change import Marks
from app.intake.settling import settle
from app.outbox.putting import Listeners, listeners
from app.shipments.beside import journey
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

BATCH = 100
AGAIN = timedelta(hours=1)
"""When a shipment that could not be settled is tried again."""

COLUMNS = (shipments.c.refold_at, shipments.c.late_at, shipments.c.stale_at)
IDENTITY = tuple_(shipments.c.company_id, shipments.c.id)

log = structlog.get_logger()


async def settle_due(installation: Installation) -> int:
    """Settle shipments whose time has come, at most 100 in one transaction; how many.

    One that cannot be settled does not hold up the others: it is logged, and tried again in an hour.
    """
    async with installation.database.reading() as db:
        due = await _due(db)
    if not due:
        return 0
    try:
        return await _settle(installation, due)
    except NoveError:
        raise
    except Exception:
        log.exception("shipments could not be settled together: each is tried by itself")
    for one in due:
        try:
            await _settle(installation, [one])
        except NoveError:
            raise
        except Exception:
            log.exception("a shipment could not be settled", shipment_id=str(one[1]))
            await _put_off(installation, one)
    return len(due)


async def _due(db: Session) -> list[tuple[UUID, UUID]]:
    """Company and id of the shipments whose time has come, a column at a time, for each has its index."""
    found: dict[tuple[UUID, UUID], None] = {}
    for column in COLUMNS:
        query = select(shipments.c.company_id, shipments.c.id).where(column <= db.now).order_by(column).limit(BATCH)
        found.update(dict.fromkeys((row.company_id, row.id) for row in await db.all(query)))
    return sorted(found)[:BATCH]


async def _settle(installation: Installation, due: Sequence[tuple[UUID, UUID]]) -> int:
    async with installation.database.transaction() as db:
        rows = await db.all(
            select(shipments)
            .where(IDENTITY.in_(due), _come(db.now))
            .order_by(shipments.c.company_id, shipments.c.id)
            .with_for_update(skip_locked=True)
        )
        told: dict[tuple[UUID, UUID], Listeners] = {}
        for shipment in map(Shipment.of, rows):
            place = shipment.company_id, shipment.shop_id
            if place not in told:
                told[place] = await listeners(db, *place)
            await _settle_one(installation, db, told[place], shipment)
        failpoints.reach(failpoints.TIMED_SETTLED)
    return len(rows)


async def _settle_one(installation: Installation, db: Session, to: Listeners, shipment: Shipment) -> None:
    """Fold first: an event that falls due may end the journey, and then nothing is late."""

    def come(at: datetime | None) -> bool:
        return at is not None and at <= db.now

    nothing = Recorded(dict(await journey(db, shipment)), (), (), ())
    zone = ZoneInfo(to.shop.timezone)
    if come(shipment.refold_at) or shipment.status.final:
        shipment = await settle(installation, db, to, shipment, nothing)
    marks = Marks(
        late=shipment.late_at.astimezone(zone).date() if shipment.late_at and come(shipment.late_at) else None,
        stale=shipment.last_news_at.astimezone(zone).date() if come(shipment.stale_at) else None,
    )
    if marks != Marks():
        await settle(installation, db, to, shipment, nothing, marks=marks)


async def _put_off(installation: Installation, one: tuple[UUID, UUID]) -> None:
    async with installation.database.transaction() as db:
        for column in COLUMNS:
            mine = shipments.c.company_id == one[0], shipments.c.id == one[1], column <= db.now
            await db.run(update(shipments).where(*mine).values({column.name: db.now + AGAIN}))


def _come(now: datetime) -> ColumnElement[bool]:
    return or_(*(column <= now for column in COLUMNS))
