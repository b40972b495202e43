"""Which accounts their carriers do not answer: known to each process, so that a shipment can say so when it is read.

A task looks every few seconds; a read costs a look into a mapping that is nearly always empty.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID


class Silence(NamedTuple):
    """The carrier has not answered an account since then (none: it never has); `disabled`: it is asked no more."""

    since: datetime | None
    disabled: bool
    reason: str

    @property
    def in_words(self) -> str:
        """For the shop."""
        if self.disabled:
            return f"the account with the carrier is disabled, so nothing is asked: {self.reason}"
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "yet"
        return f"the carrier has not answered {since}: {self.reason}"


class Silences:
    """By account, as of the last look."""

    def __init__(self) -> None:
        self._known: Mapping[UUID, Silence] = MappingProxyType({})

    def know(self, known: Mapping[UUID, Silence]) -> None:
        """From here on these, and no others."""
        self._known = known

    def of(self, account_id: UUID | None) -> Silence | None:
        """An account's; none if all is well, or nobody asks."""
        return self._known.get(account_id) if account_id is not None else None
