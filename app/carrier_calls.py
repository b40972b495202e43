"""The table of calls to carriers, an account's in an hour to a row: written in the background, read for its health."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Float, Index, Integer, Table, case, func, select

from app.database import Id, Instant, Session, metadata
from app.errors import NoveError
from app.installation import Installation
from app.tally import Calls, Tally

carrier_calls = Table(
    "carrier_calls",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("account_id", Id, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("throttled", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("slowest", Float, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("not_found", Integer, nullable=False),
    Index("ix_carrier_calls_hour", "hour"),
)

_NAMES = [field.name for field in fields(Calls)]
_SUMMED = [name for name in _NAMES if name != "slowest"]


async def write_down(installation: Installation) -> int:
    """Add what this process has counted to the table; how many rows. What cannot be written waits for the next time."""
    taken = installation.tally.take()
    if not taken:
        return 0
    rows = [
        dict(zip(("company_id", "account_id", "hour", *_NAMES), (*place, *astuple(taken[place])), strict=True))
        for place in sorted(taken)  # in one order, so that two processes never wait for each other
    ]
    try:
        async with installation.database.transaction() as db:
            insert = db.insert(carrier_calls)
            new, old = insert.excluded, carrier_calls.c
            changed = {name: old[name] + new[name] for name in _SUMMED}
            changed["slowest"] = case((new.slowest > old.slowest, new.slowest), else_=old.slowest)
            place = ["company_id", "account_id", "hour"]
            await db.run(insert.on_conflict_do_update(index_elements=place, set_=changed), rows)
    except NoveError:
        installation.tally.give_back(taken)
        raise
    return len(rows)


async def sums(
    db: Session, tally: Tally, company_id: UUID, account_ids: Sequence[UUID], since: datetime
) -> dict[UUID, Calls]:
    """What each account's calls came to from that hour on: those written down, and this process's that are not yet."""
    summed = [func.sum(carrier_calls.c[name]).label(name) for name in _SUMMED]
    rows = await db.all(
        select(carrier_calls.c.account_id, *summed, func.max(carrier_calls.c.slowest).label("slowest"))
        .where(
            carrier_calls.c.company_id == company_id,
            carrier_calls.c.account_id.in_(account_ids),
            carrier_calls.c.hour >= since,
        )
        .group_by(carrier_calls.c.account_id)
    )
    found = {id_: tally.since(company_id, id_, since) for id_ in account_ids}
    for row in rows:
        found[row.account_id].add(Calls(**{name: row._mapping[name] for name in _NAMES}))
    return found
