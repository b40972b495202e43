"""What is said of a parcel as a whole, beside its events."""

from collections.abc import Iterable, Sequence

from carriers.event import Said, TrackingEvent
from carriers.sequence import last_of
from carriers.vocabulary import Status

UNDER_WAY = frozenset((None, Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY))
"""Statuses of a newest event after which an end or a trouble may have come that no event tells."""
ENDS = frozenset((Status.DELIVERED, Status.RETURNED))
TELLING = ENDS | {Status.EXCEPTION}


def ended(events: Iterable[TrackingEvent]) -> bool:
    """Whether one of the events is the journey's end, after which nothing is expected any more."""
    return any(event.status in ENDS for event in events)


def with_summary(events: Sequence[TrackingEvent], said: Said) -> tuple[TrackingEvent, ...]:
    """The events, before them the summary as one at the newest one's time, if it says what none of them does.

    It speaks of an end or of trouble while the newest event is under way, and of anything where no event has a status.
    """
    newest = last_of(events)
    told = {event.status for event in events}
    if newest is None or said.status is None or said.status in told or newest.status not in UNDER_WAY:
        return tuple(events)
    if said.status not in TELLING and told != {None}:
        return tuple(events)
    return (said.at(newest.moment, sequence=newest.sequence + 1), *events)
