"""Which message a state calls for: each default rule, and each reason not to send."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.lifecycle import Fact, State, fold
from app.triggers import DEFAULT_RULES, Audience, Decision, NotSent, Occasion, Situation, Told, decide
from carriers.vocabulary import Direction, Status, SubStatus
from tests.histories import ABSENT, COLLECTED, DELIVERED, HELD, NOON, OUT, RETURNED, SECOND_ROUND, fact
from tests.situations import EVERYBODY, RULES, after, calls_for

SECOND_ABSENCE = fact("second absence", 47, Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT)
PROBLEMS = ["damaged", "lost", "refused", "returning", "customs_hold", "cancelled", "seized", "incomplete"]


@pytest.mark.parametrize(
    ("history", "at_once"),
    [
        ((), []),
        ((fact("label", -5, Status.AWAITING_PICKUP),), []),
        ((COLLECTED,), ["on_its_way"]),
        ((COLLECTED, OUT), ["out_for_delivery"]),
        ((COLLECTED, fact("locker", 9, Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER)), ["ready_to_collect"]),
        ((OUT, ABSENT), ["failed_attempt"]),
        ((OUT, ABSENT, SECOND_ROUND, SECOND_ABSENCE), ["failed_attempt", "failed_twice"]),
        ((ABSENT, HELD), ["held", "exception"]),
        ((OUT, fact("address", 21, Status.EXCEPTION, SubStatus.ADDRESS_ISSUE)), ["exception"]),
        ((OUT, fact("vague", 21, Status.EXCEPTION)), ["exception"]),
        ((OUT, DELIVERED), ["delivered"]),
        ((HELD, RETURNED), []),
    ],
)
def test_a_new_shops_rules_tell_at_once(history: tuple[Fact, ...], at_once: list[str]) -> None:
    situation = after(*history) if history else Situation(State(), Direction.OUTBOUND, True, EVERYBODY)

    assert calls_for(situation) == dict.fromkeys(at_once, situation.state.decided_at)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_staff_have_four_hours_before_the_recipient_hears_of_a_problem(problem: str) -> None:
    event = fact("problem", 21, Status.EXCEPTION, SubStatus(problem))

    assert calls_for(after(OUT, event)) == {
        problem: event.occurred_at + timedelta(hours=4),
        "exception": event.occurred_at,
    }


def test_a_decision_names_its_rule_and_cause() -> None:
    assert decide(after(OUT, DELIVERED), DEFAULT_RULES, [], DELIVERED.occurred_at) == [
        Decision(RULES["delivered"], "delivered/to_recipient:delivered", DELIVERED.occurred_at, None)
    ]


def test_late_and_stale_are_told_to_staff_by_the_day() -> None:
    situation = replace(after(COLLECTED), late=date(2026, 3, 9), stale=date(2026, 3, 10))
    rules = [RULES["late"], RULES["stale"]]

    assert decide(situation, rules, [], NOON) == [
        Decision(RULES["late"], "late:2026-03-09", NOON, None),
        Decision(RULES["stale"], "stale:2026-03-10", NOON, None),
    ]
    told = [Told.of("late", "late:2026-03-09", NOON, False), Told.of("stale", "stale:2026-03-04", NOON, False)]
    assert calls_for(situation, rules=rules, told=told) == {"late": NotSent.ALREADY_TOLD, "stale": NOON}


@pytest.mark.parametrize(
    ("cause", "status", "sub_status", "key"),
    [
        ("delivered/-:k1", Status.DELIVERED, None, "k1"),
        ("exception/held:k2", Status.EXCEPTION, SubStatus.HELD, "k2"),
        ("stale:2026-03-10", None, None, "2026-03-10"),
    ],
)
def test_what_was_told_is_read_back_from_its_cause(
    cause: str, status: Status | None, sub_status: SubStatus | None, key: str
) -> None:
    assert Told.of("rule", cause, NOON, True) == Told("rule", status, sub_status, key, NOON, True)


# Reasons not to send.


def situations_of_silence() -> dict[NotSent, Situation]:
    delivered = after(OUT, DELIVERED)
    doubtful = after(OUT, DELIVERED._replace(doubtful=True))
    return {
        NotSent.RETURN_SHIPMENT: replace(delivered, direction=Direction.RETURN),
        NotSent.NOT_LIVE: replace(delivered, live=False),
        NotSent.NO_ADDRESS: replace(delivered, address_known={Audience.STAFF: True}),
        NotSent.DOUBTFUL: doubtful,
        NotSent.CAP_DAY: replace(delivered, told_today=6, told_total=6),
        NotSent.CAP_TOTAL: replace(delivered, told_total=20),
    }


@pytest.mark.parametrize("reason", situations_of_silence())
def test_a_recipient_is_not_told(reason: NotSent) -> None:
    assert calls_for(situations_of_silence()[reason]) == {"delivered": reason}


def test_staff_hear_of_exceptions_where_a_recipient_does_not() -> None:
    quiet = Situation(
        fold([HELD._replace(doubtful=True)], now=HELD.occurred_at),
        Direction.RETURN,
        live=False,
        address_known=EVERYBODY,
        told_total=20,
    )

    assert calls_for(quiet, hours_later=100) == {
        "held": NotSent.RETURN_SHIPMENT,
        "exception": HELD.occurred_at + timedelta(hours=100),
    }
    assert calls_for(replace(quiet, address_known={}))["exception"] is NotSent.NO_ADDRESS


def test_the_last_message_below_a_cap_is_sent_and_the_next_is_not() -> None:
    by_sms = replace(RULES["delivered"], id="sms", name="by_sms", channel="sms")
    rules = [RULES["delivered"], by_sms]
    delivered = after(OUT, DELIVERED)
    at = delivered.state.decided_at

    assert calls_for(replace(delivered, told_today=5), rules=rules) == {"delivered": at, "by_sms": NotSent.CAP_DAY}
    assert calls_for(replace(delivered, told_total=19), rules=rules) == {"delivered": at, "by_sms": NotSent.CAP_TOTAL}


def test_a_rule_that_is_switched_off_says_nothing() -> None:
    assert calls_for(after(OUT, DELIVERED), rules=[replace(RULES["delivered"], enabled=False)]) == {}


@pytest.mark.parametrize(
    ("event", "name", "limit"),
    [
        (OUT, "out_for_delivery", 12),
        (fact("locker", 9, Status.AVAILABLE_FOR_PICKUP), "ready_to_collect", 120),
        (DELIVERED, "delivered", 48),
        (COLLECTED, "on_its_way", 48),
    ],
)
def test_old_news_never_reach_a_recipient(event: Fact, name: str, limit: float) -> None:
    situation = after(event)

    assert calls_for(situation, hours_later=limit) == {name: event.occurred_at + timedelta(hours=limit)}
    assert calls_for(situation, hours_later=limit + 0.1) == {name: NotSent.TOO_OLD}


def test_a_fresh_event_tells_a_status_whose_first_event_was_too_old() -> None:
    """The status did not change, yet nobody had been told of it."""
    yesterday = fact("yesterday", -20, Status.OUT_FOR_DELIVERY)

    assert calls_for(after(yesterday, OUT)) == {"out_for_delivery": OUT.occurred_at}


# First import.


def test_a_first_import_tells_the_present_status_once() -> None:
    by_sms = replace(RULES["delivered"], id="sms", name="by_sms", channel="sms")
    situation = replace(after(COLLECTED, OUT, DELIVERED), first_import=True)

    assert calls_for(situation, rules=[*DEFAULT_RULES, by_sms]) == {
        "delivered": DELIVERED.occurred_at,
        "by_sms": NotSent.FIRST_IMPORT,
    }


def test_a_long_history_delivered_three_weeks_ago_tells_nobody() -> None:
    scans = [fact(f"{n:02}", n, Status.IN_TRANSIT) for n in range(20)]
    situation = replace(after(*scans, DELIVERED), first_import=True)

    assert calls_for(situation, hours_later=24 * 21) == {"delivered": NotSent.TOO_OLD}


def test_a_first_import_tells_staff_of_fresh_problems_and_leaves_the_rest_to_its_digest() -> None:
    situation = replace(after(ABSENT, HELD), first_import=True, late=date(2026, 3, 9))

    assert calls_for(situation) == {
        "held": HELD.occurred_at,
        "exception": HELD.occurred_at,
        "late": NotSent.FIRST_IMPORT,
    }
    assert calls_for(situation, hours_later=49) == {
        "held": NotSent.TOO_OLD,
        "exception": NotSent.FIRST_IMPORT,
        "late": NotSent.FIRST_IMPORT,
    }


def test_every_default_rule_has_a_name_of_its_own() -> None:
    assert len(RULES) == len(DEFAULT_RULES)
    assert {rule.name for rule in DEFAULT_RULES if rule.delay} == set(PROBLEMS)
    assert [rule.name for rule in DEFAULT_RULES if rule.occasion is not Occasion.STATUS] == [
        "failed_twice",
        "late",
        "stale",
    ]
