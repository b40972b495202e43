"""The fold: all events of a shipment, in one total order, give its status, whatever order they came in.

Values only: no database, no clock. `now` decides nothing but which events still lie in the future; `State.refold_at`
is the first instant at which the same facts would give another state.

Who may move what:

- The last strong event wins, also backwards (out for delivery, failed attempt, in transit is a normal week).
- A weak event (paperwork) takes effect unless it would lower the rank. At equal rank it does: customs papers after
  `in_transit/arrived` make it `in_transit/customs`.
- `delivered` is soft-final: within 30 days a strong `returned`, or `exception` with returning, refused, damaged or
  lost, reopens it; other scans are kept without effect. `returned` is hard-final.
- An override is a person's word. It passes every rule but withdrawal and the future, and holds until a strong event
  dated later; where it says a final status, that status is as final as a carrier's.
- Events over 30 days after a final status, or over 180 days after the shipment's creation, belong to another parcel
  under a recycled number: never applied, listed for a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from carriers.vocabulary import Direction, Status, SubStatus

LIMIT = 500  # facts folded: the last ones of the total order
LEEWAY = timedelta(minutes=10)  # carriers' clocks run ahead of ours
REACH = timedelta(hours=24)  # a date further ahead is a mistake, not a zone
BEFORE_SHIPMENT = timedelta(days=7)
REOPENING = timedelta(days=30)
LIFETIME = timedelta(days=180)
ONE_ATTEMPT = timedelta(hours=6)  # failed attempts closer than this, with nothing between, are one

RANKS: Mapping[Status | None, int] = {
    None: 0,
    Status.PENDING: 0,
    Status.AWAITING_PICKUP: 1,
    Status.IN_TRANSIT: 2,
    Status.OUT_FOR_DELIVERY: 3,
    Status.FAILED_ATTEMPT: 4,
    Status.AVAILABLE_FOR_PICKUP: 5,
    Status.EXCEPTION: 6,
    Status.DELIVERED: 7,
    Status.RETURNED: 8,
}
REOPENS_DELIVERED = frozenset({SubStatus.RETURNING, SubStatus.REFUSED, SubStatus.DAMAGED, SubStatus.LOST})
SORTS_AT_START = frozenset({None, Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY})
"""Where an event with a date alone stands within its day: these at the start, all others at the end."""


class Source(StrEnum):
    """Whose word a fact is."""

    CARRIER = "carrier"
    SHOP = "shop"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Fact:
    """What the fold needs to know of one event.

    `key` is the event's identity. `occurred_at` is aware UTC; for a date alone it is the start of that local day and
    `until` its last second, otherwise `until` is none.
    """

    key: str
    occurred_at: datetime
    until: datetime | None = None
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool = False
    doubtful: bool = False
    sequence: int = 0
    source: Source = Source.CARRIER
    withdrawn: bool = False


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


def order_instant(fact: Fact) -> datetime:
    """The instant at which an event stands in the order: its time, or one end of its day."""
    if fact.until is None or fact.status in SORTS_AT_START:
        return fact.occurred_at
    return fact.until


def order(fact: Fact) -> tuple[datetime, int, int, str]:
    """The place of an event in the one total order that fold and reads share."""
    return order_instant(fact), fact.sequence, RANKS[fact.status], fact.key


def fold(
    facts: Iterable[Fact],
    *,
    now: datetime,
    shipped_at: datetime | None = None,
    created_at: datetime | None = None,
    direction: Direction = Direction.OUTBOUND,
) -> State:
    """The state that these facts give at `now`: the same for any order and repetition of them.

    A key given twice counts once. On a return, a delivery means that the parcel is back with the shop: `returned`.
    """
    ordered = sorted({fact.key: fact for fact in facts}.values(), key=order)
    truncated = len(ordered) > LIMIT
    set_aside = dict.fromkeys((fact.key for fact in ordered[:-LIMIT]), Reason.BEYOND_LIMIT)
    journey = _Journey()
    refold_at: datetime | None = None

    for fact in ordered[-LIMIT:]:
        status, sub_status = fact.status, fact.sub_status
        if status is None or fact.withdrawn:
            set_aside[fact.key] = Reason.WITHDRAWN if fact.withdrawn else Reason.NO_STATUS
            continue
        if fact.occurred_at > now + LEEWAY:
            far = fact.occurred_at > now + REACH
            set_aside[fact.key] = Reason.TOO_FAR_AHEAD if far else Reason.WAITING
            # Each comes a step nearer then: first within reach, later due.
            step = fact.occurred_at - (REACH if far else LEEWAY)
            refold_at = step if refold_at is None else min(refold_at, step)
            continue
        if direction is Direction.RETURN and status is Status.DELIVERED:
            status, sub_status = Status.RETURNED, None
        if fact.source is not Source.OVERRIDE:
            reason = _out_of_life(fact, shipped_at, created_at) or journey.refuses(fact, status, sub_status)
            if reason:
                set_aside[fact.key] = reason
                continue
        journey.take(fact, status, sub_status)

    return State(
        status=journey.status,
        sub_status=journey.sub_status,
        since=journey.since,
        decided_by=journey.decided_by.key if journey.decided_by else None,
        decided_at=journey.decided_by.occurred_at if journey.decided_by else None,
        doubtful=journey.decided_by is not None and journey.decided_by.doubtful,
        set_aside=set_aside,
        refold_at=refold_at,
        failed_attempts=journey.failed_attempts,
        timeline=tuple(journey.timeline),
        recycled=Reason.RECYCLED in set_aside.values(),
        truncated=truncated,
    )


def _out_of_life(fact: Fact, shipped_at: datetime | None, created_at: datetime | None) -> Reason | None:
    """Why an event cannot be of this shipment at all, judged by its date."""
    if shipped_at is not None and shipped_at - fact.occurred_at > BEFORE_SHIPMENT:
        return Reason.BEFORE_SHIPMENT
    if created_at is not None and fact.occurred_at - created_at > LIFETIME:
        return Reason.RECYCLED
    return None


class _Journey:
    """The state under way: events are refused or taken one by one, in order."""

    __slots__ = ("_attempted", "_began", "_overridden", "decided_by", "failed_attempts", "since", "status")
    __slots__ += ("sub_status", "timeline")

    def __init__(self) -> None:
        self.status = Status.PENDING
        self.sub_status: SubStatus | None = None
        self.since: datetime | None = None
        self.decided_by: Fact | None = None
        self.failed_attempts = 0
        self.timeline: list[Change] = []
        self._began: datetime | None = None  # like `since`, on the clock of the order
        self._attempted: datetime | None = None
        self._overridden: datetime | None = None

    def refuses(self, fact: Fact, status: Status, sub_status: SubStatus | None) -> Reason | None:
        """Why this event may not move the shipment from where it stands."""
        at = order_instant(fact)
        if self.status.final and self._began is not None and at - self._began > REOPENING:
            return Reason.RECYCLED
        if self._overridden is not None and (fact.weak or at <= self._overridden):
            return Reason.OVERRIDDEN
        if self.status is Status.RETURNED and status is not Status.RETURNED:
            return Reason.AFTER_RETURN
        if self.status is Status.DELIVERED and status is not Status.DELIVERED:
            reopens = status is Status.RETURNED or (status is Status.EXCEPTION and sub_status in REOPENS_DELIVERED)
            return None if reopens and not fact.weak else Reason.AFTER_DELIVERY
        return Reason.WEAK if fact.weak and RANKS[status] < RANKS[self.status] else None

    def take(self, fact: Fact, status: Status, sub_status: SubStatus | None) -> None:
        """Let the event decide where the shipment stands."""
        at = order_instant(fact)
        self._overridden = at if fact.source is Source.OVERRIDE else None
        if status is Status.FAILED_ATTEMPT:
            again = self.status is status and self._attempted is not None and at - self._attempted < ONE_ATTEMPT
            self.failed_attempts += not again
            self._attempted = at
        if status is not self.status:
            self.since, self._began = fact.occurred_at, at
        if status is not self.status or sub_status is not self.sub_status:
            self.timeline.append(Change(status, sub_status, fact.key, fact.occurred_at))
        self.status, self.sub_status, self.decided_by = status, sub_status, fact
