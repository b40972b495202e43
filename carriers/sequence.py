"""The order of events that share an instant: a carrier that prints minutes or days tells it by its list alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter, eq

from carriers.event import TrackingEvent, made_event


def last_of(events: Iterable[TrackingEvent]) -> TrackingEvent | None:
    """The newest event, of several at its instant the one with the highest number; none of none."""
    return max(events, key=_ORDER, default=None)


_ORDER = attrgetter("moment.occurred_at", "sequence")


def numbered(events: Sequence[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The events of a list that runs newest first, numbered from the oldest on where they share an instant.

    A list that plainly runs oldest first is read so. The number counts within the instant only: whatever is added to
    the list later leaves it as it is.
    """
    instants = sorted([event.moment.occurred_at for event in events])  # quicker than a set: their hash is slow
    if not any(map(eq, instants, instants[1:])):
        return tuple(events)
    oldest_first = events[0].moment.occurred_at < events[-1].moment.occurred_at
    seen: dict[datetime, int] = {}
    made = []
    for event in events if oldest_first else reversed(events):
        at = event.moment.occurred_at
        nth = seen[at] = seen.get(at, -1) + 1
        made.append(made_event((*event[:_PLACE], nth, *event[_PLACE + 1 :])) if nth else event)
    return tuple(made if oldest_first else reversed(made))


_PLACE = TrackingEvent._fields.index("sequence")
