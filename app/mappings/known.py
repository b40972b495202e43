"""Mended rows as intake has them at hand: held by each process, looked for in the database every few seconds at most.

A company's row wins over the installation's, and that over the adapter's table; of one company's, a row for the
event's context wins over one for any.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import case, func, select

from app.bulk import Fetch
from app.database import Session
from app.mappings import rows
from app.mappings.rows import EVERYBODY, Mapping, MappingState, Meaning
from app.mappings.tables import mappings
from carriers.base import mapped
from carriers.event import TrackingEvent
from carriers.tables import Row

REFRESH_SECONDS = 5.0
"""For so long at most, a process does not know of a row that another one has taken."""

TEXT = 100
"""Characters of the text that stand for the code where there is none."""


def code_of(code: str, text: str) -> str:
    """What an event is known by in the carrier's list."""
    return code or text[:TEXT].rstrip()


class Overrides:
    """The rows in force of one carrier, for one company: by list and code, then by context (none for any)."""

    def __init__(self, given: Iterable[tuple[str, Meaning]]) -> None:
        """Named meanings; later ones win, and one for any context over all before it."""
        self._rows: dict[tuple[str, str], dict[str | None, Row]] = {}
        self._put(given)

    @classmethod
    def of(cls, given: Iterable[Mapping]) -> "Overrides":
        """Those of rows of the installation and of one company; a shadow as if it were in force."""

        def weight(row: Mapping) -> tuple[bool, bool, bool, UUID]:
            shadow = row.state is MappingState.SHADOW
            return not row.for_everybody, row.meaning.context is not None, shadow, row.id

        return cls((row.name, row.meaning) for row in sorted(given, key=weight))

    def and_then(self, given: Iterable[tuple[str, Meaning]]) -> "Overrides":
        """These with others that win over them."""
        more = Overrides(())
        more._rows = {said: dict(by_context) for said, by_context in self._rows.items()}
        more._put(given)
        return more

    def find(self, event: TrackingEvent) -> Row | None:
        """The row for an event, or none."""
        found = self._rows.get((event.list, code_of(event.code, event.text)))
        return None if found is None else found.get(event.context) or found.get(None)

    def meant(self, event: TrackingEvent) -> TrackingEvent:
        """The event with the meaning that its row gives it, if there is one."""
        return mapped(event, self.find(event))

    def _put(self, given: Iterable[tuple[str, Meaning]]) -> None:
        for name, meaning in given:
            if meaning.context is None:
                self._rows.pop(meaning.said, None)
            self._rows.setdefault(meaning.said, {})[meaning.context] = meaning.row(name)


class KnownRows:
    """The rows in force of all companies, as this process knows them."""

    def __init__(self) -> None:
        self._until = 0.0
        self._version: int | None = None
        self._of: dict[tuple[UUID, str], Overrides] = {}

    def of(self, company_id: UUID, carrier: str) -> Overrides | None:
        """What the company has otherwise than the carrier's table; none if nothing, as mostly."""
        return self._of.get((company_id, carrier)) or self._of.get((EVERYBODY, carrier))

    async def refresh(self, db: Session, *, at_once: bool = False) -> None:
        """Look whether there are others, unless that was done within the last seconds."""
        if not at_once and time.monotonic() < self._until:
            return
        [version] = await _VERSION(db, (), {})
        if version != self._version:
            every = await rows.listed(db, (), states=(MappingState.ACTIVE,))
            self._of = _by_company(every)
            self._version = version
        self._until = time.monotonic() + REFRESH_SECONDS

    def forget(self) -> None:
        """Look at the next use: a row was changed by this process."""
        self._until = 0.0


def _by_company(every: Iterable[Mapping]) -> dict[tuple[UUID, str], Overrides]:
    found: defaultdict[tuple[UUID, str], list[Mapping]] = defaultdict(list)
    for row in every:
        found[row.company_id, row.meaning.carrier].append(row)
    return {
        (company_id, carrier): Overrides.of([*found.get((EVERYBODY, carrier), ()), *mine])
        if company_id != EVERYBODY
        else Overrides.of(mine)
        for (company_id, carrier), mine in found.items()
    }


_STEPS = case((mappings.c.state == MappingState.SHADOW, 1), (mappings.c.state == MappingState.ACTIVE, 2), else_=3)
_VERSION = Fetch(
    (None,),
    int,
    """
    SELECT coalesce(sum(CASE state WHEN 'shadow' THEN 1 WHEN 'active' THEN 2 ELSE 3 END), 0) FROM mappings
    """,
    select(func.coalesce(func.sum(_STEPS), 0)),
)
"""Grows with whatever happens to a row: none is deleted, and each goes from shadow by active to withdrawn alone."""
