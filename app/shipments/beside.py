"""What is to be said of a shipment beyond its row and its events: its other names, and the shipments that belong to it.

Few have any; their rows say so (`identity`, `linked`), and nothing is read for the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import bindparam, select

from app.bulk import Fetch, names_of
from app.database import Session
from app.lifecycle import Source
from app.shipments import history, names
from app.shipments.history import StoredEvent
from app.shipments.names import Name, Role
from app.shipments.recording import Recorded
from app.shipments.shipment import NAMES, Shipment
from app.shipments.tables import shipments
from carriers.vocabulary import Direction, Status

AT_MOST = 100
"""Shipments that are shown beside the one that they belong to."""


@dataclass(frozen=True, slots=True)
class Beside:
    """`events` are those kept under names, by the name's id; `children`, the shipments whose parent it is."""

    names: Sequence[Name] = ()
    events: Mapping[UUID, Mapping[str, StoredEvent]] = field(default_factory=dict)
    children: Sequence[Shipment] = ()

    def mark(self) -> str:
        """Changes with whatever is shown of it."""
        events = sorted(key for kept in self.events.values() for key in kept)
        theirs = [(each.id, each.revision, each.carrier, each.tracking_number) for each in self.children]
        return repr((self.names, events, theirs)) if self.names or theirs else ""

    def returns(self) -> list[Shipment]:
        """The customer's returns among the shipments that belong to it."""
        return [each for each in self.children if each.direction is Direction.RETURN]

    def parcels(self) -> list[Shipment]:
        """The other parcels that go with it."""
        return [each for each in self.children if each.direction is Direction.OUTBOUND]


NOTHING = Beside()
HANDED_OVER = frozenset({Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.DELIVERED})
"""Of a leg that is not the last: the parcel goes to the next carrier, and not to its recipient."""


async def beside(db: Session, shipment: Shipment) -> Beside:
    """It for one shipment."""
    known = await names.of(db, shipment)
    kept = await history.of_many(db, [name.borne(shipment) for name in known]) if known else {}
    return Beside(known, kept, await children(db, shipment)) if known or shipment.linked else NOTHING


async def journey(db: Session, shipment: Shipment) -> Mapping[str, StoredEvent]:
    """The events of all that counts: its own, and those of its other legs."""
    return travelled(shipment, await history.of(db, shipment), await beside(db, shipment))


async def with_legs(db: Session, shipment: Shipment, recorded: Recorded) -> Recorded:
    """What was recorded of a shipment, with the events of its other legs, if it has any."""
    if shipment.identity is None:
        return recorded
    return replace(recorded, events=dict(travelled(shipment, recorded.events, await beside(db, shipment))))


def travelled(shipment: Shipment, own: Mapping[str, StoredEvent], found: Beside) -> Mapping[str, StoredEvent]:
    """The same from events that are known already.

    An announced leg that nobody has confirmed yet takes no other's last mile away.
    """
    legs = [each for each in found.names if each.role is Role.LEG]
    if not legs:
        return own
    last = max((leg.position for leg in legs if leg.settled_at is not None), default=legs[0].position)
    whole = dict(own)
    for leg in legs:
        said = own if leg.is_of(shipment) else found.events.get(leg.id, {})
        whole |= said if leg.position >= last else {key: _handed_over(event) for key, event in said.items()}
    return whole


def _handed_over(event: StoredEvent) -> StoredEvent:
    if event.source is not Source.CARRIER or event.status not in HANDED_OVER:
        return event
    return event._replace(status=Status.IN_TRANSIT, sub_status=None)


async def family(db: Session, shipment: Shipment) -> list[Shipment]:
    """The shipment that it belongs to, and those that belong to it."""
    theirs = await children(db, shipment)
    if shipment.parent_id is None:
        return theirs
    parent = await db.first(
        select(shipments).where(
            shipments.c.company_id == shipment.company_id,
            shipments.c.shop_id == shipment.shop_id,
            shipments.c.id == shipment.parent_id,
        )
    )
    return theirs if parent is None else [Shipment.of(parent), *theirs]


async def children(db: Session, shipment: Shipment) -> list[Shipment]:
    """The shipments that belong to it, oldest first."""
    if not shipment.linked:
        return []
    values = {"company": shipment.company_id, "parent": shipment.id, "shop": shipment.shop_id}
    return await _CHILDREN(db, list(values.values()), values)


_COLUMNS = [shipments.c[name] for name in NAMES]
_CHILDREN = Fetch(
    _COLUMNS,
    Shipment,
    f"""
    SELECT {names_of(_COLUMNS)} FROM shipments WHERE company_id = $1 AND parent_id = $2 AND shop_id = $3
    ORDER BY id LIMIT {AT_MOST}
    """,  # noqa: S608  (of our own names)
    select(*_COLUMNS)
    .where(
        shipments.c.company_id == bindparam("company"),
        shipments.c.parent_id == bindparam("parent"),
        shipments.c.shop_id == bindparam("shop"),
    )
    .order_by(shipments.c.id)
    .limit(AT_MOST),
)
