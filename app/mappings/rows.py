"""Rows that somebody has given: made, replaced, switched on, withdrawn; none is ever changed or lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, update

from app.database import Session, new_id
from app.errors import Conflict, FieldError, InvalidInput, NotFound
from app.mappings.tables import mappings
from carriers import carriers
from carriers import tables as adapters
from carriers.vocabulary import WEAK_SUB_STATUSES, Status, SubStatus, belongs

EVERYBODY = UUID(int=0)
"""The company of rows that are for the whole installation."""

MOST = 2_000
"""Rows in force that a company, or the installation, may have: every process holds them."""

MENDED = "mapping/"
"""How the evidence of an event begins that such a row gave its meaning."""

ALL = 1_000_000
"""More rows than any installation has."""

OPERATOR = "operator"
"""The author of what is done on the command line."""


class MappingState(StrEnum):
    """What a row does."""

    SHADOW = "shadow"  # nothing, yet what it would do is counted
    ACTIVE = "active"  # it gives events their meaning
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code is to mean. `context` none: whatever else decided; `weak` none: as the sub-status has it.

    `code` is the first 100 characters of the text where the carrier gives no code. No status: it says nothing of the
    parcel's whereabouts.
    """

    carrier: str
    code: str
    list: str = ""
    context: str | None = None
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool | None = None
    doubtful: bool = False

    @property
    def said(self) -> tuple[str, str]:
        """List and code, which are looked for."""
        return self.list, self.code

    def row(self, name: str) -> adapters.Row:
        """It as a row of a table."""
        weak = self.weak if self.weak is not None else self.sub_status in WEAK_SUB_STATUSES
        return adapters.Row(name, self.status, self.sub_status, weak, self.doubtful, "", "")


@dataclass(frozen=True, slots=True)
class Mapping:
    """A row as it is kept, with who gave it, when and why, and who withdrew it."""

    company_id: UUID
    id: UUID
    meaning: Meaning
    state: MappingState
    author: str
    reason: str
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_reason: str = ""

    @property
    def for_everybody(self) -> bool:
        """Whether it is for the whole installation."""
        return self.company_id == EVERYBODY

    @property
    def name(self) -> str:
        """What the evidence of an event calls it."""
        return f"{MENDED}{self.id}"


def made(row: Row[Any]) -> Mapping:
    """The row as it stands in the table."""
    values = dict(row._mapping)
    meaning = Meaning(**{name: values.pop(name) for name in Meaning.__slots__})
    return Mapping(meaning=meaning, **{**values, "state": MappingState(values["state"])})


def checked(given: Meaning) -> Meaning:
    """The meaning as it may be; InvalidInput names the fields that are wrong."""
    wrong = []
    if given.carrier not in carriers():
        wrong.append(FieldError("carrier", f"No carrier {given.carrier!r}; GET /v1/carriers lists them."))
    if not given.code.strip():
        wrong.append(FieldError("code", "Send the code, or where the carrier gives none the text's first 100 letters."))
    if given.status is Status.PENDING:
        wrong.append(FieldError("status", "No event is pending; send null for one that says nothing of the parcel."))
    elif given.status is None and given.sub_status is not None:
        wrong.append(FieldError("sub_status", "A sub-status needs its status."))
    elif given.status is not None and not belongs(given.status, given.sub_status):
        wrong.append(FieldError("sub_status", f"{given.sub_status} is no sub-status of {given.status}."))
    if wrong:
        raise InvalidInput("The row cannot be taken.", wrong)
    return replace(given, weak=given.weak if given.weak is not None else given.sub_status in WEAK_SUB_STATUSES)


async def accept(
    db: Session, company_id: UUID, given: Meaning, *, author: str, reason: str, shadow: bool = False
) -> Mapping:
    """A new row, in force at once or as a shadow; one of the same code and state is withdrawn by it."""
    given = checked(given)
    await db.lock("mappings", company_id)
    state = MappingState.SHADOW if shadow else MappingState.ACTIVE
    row = Mapping(company_id, new_id(), given, state, author, reason, db.now)
    await _withdraw_same(db, row)
    held = select(func.count()).where(mappings.c.company_id == company_id, mappings.c.state != MappingState.WITHDRAWN)
    if await db.value(held) >= MOST:
        raise Conflict(f"{MOST} rows are in force: withdraw some first, or have the carrier's table mended.")
    values = {name: getattr(given, name) for name in Meaning.__slots__}
    values |= {name: getattr(row, name) for name in Mapping.__slots__ if name != "meaning"}
    await db.run(mappings.insert().values(values))
    return row


async def switch_on(db: Session, row: Mapping) -> Mapping:
    """A shadow comes in force, and takes the place of what was; Conflict for any other."""
    if row.state is not MappingState.SHADOW:
        raise Conflict(f"This row is {row.state}: only a shadow can be switched on.")
    await db.lock("mappings", row.company_id)
    active = replace(row, state=MappingState.ACTIVE)
    await _withdraw_same(db, active)
    await _change(db, row, state=MappingState.ACTIVE)
    return active


async def withdraw(db: Session, row: Mapping, *, author: str, reason: str) -> Mapping:
    """End a row: events get the meaning again that they had without it. Done twice, it changes nothing."""
    if row.state is MappingState.WITHDRAWN:
        return row
    await db.lock("mappings", row.company_id)
    ended = replace(
        row, state=MappingState.WITHDRAWN, withdrawn_at=db.now, withdrawn_by=author, withdrawn_reason=reason
    )
    await _change(db, row, **{name: getattr(ended, name) for name in ("state", *_WITHDRAWAL)})
    return ended


async def get(db: Session, company_id: UUID, id_: UUID) -> Mapping:
    """A row of the company or of the installation; NotFound for another's as for a missing one."""
    row = await db.first(
        select(mappings).where(mappings.c.company_id.in_((company_id, EVERYBODY)), mappings.c.id == id_)
    )
    if row is None:
        raise missing(id_)
    return made(row)


def missing(id_: UUID) -> NotFound:
    """Said of another's row as of one that is not there."""
    return NotFound(f"No mapping {id_}.")


async def find(db: Session, id_: UUID) -> Mapping:
    """A row by its id alone: for commands of whoever runs the service."""
    row = await db.first(select(mappings).where(mappings.c.id == id_))
    if row is None:
        raise missing(id_)
    return made(row)


async def listed(
    db: Session,
    companies: Collection[UUID],
    *,
    carrier: str | None = None,
    states: Sequence[MappingState] = (),
    before: UUID | None = None,
    limit: int = ALL,
) -> list[Mapping]:
    """Rows of these companies (of all, if none is named), newest first."""
    wanted: list[ColumnElement[bool]] = [mappings.c.company_id.in_(companies)] if companies else []
    if carrier is not None:
        wanted.append(mappings.c.carrier == carrier)
    if states:
        wanted.append(mappings.c.state.in_(states))
    if before is not None:
        wanted.append(mappings.c.id < before)
    return [
        made(row) for row in await db.all(select(mappings).where(*wanted).order_by(mappings.c.id.desc()).limit(limit))
    ]


async def _withdraw_same(db: Session, row: Mapping) -> None:
    """What the row takes the place of: in force or shadow, as it is itself."""
    given = row.meaning
    same = [
        mappings.c.company_id == row.company_id,
        mappings.c.carrier == given.carrier,
        mappings.c.list == given.list,
        mappings.c.code == given.code,
        mappings.c.context.is_(None) if given.context is None else mappings.c.context == given.context,
        mappings.c.state == row.state,
        mappings.c.id != row.id,
    ]
    reason = f"Replaced by {row.name}."
    ended = {"withdrawn_at": db.now, "withdrawn_by": row.author, "withdrawn_reason": reason}
    await db.run(update(mappings).where(*same).values(state=MappingState.WITHDRAWN, **ended))


async def _change(db: Session, row: Mapping, **values: Any) -> None:
    mine = mappings.c.company_id == row.company_id, mappings.c.id == row.id
    await db.run(update(mappings).where(*mine).values(values))


_WITHDRAWAL = ("withdrawn_at", "withdrawn_by", "withdrawn_reason")
