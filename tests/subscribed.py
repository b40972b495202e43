"""What is kept of subscriptions with carriers."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.subscriptions import subscriptions
from tests.polled import Polled


async def kept(desk: Polled) -> list[tuple[str, timedelta | None, timedelta | None]]:
    """The subscriptions: state, for how long they hold, when they are seen to."""

    def ahead(at: datetime | None) -> timedelta | None:
        return timedelta(minutes=round((at - now) / timedelta(minutes=1))) if at else None

    async with desk.world.database.reading() as db:
        rows, now = await db.all(select(subscriptions).order_by(subscriptions.c.shipment_id)), db.now
    return [(row.state, ahead(row.until_at), ahead(row.due_at)) for row in rows]
