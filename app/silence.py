"""Which accounts their carriers do not answer: known to each process, so that a shipment can say so when it is read.

A task looks every few seconds; a read costs a look into a mapping that is nearly always empty.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID


class Silence(NamedTuple):
    """The carrier has not answered an account since then (none: it never has); `disabled`: it is asked no more."""

    company_id: UUID
    since: datetime | None
    disabled: bool
    reason: str

    def told(self) -> dict[str, Any]:
        """As a shipment shows it."""
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "yet"
        said = f"the carrier has not answered {since}"
        if self.disabled:
            said = f"{said}, and the account is disabled, so nothing is asked"
        return {"since": self.since, "disabled": self.disabled, "note": f"{said}: {self.reason}"}


class Silences:
    """By account, as of the last look."""

    def __init__(self) -> None:
        self._known: Mapping[UUID, Silence] = {}
        self._tokens: Mapping[UUID, str] = {}

    def know(self, known: Mapping[UUID, Silence]) -> None:
        """From here on these, and no others."""
        by_company: dict[UUID, list[tuple[UUID, Silence]]] = {}
        for account_id in sorted(known):
            by_company.setdefault(known[account_id].company_id, []).append((account_id, known[account_id]))
        self._known = known
        self._tokens = {
            company_id: blake2b(repr(silent).encode("utf-8", "replace"), digest_size=6).hexdigest()
            for company_id, silent in by_company.items()
        }

    def of(self, account_id: UUID | None) -> Silence | None:
        """An account's; none if all is well, or nobody asks."""
        return self._known.get(account_id) if account_id is not None else None

    def tagged(self, company_id: UUID, tag: str) -> str:
        """The ETag of something of the company that shows silences: another whenever one of them begins or ends."""
        token = self._tokens.get(company_id)
        return f'{tag[:-1]}-{token}"' if token else tag

    def marked(self, told: dict[str, Any]) -> dict[str, Any]:
        """A shipment as it is answered, which says so if it is asked about in vain."""
        silence = self._known.get(told["account_id"]) if self._known else None
        if silence is not None and told["freshness"]["next_poll_at"] is not None:
            told["freshness"]["silence"] = silence.told()
        return told
