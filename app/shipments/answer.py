"""A shipment as it is answered: by the API, in webhooks, in the feed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.lifecycle import Fact, Reason, State, fold, order
from app.locales import label
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment
from carriers import carriers

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
        "direction": shipment.direction,
        "generation": shipment.generation,
        "parent_id": shipment.parent_id,
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
        },
        "tags": shipment.tags,
        "metadata": shipment.metadata,
        "created_at": shipment.created_at,
        "updated_at": shipment.updated_at,
    }


def whole(
    shipment: Shipment, events: Mapping[str, StoredEvent], now: datetime, tracking_page: str, locale: str
) -> Json:
    """A shipment with its events, newest first, and why it has its status."""
    state = explained(shipment, events, now)
    ordered = newest_first(events)
    shown = [shown_event(event, state.set_aside.get(event.key), shipment.carrier) for event in ordered]
    decided = events.get(shipment.decided_by) if shipment.decided_by else None
    return {
        **summary(shipment, tracking_page, locale),
        "last_event": shown[0] if shown else None,
        "events": shown,
        "events_truncated": state.truncated,
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


def explained(shipment: Shipment, events: Mapping[str, StoredEvent], now: datetime) -> State:
    """The fold of the stored events: the state with its reasons."""
    return fold(
        [event.fact() for event in events.values() if not event.unheard],
        now=now,
        shipped_at=shipment.shipped_at,
        created_at=shipment.created_at,
        direction=shipment.direction,
    )


def newest_first(events: Mapping[str, StoredEvent]) -> list[StoredEvent]:
    """Events in the reverse of the one total order, without those of which only the withdrawal has come."""

    def place(event: StoredEvent) -> tuple[datetime, int, int, str]:
        fact: Fact = event.fact()
        return order(fact)

    return sorted((event for event in events.values() if not event.unheard), key=place, reverse=True)


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
            "carrier": carrier,
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
    return ", ".join(place[part] for part in ("name", "city", "state", "country") if place.get(part))


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
