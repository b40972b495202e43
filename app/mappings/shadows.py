"""What shadows would have events mean otherwise, as it is kept and shown: counted, with one body that shows it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, null, select, tuple_, update

from app.database import Session, new_id
from app.mappings import rows
from app.mappings.rows import MappingState
from app.mappings.tables import differences, shadows


class Otherwise(NamedTuple):
    """An event that would mean `then` and not `now` (`status/sub_status`, empty for nothing, `unread` for no event).

    `by` is the row's name, or the shadow adapter's slug.
    """

    list: str
    code: str
    now: str
    then: str
    by: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Such events of one carrier: how many, from when to when, and an arrival whose body has one."""

    carrier: str
    list: str
    code: str
    now: str
    then: str
    by: str
    count: int
    arrival_id: UUID | None
    first_seen_at: datetime
    last_seen_at: datetime

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the company's others."""
        return self.carrier, self.list, self.code, self.now, self.then, self.by


@dataclass(frozen=True, slots=True)
class Watched:
    """Since when a carrier's bodies have been compared, and how many events in them."""

    carrier: str
    since: datetime
    compared: int


async def named(db: Session, whose: Collection[UUID], adapters: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """The names of the shadows there are for these companies (all, if none is named), and the carriers they are of."""
    kept = await rows.listed(db, whose, states=(MappingState.SHADOW,))
    return {each.name for each in kept} | set(adapters.values()), {each.meaning.carrier for each in kept} | set(
        adapters
    )


async def come_to(db: Session) -> dict[tuple[UUID, str], UUID]:
    """The arrival up to which bodies have been compared, by company and carrier."""
    rows = await db.all(select(shadows.c.company_id, shadows.c.carrier, shadows.c.arrival_id))
    return {(row.company_id, row.carrier): row.arrival_id for row in rows}


async def begin(db: Session, company_id: UUID, carrier: str) -> None:
    """Compare what comes from now on."""
    values = {"company_id": company_id, "carrier": carrier, "arrival_id": new_id(), "compared": 0}
    await db.run(db.insert(shadows).values(**values, since=db.now).on_conflict_do_nothing())


async def note(
    db: Session,
    place: tuple[UUID, str],
    span: tuple[UUID, UUID],
    compared: int,
    found: Mapping[Otherwise, Counter[UUID]],
) -> bool:
    """Add what a stretch of arrivals brought, and where it ends; false if another worker has done it meanwhile."""
    before, after = span
    mine = tuple_(shadows.c.company_id, shadows.c.carrier) == place, shadows.c.arrival_id == before
    changed = {"arrival_id": after, "compared": shadows.c.compared + compared}
    if not await db.run(update(shadows).where(*mine).values(changed)):
        return False
    key = ("company_id", "carrier", *Otherwise._fields)
    rows = [
        dict(zip(key, (*place, *each), strict=True))
        | {"count": arrivals.total(), "arrival_id": next(iter(arrivals))}
        | {"first_seen_at": db.now, "last_seen_at": db.now}
        for each, arrivals in sorted(found.items())
    ]
    if rows:
        insert = db.insert(differences)
        again = {"count": differences.c.count + insert.excluded.count, "last_seen_at": insert.excluded.last_seen_at}
        await db.run(insert.on_conflict_do_update(index_elements=key, set_=again), rows)
    return True


async def of_company(
    db: Session, company_id: UUID, by: Collection[str], limit: int, after: Sequence[str] | None = None
) -> list[Difference]:
    """What these shadows would have otherwise, in the order of its key."""
    wanted = [differences.c.company_id == company_id, differences.c.by.in_(by)]
    if after is not None:
        wanted.append(tuple_(*_KEY) > tuple_(*after))
    names = (*Difference.__slots__,)
    query = select(*(differences.c[name] for name in names)).where(*wanted).order_by(*_KEY).limit(limit)
    return [Difference(**row._mapping) for row in await db.all(query)]


async def of_everybody(db: Session, by: Collection[str]) -> list[Difference]:
    """The same of all companies together, without arrivals."""
    counted = (
        func.sum(differences.c.count).label("count"),
        null().label("arrival_id"),
        func.min(differences.c.first_seen_at).label("first_seen_at"),
        func.max(differences.c.last_seen_at).label("last_seen_at"),
    )
    query = select(*_KEY, *counted).where(differences.c.by.in_(by)).group_by(*_KEY).order_by(*_KEY)
    return [Difference(**row._mapping) for row in await db.all(query)]


async def watched(db: Session, whose: Collection[UUID], carriers: Collection[str]) -> list[Watched]:
    """How much has been compared of these carriers."""
    mine = [shadows.c.carrier.in_(carriers), *([shadows.c.company_id.in_(whose)] if whose else [])]
    counted = func.min(shadows.c.since).label("since"), func.sum(shadows.c.compared).label("compared")
    query = select(shadows.c.carrier, *counted).where(*mine).group_by(shadows.c.carrier)
    return [Watched(**row._mapping) for row in await db.all(query.order_by(shadows.c.carrier))]


_KEY = tuple(differences.c[name] for name in ("carrier", *Otherwise._fields))
