"""From a shipment's state and what was told of it: which messages to send, when, and why not the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.lifecycle import State
from app.triggers.rules import Audience, Occasion, Rule
from carriers.vocabulary import Direction, Status, SubStatus

AGE_LIMIT = timedelta(hours=48)
AGE_LIMITS: Mapping[Status, timedelta] = {
    Status.OUT_FOR_DELIVERY: timedelta(hours=12),
    Status.AVAILABLE_FOR_PICKUP: timedelta(days=5),
}
AGAIN_AFTER = timedelta(hours=6)
DAY_CAP, TOTAL_CAP = 6, 20
OF_A_MARK = (Occasion.LATE, Occasion.STALE)
"""What rules wait for that speak of no status."""


class NotSent(StrEnum):
    """Why a message that a rule called for is not sent."""

    RETURN_SHIPMENT = "return_shipment"  # recipients hear of outbound shipments only
    NOT_LIVE = "not_live"
    NO_ADDRESS = "no_address"
    DOUBTFUL = "doubtful"  # the carrier's code is not surely understood
    TOO_OLD = "too_old"
    FIRST_IMPORT = "first_import"  # told by another message, or left to the import's digest: for good
    ALREADY_TOLD = "already_told"  # of this very event
    TOLD_RECENTLY = "told_recently"  # of the same status, less than six hours ago
    CAP_DAY = "cap_day"
    CAP_TOTAL = "cap_total"
    REPLAY = "replay"  # history was read again, and gave another status: nothing has happened just now, for good
    LEFT_STATE = "left_state"  # it no longer held when the message was due


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the outbox holds for the shipment: sent or due to be, none of those decided against.

    `event_key` is the last part of its cause; `at` is when it was, or will be, sent. `left`: the shipment has left
    that state since, by the rule's own measure (`has_left`).
    """

    rule_id: str
    status: Status | None
    sub_status: SubStatus | None
    event_key: str
    at: datetime
    left: bool = False

    @classmethod
    def of(cls, rule_id: str, cause: str, at: datetime, left: bool) -> "Told":
        """The same, read back from the cause that a decision gave."""
        head, _, key = cause.partition(":")
        status, pair, sub_status = head.partition("/")
        if not pair:  # late and stale speak of no status
            return cls(rule_id, None, None, key, at, left)
        return cls(rule_id, Status(status), None if sub_status == "-" else SubStatus(sub_status), key, at, left)


@dataclass(frozen=True, slots=True)
class Situation:
    """A shipment at the end of a fold.

    `address_known` says for each audience whether there is an address to write to. `first_import`: it had no state
    before, or comes by a bulk import. `told_today` and `told_total` count messages to the recipient. `late` is the
    promised day and `stale` the day of the last news, each given only when it has just become true.
    """

    state: State
    direction: Direction
    live: bool
    address_known: Mapping[Audience, bool]
    first_import: bool = False
    told_today: int = 0
    told_total: int = 0
    late: date | None = None
    stale: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A message to put, due at `send_at`, or the reason why there is none: one of the two is none."""

    rule: Rule
    cause: str
    send_at: datetime | None
    reason: NotSent | None


def decide(situation: Situation, rules: Sequence[Rule], told: Sequence[Told], now: datetime) -> list[Decision]:
    """What the rules make of the situation, in their order; a rule that it does not concern gives nothing."""
    decisions = []
    to_recipient = 0
    for rule in _concerned(rules, situation):
        mine = [each for each in told if each.rule_id == rule.id]
        cause = _cause(rule, situation, mine)
        if cause is None:
            continue
        reason = next(_objections(rule, situation, cause, mine, to_recipient, now=now), None)
        if reason is None and rule.audience is Audience.RECIPIENT:
            to_recipient += 1
        decisions.append(Decision(rule, cause, now + rule.delay if reason is None else None, reason))
    return decisions


def has_left(rule: Rule, told: Told, status: Status, sub_status: SubStatus | None) -> bool:
    """Whether a shipment in this status is no longer where the message said: to be kept in `Told.left` for good."""
    return told.left or not _speaks_of(rule, told, status, sub_status)


def still_holds(
    rule: Rule, status: Status, sub_status: SubStatus | None, decided_at: datetime | None, now: datetime
) -> NotSent | None:
    """The check again when a message leaves, by the present state: none if it may, else why it is cancelled.

    Staff are told what happened even if it has passed; of a parcel late or lost from sight, not once it has arrived.
    """
    if rule.occasion in OF_A_MARK:
        return NotSent.LEFT_STATE if status.final else None
    if rule.audience is Audience.STAFF:
        return None
    if not rule.names(status, sub_status):
        return NotSent.LEFT_STATE
    return NotSent.TOO_OLD if _too_old(status, decided_at, now) else None


def _concerned(rules: Sequence[Rule], situation: Situation) -> list[Rule]:
    """The enabled rules that speak of the situation. Nearly all name another status: they are not looked at closely."""
    status = situation.state.status
    return [
        rule
        for rule in rules
        if (rule.status == status or rule.occasion in OF_A_MARK) and rule.enabled and _concerns(rule, situation)
    ]


def _concerns(rule: Rule, situation: Situation) -> bool:
    """Whether the situation is one that the rule speaks of."""
    state = situation.state
    match rule.occasion:
        case Occasion.LATE:
            return situation.late is not None
        case Occasion.STALE:
            return situation.stale is not None
        case Occasion.FAILED_TWICE if state.failed_attempts < 2:
            return False
    return state.decided_by is not None and rule.names(state.status, state.sub_status)


def _cause(rule: Rule, situation: Situation, told: Sequence[Told]) -> str | None:
    """What a rule that is concerned would speak of; none if it has said it of this very stay."""
    state = situation.state
    if rule.occasion is Occasion.LATE:
        return f"late:{situation.late}"
    if rule.occasion is Occasion.STALE:
        return f"stale:{situation.stale}"
    if rule.once and (told or _been_there_before(state)):
        return None
    if any(not has_left(rule, each, state.status, state.sub_status) for each in told):
        return None
    return f"{state.status}/{state.sub_status or '-'}:{state.decided_by}"


def _objections(
    rule: Rule, situation: Situation, cause: str, told: Sequence[Told], to_recipient: int, *, now: datetime
) -> Iterator[NotSent]:
    """Every reason against sending, the most lasting first."""
    state = situation.state
    for_recipient = rule.audience is Audience.RECIPIENT
    of_a_mark = rule.occasion in OF_A_MARK
    if for_recipient and situation.direction is Direction.RETURN:
        yield NotSent.RETURN_SHIPMENT
    if for_recipient and not situation.live:
        yield NotSent.NOT_LIVE
    if not situation.address_known.get(rule.audience, False):
        yield NotSent.NO_ADDRESS
    if for_recipient and not of_a_mark and state.doubtful:
        yield NotSent.DOUBTFUL
    old = not of_a_mark and _too_old(state.status, state.decided_at, now)
    if for_recipient and old:
        yield NotSent.TOO_OLD
    # An old problem that comes in late is still one to staff; those of an import are for its digest.
    if situation.first_import and (of_a_mark or (to_recipient if for_recipient else old)):
        yield NotSent.FIRST_IMPORT
    key = cause.partition(":")[2]
    before = [each for each in told if of_a_mark or _speaks_of(rule, each, state.status, state.sub_status)]
    if any(each.event_key == key for each in before):
        yield NotSent.ALREADY_TOLD
    if not of_a_mark and any(now - each.at < AGAIN_AFTER for each in before):
        yield NotSent.TOLD_RECENTLY
    if for_recipient and situation.told_today + to_recipient >= DAY_CAP:
        yield NotSent.CAP_DAY
    if for_recipient and situation.told_total + to_recipient >= TOTAL_CAP:
        yield NotSent.CAP_TOTAL


def _speaks_of(rule: Rule, told: Told, status: Status, sub_status: SubStatus | None) -> bool:
    return told.status == status and (not rule.tells_pairs or told.sub_status == sub_status)


def _been_there_before(state: State) -> bool:
    """Whether the shipment was in its present status, left it and came back."""
    statuses = [change.status for change in state.timeline]
    while statuses and statuses[-1] is state.status:
        statuses.pop()
    return state.status in statuses


def _too_old(status: Status, decided_at: datetime | None, now: datetime) -> bool:
    return decided_at is None or now - decided_at > AGE_LIMITS.get(status, AGE_LIMIT)
