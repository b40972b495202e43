"""A shipment as it is answered: by the API, in webhooks, in the feed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.lifecycle import Fact, Reason, State, fold, order
from app.locales import label
from app.shipments.beside import NOTHING, Beside, travelled
from app.shipments.history import StoredEvent
from app.shipments.names import Name, Role
from app.shipments.shipment import Identity, Shipment
from carriers import carriers, told_by
from carriers.vocabulary import Direction

Json = dict[str, Any]


def summary(shipment: Shipment, tracking_page: str, locale: str = "it") -> Json:
    """Everything but events, order and explanation. `locale` is that of the labels."""
    return {
        "id": shipment.id,
        "shop_id": shipment.shop_id,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "sender_reference": shipment.sender_reference,
        "account_id": shipment.account_id,
        "carrier_settled": shipment.identity is not Identity.UNSETTLED,
        "direction": shipment.direction,
        "generation": shipment.generation,
        "recycled_at": shipment.recycled_at,
        "parent_id": shipment.parent_id,
        "return_of": shipment.parent_id if shipment.direction is Direction.RETURN else None,
        "status": shipment.status,
        "status_id": shipment.status.id,
        "sub_status": shipment.sub_status,
        "status_label": label(shipment.status, shipment.sub_status, locale, shipment.direction),
        "status_since": shipment.status_since,
        "final": shipment.status.final,
        "problem": shipment.problem,
        "late": shipment.late,
        "stale": shipment.stale,
        "version": shipment.version,
        "order": {"reference": shipment.order_reference} if shipment.order_reference else None,
        "recipient": shipment.recipient,
        "buyer": shipment.buyer,
        "service": shipment.service or shipment.carrier_service,
        "origin": shipment.origin,
        "parcel_count": shipment.parcel_count,
        "pickup_point": shipment.pickup_point
        or ({"name": shipment.carrier_pickup_point} if shipment.carrier_pickup_point else None),
        "shipped_at": shipment.shipped_at,
        "promised_on": shipment.promised_on,
        "deliver_by": shipment.deliver_by,
        "cash_on_delivery": shipment.cash_on_delivery,
        "eta": eta(shipment),
        "tracking_page": tracking_page,
        "carrier_page": carrier_page(shipment),
        "freshness": {
            "last_event_at": shipment.last_event_at,
            "last_polled_at": shipment.last_polled_at,
            "next_poll_at": shipment.next_poll_at,
            "note": shipment.poll_note,
            "not_found": shipment.not_found,
            "silence": None,
            "asked_by": None,
            "rationed": None,
        },
        "tags": shipment.tags,
        "metadata": shipment.metadata,
        "created_at": shipment.created_at,
        "updated_at": shipment.updated_at,
    }


def whole(
    shipment: Shipment,
    events: Mapping[str, StoredEvent],
    now: datetime,
    tracking_page: str,
    locale: str,
    *,
    found: Beside = NOTHING,
) -> Json:
    """A shipment with its events, newest first, why it has its status, its other names, and what belongs to it."""
    if found.names:
        events = travelled(shipment, events, found)
    facts = _ordered(events)
    state = _folded(shipment, facts, now)
    said_by = {key: name.carrier for name in found.names for key in found.events.get(name.id, ())}
    shown = [
        shown_event(events[fact.key], state.set_aside.get(fact.key), said_by.get(fact.key, shipment.carrier))
        for fact in reversed(facts)
    ]
    decided = events.get(shipment.decided_by) if shipment.decided_by else None
    return {
        **summary(shipment, tracking_page, locale),
        "last_event": shown[0] if shown else None,
        "events": shown,
        "events_truncated": state.truncated,
        **_names(shipment, found),
        "returns": [_linked(each) for each in found.returns()],
        "parcels": [_linked(each) for each in found.parcels()],
        "explanation": {
            "decided_by": shipment.decided_by,
            "decided_at": shipment.decided_at,
            "row": decided.row if decided else None,
            "arrival_id": decided.arrival_id if decided else None,
            "source": decided.source if decided else None,
            "doubtful": shipment.doubtful,
            "set_aside": [{"key": key, "reason": reason} for key, reason in state.set_aside.items()],
            "timeline": [
                {"status": change.status, "sub_status": change.sub_status, "key": change.key, "at": change.at}
                for change in state.timeline
            ],
        },
    }


def _names(shipment: Shipment, found: Beside) -> dict[str, list[Json]]:
    """The names that it goes by or went by, by what they are to it."""
    legs, candidates, former = ([each for each in found.names if each.role is role] for role in _ROLES)
    # What is a leg by now is no former name, whatever it was before.
    used = {(each.carrier, each.tracking_number) for each in legs}
    left = [each for each in candidates if each.until is not None] + former
    left = [each for each in left if (each.carrier, each.tracking_number) not in used]
    return {
        "candidates": [_tried(shipment, each) for each in candidates],
        "legs": [{**_tried(shipment, each), "since": each.since} for each in legs],
        "former": [
            {
                "carrier": each.carrier,
                "tracking_number": each.tracking_number,
                "since": each.since,
                "until": each.until,
                "outcome": each.outcome,
                "settled_at": each.settled_at,
                "earlier": each.earlier or [],
                "events": [shown_event(event, None, each.carrier) for event in newest_first(found.events[each.id])],
            }
            for each in sorted(left, key=lambda each: each.until or each.since)
        ],
    }


_ROLES = (Role.LEG, Role.CANDIDATE, Role.FORMER)


def _tried(shipment: Shipment, name: Name) -> Json:
    """A name that it may go by, and what came of it."""
    return {
        "carrier": name.carrier,
        "tracking_number": name.tracking_number,
        "current": name.is_of(shipment),
        "tried_at": name.tried_at,
        "outcome": name.outcome,
        "settled_at": name.settled_at,
        "earlier": name.earlier or [],
    }


def _linked(shipment: Shipment) -> Json:
    """A shipment that belongs to another, as that shows it."""
    return {
        "id": shipment.id,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "status": shipment.status,
        "sub_status": shipment.sub_status,
        "created_at": shipment.created_at,
    }


def explained(shipment: Shipment, events: Mapping[str, StoredEvent], now: datetime) -> State:
    """The fold of the stored events: the state with its reasons."""
    return _folded(shipment, _facts(events), now)


def newest_first(events: Mapping[str, StoredEvent]) -> list[StoredEvent]:
    """Events in the reverse of the one total order, without those of which only the withdrawal has come."""
    return [events[fact.key] for fact in reversed(_ordered(events))]


def _ordered(events: Mapping[str, StoredEvent]) -> list[Fact]:
    return sorted(_facts(events), key=order)


def _facts(events: Mapping[str, StoredEvent]) -> list[Fact]:
    return [event.fact() for event in events.values() if not event.unheard]


def _folded(shipment: Shipment, facts: Iterable[Fact], now: datetime) -> State:
    return fold(
        facts,
        now=now,
        shipped_at=shipment.shipped_at,
        created_at=shipment.created_at,
        after=shipment.begins_after,
        direction=shipment.direction,
    )


def shown_event(event: StoredEvent, set_aside: Reason | None, carrier: str) -> Json:
    """One event with its evidence; `set_aside` says why it has no effect, none if it has."""
    return {
        "key": event.key,
        "occurred_at": event.occurred_at,
        "local_time": event.local_time,
        "offset_source": event.offset_source,
        "status": event.status,
        "sub_status": event.sub_status,
        "code": event.code,
        "text": event.text,
        "place": place_line(event.place),
        "place_parts": event.place,
        "set_aside": set_aside,
        "evidence": {
            "carrier": told_by(carrier, event.list),
            "source": event.source,
            "author": event.author or None,
            "list": event.list,
            "row": event.row,
            "context": event.context,
            "weak": event.weak,
            "doubtful": event.doubtful,
            "arrival_id": event.arrival_id,
            "received_at": event.received_at,
        },
    }


def place_line(place: Mapping[str, str] | None) -> str:
    """A place as one line for people."""
    if not place:
        return ""
    return ", ".join([place[part] for part in ("name", "city", "state", "country") if place.get(part)])


def eta(shipment: Shipment) -> Json | None:
    """When it is expected, by the carrier if it says so, else as promised by the shop."""
    if shipment.eta_from or shipment.eta_to:
        return {"from": shipment.eta_from, "to": shipment.eta_to, "source": shipment.eta_source}
    if shipment.eta_day:
        return {"from": shipment.eta_day, "to": shipment.eta_day, "source": shipment.eta_source}
    if shipment.promised_on:
        return {"from": shipment.promised_on, "to": shipment.promised_on, "source": "shop"}
    return None


def carrier_page(shipment: Shipment) -> str | None:
    """The carrier's own public page about the parcel."""
    carrier = carriers().get(shipment.carrier)
    return (carrier.tracking_url(shipment.tracking_number) or None) if carrier and shipment.tracking_number else None
