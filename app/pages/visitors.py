"""How often one address may look: enough for people, too little for a search through tokens."""

from fastapi import Request

from app.api.buckets import Buckets, Standing, network_of
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
        address = network_of(request)
        standing = self._buckets.take(("page", address), "views", VIEWS, VIEWS_REFILL)
        missed = self._buckets.take(("missed page", address), "misses", MISSES, MISSES_REFILL, cost=0)
        if missed.left < 1:
            # A token of a fraction is none yet: who has used up the misses learns nothing more, not even of a hit.
            standing = Standing("misses", MISSES, MISSES_REFILL, 0, (1 - missed.left) / MISSES_REFILL)
        request.state.standing = standing
        if standing.wait:
            raise TooMany(_PATIENCE, standing.wait)

    def missed(self, request: Request) -> None:
        """Note that there was nothing where the visitor looked."""
        self._buckets.take(("missed page", network_of(request)), "misses", MISSES, MISSES_REFILL)
