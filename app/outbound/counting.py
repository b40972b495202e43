"""How many requests have left for a carrier: what a call has cost of a quota, also if it failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_counted: ContextVar["Requests | None"] = ContextVar("requests", default=None)


@dataclass(slots=True)
class Requests:
    """So many have been sent, answered or not."""

    sent: int = 0


@contextmanager
def counted(requests: Requests) -> Iterator[None]:
    """Count what is sent by this task for as long as the block lasts."""
    token = _counted.set(requests)
    try:
        yield
    finally:
        _counted.reset(token)


def sent() -> None:
    """A request has left, or may have."""
    if (requests := _counted.get()) is not None:
        requests.sent += 1
