"""How often one address may look: enough for people, too little for a search through tokens."""

import ipaddress

from fastapi import Request

from app.api.buckets import Buckets
from app.errors import TooMany

VIEWS, VIEWS_REFILL = 60, 1.0  # 60 a minute
MISSES, MISSES_REFILL = 10, 10 / 600  # 10 in 10 minutes

_PATIENCE = "Too many requests. Wait as `Retry-After` says, then go on."


class Visitors:
    """Who looks at pages, by address."""

    def __init__(self, buckets: Buckets | None = None) -> None:
        self._buckets = buckets or Buckets()

    def admit(self, request: Request) -> None:
        """Let the visitor look once; TooMany if it has looked, or missed, too often."""
        address = _network(request)
        standing = self._buckets.take(("page", address), "views", VIEWS, VIEWS_REFILL)
        request.state.standing = standing
        missed = self._buckets.take(("missed page", address), "misses", MISSES, MISSES_REFILL, cost=0)
        # A token of a fraction is none yet: who has used up the misses learns nothing more, not even of a hit.
        wait = standing.wait or max(0.0, (1 - missed.left) / MISSES_REFILL)
        if wait:
            raise TooMany(_PATIENCE, wait)

    def missed(self, request: Request) -> None:
        """Note that there was nothing where the visitor looked."""
        self._buckets.take(("missed page", _network(request)), "misses", MISSES, MISSES_REFILL)


def _network(request: Request) -> str:
    """The visitor's address; of IPv6 the /64, all of which is one subscriber's."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
