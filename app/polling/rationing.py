"""Which shipments are asked about first, where an account's quota is short.

Those of which news is the most overdue: by how many of its intervals (`app.pace`) a shipment has waited. So a parcel
out for delivery comes before one at sea, and none waits for ever.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app import pace
from app.intake.scheduling import asked_of
from app.ration import DAY
from app.shipments.shipment import Shipment

RANKED = 1_000
"""So many of what is due, longest first, are compared."""


def most_overdue(due: Sequence[Shipment], now: datetime, hours: Mapping[str, float]) -> list[Shipment]:
    """The same, those first of which news is the most overdue; what was never asked about comes before all others."""

    def overdue(shipment: Shipment) -> float:
        if shipment.last_polled_at is None:
            return float("inf")
        asked = asked_of(shipment)
        final = asked.final_since is not None
        span = DAY if final else pace.interval(asked, now, hours)
        return (now - shipment.last_polled_at) / span

    return sorted(due, key=overdue, reverse=True)
