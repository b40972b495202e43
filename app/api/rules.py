"""A shop's rules: read, and switched on and off."""

from uuid import UUID

from fastapi import Response
from pydantic import StrictBool

from app.api.access import Administrator, Here, OneShop, Reader
from app.api.routing import answer, api
from app.api.shapes import Input, Listed, Output
from app.api.writing import Write
from app.database import Session
from app.outbox import rules
from app.triggers import Audience, Occasion, Rule
from carriers.vocabulary import Status, SubStatus

router = api("rules")


class RuleChange(Input):
    """Whether the rule speaks."""

    enabled: StrictBool


class RuleOut(Output):
    """Who is told of what, by which channel, how many seconds after."""

    id: UUID
    name: str
    audience: Audience
    channel: str
    occasion: Occasion
    status: Status | None
    sub_status: SubStatus | None
    delay_seconds: int
    once: bool
    enabled: bool


@router.get("/v1/rules")
async def listed(caller: Reader, shop_id: OneShop, here: Here) -> Listed[RuleOut]:
    """The shop's rules."""
    async with here.database.reading() as db:
        return Listed(items=[_shown(each) for each in await rules.of_shop(db, caller.company_id, shop_id)])


@router.patch("/v1/rules/{rule_id}", response_model=RuleOut)
async def switch(rule_id: UUID, given: RuleChange, caller: Administrator, shop_id: OneShop, write: Write) -> Response:
    """Switch a rule on or off."""

    async def effect(db: Session) -> Response:
        return answer(_shown(await rules.switch(db, caller.company_id, shop_id, rule_id, enabled=given.enabled)))

    return await write.once(effect, shop_id)


def _shown(rule: Rule) -> RuleOut:
    return RuleOut(
        id=UUID(rule.id),
        name=rule.name,
        audience=rule.audience,
        channel=rule.channel,
        occasion=rule.occasion,
        status=rule.status,
        sub_status=rule.sub_status,
        delay_seconds=round(rule.delay.total_seconds()),
        once=rule.once,
        enabled=rule.enabled,
    )
