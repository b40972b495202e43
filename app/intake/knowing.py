"""What is known of shipments before something new is taken in: their events, who listens, what was told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.bulk import at_once
from app.database import Session
from app.outbox.ledger import MESSAGES, STEPS, Past
from app.outbox.putting import LISTENERS_TO, Listeners, listeners
from app.shipments import history
from app.shipments.history import AT_ONCE, StoredEvent
from app.shipments.shipment import Shipment

_PARTS = (history.MANY, LISTENERS_TO, MESSAGES, STEPS)


@dataclass(slots=True)
class Known:
    """Events by shipment and key; who listens, by company and shop, as far as it was read; `past`, if it was."""

    events: dict[UUID, dict[str, StoredEvent]]
    listening: dict[tuple[UUID, UUID], Listeners]
    past: Past | None = None

    async def listeners(self, db: Session, shipment: Shipment) -> Listeners:
        """Who listens to the shipment's shop."""
        place = shipment.company_id, shipment.shop_id
        if place not in self.listening:
            self.listening[place] = await listeners(db, *place)
        return self.listening[place]


async def known_of(db: Session, shipments: Sequence[Shipment]) -> Known:
    """What is known of them. On PostgreSQL it is one round trip, unless they are very many."""
    if db.driver is None or not 0 < len(shipments) <= AT_ONCE:
        return Known(await history.of_many(db, shipments), {})
    found: dict[UUID, dict[str, StoredEvent]] = {shipment.id: {} for shipment in shipments}
    ids = list(zip(*((each.company_id, each.id) for each in shipments), strict=True))
    events, listening, messages, steps = await at_once(db, _PARTS, ids)
    history.sort(found, events)
    return Known(found, {(each.shop.company_id, each.shop.id): each for each in listening}, Past(messages, steps))
