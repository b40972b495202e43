"""Codes of carriers that no table lists: kept and counted for a person to decide on, never guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from app.arrivals.tables import unmapped
from app.database import Session


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """A code without a row: where it stands in the carrier's lists, what it came with, how often and when."""

    carrier: str
    list: str
    code: str
    text: str
    count: int
    first_seen_at: datetime
    last_seen_at: datetime


async def of_company(
    db: Session, company_id: UUID, limit: int, after: Sequence[str] | None = None
) -> list[UnmappedCode]:
    """What the company's carriers said that has no row, by carrier, list and code, after those three if given."""
    order = (unmapped.c.carrier, unmapped.c.list, unmapped.c.code)
    query = select(unmapped).where(unmapped.c.company_id == company_id)
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    columns = [column.name for column in unmapped.c if column.name != "company_id"]
    return [
        UnmappedCode(**{name: row._mapping[name] for name in columns})
        for row in await db.all(query.order_by(*order).limit(limit))
    ]
