"""Sealing everything stored under the current key, so that a former one can be thrown away: in batches, while serving.

Each sealed value names its key in its first byte, so what is left to do can be counted, and a run that was broken off
is simply begun again. Former token keys are kept, sealed under the current key: addresses made with them stay good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, func, select, tuple_, update

from app.accounts import carrier_accounts
from app.database import HexKey, Session
from app.erasures.tables import erasures
from app.errors import WrongSetting
from app.idempotency import idempotency_keys
from app.installation import Installation
from app.outbox.tables import endpoints
from app.sealing import Sealer, token_key_id
from app.shops import companies
from app.unsealing import token_keys

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column: its table, the key beside the company, and what its purpose begins with."""

    column: Column[Any]
    key: Column[Any]
    kind: str

    @property
    def table(self) -> Table:
        """Where it is."""
        return self.column.table


SEALED = (
    Sealed(token_keys.c.sealed, token_keys.c.id, "token"),
    Sealed(carrier_accounts.c.credentials, carrier_accounts.c.id, "account"),
    Sealed(carrier_accounts.c.secret, carrier_accounts.c.id, "hook"),
    Sealed(endpoints.c.secrets, endpoints.c.id, "endpoint"),
    Sealed(erasures.c.subject, erasures.c.id, "erasure"),
    Sealed(idempotency_keys.c.body, idempotency_keys.c.scope, "idempotency"),
)
"""Everything that is sealed, in the order in which it is sealed anew."""

Cursor = tuple[int, UUID, str]
"""Where to go on: the place in SEALED, and the company and key last looked at."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """One step: of what kind, how many values were sealed anew, which do not open, and where to go on (none: done)."""

    kind: str
    number: int
    shut: tuple[str, ...]
    next: Cursor | None


async def under_former(db: Session, sealer: Sealer) -> dict[str, int]:
    """How many values each kind has that the current key did not seal; kinds without any are left out."""
    counts = {}
    for each in SEALED:
        number = await db.value(select(func.count()).select_from(each.table).where(*_not_current(each, sealer)))
        if number:
            counts[each.kind] = int(number)
    return counts


async def keep_token_keys(installation: Installation) -> None:
    """Keep the token keys of former keys for every company that has them not yet."""
    sealer = installation.sealer
    async with installation.database.transaction(patient=True) as db:
        for key in sealer.token_keys()[1:]:
            id_ = token_key_id(key)
            has = select(token_keys.c.id).where(
                token_keys.c.company_id == companies.c.company_id, token_keys.c.id == id_
            )
            lacking = await db.all(select(companies.c.company_id).where(~has.exists()))
            rows = [
                {
                    "company_id": row.company_id,
                    "id": id_,
                    "sealed": sealer.seal(key, f"token:{id_}"),
                    "created_at": db.now,
                }
                for row in lacking
            ]
            if rows:
                await db.run(db.insert(token_keys).on_conflict_do_nothing(), rows)


async def reseal(installation: Installation, after: Cursor | None) -> Resealed:
    """Seal the next batch anew, in one transaction."""
    place = after[0] if after else 0
    each, sealer = SEALED[place], installation.sealer
    wanted = _not_current(each, sealer)
    identity = each.table.c.company_id, each.key
    if after is not None and after[2]:
        wanted.append(tuple_(*identity) > tuple_(after[1], _key(each, after[2])))
    shut = []
    async with installation.database.transaction(patient=True) as db:
        query = select(*identity, each.column.label("sealed")).where(*wanted).order_by(*identity).limit(AT_ONCE)
        rows = await db.all(query.with_for_update())
        for row in rows:
            company_id, key, sealed = tuple(row)
            purpose = f"{each.kind}:{key}"
            try:
                fresh = sealer.seal(sealer.open(sealed, purpose), purpose)
            except WrongSetting:
                shut.append(purpose)
                continue
            mine = each.table.c.company_id == company_id, each.key == key
            await db.run(update(each.table).where(*mine).values({each.column.name: fresh}))
    return Resealed(each.kind, len(rows) - len(shut), tuple(shut), _following(place, rows))


def _not_current(each: Sealed, sealer: Sealer) -> list[ColumnElement[bool]]:
    first = func.substr(each.column, 1, 1, type_=LargeBinary)
    return [func.length(each.column) > 0, first != sealer.current_id]


def _key(each: Sealed, text: str) -> UUID | str:
    return text if isinstance(each.key.type, HexKey) else UUID(text)


def _following(place: int, rows: Sequence[Any]) -> Cursor | None:
    if len(rows) == AT_ONCE:
        return place, rows[-1][0], str(rows[-1][1])
    return (place + 1, UUID(int=0), "") if place + 1 < len(SEALED) else None
