"""The newest event of an answer, by which the tests say what it means."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from carriers.event import Parcel, TrackingEvent
from carriers.vocabulary import Status


def newest(parcels: Sequence[Parcel]) -> TrackingEvent:
    """The newest event of the first parcel."""
    return max(parcels[0].events, key=attrgetter("moment.occurred_at", "sequence"))


def in_order(event: TrackingEvent) -> tuple[datetime, int]:
    """The service's order: a day alone counts by its start while the parcel is under way, by its end after that."""
    start = event.moment.occurred_at
    under_way = event.status in (None, Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY)
    return (start if under_way else event.moment.until or start), event.sequence
