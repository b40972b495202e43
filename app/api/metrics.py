"""What `/metrics` shows: what this process has counted, and what waits in the database, asked for every few seconds."""

import asyncio
import time
from collections.abc import Iterator

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from app.backlog import Backlog, look
from app.errors import Unavailable
from app.installation import Installation

KEPT_SECONDS = 5.0
LOOK_SECONDS = 5.0

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(here: Installation, scope: Scope, status: int, seconds: float) -> None:
    """Count a request under its route's pattern: never its address, which anyone can make up."""
    route = getattr(scope.get("route"), "path_format", "unknown")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    here.metrics.requests.add(method, route, str(status))
    here.metrics.request_seconds.add(route, values=(seconds,))


class Scrape(Collector):
    """The gauges of an installation, beside what its process counts. Without database there are none but `up`."""

    def __init__(self, here: Installation, kept_seconds: float = KEPT_SECONDS) -> None:
        self._here, self._kept_seconds = here, kept_seconds
        self._backlog: Backlog | None = None
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        async with self._looking:
            if time.monotonic() >= self._until:
                self._backlog = await self._look()
                self._until = time.monotonic() + self._kept_seconds
        return self._here.metrics.text() + generate_latest(self)

    async def _look(self) -> Backlog | None:
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._here.database.reading() as db:
                return await look(db)
        except (Unavailable, TimeoutError):
            return None

    def collect(self) -> Iterator[Metric]:
        """Every gauge, of the last look."""
        up = GaugeMetricFamily("nove_database_up", "Whether the database answers.")
        up.add_metric((), float(self._backlog is not None))
        yield up
        if self._backlog is not None:
            yield from gauges_of(self._backlog)


def gauges_of(backlog: Backlog) -> Iterator[Metric]:
    """The backlog as Prometheus reads it."""
    due = GaugeMetricFamily("nove_due", "What waits to be done now, counted up to 10,000.", labels=("queue",))
    oldest = GaugeMetricFamily("nove_oldest_due_seconds", "How long the oldest has waited.", labels=("queue",))
    leases = GaugeMetricFamily(
        "nove_leases", "Work that a worker holds, or has let run out.", labels=("queue", "state")
    )
    for name, queue in backlog.queues.items():
        due.add_metric((name,), queue.due)
        oldest.add_metric((name,), (backlog.at - queue.oldest).total_seconds() if queue.oldest else 0.0)
        if name in ("polls", "messages"):
            leases.add_metric((name, "held"), queue.held)
            leases.add_metric((name, "expired"), queue.expired)
    kept = GaugeMetricFamily("nove_arrivals_kept", "Arrivals that wait, counted up to 10,000.", labels=("state",))
    endpoints = GaugeMetricFamily("nove_endpoints", "Webhook endpoints by health.", labels=("state",))
    accounts = GaugeMetricFamily("nove_accounts", "Carrier accounts by health.", labels=("carrier", "state"))
    for state in ("quarantined", "failed"):
        kept.add_metric((state,), backlog.kept.get(state, 0))
    for state in ("well", "failing", "resting", "disabled"):
        endpoints.add_metric((state,), backlog.endpoints.get(state, 0))
    for (carrier, state), number in sorted(backlog.accounts.items()):
        accounts.add_metric((carrier, state), number)
    quotas = GaugeMetricFamily(
        "nove_quota_used_ratio", "How much of a day's quota of calls is used.", labels=("carrier",)
    )
    for carrier, used in sorted(backlog.quotas.items()):
        quotas.add_metric((carrier,), used)
    yield from (due, oldest, leases, kept, endpoints, accounts, quotas)
