"""What the process tells Prometheus of itself: requests by route and status, how long they took, since when it runs."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope


class Metrics:
    """The metrics of one application; `registry` takes those of other terms."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "nove_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "nove_request_seconds", "Seconds that a request took.", ("route",), registry=self.registry
        )
        began = time.monotonic()
        uptime = Gauge("nove_uptime_seconds", "Seconds since the process began to serve.", registry=self.registry)
        uptime.set_function(lambda: time.monotonic() - began)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request under its route's pattern: never its address, which anyone can make up."""
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
