"""A shop's rules: who is told of what. A shop begins with the default ones and switches them on and off."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.bulk import Fetch, names_of, reader
from app.database import Session, new_id
from app.errors import NotFound
from app.outbox.tables import rules
from app.triggers import DEFAULT_RULES, Audience, Occasion, Rule


async def create_defaults(db: Session, company_id: UUID, shop_id: UUID) -> None:
    """The rules that a new shop begins with; done twice, it changes nothing."""
    await db.run(
        db.insert(rules).on_conflict_do_nothing(index_elements=["company_id", "shop_id", "name"]),
        [
            {
                "company_id": company_id,
                "id": new_id(),
                "shop_id": shop_id,
                "name": rule.name,
                "audience": rule.audience,
                "channel": rule.channel,
                "occasion": rule.occasion,
                "status": rule.status,
                "sub_status": rule.sub_status,
                "delay_seconds": round(rule.delay.total_seconds()),
                "once": rule.once,
                "enabled": rule.enabled,
                "position": position,
            }
            for position, rule in enumerate(DEFAULT_RULES)
        ],
    )


async def of_shop(db: Session, company_id: UUID, shop_id: UUID) -> list[Rule]:
    """The shop's rules, in the order in which they were made."""
    return await _OF_SHOP(db, (company_id, shop_id), {"company": company_id, "shop": shop_id})


async def switch(db: Session, company_id: UUID, shop_id: UUID, rule_id: UUID, *, enabled: bool) -> Rule:
    """Switch a rule on or off; NotFound if the shop has none such."""
    this = (rules.c.company_id == company_id, rules.c.shop_id == shop_id, rules.c.id == rule_id)
    await db.run(update(rules).where(*this).values(enabled=enabled))
    row = await db.first(select(rules).where(*this))
    if row is None:
        raise NotFound(f"No rule {rule_id}.")
    return _rule(*(row._mapping[column] for column in _COLUMNS))


@lru_cache(maxsize=4096)  # every group of pushes reads the same rows
def _rule(id_: UUID, name: str, audience: str, channel: str, occasion: str, *rest: Any) -> Rule:
    status, sub_status, delay_seconds, once, enabled = rest
    return Rule(
        id=str(id_),
        name=name,
        audience=Audience(audience),
        channel=channel,
        occasion=Occasion(occasion),
        status=status,
        sub_status=sub_status,
        delay=timedelta(seconds=delay_seconds),
        once=once,
        enabled=enabled,
    )


_NAMES = ("id", "name", "audience", "channel", "occasion", "status", "sub_status", "delay_seconds", "once", "enabled")
_COLUMNS = tuple(rules.c[name] for name in _NAMES)
_OF_SHOP = Fetch(
    _COLUMNS,
    _rule,
    f"SELECT {names_of(_COLUMNS)} FROM rules WHERE company_id = $1 AND shop_id = $2 ORDER BY position, id",  # noqa: S608
    select(*_COLUMNS)
    .where(rules.c.company_id == bindparam("company"), rules.c.shop_id == bindparam("shop"))
    .order_by(rules.c.position, rules.c.id),
)

_read = reader(_COLUMNS)


def rows_where(condition: str) -> str:
    """PostgreSQL: a query of the rows of the rules that fit, in the order in which they were made."""
    return f"SELECT ROW({names_of(_COLUMNS)}) FROM rules WHERE {condition} ORDER BY position, id"  # noqa: S608


def rules_of(rows: Iterable[Sequence[Any]]) -> Iterator[Rule]:
    """The rules of such rows."""
    return (_rule(*values) for values in _read(rows))
