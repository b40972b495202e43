"""Where a parcel is, in one sentence."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from app.locales import Facts, amount_in_words, local_date, sentence
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment
from carriers.vocabulary import SubStatus

_AT_THE_EVENTS_PLACE = (SubStatus.DEPARTED, SubStatus.ARRIVED)


def in_a_sentence(shipment: Shipment, events: Mapping[str, StoredEvent], locale: str, zone: str, now: datetime) -> str:
    """What its status means, with the facts that are known; days are those of the zone."""
    decided = events.get(shipment.decided_by or "")
    on = local_date(decided.occurred_at, zone) if decided else None
    if shipment.sub_status in _AT_THE_EVENTS_PLACE:
        place = ((decided.place if decided else None) or {}).get("city", "")
    else:
        place = (shipment.pickup_point or {}).get("name") or shipment.carrier_pickup_point
    expected = shipment.eta_from or shipment.eta_to
    cash = shipment.cash_on_delivery
    facts = Facts(
        on=on,
        day=local_date(expected, zone) if expected else shipment.promised_on,
        place=place,
        amount=amount_in_words(cash["amount"], cash["currency"], locale) if cash else "",
        parcels=shipment.parcel_count,
        today=on is None or on >= now.astimezone(ZoneInfo(zone)).date(),
    )
    return sentence(shipment.status, shipment.sub_status, locale, shipment.direction, facts)
