"""What the fold gives: where a shipment stands, why, and why each other event has no effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carriers.vocabulary import Status, SubStatus


class Reason(StrEnum):
    """Why an event has no effect."""

    WITHDRAWN = "withdrawn"
    NO_STATUS = "no_status"  # a note, or a code that no table lists
    WAITING = "waiting"  # dated ahead: applied when it falls due
    TOO_FAR_AHEAD = "too_far_ahead"  # more than 24 hours: for a person to see
    BEFORE_SHIPMENT = "before_shipment"  # more than 7 days before the shop shipped
    AFTER_DELIVERY = "after_delivery"
    AFTER_RETURN = "after_return"
    WEAK = "weak"  # paperwork that would have lowered the status
    OVERRIDDEN = "overridden"  # a person's word holds against it
    RECYCLED = "recycled"  # of another parcel under the same number
    EARLIER_PARCEL = "earlier_parcel"  # of the one that had the number before
    BEYOND_LIMIT = "beyond_limit"  # older than the last 500


@dataclass(frozen=True, slots=True)
class Change:
    """A moment at which status or sub-status changed; `at` is when the event `key` occurred."""

    status: Status
    sub_status: SubStatus | None
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class State:
    """Where a shipment stands, and why.

    `decided_by` is the last event that took effect, `decided_at` when it occurred, `doubtful` whether its table row
    is; `since` is when the first event of the present, unbroken run of this status occurred. All are none or false
    while `pending`. Events with a date alone count from the start of their day. `set_aside` gives the reason for
    every event without effect. `recycled`: some of them belong to another parcel. `truncated`: older events were
    left out.
    """

    status: Status = Status.PENDING
    sub_status: SubStatus | None = None
    since: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    doubtful: bool = False
    set_aside: Mapping[str, Reason] = field(default_factory=dict)
    refold_at: datetime | None = None
    failed_attempts: int = 0
    timeline: tuple[Change, ...] = ()
    recycled: bool = False
    truncated: bool = False
