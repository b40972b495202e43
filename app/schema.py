"""Every table, gathered for Alembic and for the check that a database is up to date."""

from app import accounts, carrier_calls, idempotency, keys, orders, shops, subscriptions, tombstones, unsealing
from app.arrivals import tables as arrivals
from app.database import metadata
from app.erasures import tables as erasures
from app.mappings import tables as mappings
from app.outbox import tables as outbox
from app.shipments import names
from app.shipments import tables as shipments

TERMS = (
    *(accounts, arrivals, carrier_calls, erasures, idempotency, keys, mappings, names, orders),
    *(outbox, shipments, shops, subscriptions, tombstones, unsealing),
)

__all__ = ["TERMS", "metadata"]
