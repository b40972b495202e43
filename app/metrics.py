"""What a process counts of itself, for Prometheus: plain numbers, added to once for each group and not for each event.

Labels are carriers, statuses, channels, outcomes and the patterns of routes: few, and never what anybody sent.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Labels = tuple[str, ...]

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CALLS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
LAGS = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0, 24 * 3600.0, 72 * 3600.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


class Count:
    """A number that only grows, for each combination of labels."""

    def __init__(self, name: str, text: str, labels: Labels) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._counted: Counter[Labels] = Counter()

    def add(self, *labels: str, number: int = 1) -> None:
        """Count so many more."""
        self._counted[labels] += number

    def family(self) -> Metric:
        """As Prometheus reads it."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, number in list(self._counted.items()):
            family.add_metric(labels, number)
        return family


class Spread:
    """How values spread over bounds, for each combination of labels."""

    def __init__(self, name: str, text: str, labels: Labels, bounds: Sequence[float]) -> None:
        self._name, self._text, self._labels, self._bounds = name, text, labels, tuple(bounds)
        self._cells: dict[Labels, list[int]] = {}
        self._sums: defaultdict[Labels, float] = defaultdict(float)

    def add(self, *labels: str, values: Iterable[float]) -> None:
        """Add values, a group's at once."""
        cells = self._cells.get(labels)
        if cells is None:
            cells = self._cells[labels] = [0] * (len(self._bounds) + 1)
        total = 0.0
        for value in values:
            cells[bisect_left(self._bounds, value)] += 1
            total += value
        self._sums[labels] += total

    def family(self) -> Metric:
        """As Prometheus reads it: each bound with all that is not above it."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for labels, cells in list(self._cells.items()):
            buckets, below = [], 0
            for bound, number in zip((*map(str, self._bounds), "+Inf"), cells, strict=True):
                below += number
                buckets.append((bound, below))
            family.add_metric(labels, buckets, self._sums[labels])
        return family


class Metrics(Collector):
    """Everything one process counts."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.requests = Count("nove_requests", "Requests answered.", ("method", "route", "status"))
        self.request_seconds = Spread("nove_request_seconds", "Seconds that a request took.", ("route",), QUICK)
        self.arrivals = Count(
            "nove_arrivals",
            "Parcels' parts of bodies that came, and what became of them.",
            ("carrier", "source", "outcome"),
        )
        self.events = Count("nove_events", "New events stored; status `none` moves nothing.", ("carrier", "status"))
        self.unmapped = Count("nove_events_unmapped", "New events whose code stands in no table.", ("carrier",))
        self.stored_lag = Spread(
            "nove_stored_lag_seconds",
            "From the carrier's time of a shipment's newest event until it was stored.",
            ("carrier", "source"),
            LAGS,
        )
        self.told_lag = Spread(
            "nove_told_lag_seconds",
            "From the carrier's time of an event that is news until a message about it was taken.",
            ("channel",),
            LAGS,
        )
        self.groups = Spread("nove_group_size", "Jobs stored together in one transaction.", ("kind",), SIZES)
        self.calls = Count("nove_carrier_calls", "Calls to carriers, and how they went.", ("carrier", "outcome"))
        self.asked = Count(
            "nove_numbers_asked",
            "Parcels that carriers were asked about, and whether they knew them.",
            ("carrier", "outcome"),
        )
        self.call_seconds = Spread("nove_carrier_call_seconds", "Seconds that a call took.", ("carrier",), CALLS)
        self.sends = Count("nove_sends", "Attempts to send a message, and how they went.", ("channel", "outcome"))
        self.send_seconds = Spread("nove_send_seconds", "Seconds that an attempt took.", ("channel",), CALLS)

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        uptime = GaugeMetricFamily("nove_uptime_seconds", "Seconds since the process began.")
        uptime.add_metric((), time.monotonic() - self._began)
        yield uptime
        for each in vars(self).values():
            if isinstance(each, Count | Spread):
                yield each.family()

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self)
