"""A shop's own events: taken in as a carrier's are, as the shop's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Session
from app.errors import Conflict, Refused
from app.installation import Installation
from app.intake.taking import take_in
from app.keys import authors as known_authors
from app.lifecycle import Source
from app.shipments import answer, history, store
from app.shipments.history import StoredEvent
from app.shipments.posted_event import PostedEvent
from app.shipments.shipment import Shipment
from app.shipments.tables import events
from carriers.event import Parcel, Place, TrackingEvent, event_key
from carriers.times import given_moment

AHEAD = "It lies more than 24 hours ahead: it is kept, and has no effect unless that time comes nearer."
WAITING = "It lies ahead: it takes effect when its time comes."


@dataclass(frozen=True, slots=True)
class Saying:
    """What a shop says of a shipment, which must be one of these shops', in the name of the key that said it."""

    company_id: UUID
    shop_ids: Sequence[UUID]
    shipment_id: UUID
    key_id: UUID
    posted: PostedEvent
    body: bytes

    @property
    def place(self) -> tuple[UUID, UUID]:
        """The shipment's key."""
        return self.company_id, self.shipment_id


@dataclass(frozen=True, slots=True)
class Said:
    """The event as it is answered, whether it is new, and the shipment as it is now."""

    event: dict[str, Any]
    created: bool
    shipment: Shipment


@dataclass(frozen=True, slots=True)
class _Event:
    """The event that a saying makes, and its key."""

    saying: Saying
    shipment: Shipment
    event: TrackingEvent
    key: str

    def arrived(self, author: str, now: datetime) -> Arrived:
        """It as an arrival."""
        posted = self.saying.posted
        return Arrived(
            self.shipment.company_id,
            self.shipment.carrier,
            ArrivalSource.SHOP,
            self.saying.body,
            now,
            parcel=Parcel(self.shipment.number, (self.event,)),
            shipment_id=self.shipment.id,
            author=f"{author}: {posted.reason}" if posted.reason else author,
            override=posted.override,
        )


async def say_each(
    installation: Installation, db: Session, sayings: Sequence[Saying], now: Mapping[tuple[UUID, UUID], Shipment]
) -> list[Said | Refused]:
    """Take in what shops say of their shipments, each of another one; `now` are those there are, locked.

    NotFound for another's shipment; Conflict if the event's `key` belongs to another event of the shipment.
    """
    refused: dict[int, Refused] = {}
    good: dict[int, _Event] = {}
    for n, saying in enumerate(sayings):
        shipment = now.get(saying.place)
        if shipment is None or shipment.shop_id not in saying.shop_ids:
            refused[n] = store.missing(saying.shipment_id)
        else:
            event = _event(saying.posted)
            good[n] = _Event(saying, shipment, event, event_key(shipment.carrier, shipment.number, event))
    known = await _known(db, [each for each in good.values() if each.saying.posted.key])
    for n, each in list(good.items()):
        if (error := _another(each, known)) is not None:
            refused[n] = error
            del good[n]
    authors = await known_authors(db, {(each.saying.company_id, each.saying.key_id) for each in good.values()})
    arrived = [each.arrived(authors[each.saying.company_id, each.saying.key_id], db.now) for each in good.values()]
    taken = await take_in(installation, db, arrived)
    after = [each.shipments[0] for each in taken]
    events = await history.of_many(db, after)
    said = {
        n: _said(each.key, each.key in its.new, shipment, events[shipment.id], db.now)
        for (n, each), its, shipment in zip(good.items(), taken, after, strict=True)
    }
    return [refused.get(n) or said[n] for n in range(len(sayings))]


def _said(key: str, created: bool, after: Shipment, known: dict[str, StoredEvent], now: datetime) -> Said:
    reason = answer.explained(after, known, now).set_aside.get(key)
    shown = answer.shown_event(known[key], reason, after.carrier)
    note = {"too_far_ahead": AHEAD, "waiting": WAITING}.get(reason or "")
    return Said({**shown, "note": note}, created, after)


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


_KEY = (events.c.company_id, events.c.shipment_id, events.c.key)
_SAYS = (events.c.occurred_at, events.c.code, events.c.text, events.c.status, events.c.sub_status, events.c.place)


async def _known(db: Session, sought: Sequence[_Event]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What the shops' events of these keys say, by shipment and key.

    A carrier's event of that id is the same event in the carrier's words.
    """
    if not sought:
        return {}
    names = [(*each.saying.place, each.key) for each in sought]
    rows = await db.all(select(*_KEY, *_SAYS).where(tuple_(*_KEY).in_(names), events.c.source != Source.CARRIER))
    return {tuple(row[: len(_KEY)]): tuple(row[len(_KEY) :]) for row in rows}


def _another(one: _Event, known: Mapping[tuple[Any, ...], tuple[Any, ...]]) -> Conflict | None:
    """Why the event is refused: its key is that of one which says something else, and it would be lost in silence."""
    event = one.event
    place = {"name": event.place.name} if event.place else None
    said = (event.moment.occurred_at, event.code, event.text, event.status, event.sub_status, place)
    if known.get((*one.saying.place, one.key), said) == said:
        return None
    return Conflict(
        f"The key {event.id.removeprefix('override/')!r} is that of another event of this shipment, which says "
        "something else. Give this one a key of its own, or leave the key out.",
        code="event_key_reused",
    )
