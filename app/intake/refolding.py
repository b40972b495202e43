"""The status of a shipment of which other events count now: its names have changed, and nothing has happened to it."""

from collections.abc import Mapping

from app.database import Session
from app.installation import Installation
from app.intake.settling import settle
from app.outbox.putting import listeners
from app.shipments.history import StoredEvent
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment


async def refold(
    installation: Installation,
    db: Session,
    shipment: Shipment,
    before: Mapping[str, StoredEvent],
    now: Mapping[str, StoredEvent],
) -> Shipment:
    """The shipment, whose row is locked, with the status of the events that count `now`, in the place of those before.

    Nobody is told anything of the past by it.
    """
    lost = before.keys() - now.keys()
    other = {key for key, event in now.items() if before.get(key) != event}
    recorded = Recorded(dict(now), (), tuple(sorted(other)), tuple(sorted(lost)))
    to = await listeners(db, shipment.company_id, shipment.shop_id)
    return await settle(installation, db, to, shipment, recorded, replay=True)
