"""What is to be said of accounts that do not answer, are stood in for or wait for their quota: known to each process.

So a shipment can say so when it is read. A task looks every few seconds; a read costs a look into a mapping that is
nearly always empty.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol
from uuid import UUID


class Silence(NamedTuple):
    """The carrier has not answered an account since then (none: it never has); if `disabled`, it is asked no more."""

    since: datetime | None
    disabled_at: datetime | None
    reason: str

    def told(self) -> dict[str, Any]:
        """As a shipment shows it."""
        said = f"the carrier has not answered {f'since {in_utc(self.since)}' if self.since else 'yet'}"
        if self.disabled_at:
            said = f"{said}, and the account is disabled since {in_utc(self.disabled_at)}, so nothing is asked"
        return {"since": self.since, "disabled": self.disabled_at is not None, "note": f"{said}: {self.reason}"}


class StandIn(NamedTuple):
    """The aggregator's account that is asked in the place of one that is disabled."""

    account_id: UUID
    carrier: str
    name: str

    def told(self, silence: Silence | None) -> dict[str, Any]:
        """As a shipment shows it."""
        note = f"{self.name} is asked until the account is enabled"
        if silence is not None and silence.disabled_at is not None:
            note = f"{note}; it is disabled since {in_utc(silence.disabled_at)}: {silence.reason}"
        return {"account_id": self.account_id, "carrier": self.carrier, "note": note}


class Ration(NamedTuple):
    """The account has asked as often as its quota of calls a day allows by now; until when."""

    quota: int
    until: datetime

    def told(self) -> dict[str, Any]:
        """As a shipment shows it."""
        note = (
            f"it waits for the account's quota of {self.quota} calls a day: the next may go out at "
            f"{in_utc(self.until)}, about what has waited for the most of its intervals"
        )
        return {"until": self.until, "quota": self.quota, "note": note}


class Known(NamedTuple):
    """What is to be said of an account's shipments; `stand_ins` by their carriers."""

    company_id: UUID
    silence: Silence | None
    stand_ins: Mapping[str, StandIn]
    ration: Ration | None


class Asked(Protocol):
    """A shipment."""

    @property
    def account_id(self) -> UUID | None:
        """By which it is asked about."""

    @property
    def next_poll_at(self) -> datetime | None:
        """When; none if nobody is asked."""

    @property
    def carrier(self) -> str:
        """Whose it is."""

    @property
    def tracking_number(self) -> str | None:
        """None as long as it has none."""


class Silences:
    """By account, as of the last look."""

    def __init__(self) -> None:
        self._known: Mapping[UUID, Known] = {}
        self._tokens: Mapping[UUID, str] = {}

    def know(self, known: Mapping[UUID, Known]) -> None:
        """From here on these, and no others."""
        by_company: dict[UUID, list[tuple[UUID, Known]]] = {}
        for account_id in sorted(known):
            by_company.setdefault(known[account_id].company_id, []).append((account_id, known[account_id]))
        self._known = known
        self._tokens = {
            company_id: blake2b(repr(its).encode("utf-8", "replace"), digest_size=6).hexdigest()
            for company_id, its in by_company.items()
        }

    def of(self, shipment: Asked) -> Silence | None:
        """That of whoever is asked about the shipment; none if all is well, or nobody is asked."""
        if shipment.account_id is None or shipment.next_poll_at is None:
            return None
        known = self._known.get(shipment.account_id)
        if stand_in := _stand_in(known, shipment.carrier, shipment.tracking_number):
            known = self._known.get(stand_in.account_id)
        return known.silence if known is not None else None

    def tagged(self, company_id: UUID, tag: str) -> str:
        """The ETag of something of the company that shows this: another whenever something of it begins or ends."""
        token = self._tokens.get(company_id)
        return f'{tag[:-1]}-{token}"' if token else tag

    def marked(self, told: dict[str, Any]) -> dict[str, Any]:
        """A shipment as it is answered, which says who is asked if another is, in vain, or not yet."""
        known = self._known.get(told["account_id"]) if self._known else None
        freshness = told["freshness"]
        if known is None or freshness["next_poll_at"] is None:
            return told
        if stand_in := _stand_in(known, told["carrier"], told["tracking_number"]):
            freshness["asked_by"] = stand_in.told(known.silence)
            known = self._known.get(stand_in.account_id)
        if known is not None and known.silence is not None:
            freshness["silence"] = known.silence.told()
        if known is not None and known.ration is not None and known.ration.until > freshness["next_poll_at"]:
            freshness["rationed"] = known.ration.told()
        return told


def in_utc(moment: datetime) -> str:
    """A moment for people who may be anywhere."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _stand_in(known: Known | None, carrier: str, number: str | None) -> StandIn | None:
    """Who is asked in the account's place; nobody about a shipment without number."""
    return known.stand_ins.get(carrier) if known is not None and number else None
