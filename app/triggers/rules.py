"""What a shop's rule is, and the rules that a new shop begins with."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from carriers.vocabulary import Status, SubStatus


class Audience(StrEnum):
    """Who is told."""

    RECIPIENT = "recipient"
    STAFF = "staff"


class Occasion(StrEnum):
    """What a rule waits for."""

    STATUS = "status"  # the shipment enters the status, or the pair, that the rule names
    LATE = "late"  # the promised day has passed
    STALE = "stale"  # no news for too long
    FAILED_TWICE = "failed_twice"  # a delivery failed for the second time, or once more


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom to tell of what, and how long after.

    `name` is a stable slug that templates go by. `status` and `sub_status` are what the rule names; a sub-status of
    none means any. A rule that is told `once` speaks of the first time that a shipment is in its status.
    """

    id: str
    name: str
    audience: Audience
    channel: str = "email"
    occasion: Occasion = Occasion.STATUS
    status: Status | None = None
    sub_status: SubStatus | None = None
    delay: timedelta = timedelta()
    once: bool = False
    enabled: bool = True

    def names(self, status: Status, sub_status: SubStatus | None) -> bool:
        """Whether this is the status, or the pair, of the rule."""
        return status == self.status and (self.sub_status is None or sub_status == self.sub_status)

    @property
    def tells_pairs(self) -> bool:
        """Whether another sub-status is news: to staff always (every exception), else if the rule names one."""
        return self.sub_status is not None or (self.audience is Audience.STAFF and self.occasion is Occasion.STATUS)


AFTER_STAFF = timedelta(hours=4)  # the shop's head start, to find a solution before it has to give one


def _to_recipient(
    name: str,
    status: Status,
    sub_status: SubStatus | None = None,
    *,
    delay: timedelta = timedelta(),
    once: bool = False,
) -> Rule:
    return Rule(name, name, Audience.RECIPIENT, status=status, sub_status=sub_status, delay=delay, once=once)


def _to_staff(name: str, occasion: Occasion, status: Status | None = None) -> Rule:
    return Rule(name, name, Audience.STAFF, occasion=occasion, status=status)


DEFAULT_RULES: tuple[Rule, ...] = (
    _to_recipient("on_its_way", Status.IN_TRANSIT, once=True),
    _to_recipient("out_for_delivery", Status.OUT_FOR_DELIVERY),
    _to_recipient("ready_to_collect", Status.AVAILABLE_FOR_PICKUP),
    _to_recipient("failed_attempt", Status.FAILED_ATTEMPT),
    _to_recipient("held", Status.EXCEPTION, SubStatus.HELD),
    _to_recipient("delivered", Status.DELIVERED),
    *(
        _to_recipient(problem.value, Status.EXCEPTION, problem, delay=AFTER_STAFF)
        for problem in (
            SubStatus.DAMAGED,
            SubStatus.LOST,
            SubStatus.REFUSED,
            SubStatus.RETURNING,
            SubStatus.CUSTOMS_HOLD,
            SubStatus.CANCELLED,
            SubStatus.SEIZED,
            SubStatus.INCOMPLETE,
        )
    ),
    _to_staff("failed_twice", Occasion.FAILED_TWICE, Status.FAILED_ATTEMPT),
    _to_staff("exception", Occasion.STATUS, Status.EXCEPTION),
    _to_staff("late", Occasion.LATE),
    _to_staff("stale", Occasion.STALE),
)
"""The rules of a new shop; the id, here the name, is given anew when a shop is made."""
