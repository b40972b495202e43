"""What this process's calls to carriers came to, by account and hour, until it is written down.

Plain numbers in memory: a call costs a few additions, the database one statement for all accounts every few seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

Place = tuple[UUID, UUID, datetime]
"""Company, account, and the hour's beginning in UTC."""


@dataclass(slots=True)
class Calls:
    """Calls of an account in an hour, and the parcels they were about.

    `answered`: the carrier gave an answer, be it that the question is wrong; `refused`: it refused the credentials;
    `throttled`: it limits our calls; what is in none of these failed. `seconds` of all calls, `slowest` of one.
    """

    calls: int = 0
    answered: int = 0
    throttled: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    asked: int = 0
    not_found: int = 0

    def add(self, other: "Calls") -> None:
        """Count the other's, too."""
        for name in ("calls", "answered", "throttled", "refused", "seconds", "asked", "not_found"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest = max(self.slowest, other.slowest)


_COUNTED_AS = {
    "answered": "answered",
    "unreadable": "answered",
    "refused": "answered",
    "throttled": "throttled",
    "credentials_refused": "refused",
}


class Tally:
    """The calls that have not been written down yet."""

    def __init__(self) -> None:
        self._kept: dict[Place, Calls] = {}

    def called(self, company_id: UUID, account_id: UUID, now: datetime, outcome: str, seconds: float) -> None:
        """Count a call; outcomes are those of `nove_carrier_calls_total`."""
        found = self._of(company_id, account_id, now)
        found.calls += 1
        found.seconds += seconds
        found.slowest = max(found.slowest, seconds)
        if name := _COUNTED_AS.get(outcome):
            setattr(found, name, getattr(found, name) + 1)

    def told(self, company_id: UUID, account_id: UUID, now: datetime, asked: int, not_found: int) -> None:
        """Count the parcels that an answer was about, and those that the carrier does not know."""
        found = self._of(company_id, account_id, now)
        found.asked += asked
        found.not_found += not_found

    def since(self, company_id: UUID, account_id: UUID, since: datetime) -> Calls:
        """What an account's calls from that hour on came to that has not been written down yet."""
        found = Calls()
        for place, calls in self._kept.items():
            if place[:2] == (company_id, account_id) and place[2] >= since:
                found.add(calls)
        return found

    def take(self) -> dict[Place, Calls]:
        """All that was counted; from here on it is counted anew."""
        taken, self._kept = self._kept, {}
        return taken

    def give_back(self, taken: dict[Place, Calls]) -> None:
        """What could not be written down is to be written with the rest."""
        for place, calls in taken.items():
            self._kept.setdefault(place, Calls()).add(calls)

    def _of(self, company_id: UUID, account_id: UUID, now: datetime) -> Calls:
        place = company_id, account_id, now.replace(minute=0, second=0, microsecond=0)
        found = self._kept.get(place)
        if found is None:
            found = self._kept[place] = Calls()
        return found
