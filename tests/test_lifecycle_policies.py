"""The fold, policy by policy: who may move what, and when."""

from datetime import timedelta

import pytest

from app.lifecycle import LIMIT, Change, Fact, Reason, Source, ended_before, fold
from carriers.vocabulary import Direction, Status, SubStatus
from tests.histories import ABSENT, COLLECTED, DELIVERED, HELD, NOON, NOW, OUT, RETURNED, fact, on_day, standing

# Strong and weak.


def test_strong_events_move_backwards_too() -> None:
    back = fact("back", 25, Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)
    state = fold([OUT, ABSENT, back], now=NOW)

    assert standing(state) == (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)
    assert (state.since, state.set_aside) == (back.occurred_at, {})


@pytest.mark.parametrize(
    ("before", "weak", "reason"),
    [
        (None, Status.AWAITING_PICKUP, None),
        (Status.AWAITING_PICKUP, Status.IN_TRANSIT, None),
        (Status.IN_TRANSIT, Status.IN_TRANSIT, None),
        (Status.FAILED_ATTEMPT, Status.AVAILABLE_FOR_PICKUP, None),
        (Status.EXCEPTION, Status.AVAILABLE_FOR_PICKUP, Reason.WEAK),
        (Status.OUT_FOR_DELIVERY, Status.IN_TRANSIT, Reason.WEAK),
        (Status.DELIVERED, Status.IN_TRANSIT, Reason.AFTER_DELIVERY),
        (Status.DELIVERED, Status.RETURNED, Reason.AFTER_DELIVERY),
        (Status.RETURNED, Status.DELIVERED, Reason.AFTER_RETURN),
    ],
)
def test_weak_events_raise_the_status_and_never_lower_it(
    before: Status | None, weak: Status, reason: Reason | None
) -> None:
    earlier = [fact("earlier", 1, before)] if before else []
    state = fold([*earlier, fact("weak", 2, weak, weak=True)], now=NOW)

    assert state.set_aside == ({"weak": reason} if reason else {})
    assert state.status is (before if reason else weak)


def test_customs_papers_refine_a_parcel_in_transit() -> None:
    customs = fact("customs", 5, Status.IN_TRANSIT, SubStatus.CUSTOMS, weak=True)
    state = fold([COLLECTED, customs], now=NOW)

    assert standing(state) == (Status.IN_TRANSIT, SubStatus.CUSTOMS)
    assert (state.since, state.decided_by) == (COLLECTED.occurred_at, "customs")


# Final statuses.


@pytest.mark.parametrize("sub_status", [SubStatus.RETURNING, SubStatus.REFUSED, SubStatus.DAMAGED, SubStatus.LOST])
def test_delivered_reopens_by_strong_news_of_these_kinds_alone(sub_status: SubStatus) -> None:
    assert fold([DELIVERED, fact("news", 48, Status.EXCEPTION, sub_status)], now=NOW).sub_status is sub_status

    weak = fold([DELIVERED, fact("news", 48, Status.EXCEPTION, sub_status, weak=True)], now=NOW)
    assert (weak.status, weak.set_aside) == (Status.DELIVERED, {"news": Reason.AFTER_DELIVERY})


@pytest.mark.parametrize(
    ("status", "sub_status"),
    [
        (Status.EXCEPTION, None),
        (Status.EXCEPTION, SubStatus.HELD),
        (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
        (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
        (Status.OUT_FOR_DELIVERY, None),
        (Status.AWAITING_PICKUP, None),
    ],
)
def test_delivered_ignores_everything_else(status: Status, sub_status: SubStatus | None) -> None:
    state = fold([DELIVERED, fact("scan", 25, status, sub_status)], now=NOW)

    assert (state.status, state.set_aside) == (Status.DELIVERED, {"scan": Reason.AFTER_DELIVERY})


def test_delivered_reopens_up_to_thirty_days_after_it_began() -> None:
    in_time = fact("back", 24 + 30 * 24, Status.RETURNED)
    too_late = fact("back", 24 + 30 * 24 + 1, Status.RETURNED)
    repeated = fact("repeated", 24 + 20 * 24, Status.DELIVERED, SubStatus.TO_NEIGHBOUR)

    assert fold([DELIVERED, in_time], now=NOW).status is Status.RETURNED
    assert fold([DELIVERED, repeated, too_late], now=NOW).set_aside == {"back": Reason.RECYCLED}


def test_delivered_says_later_to_whom() -> None:
    state = fold([DELIVERED, fact("detail", 25, Status.DELIVERED, SubStatus.TO_NEIGHBOUR)], now=NOW)

    assert standing(state) == (Status.DELIVERED, SubStatus.TO_NEIGHBOUR)
    assert (state.since, state.decided_by) == (DELIVERED.occurred_at, "detail")


@pytest.mark.parametrize(
    ("status", "sub_status"),
    [(Status.DELIVERED, None), (Status.EXCEPTION, SubStatus.LOST), (Status.IN_TRANSIT, None)],
)
def test_returned_opens_to_no_event(status: Status, sub_status: SubStatus | None) -> None:
    state = fold([RETURNED, fact("after", 91, status, sub_status)], now=NOW)

    assert (state.status, state.set_aside) == (Status.RETURNED, {"after": Reason.AFTER_RETURN})


def test_returned_opens_by_withdrawal_and_by_a_person() -> None:
    withdrawn = fact("returned", 90, Status.RETURNED, withdrawn=True)
    person = fact("person", 95, Status.IN_TRANSIT, source=Source.OVERRIDE)

    assert fold([HELD, withdrawn], now=NOW).status is Status.EXCEPTION
    assert fold([HELD, RETURNED, person], now=NOW).status is Status.IN_TRANSIT


def test_a_return_that_is_delivered_is_back_with_the_shop() -> None:
    state = fold([COLLECTED, DELIVERED], now=NOW, direction=Direction.RETURN)

    assert standing(state) == (Status.RETURNED, None)
    assert state.timeline[-1] == Change(Status.RETURNED, None, "delivered", DELIVERED.occurred_at)


# A person's word.


def test_an_override_holds_against_weak_and_earlier_events_until_a_later_strong_one() -> None:
    person = fact("person", 24, Status.IN_TRANSIT, SubStatus.REROUTED, source=Source.OVERRIDE)
    earlier = fact("earlier", 23, Status.EXCEPTION, SubStatus.LOST)
    together = fact("together", 24, Status.DELIVERED, sequence=7)
    papers = fact("papers", 25, Status.IN_TRANSIT, SubStatus.CUSTOMS, weak=True)
    scan = fact("scan", 26, Status.OUT_FOR_DELIVERY)

    held = fold([papers, together, person, earlier], now=NOW)
    assert standing(held) == (Status.IN_TRANSIT, SubStatus.REROUTED)
    assert held.set_aside == {"together": Reason.OVERRIDDEN, "papers": Reason.OVERRIDDEN}

    assert fold([papers, together, person, earlier, scan], now=NOW).decided_by == "scan"


def test_an_override_passes_every_rule_of_dates() -> None:
    person = fact("person", 24 * 300, Status.EXCEPTION, SubStatus.SEIZED, source=Source.OVERRIDE)
    state = fold([DELIVERED, person], now=NOW, created_at=NOON, shipped_at=NOON + timedelta(days=310))

    assert (state.decided_by, state.set_aside) == ("person", {"delivered": Reason.BEFORE_SHIPMENT})


def test_a_withdrawn_override_gives_the_word_back_to_the_carrier() -> None:
    person = fact("person", 40, Status.DELIVERED, source=Source.OVERRIDE, withdrawn=True)

    assert fold([HELD, person], now=NOW).status is Status.EXCEPTION


def test_a_shops_own_event_is_like_a_carriers() -> None:
    ours = fact("ours", 26, Status.IN_TRANSIT, source=Source.SHOP)

    assert fold([DELIVERED, ours], now=NOW).set_aside == {"ours": Reason.AFTER_DELIVERY}
    assert fold([OUT, ours], now=NOW).decided_by == "ours"


# Dates.


@pytest.mark.parametrize(
    ("ahead", "reason", "refold_in"),
    [
        (timedelta(minutes=10), None, None),
        (timedelta(minutes=11), Reason.WAITING, timedelta(minutes=1)),
        (timedelta(hours=24), Reason.WAITING, timedelta(hours=23, minutes=50)),
        (timedelta(hours=25), Reason.TOO_FAR_AHEAD, timedelta(hours=1)),
        (timedelta(days=3000), Reason.TOO_FAR_AHEAD, timedelta(days=2999)),
    ],
)
def test_what_lies_ahead_waits_or_is_set_aside_until_it_comes_near(
    ahead: timedelta, reason: Reason | None, refold_in: timedelta | None
) -> None:
    state = fold([Fact("ahead", NOON + ahead, status=Status.IN_TRANSIT)], now=NOON)

    assert state.set_aside == ({"ahead": reason} if reason else {})
    assert state.refold_at == (NOON + refold_in if refold_in else None)


def test_the_earliest_waiting_event_says_when_to_fold_again() -> None:
    events = [fact("third", 6, Status.DELIVERED), fact("first", 2, Status.IN_TRANSIT), fact("second", 4, None)]

    assert fold(events, now=NOON).refold_at == NOON + timedelta(hours=1, minutes=50)


def test_a_delivery_known_by_its_day_is_not_held_back_until_midnight() -> None:
    state = fold([OUT, on_day("delivered", 1, Status.DELIVERED)], now=NOON + timedelta(days=1))

    assert (state.status, state.refold_at) == (Status.DELIVERED, None)


@pytest.mark.parametrize("status", [Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY])
def test_a_day_of_movement_counts_from_its_morning(status: Status) -> None:
    assert fold([on_day("day", 0, status), HELD, COLLECTED], now=NOW).decided_by == "held"
    assert fold([on_day("day", 0, status), COLLECTED], now=NOW).decided_by == "collected"


@pytest.mark.parametrize(
    "status",
    [Status.FAILED_ATTEMPT, Status.EXCEPTION, Status.AVAILABLE_FOR_PICKUP, Status.DELIVERED, Status.RETURNED],
)
def test_a_day_of_arrival_or_trouble_counts_to_its_evening(status: Status) -> None:
    assert fold([on_day("day", 0, status), COLLECTED], now=NOW).decided_by == "day"


def test_events_long_before_the_shipment_are_another_parcels() -> None:
    old = fact("old", -24 * 7 - 1, Status.DELIVERED)
    early = fact("early", -24 * 7, Status.AWAITING_PICKUP)
    state = fold([old, early], now=NOW, shipped_at=NOON)

    assert (state.status, state.set_aside) == (Status.AWAITING_PICKUP, {"old": Reason.BEFORE_SHIPMENT})
    assert fold([old, early], now=NOW).decided_by == "old"


def test_events_half_a_year_after_creation_are_another_parcels() -> None:
    last = fact("last", 24 * 180, Status.OUT_FOR_DELIVERY)
    other = fact("other", 24 * 180 + 1, Status.DELIVERED)
    state = fold([COLLECTED, last, other], now=NOW, created_at=NOON)

    assert (state.status, state.recycled) == (Status.OUT_FOR_DELIVERY, True)
    assert state.set_aside == {"other": Reason.RECYCLED}


def test_a_carriers_words_of_the_parcel_before_are_set_aside_and_the_shops_are_not() -> None:
    old, shops = fact("old", 1, Status.DELIVERED), fact("shops", 0.5, Status.OUT_FOR_DELIVERY, source=Source.SHOP)
    state = fold([COLLECTED, old, shops], now=NOW, after=old.occurred_at)

    assert (state.status, state.recycled) == (Status.OUT_FOR_DELIVERY, True)
    assert state.set_aside == {COLLECTED.key: Reason.EARLIER_PARCEL, "old": Reason.EARLIER_PARCEL}


def test_journeys_that_were_over_are_told_from_one_that_goes_on() -> None:
    first, second = fact("first", 0, Status.DELIVERED), fact("second", 24 * 40, Status.RETURNED)
    third, bound = fact("third", 24 * 80, Status.IN_TRANSIT), NOON + timedelta(days=60)

    assert ended_before([third, second, first], bound, now=NOW) == second.occurred_at
    assert ended_before([second, first], NOON + timedelta(days=30), now=NOW) == first.occurred_at
    assert ended_before([third], NOON + timedelta(days=90), now=NOW) is None
    assert ended_before([], bound, now=NOW) is None


# The order.


def test_at_the_same_instant_sequence_then_rank_then_key_decide() -> None:
    assert fold([fact("a", 1, Status.DELIVERED), fact("b", 1, Status.IN_TRANSIT)], now=NOW).decided_by == "a"
    assert (
        fold([fact("a", 1, Status.EXCEPTION), fact("b", 1, Status.IN_TRANSIT, sequence=2)], now=NOW).decided_by == "b"
    )
    assert fold([fact("a", 1, Status.IN_TRANSIT), fact("b", 1, Status.IN_TRANSIT)], now=NOW).decided_by == "b"


def test_the_last_five_hundred_events_count() -> None:
    scans = [fact(f"{n:04}", n, Status.IN_TRANSIT) for n in range(LIMIT)]

    assert not fold(scans, now=NOW).truncated
    longer = fold([fact("first", -1, Status.DELIVERED), *scans], now=NOW)
    assert (longer.status, longer.truncated) == (Status.IN_TRANSIT, True)
    assert longer.set_aside == {"first": Reason.BEYOND_LIMIT}


# Attempts.


def test_attempts_are_counted_once_each() -> None:
    card = fact("card", 23.5, Status.FAILED_ATTEMPT)
    later = fact("later", 47, Status.FAILED_ATTEMPT)
    same_afternoon = [fact("again", 24, Status.OUT_FOR_DELIVERY), fact("missed", 25, Status.FAILED_ATTEMPT)]

    assert fold([ABSENT, card], now=NOW).failed_attempts == 1
    assert fold([ABSENT, card, later], now=NOW).failed_attempts == 2
    assert fold([ABSENT, *same_afternoon], now=NOW).failed_attempts == 2


def test_an_attempt_without_effect_is_none() -> None:
    after = fact("after", 25, Status.FAILED_ATTEMPT)

    assert fold([ABSENT, DELIVERED, after], now=NOW).failed_attempts == 1
