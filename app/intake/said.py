"""A shop's own events: taken in as a carrier's are, as the shop's word."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Session
from app.errors import Conflict
from app.installation import Installation
from app.intake.taking import take_in
from app.keys import api_keys
from app.lifecycle import Source
from app.shipments import answer, history
from app.shipments.posting import PostedEvent
from app.shipments.shipment import Shipment
from app.shipments.tables import events
from carriers.event import Parcel, Place, TrackingEvent, event_key
from carriers.times import given_moment

AHEAD = "It lies more than 24 hours ahead: it is kept, and has no effect unless that time comes nearer."
WAITING = "It lies ahead: it takes effect when its time comes."


@dataclass(frozen=True, slots=True)
class Said:
    """The event as it is answered, whether it is new, and the shipment as it is now."""

    event: dict[str, Any]
    created: bool
    shipment: Shipment


async def say(
    installation: Installation, db: Session, shipment: Shipment, posted: PostedEvent, *, body: bytes, key_id: UUID
) -> Said:
    """Take in what the shop says of its shipment, in the name of the key that said it.

    Conflict if the event's `key` belongs to another event of the shipment.
    """
    event = _event(posted)
    key = event_key(shipment.carrier, shipment.number, event)
    if posted.key:
        await _refuse_another(db, shipment, key, event)
    author = await _author(db, shipment.company_id, key_id)
    arrived = Arrived(
        shipment.company_id,
        shipment.carrier,
        ArrivalSource.SHOP,
        body,
        db.now,
        parcel=Parcel(shipment.number, (event,)),
        shipment_id=shipment.id,
        author=f"{author}: {posted.reason}" if posted.reason else author,
        override=posted.override,
    )
    [taken] = await take_in(installation, db, [arrived])
    [after] = taken.shipments
    known = await history.of(db, after)
    reason = answer.explained(after, known, db.now).set_aside.get(key)
    shown = answer.shown_event(known[key], reason, after.carrier)
    note = {"too_far_ahead": AHEAD, "waiting": WAITING}.get(reason or "")
    return Said({**shown, "note": note}, key in taken.new, after)


def _event(posted: PostedEvent) -> TrackingEvent:
    """The event, strong. An override is never the same as a plain event, not even of the same moment."""
    event = TrackingEvent(
        given_moment(posted.occurred_at),
        code=posted.code,
        text=posted.text,
        status=posted.status,
        sub_status=posted.sub_status,
        place=Place(name=posted.place) if posted.place else None,
        id=posted.key,
        by_instant=True,
    )
    if not posted.override:
        return event
    said = posted.key or "/".join((event.known_time, posted.code or posted.status, posted.sub_status or ""))
    return event._replace(id=f"override/{said}")


async def _refuse_another(db: Session, shipment: Shipment, key: str, event: TrackingEvent) -> None:
    """Conflict if the key is that of an event of the shop's which says something else: it would be lost in silence.

    A carrier's event of that id is the same event in the carrier's words.
    """
    known = await db.first(
        select(events.c.occurred_at, events.c.code, events.c.text, events.c.status, events.c.sub_status, events.c.place)
        .where(events.c.company_id == shipment.company_id, events.c.shipment_id == shipment.id)
        .where(events.c.key == key, events.c.source != Source.CARRIER)
    )
    place = {"name": event.place.name} if event.place else None
    said = (event.moment.occurred_at, event.code, event.text, event.status, event.sub_status, place)
    if known is not None and tuple(known) != said:
        raise Conflict(
            f"The key {event.id.removeprefix('override/')!r} is that of another event of this shipment, which says "
            "something else. Give this one a key of its own, or leave the key out.",
            code="event_key_reused",
        )


async def _author(db: Session, company_id: UUID, key_id: UUID) -> str:
    """The key as a person knows it: its name and how it begins."""
    row = await db.first(
        select(api_keys.c.name, api_keys.c.prefix).where(api_keys.c.company_id == company_id, api_keys.c.id == key_id)
    )
    return f"{row.name} ({row.prefix}…)" if row else str(key_id)
