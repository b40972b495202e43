"""What the metrics are told of arrivals that were taken in: once for each group, after its commit."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from app.arrivals.keeping import ArrivalState, Arrived
from app.lifecycle import Source
from app.metrics import Labels, Metrics
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment

FORGOTTEN = "forgotten"
"""What becomes of an arrival about a parcel that was erased."""


def taken(
    metrics: Metrics,
    arrivals: Sequence[Arrived],
    states: Sequence[ArrivalState | None],
    recorded: Sequence[tuple[Shipment, Recorded]],
    now: datetime,
) -> None:
    """Count what came, what in it is new, and how long after the carrier's time its newest was stored."""
    came = Counter(
        (each.carrier, each.source, state or FORGOTTEN) for each, state in zip(arrivals, states, strict=True)
    )
    for part, number in came.items():
        metrics.arrivals.add(*part, number=number)
    events: Counter[Labels] = Counter()
    unmapped: Counter[str] = Counter()
    lags: defaultdict[Labels, list[float]] = defaultdict(list)
    for shipment, change in recorded:
        new = [change.events[key] for key in change.new]
        if not new:
            continue
        for each in new:
            events[shipment.carrier, each.status or "none"] += 1
            if each.status is None and each.row is None and each.source is Source.CARRIER:
                unmapped[shipment.carrier] += 1
        newest = max(new, key=attrgetter("occurred_at"))
        lags[shipment.carrier, newest.source].append(max(0.0, (now - newest.occurred_at).total_seconds()))
    for labels, number in events.items():
        metrics.events.add(*labels, number=number)
    for carrier, number in unmapped.items():
        metrics.unmapped.add(carrier, number=number)
    for labels, seconds in lags.items():
        metrics.stored_lag.add(*labels, values=seconds)
