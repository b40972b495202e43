"""Replays that were asked for: a mended row is applied to the past in the background, and how far that has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Row, select, update

from app.database import Session, new_id
from app.errors import Conflict
from app.mappings.known import REFRESH_SECONDS
from app.mappings.rows import Mapping, MappingState
from app.mappings.tables import replays


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay of one row; `total` shipments to look at once they are counted."""

    id: UUID
    mapping_id: UUID
    author: str
    state: Literal["due", "done"]
    total: int | None
    looked_at: int
    changed: int
    created_at: datetime
    finished_at: datetime | None


async def ask(db: Session, row: Mapping, author: str) -> Replay:
    """Have a row applied to the past, or taken back from it if it is withdrawn; the replay under way if there is one.

    Conflict for a shadow. It begins once every process knows of the row.
    """
    if row.state is MappingState.SHADOW:
        raise Conflict("This row is a shadow, which changes nothing: switch it on first.")
    await db.lock("mappings", row.company_id)
    known = await latest(db, row)
    since = max(row.created_at, row.withdrawn_at or row.created_at)
    if known is not None and known.state == "due" and known.created_at > since:
        return known
    made = Replay(new_id(), row.id, author, "due", None, 0, 0, db.now, None)
    values = {name: getattr(made, name) for name in Replay.__slots__}
    due = db.now + timedelta(seconds=REFRESH_SECONDS)
    await db.run(replays.insert().values(company_id=row.company_id, due_at=due, **values))
    return made


async def latest(db: Session, row: Mapping) -> Replay | None:
    """The latest replay of a row, if any was asked for."""
    mine = replays.c.company_id == row.company_id, replays.c.mapping_id == row.id
    found = await db.first(select(replays).where(*mine).order_by(replays.c.id.desc()).limit(1))
    return None if found is None else shown(found)


@dataclass(frozen=True, slots=True)
class Claim:
    """A replay that is ours until then, and its row as it was found."""

    row: Row[Any]
    until: datetime

    @property
    def place(self) -> tuple[UUID, UUID] | None:
        """The shipment last looked at, by company and id; none before the first."""
        return (self.row.at_company_id, self.row.at_id) if self.row.at_id else None


async def claim(db: Session, lease: timedelta) -> Claim | None:
    """The replay due for longest that nobody is at. It is ours for so long: to others it is not due before."""
    due = replays.c.state == "due", replays.c.due_at <= db.now
    row = await db.first(
        select(replays).where(*due).order_by(replays.c.due_at).limit(1).with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    until = db.now + lease
    await note(db, row, due_at=until)
    return Claim(row, until)


async def renew(db: Session, claim: Claim, lease: timedelta) -> Claim | None:
    """The claim, held until this transaction ends and for so long after it; none if it has become somebody else's."""
    mine = replays.c.company_id == claim.row.company_id, replays.c.id == claim.row.id
    row = await db.first(select(replays).where(*mine, replays.c.due_at == claim.until).with_for_update())
    if row is None:
        return None
    until = db.now + lease
    await note(db, row, due_at=until)
    return Claim(row, until)


async def give_back(db: Session, claim: Claim) -> None:
    """Let anybody go on with it, if it is still ours; replays that have waited longer come first."""
    mine = replays.c.company_id == claim.row.company_id, replays.c.id == claim.row.id
    await db.run(update(replays).where(*mine, replays.c.due_at == claim.until).values(due_at=db.now))


async def note(db: Session, row: Row[Any], **values: Any) -> None:
    """How far it has come."""
    mine = replays.c.company_id == row.company_id, replays.c.id == row.id
    await db.run(update(replays).where(*mine).values(values))


def shown(row: Row[Any]) -> Replay:
    """The replay as its owner sees it."""
    values = {name: row._mapping[name] for name in Replay.__slots__}
    return Replay(**{**values, "state": cast(Literal["due", "done"], row.state)})
