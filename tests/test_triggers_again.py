"""When a rule speaks again, and the last check before a message leaves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.triggers import NotSent, Told, has_left, still_holds
from carriers.vocabulary import Status, SubStatus
from tests.histories import ABSENT, COLLECTED, DELIVERED, HELD, NOON, OUT, SECOND_ROUND, fact
from tests.situations import RULES, after, calls_for, told_of

# Told before.


def test_a_status_that_was_told_and_not_left_is_no_news() -> None:
    detail = fact("detail", 25, Status.DELIVERED, SubStatus.TO_NEIGHBOUR)
    told = told_of("delivered", DELIVERED, 1, left=False, now=detail.occurred_at)

    assert calls_for(after(OUT, DELIVERED, detail), told=[told]) == {}


def test_another_exception_is_news_to_staff_and_to_the_rule_that_names_it() -> None:
    damaged = fact("damaged", 40, Status.EXCEPTION, SubStatus.DAMAGED)
    now = damaged.occurred_at
    told = [told_of(name, HELD, 10, left=False, now=now) for name in ("held", "exception")]

    assert calls_for(after(HELD, damaged), told=told) == {"damaged": now + timedelta(hours=4), "exception": now}


def test_a_second_exception_of_the_same_kind_is_no_news() -> None:
    held_again = HELD._replace(key="held again", occurred_at=HELD.occurred_at + timedelta(hours=10))
    now = held_again.occurred_at
    told = [told_of(name, HELD, 10, left=False, now=now) for name in ("held", "exception")]

    assert calls_for(after(HELD, held_again), told=told) == {}


def test_the_next_days_round_is_told_again_and_a_flap_is_not() -> None:
    now = SECOND_ROUND.occurred_at
    situation = after(OUT, ABSENT, SECOND_ROUND)

    assert calls_for(situation, told=[told_of("out_for_delivery", OUT, 24, now=now)]) == {"out_for_delivery": now}
    assert calls_for(situation, told=[told_of("out_for_delivery", OUT, 6, now=now)]) == {"out_for_delivery": now}
    assert calls_for(situation, told=[told_of("out_for_delivery", OUT, 5.9, now=now)]) == {
        "out_for_delivery": NotSent.TOLD_RECENTLY
    }


def test_a_message_still_to_come_counts_as_told() -> None:
    damaged = fact("damaged", 40, Status.EXCEPTION, SubStatus.DAMAGED)
    due = told_of("damaged", damaged._replace(key="before"), -3, now=damaged.occurred_at)

    assert calls_for(after(HELD, damaged), told=[due])["damaged"] is NotSent.TOLD_RECENTLY


def test_a_delivery_withdrawn_and_announced_again_is_told_once() -> None:
    now = DELIVERED.occurred_at + timedelta(hours=12)
    told = told_of("delivered", DELIVERED, 12, now=now)

    assert calls_for(after(OUT, DELIVERED), told=[told], hours_later=12) == {"delivered": NotSent.ALREADY_TOLD}


def test_on_its_way_is_told_once_and_of_the_first_transit_only() -> None:
    moving = fact("moving", 10, Status.IN_TRANSIT, SubStatus.DEPARTED)
    back = fact("back", 30, Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)

    assert calls_for(after(COLLECTED, moving)) == {"on_its_way": moving.occurred_at}
    told = told_of("on_its_way", COLLECTED, 10, left=False, now=moving.occurred_at)
    assert calls_for(after(COLLECTED, moving), told=[told]) == {}
    assert calls_for(after(COLLECTED, moving), told=[replace(told, left=True)]) == {}
    assert calls_for(after(COLLECTED, OUT, ABSENT, back)) == {}


@pytest.mark.parametrize(
    ("name", "now_at", "left"),
    [
        ("delivered", (Status.DELIVERED, SubStatus.TO_NEIGHBOUR), False),
        ("delivered", (Status.EXCEPTION, SubStatus.RETURNING), True),
        ("held", (Status.EXCEPTION, SubStatus.HELD), False),
        ("held", (Status.EXCEPTION, SubStatus.LOST), True),
        ("exception", (Status.EXCEPTION, SubStatus.LOST), True),
        ("failed_twice", (Status.FAILED_ATTEMPT, SubStatus.ADDRESS_ISSUE), False),
    ],
)
def test_a_state_is_left_by_the_measure_of_the_rule(
    name: str, now_at: tuple[Status, SubStatus | None], left: bool
) -> None:
    said = {
        "delivered": (Status.DELIVERED, None),
        "failed_twice": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    }.get(name, (Status.EXCEPTION, SubStatus.HELD))

    assert has_left(RULES[name], Told(name, *said, "key", NOON), *now_at) is left
    assert has_left(RULES[name], Told(name, *said, "key", NOON, left=True), *now_at)


# When a message leaves.


@pytest.mark.parametrize(
    ("name", "status", "sub_status", "age", "answer"),
    [
        ("out_for_delivery", Status.OUT_FOR_DELIVERY, None, 12, None),
        ("out_for_delivery", Status.OUT_FOR_DELIVERY, None, 13, NotSent.TOO_OLD),
        ("out_for_delivery", Status.DELIVERED, None, 1, NotSent.LEFT_STATE),
        ("delivered", Status.DELIVERED, SubStatus.TO_NEIGHBOUR, 1, None),
        ("damaged", Status.EXCEPTION, SubStatus.DAMAGED, 4, None),
        ("damaged", Status.EXCEPTION, SubStatus.HELD, 4, NotSent.LEFT_STATE),
        ("on_its_way", Status.PENDING, None, None, NotSent.LEFT_STATE),
        ("exception", Status.DELIVERED, None, 100, None),
        ("late", Status.IN_TRANSIT, None, 100, None),
        ("late", Status.DELIVERED, None, 1, NotSent.LEFT_STATE),
        ("stale", Status.RETURNED, None, 1, NotSent.LEFT_STATE),
    ],
)
def test_a_message_is_checked_again_when_it_leaves(
    name: str, status: Status, sub_status: SubStatus | None, age: float | None, answer: NotSent | None
) -> None:
    decided_at = None if age is None else NOON - timedelta(hours=age)

    assert still_holds(RULES[name], status, sub_status, decided_at, NOON) is answer
