"""The pass over the facts in their order; the rules in words stand at the head of `app.lifecycle`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.lifecycle.facts import RANKS, Fact, Source, order, order_instant
from app.lifecycle.state import Change, Reason, State
from carriers.vocabulary import Direction, Status, SubStatus

LIMIT = 500  # facts folded: the last ones of the total order
LEEWAY = timedelta(minutes=10)  # carriers' clocks run ahead of ours
REACH = timedelta(hours=24)  # a date further ahead is a mistake, not a zone
BEFORE_SHIPMENT = timedelta(days=7)
REOPENING = timedelta(days=30)
LIFETIME = timedelta(days=180)
ONE_ATTEMPT = timedelta(hours=6)  # failed attempts closer than this, with nothing between, are one

OTHER_PARCELS = frozenset({Reason.RECYCLED, Reason.EARLIER_PARCEL})
REOPENS_DELIVERED = frozenset({SubStatus.RETURNING, SubStatus.REFUSED, SubStatus.DAMAGED, SubStatus.LOST})


def fold(
    facts: Iterable[Fact],
    *,
    now: datetime,
    shipped_at: datetime | None = None,
    created_at: datetime | None = None,
    after: datetime | None = None,
    direction: Direction = Direction.OUTBOUND,
) -> State:
    """The state that these facts give at `now`: the same for any order and repetition of them.

    A key given twice counts once. `after` is when another parcel under the number was last told of: a carrier's words
    of then, or before, are about that one. On a return, a delivery means that the parcel is back with the shop:
    `returned`.
    """
    ordered = sorted({fact.key: fact for fact in facts}.values(), key=order)
    truncated = len(ordered) > LIMIT
    set_aside = dict.fromkeys([fact.key for fact in ordered[:-LIMIT]], Reason.BEYOND_LIMIT)
    soon = now + LEEWAY
    journey = _Journey()
    refold_at: datetime | None = None

    for fact in ordered[-LIMIT:]:
        status, sub_status = fact.status, fact.sub_status
        if status is None or fact.withdrawn:
            set_aside[fact.key] = Reason.WITHDRAWN if fact.withdrawn else Reason.NO_STATUS
            continue
        if fact.occurred_at > soon:
            far = fact.occurred_at > now + REACH
            set_aside[fact.key] = Reason.TOO_FAR_AHEAD if far else Reason.WAITING
            # Each comes a step nearer then: first within reach, later due.
            step = fact.occurred_at - (REACH if far else LEEWAY)
            refold_at = step if refold_at is None else min(refold_at, step)
            continue
        if direction is Direction.RETURN and status is Status.DELIVERED:
            status, sub_status = Status.RETURNED, None
        at = order_instant(fact)
        if fact.source is not Source.OVERRIDE:
            out = _out_of_life(fact, shipped_at, created_at, after)
            reason = out or journey.refuses(fact, at, status, sub_status)
            if reason:
                set_aside[fact.key] = reason
                continue
        journey.take(fact, at, status, sub_status)

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
        recycled=not OTHER_PARCELS.isdisjoint(set_aside.values()),
        truncated=truncated,
    )


def ended_before(
    facts: Iterable[Fact], bound: datetime, *, now: datetime, direction: Direction = Direction.OUTBOUND
) -> datetime | None:
    """When the last of the journeys among these facts that were over by then was last told of; none if none was.

    What lies more than 30 days after an end is another journey, as ever.
    """
    left = {fact.key: fact for fact in facts if fact.status is not None and not fact.withdrawn}
    found: datetime | None = None
    while left:
        state = fold(left.values(), now=now, direction=direction)
        later = {key for key, reason in state.set_aside.items() if reason is Reason.RECYCLED}
        last = max(fact.occurred_at for key, fact in left.items() if key not in later)
        if not state.status.final or last >= bound:
            break
        found, left = last, {key: fact for key, fact in left.items() if key in later}
    return found


def _out_of_life(
    fact: Fact, shipped_at: datetime | None, created_at: datetime | None, after: datetime | None
) -> Reason | None:
    """Why an event cannot be of this shipment at all, judged by its date."""
    if shipped_at is not None and shipped_at - fact.occurred_at > BEFORE_SHIPMENT:
        return Reason.BEFORE_SHIPMENT
    if after is not None and fact.occurred_at <= after and fact.source is Source.CARRIER:
        return Reason.EARLIER_PARCEL
    if created_at is not None and fact.occurred_at - created_at > LIFETIME:
        return Reason.RECYCLED
    return None


class _Journey:
    """The state under way: events are refused or taken one by one, in order."""

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

    def refuses(self, fact: Fact, at: datetime, status: Status, sub_status: SubStatus | None) -> Reason | None:
        """Why this event may not move the shipment from where it stands; `at` is when it stands in the order."""
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

    def take(self, fact: Fact, at: datetime, status: Status, sub_status: SubStatus | None) -> None:
        """Let the event decide where the shipment stands; `at` as above."""
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
