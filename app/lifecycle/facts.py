"""What the fold takes: facts, and the one total order in which they stand."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from carriers.vocabulary import Status, SubStatus

RANKS: Mapping[Status | None, int] = {
    None: 0,
    Status.PENDING: 0,
    Status.AWAITING_PICKUP: 1,
    Status.IN_TRANSIT: 2,
    Status.OUT_FOR_DELIVERY: 3,
    Status.FAILED_ATTEMPT: 4,
    Status.AVAILABLE_FOR_PICKUP: 5,
    Status.EXCEPTION: 6,
    Status.DELIVERED: 7,
    Status.RETURNED: 8,
}
SORTS_AT_START = frozenset({None, Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY})
"""Where an event with a date alone stands within its day: these at the start, all others at the end."""


class Source(StrEnum):
    """Whose word a fact is."""

    CARRIER = "carrier"
    SHOP = "shop"
    OVERRIDE = "override"


class Fact(NamedTuple):
    """What the fold needs to know of one event.

    `key` is the event's identity. `occurred_at` is aware UTC; for a date alone it is the start of that local day and
    `until` its last second, otherwise `until` is none.
    """

    key: str
    occurred_at: datetime
    until: datetime | None = None
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool = False
    doubtful: bool = False
    sequence: int = 0
    source: Source = Source.CARRIER
    withdrawn: bool = False


made_fact = partial(tuple.__new__, Fact)
"""A fact of all its fields in their order, without the detour over a named tuple's own arguments."""


def order_instant(fact: Fact) -> datetime:
    """The instant at which an event stands in the order: its time, or one end of its day."""
    if fact.until is None or fact.status in SORTS_AT_START:
        return fact.occurred_at
    return fact.until


def order(fact: Fact) -> tuple[datetime, int, int, str]:
    """The place of an event in the one total order that fold and reads share."""
    return order_instant(fact), fact.sequence, RANKS[fact.status], fact.key
