"""When a parcel is expected, as its carrier says: the columns of a shipment that hold it."""

from typing import Any

from app.shipments.shipment import Shipment
from carriers.event import Eta


def expected(shipment: Shipment, eta: Eta | None) -> dict[str, Any]:
    """What of the shipment's columns the estimate changes; without one the last stays."""
    if eta is None:
        return {}
    latest = eta.latest or eta.earliest
    said = {
        "eta_from": eta.earliest,
        "eta_to": latest,
        "eta_day": None if latest else eta.day,
        "eta_source": "carrier",
    }
    return {name: value for name, value in said.items() if getattr(shipment, name) != value}
