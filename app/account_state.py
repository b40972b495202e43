"""How an account with a carrier does, by what its row says; and how one begins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

State = Literal["well", "failing", "resting", "disabled"]
"""`resting`: the circuit is open, so nothing is asked for a while; `disabled`: nothing is, until somebody acts."""

FRESH: Mapping[str, object] = {
    "failures": 0,
    "refusals": 0,
    "open_until": None,
    "last_error": "",
    "disabled_at": None,
    "disabled_reason": "",
}
"""The columns of an account that begins anew."""

BY_HAND = "switched off by the shop"


class Asked(Protocol):
    """An account, or its row."""

    @property
    def failures(self) -> int:
        """In a row."""

    @property
    def open_until(self) -> datetime | None:
        """When its calls may go out again."""

    @property
    def disabled_at(self) -> datetime | None:
        """Since when it is."""


def state_of(account: Asked, now: datetime) -> State:
    """How an account does now."""
    if account.disabled_at is not None:
        return "disabled"
    if account.open_until is not None and account.open_until > now:
        return "resting"
    return "failing" if account.failures else "well"
