"""Shipments at the end of a fold, and what the rules of a new shop make of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.lifecycle import Fact, fold
from app.triggers import DEFAULT_RULES, Audience, NotSent, Rule, Situation, Told, decide
from carriers.vocabulary import Direction
from tests.histories import NOON

EVERYBODY = {Audience.RECIPIENT: True, Audience.STAFF: True}
RULES = {rule.name: rule for rule in DEFAULT_RULES}


def after(*facts: Fact) -> Situation:
    """A live, outbound shipment right after these events."""
    state = fold(facts, now=facts[-1].occurred_at)
    return Situation(state, Direction.OUTBOUND, live=True, address_known=EVERYBODY)


def calls_for(
    situation: Situation,
    *,
    told: Sequence[Told] = (),
    rules: Sequence[Rule] = DEFAULT_RULES,
    hours_later: float = 0,
) -> dict[str, datetime | NotSent | None]:
    """Each rule that the situation concerns, with the time to send or the reason not to."""
    now = (situation.state.decided_at or NOON) + timedelta(hours=hours_later)
    return {each.rule.name: each.reason or each.send_at for each in decide(situation, rules, told, now)}


def told_of(name: str, event: Fact, hours_ago: float, *, left: bool = True, now: datetime) -> Told:
    """A message sent so long ago because of this event."""
    return Told(name, event.status, event.sub_status, event.key, now - timedelta(hours=hours_ago), left)
