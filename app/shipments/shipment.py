"""One shipment as its row says it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from carriers.vocabulary import Direction, Status, SubStatus

Json = dict[str, Any]


class Identity(StrEnum):
    """What is to be said of a shipment's carrier and number beyond those of its row: see `app.shipments.names`."""

    UNSETTLED = "unsettled"
    """Its carrier is one of several candidates."""
    NAMED = "named"
    """It has other names, or had."""


class Shipment(NamedTuple):
    """A parcel's journey: fields are the columns of `shipments`, explained there. `_replace` changes some."""

    company_id: UUID
    id: UUID
    shop_id: UUID
    account_id: UUID | None
    order_id: UUID | None
    order_reference: str | None
    carrier: str
    tracking_number: str | None
    sender_reference: str | None
    direction: Direction
    generation: int
    parent_id: UUID | None
    status: Status
    sub_status: SubStatus | None
    status_since: datetime
    decided_by: str | None
    decided_at: datetime | None
    doubtful: bool
    failed_attempts: int
    version: int
    revision: int
    stale: bool
    late: bool
    problem: bool
    imported: bool
    service: str
    origin: Json | None
    parcel_count: int | None
    pickup_point: Json | None
    deliver_by: datetime | None
    promised_on: date | None
    shipped_at: datetime | None
    cash_on_delivery: Json | None
    recipient: Json | None
    recipient_email: str | None
    recipient_phone: str | None
    recipient_name: str | None
    recipient_postcode: str | None
    recipient_country: str | None
    buyer: Json | None
    tags: list[str]
    metadata: Json
    eta_from: datetime | None
    eta_to: datetime | None
    eta_day: date | None
    eta_source: str | None
    carrier_service: str
    carrier_pickup_point: str
    last_event_at: datetime | None
    last_news_at: datetime
    last_polled_at: datetime | None
    next_poll_at: datetime | None
    poll_note: str
    not_found: bool
    lease_until: datetime | None
    lease_number: int
    refold_at: datetime | None
    late_at: datetime | None
    stale_at: datetime | None
    speed: float
    page_generation: int
    page_hash: str
    created_at: datetime
    updated_at: datetime
    forgotten_at: datetime | None = None
    identity: Identity | None = None
    linked: bool = False
    recycled_at: datetime | None = None
    begins_after: datetime | None = None

    @classmethod
    def of(cls, row: Row[Any]) -> "Shipment":
        """From a row of the table."""
        values = row._mapping
        return cls._make(values[name] for name in NAMES)

    def changed(self, values: Mapping[str, Any]) -> "Shipment":
        """`_replace` in a third of its time, which asks of every column whether it is one of those that change."""
        row = list(self)
        for name, value in values.items():
            row[_PLACES[name]] = value
        return _made(row)

    @property
    def number(self) -> str:
        """What the shipment goes by: the carrier's number, or until that is known the sender's reference."""
        return self.tracking_number or self.sender_reference or str(self.id)

    @property
    def final_since(self) -> datetime | None:
        """When the journey ended; none while it goes on."""
        return self.status_since if self.status.final else None


NAMES = Shipment._fields
"""Its columns, in the order in which it is made of them."""
_PLACES = {name: place for place, name in enumerate(NAMES)}
_made = partial(tuple.__new__, Shipment)
