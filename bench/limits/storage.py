"""What the bare statements store, on either database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

Row = Sequence[Any]


class Event(NamedTuple):
    """An event on its way into a row."""

    number: str
    key: bytes
    occurred_at: datetime
    local_time: str
    code: str
    text: str
    status: int
    city: str
    country: str


class Storage(Protocol):
    """Bare statements; each is one transaction."""

    async def insert(self, events: Sequence[Event]) -> None:
        """The events as rows, and nothing else."""

    async def take(self, events: Sequence[Event]) -> None:
        """Each event once; for a new one the shipment's status, its next version, and a message in the outbox."""

    async def read(self, number: str) -> tuple[Row, Sequence[Row]]:
        """A shipment, and its events in the order of time."""
