"""The fold as a function of a set: whatever order, repetition and batches its events come in (P1, P2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.lifecycle import RANKS, Fact, Reason, Source, State, fold
from carriers.vocabulary import SUB_STATUSES, Direction, Status, SubStatus
from tests.histories import ABSENT, COLLECTED, DELIVERED, NOON, OUT, RETURNED, on_day
from tests.histories import fact as happened

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
MEANINGS: list[tuple[Status | None, SubStatus | None]] = [
    (None, None),
    *((status, None) for status in Status if status is not Status.PENDING),
    *((status, each) for status, members in SUB_STATUSES.items() for each in sorted(members)),
]
# Few instants, so that many events share one; some ahead of now, some months away.
HOURS = st.sampled_from(
    [*range(-240, 12, 24), -5, -4, -3, -2, -1, 0, 0.1, 0.2, 3, 26, 300, 24 * 32, -24 * 62, -24 * 240]
)
# Each is made once: a strategy made for every draw costs more than what it draws.
MEANING, NTH = st.sampled_from(MEANINGS), st.sampled_from([0, 0, 0, 1, 2])
DAY_ALONE, SELDOM = (st.integers(0, most).map(lambda drawn: drawn == 0) for most in (3, 5))
TELLER = st.sampled_from([Source.CARRIER] * 6 + [Source.SHOP, Source.OVERRIDE])
SOME_DAY = st.sampled_from([None, NOW - timedelta(days=200), NOW - timedelta(days=8)])
WAY = st.sampled_from([Direction.OUTBOUND, Direction.OUTBOUND, Direction.RETURN])


@dataclass(frozen=True)
class History:
    """Events of one shipment, and the shipment they belong to."""

    facts: tuple[Fact, ...]
    direction: Direction
    shipped_at: datetime | None
    created_at: datetime | None

    def fold(self, facts: Sequence[Fact], now: datetime = NOW) -> State:
        return fold(facts, now=now, shipped_at=self.shipped_at, created_at=self.created_at, direction=self.direction)


@st.composite
def fact(draw: st.DrawFn) -> Fact:
    """Any event; its key is given by the history."""
    status, sub_status = draw(MEANING)
    at, until = NOW + timedelta(hours=draw(HOURS)), None
    if draw(DAY_ALONE):
        at = at.replace(hour=0, minute=0)
        until = at + timedelta(days=1, seconds=-1)
    return Fact(
        key="",
        occurred_at=at,
        until=until,
        status=status,
        sub_status=sub_status,
        weak=draw(SELDOM),
        doubtful=draw(SELDOM),
        sequence=draw(NTH),
        source=draw(TELLER),
        withdrawn=draw(SELDOM),
    )


@st.composite
def history(draw: st.DrawFn, longest: int = 14) -> History:
    """A shipment with its events, each under a key of its own that says nothing of its place."""
    facts = draw(st.lists(fact(), max_size=longest))
    keys = draw(st.permutations(range(len(facts))))
    return History(
        tuple(each._replace(key=f"{key:02}") for key, each in zip(keys, facts, strict=True)),
        draw(WAY),
        draw(SOME_DAY),
        draw(SOME_DAY),
    )


def same_whatever_the_arrival(data: st.DataObject, told: History) -> None:
    """P1 and P2: permuted, repeated and cut in batches, every step equals the fold from scratch."""
    repeats = data.draw(st.lists(st.sampled_from(told.facts), max_size=4)) if told.facts else []
    arriving = data.draw(st.permutations([*told.facts, *repeats]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arriving)), max_size=4)))
    kept: dict[str, Fact] = {}
    for start, end in pairwise([0, *cuts, len(arriving)]):
        kept |= {each.key: each for each in arriving[start:end]}
        so_far = [each for each in told.facts if each.key in kept]
        assert told.fold(list(kept.values())) == told.fold(so_far)

    assert told.fold(arriving) == told.fold(told.facts)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), history())
def test_the_state_is_the_same_whatever_the_arrival(data: st.DataObject, told: History) -> None:
    same_whatever_the_arrival(data, told)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), history(longest=24))
def test_the_state_is_the_same_whatever_the_arrival_in_many_cases(data: st.DataObject, told: History) -> None:
    same_whatever_the_arrival(data, told)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history(), st.floats(0, 0.99))
def test_nothing_changes_before_the_time_to_fold_again_and_something_does_then(told: History, part: float) -> None:
    state = told.fold(told.facts)
    if state.refold_at is None:
        assert told.fold(told.facts, NOW + timedelta(days=4000)) == state
        return
    assert state.refold_at > NOW
    assert told.fold(told.facts, NOW + (state.refold_at - NOW) * part) == state
    assert told.fold(told.facts, state.refold_at) != state


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history())
def test_every_state_hangs_together(told: History) -> None:
    """The end of the timeline is the present; each event counts or is set aside; only strong words lower a status."""
    state = told.fold(told.facts)
    facts = {each.key: each for each in told.facts}

    assert state.set_aside.keys() <= facts.keys()
    assert state.decided_by not in state.set_aside
    assert {key for key, each in facts.items() if each.withdrawn} <= state.set_aside.keys()
    assert state.recycled is (Reason.RECYCLED in state.set_aside.values())
    if not state.timeline:
        assert (state.status, state.since, state.decided_by) == (Status.PENDING, None, None)
        assert state.set_aside.keys() == facts.keys()
        return
    assert (state.status, state.sub_status) == (state.timeline[-1].status, state.timeline[-1].sub_status)
    assert state.since in {each.at for each in state.timeline if each.status is state.status}
    for before, after in pairwise(state.timeline):
        assert (before.status, before.sub_status) != (after.status, after.sub_status)
        cause = facts[after.key]
        if RANKS[after.status] < RANKS[before.status]:
            assert not cause.weak or cause.source is Source.OVERRIDE
        if before.status is Status.RETURNED and after.status is not Status.RETURNED:
            assert cause.source is Source.OVERRIDE


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history())
def test_a_withdrawn_event_is_as_if_it_had_never_been(told: History) -> None:
    state = told.fold(told.facts)
    standing = told.fold([each for each in told.facts if not each.withdrawn])
    gone = {each.key: Reason.WITHDRAWN for each in told.facts if each.withdrawn and each.status is not None}

    assert replace(state, set_aside={}) == replace(standing, set_aside={})
    assert state.set_aside.items() >= gone.items()


HANDMADE = {
    "a week of attempts": [
        COLLECTED,
        OUT,
        ABSENT,
        happened("slot", 40, Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED, weak=True),
        happened("again", 44, Status.OUT_FOR_DELIVERY),
        happened("delivered", 47, Status.DELIVERED),
    ],
    "delivered, taken back, returned": [
        OUT,
        DELIVERED,
        happened("unloaded", 25, Status.IN_TRANSIT),
        happened("returning", 48, Status.EXCEPTION, SubStatus.RETURNING),
        RETURNED,
        happened("after", 91, Status.DELIVERED),
    ],
    "all at one instant": [
        happened("b", 0, Status.IN_TRANSIT, sequence=3),
        happened("a", 0, Status.IN_TRANSIT),
        happened("d", 0, Status.DELIVERED, withdrawn=True),
        happened("c", 0, Status.EXCEPTION, weak=True),
        happened("f", 0, Status.OUT_FOR_DELIVERY, source=Source.OVERRIDE),
        happened("e", 0, Status.AWAITING_PICKUP, sequence=4),
    ],
    "a day, an override, a future": [
        on_day("day", 0, Status.DELIVERED),
        happened("round", 9, Status.OUT_FOR_DELIVERY),
        happened("person", 30, Status.IN_TRANSIT, source=Source.OVERRIDE),
        happened("customs", 31, Status.IN_TRANSIT, SubStatus.CUSTOMS, weak=True),
        happened("soon", 50, Status.EXCEPTION, SubStatus.LOST),
        happened("far", 300, Status.DELIVERED),
    ],
}


@pytest.mark.parametrize("name", HANDMADE)
def test_every_order_of_a_small_history_gives_one_state(name: str) -> None:
    states = [fold(arriving, now=NOON + timedelta(hours=48)) for arriving in permutations(HANDMADE[name])]

    assert len(states) == 720
    assert all(state == states[0] for state in states)
