"""A shop's rules: who is told of what. A shop begins with the default ones and switches them on and off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

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
    query = select(rules).where(rules.c.company_id == company_id, rules.c.shop_id == shop_id)
    return [_rule(row) for row in await db.all(query.order_by(rules.c.position, rules.c.id))]


async def switch(db: Session, company_id: UUID, shop_id: UUID, rule_id: UUID, *, enabled: bool) -> Rule:
    """Switch a rule on or off; NotFound if the shop has none such."""
    this = (rules.c.company_id == company_id, rules.c.shop_id == shop_id, rules.c.id == rule_id)
    await db.run(update(rules).where(*this).values(enabled=enabled))
    row = await db.first(select(rules).where(*this))
    if row is None:
        raise NotFound(f"No rule {rule_id}.")
    return _rule(row)


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        id=str(row.id),
        name=row.name,
        audience=Audience(row.audience),
        channel=row.channel,
        occasion=Occasion(row.occasion),
        status=row.status,
        sub_status=row.sub_status,
        delay=timedelta(seconds=row.delay_seconds),
        once=row.once,
        enabled=row.enabled,
    )
