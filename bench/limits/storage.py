"""What the bare statements store, on either database."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
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


Take = Callable[[Sequence[Event]], Awaitable[object]]
"""Each event once; for a new one the shipment's status, its next version, and a message in the outbox."""


class Storage(Protocol):
    """Bare statements; each is one transaction."""

    async def insert(self, events: Sequence[Event]) -> None:
        """The events as rows, and nothing else."""

    async def take(self, events: Sequence[Event]) -> None:
        """As `Take`."""

    async def read(self, number: str) -> tuple[Row, Sequence[Row]]:
        """A shipment, and its events in the order of time."""


class Bare(Protocol):
    """A module of bare statements: what each database has of them."""

    def opened(self, url: str) -> AbstractAsyncContextManager[Storage]:
        """The storage at an address, for the bare service."""

    def alone(self, url: str) -> AbstractAsyncContextManager[Take]:
        """`Take` by one client that has the database to itself."""

    async def fill(self, url: str, shipments: int) -> None:
        """Make the tables, and so many shipments of ten stored events each."""

    async def add_empty(self, url: str, prefix: str, count: int) -> None:
        """So many shipments that events will come for."""

    async def stored(self, url: str) -> tuple[int, int]:
        """How many events and messages there are."""
