"""Shipments to be shown, made of plain values: no database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.lifecycle import Source
from app.orders import Order
from app.pages.tracked import Tracked
from app.shipments.answer import explained
from app.shipments.history import StoredEvent, stored
from app.shipments.shipment import NAMES, Shipment
from app.shops import Shop
from carriers.event import Moment, OffsetSource, Place, TrackingEvent, event_key
from carriers.vocabulary import WEAK_SUB_STATUSES, Direction, Status, SubStatus

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 13, 15, 0, tzinfo=ROME)
"""A Friday afternoon."""

COMPANY, SHOP, SHIPMENT, ORDER = (UUID(int=number) for number in range(1, 5))

SHOP_ROW = Shop(COMPANY, SHOP, "Bottega Prova", "it", "Europe/Rome", True, "", "", {}, NOW)
RECIPIENT = {"name": "Anna Prova", "postcode": "50100", "city": "Firenze", "country": "IT", "locale": "it"}
ORDER_ROW = Order(
    company_id=COMPANY,
    id=ORDER,
    shop_id=SHOP,
    reference="1042",
    platform="",
    placed_at=None,
    promised_on=None,
    total=None,
    items=[{"sku": "T-1", "name": "Tazza blu", "quantity": 2}, {"sku": "P-7", "name": "Piatto", "quantity": 1}],
    recipient=None,
    recipient_email=None,
    buyer=None,
    created_at=NOW,
    updated_at=NOW,
)

_PLAIN: dict[str, Any] = {
    "company_id": COMPANY,
    "id": SHIPMENT,
    "shop_id": SHOP,
    "carrier": "brt",
    "tracking_number": "067012345678",
    "direction": Direction.OUTBOUND,
    "generation": 1,
    "recipient": RECIPIENT,
    "recipient_country": "IT",
    "carrier_pickup_point": "",
    "doubtful": False,
    "late": False,
    "stale": False,
    "tags": [],
    "metadata": {},
    "created_at": NOW - timedelta(days=3),
    "last_news_at": NOW - timedelta(hours=1),
}


def at(text: str, zone: ZoneInfo = ROME, *, fold: int = 0) -> Moment:
    """A carrier's local time, `2026-03-13T10:32`, or a date alone."""
    if len(text) == 10:
        start = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        return Moment(start, text, OffsetSource.CARRIER, start + timedelta(hours=24, seconds=-1))
    local = datetime.fromisoformat(text)
    return Moment(
        local.replace(tzinfo=zone, fold=fold).astimezone(UTC), local.isoformat(timespec="seconds"), OffsetSource.CARRIER
    )


def said(
    moment: Moment | str,
    status: Status | None = None,
    sub_status: SubStatus | None = None,
    text: str = "",
    town: str = "Firenze",
    *,
    source: Source = Source.CARRIER,
    place: Place | None = None,
    **rest: Any,
) -> StoredEvent:
    """An event as it is stored."""
    event = TrackingEvent(
        at(moment) if isinstance(moment, str) else moment,
        code=f"{status}-{sub_status}-{text}"[:40],
        text=text,
        status=status,
        sub_status=sub_status,
        weak=rest.pop("weak", sub_status in WEAK_SUB_STATUSES),
        row="row" if status else None,
        place=place or Place(city=town, country="IT"),
        **rest,
    )
    key = event_key("brt", "067012345678", event)
    return stored(event, key, source=source, received_at=NOW, arrival_id=None)


def tracked(
    *events: StoredEvent,
    locale: str = "it",
    shop: Shop = SHOP_ROW,
    order: Order | None = ORDER_ROW,
    now: datetime = NOW,
    **columns: Any,
) -> Tracked:
    """A shipment with these events, its columns as intake would leave them."""
    values = {**dict.fromkeys(NAMES), **_PLAIN, **columns}
    shipment = Shipment(**values)
    by_key = {event.key: event for event in events}
    state = explained(shipment, by_key, now)
    shipment = shipment._replace(
        status=state.status,
        sub_status=state.sub_status,
        status_since=state.since or shipment.created_at,
        decided_by=state.decided_by,
        decided_at=state.decided_at,
        doubtful=state.doubtful,
    )
    return Tracked(shipment, by_key, order, shop, now, locale, "https://nove.example/t/abcdefghijklmnopqrstuvwx")


REGISTERED = said("2026-03-10T18:05", Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, "DATI SPEDIZIONE TRASMESSI", "")
COLLECTED = said("2026-03-11T17:40", Status.IN_TRANSIT, SubStatus.PICKED_UP, "RITIRATA", "Milano")
DEPARTED = said("2026-03-11T21:15", Status.IN_TRANSIT, SubStatus.DEPARTED, "PARTITA", "Milano")
ARRIVED = said("2026-03-12T05:50", Status.IN_TRANSIT, SubStatus.ARRIVED, "ARRIVATA IN FILIALE", "Bologna")
AT_DEPOT = said("2026-03-13T06:20", Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, "ARRIVATA IN FILIALE", "Firenze")
OUT = said("2026-03-13T08:10", Status.OUT_FOR_DELIVERY, None, "IN CONSEGNA")
ABSENT = said("2026-03-13T11:35", Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT, "DESTINATARIO ASSENTE")
HELD = said("2026-03-13T14:00", Status.EXCEPTION, SubStatus.HELD, "IN GIACENZA")
READY = said(
    "2026-03-13T12:00", Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT, "DISPONIBILE PRESSO BRT-FERMOPOINT"
)
DELIVERED = said("2026-03-13T12:47", Status.DELIVERED, None, "CONSEGNATA")
RETURNING = said("2026-03-12T09:00", Status.EXCEPTION, SubStatus.RETURNING, "IN RIENTRO AL MITTENTE", "Bologna")
RETURNED = said("2026-03-13T10:00", Status.RETURNED, None, "RESA AL MITTENTE", "Milano")

ON_ITS_WAY = (REGISTERED, COLLECTED, DEPARTED, ARRIVED, AT_DEPOT)
PROMISED = date(2026, 3, 14)
