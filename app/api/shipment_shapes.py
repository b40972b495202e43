"""The shape of a shipment as it is answered, for the OpenAPI document; `app.shipments.answer` makes the values."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.shapes import Output
from app.lifecycle import Reason, Source
from carriers.vocabulary import Direction, Status, SubStatus


class MoneyOut(Output):
    """An amount as a decimal text, and its currency."""

    amount: str = Field(examples=["59.90"])
    currency: str = Field(examples=["EUR"])


class OrderPart(Output):
    """The order that a shipment is of; everything but its reference only where one shipment is read."""

    reference: str
    placed_at: datetime | None = None
    platform: str = ""
    total: MoneyOut | None = None
    items: list[dict[str, Any]] = Field([])


class EtaOut(Output):
    """When delivery is expected: instants or days, by the carrier or as the shop promised."""

    from_: datetime | date | None = Field(alias="from")
    to: datetime | date | None
    source: str | None


class SilenceOut(Output):
    """The carrier does not answer, `since` it last did (null: it never has); `disabled`: so nothing more is asked."""

    since: datetime | None
    disabled: bool
    note: str


class AskedBy(Output):
    """An aggregator's account that is asked in the place of the shipment's own, which is disabled."""

    account_id: UUID
    carrier: str
    note: str


class RationedOut(Output):
    """The account's quota of calls a day is used up for now: nothing is asked before `until`."""

    until: datetime
    quota: int
    note: str


class Freshness(Output):
    """How fresh this is, and why it is not asked about if it is not."""

    last_event_at: datetime | None
    last_polled_at: datetime | None
    next_poll_at: datetime | None
    note: str
    not_found: bool
    silence: SilenceOut | None = Field(None, description="Set while it is asked about in vain")
    asked_by: AskedBy | None = Field(None, description="Set while another than `account_id` is asked about it")
    rationed: RationedOut | None = Field(None, description="Set while it waits for the account's quota of calls")


class Evidence(Output):
    """Where an event comes from: whose word it is, by which row of which table, in which raw body."""

    carrier: str
    source: Source
    author: str | None
    list: str
    row: str | None
    context: str
    weak: bool
    doubtful: bool
    arrival_id: UUID | None
    received_at: datetime


class EventOut(Output):
    """One tracking event; `set_aside` says why it has no effect, none if it has."""

    key: str
    occurred_at: datetime
    local_time: str
    offset_source: str
    status: Status | None
    sub_status: SubStatus | None
    code: str
    text: str
    place: str
    place_parts: dict[str, str] | None
    set_aside: Reason | None
    evidence: Evidence


class SetAside(Output):
    """An event without effect, and why."""

    key: str
    reason: Reason


class Moved(Output):
    """A moment at which the status changed, by the events as they are known now."""

    status: Status
    sub_status: SubStatus | None
    key: str
    at: datetime


class Explanation(Output):
    """Why the shipment has its status."""

    decided_by: str | None
    decided_at: datetime | None
    row: str | None
    arrival_id: UUID | None
    source: Source | None
    doubtful: bool
    set_aside: list[SetAside]
    timeline: list[Moved]


class ShipmentSummary(Output):
    """A shipment without its events."""

    id: UUID
    shop_id: UUID
    carrier: str = Field(examples=["gls_it"])
    tracking_number: str | None
    sender_reference: str | None
    account_id: UUID | None
    carrier_settled: bool = Field(description="False while it is one of several `candidates`")
    direction: Direction
    generation: int
    recycled_at: datetime | None = Field(description="When its carrier first told of another parcel under its number")
    parent_id: UUID | None
    return_of: UUID | None
    status: Status
    status_id: int
    sub_status: SubStatus | None
    status_label: str
    status_since: datetime
    final: bool
    problem: bool
    late: bool
    stale: bool
    version: int
    order: OrderPart | None
    recipient: dict[str, Any] | None
    buyer: dict[str, Any] | None
    service: str
    origin: dict[str, Any] | None
    parcel_count: int | None
    pickup_point: dict[str, Any] | None
    shipped_at: datetime | None
    promised_on: date | None
    deliver_by: datetime | None
    cash_on_delivery: MoneyOut | None
    eta: EtaOut | None
    tracking_page: str
    carrier_page: str | None
    freshness: Freshness
    tags: list[str]
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class NameOut(Output):
    """A carrier and a number; `current` for those that the shipment goes by now."""

    carrier: str
    tracking_number: str | None
    current: bool


class OutcomeOut(Output):
    """What came of a carrier and a number before: when it was settled that it is this, and until when it was."""

    outcome: str
    tried_at: datetime | None
    settled_at: datetime | None
    until: datetime | None


class CandidateName(NameOut):
    """A carrier that it may be with: when it was last asked, what came of it, and when it was settled that it is."""

    tried_at: datetime | None
    outcome: str
    settled_at: datetime | None
    earlier: list[OutcomeOut] = Field(description="What came of it before it was settled anew, oldest first")


class Leg(CandidateName):
    """A part of the journey; in the order in which they are travelled. One that is announced is not settled yet."""

    since: datetime


class FormerName(Output):
    """What a shipment went by before it was corrected, with what was said under that: it counts no more."""

    carrier: str
    tracking_number: str | None
    since: datetime
    until: datetime | None
    outcome: str = Field(description="As a candidate: what came of it")
    settled_at: datetime | None
    earlier: list[OutcomeOut]
    events: list[EventOut]


class LinkedShipment(Output):
    """A shipment that belongs to this one."""

    id: UUID
    carrier: str
    tracking_number: str | None
    status: Status
    sub_status: SubStatus | None
    created_at: datetime


class ShipmentWhole(ShipmentSummary):
    """A shipment with its events, newest first, and why it has its status."""

    last_event: EventOut | None
    events: list[EventOut]
    events_truncated: bool
    candidates: list[CandidateName]
    legs: list[Leg]
    former: list[FormerName]
    returns: list[LinkedShipment] = Field(description="The customer's returns of it")
    parcels: list[LinkedShipment] = Field(description="Other parcels whose `parent_id` it is; each has its own status")
    explanation: Explanation
