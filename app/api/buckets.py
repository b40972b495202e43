"""Token buckets: how much each caller may still do, in this process's memory."""

import ipaddress
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from fastapi import Request

CROWDED = 10_000
"""Buckets from which the full ones, which remember nothing, are thrown away."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: its policy, what is left of it, and for a refusal how many seconds to wait (else 0)."""

    policy: str
    size: int
    refill: float
    left: float
    wait: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers-11 words them.

        `w` is how long an empty bucket takes to fill, `t` when this one is full again; of a refusal, when to come back,
        since `Retry-After` should not be earlier.
        """
        window = max(1, math.ceil(self.size / self.refill))
        until = math.ceil(self.wait or (self.size - self.left) / self.refill)
        return [
            (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (self.policy.encode(), self.size, window)),
            (b"ratelimit", b'"%s";r=%d;t=%d' % (self.policy.encode(), self.left, until)),
        ]


class Buckets:
    """The buckets of one process. Each begins full."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float, int, float]] = {}
        self._crowded = CROWDED

    @property
    def remembered(self) -> int:
        """How many there are."""
        return len(self._buckets)

    def take(self, key: Hashable, policy: str, size: int, refill: float, cost: float = 1) -> Standing:
        """Take `cost` out of a bucket of `size` that gains `refill` a second; nothing is taken by a refusal.

        What costs more than a whole bucket passes when the bucket is full.
        """
        now = self._clock()
        left, since, *_ = self._buckets.get(key, (float(size), now))
        left = min(size, left + (now - since) * refill)
        missing = min(cost, size) - left
        if missing <= 0:
            left = max(0.0, left - cost)
        self._buckets[key] = (left, now, size, refill)
        if len(self._buckets) > self._crowded:
            self._tidy(now)
        return Standing(policy, size, refill, left, max(0.0, missing / refill))

    def _tidy(self, now: float) -> None:
        self._buckets = {
            key: (left, since, size, refill)
            for key, (left, since, size, refill) in self._buckets.items()
            if left + (now - since) * refill < size
        }
        self._crowded = max(CROWDED, 2 * len(self._buckets))  # or many at once would be gone through at each request


def network_of(request: Request) -> str:
    """Whom limits by address count together: an address of IPv4; of IPv6 the /64, all of which is one subscriber's."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
