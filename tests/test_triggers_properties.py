"""What is told over whole histories, through the fold and a small ledger (T1 to T4)."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.lifecycle import Fact, State, fold
from app.triggers import DEFAULT_RULES, Audience, NotSent, Rule, Situation, Told, decide, has_left, still_holds
from carriers.vocabulary import Direction, Status, SubStatus

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
RULES = {rule.id: rule for rule in DEFAULT_RULES}
LIMITS = {Status.OUT_FOR_DELIVERY: timedelta(hours=12), Status.AVAILABLE_FOR_PICKUP: timedelta(days=5)}
MEANINGS: list[tuple[Status | None, SubStatus | None]] = [
    (None, None),
    (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    (Status.IN_TRANSIT, SubStatus.ARRIVED),
    (Status.OUT_FOR_DELIVERY, None),
    (Status.OUT_FOR_DELIVERY, None),
    (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    (Status.EXCEPTION, SubStatus.HELD),
    (Status.EXCEPTION, SubStatus.DAMAGED),
    (Status.EXCEPTION, SubStatus.RETURNING),
    (Status.DELIVERED, None),
    (Status.DELIVERED, SubStatus.TO_NEIGHBOUR),
    (Status.RETURNED, None),
]


@dataclass
class Ledger:
    """The outbox of one shipment, reduced to what the triggers need."""

    facts: dict[str, Fact] = field(default_factory=dict)
    state: State = field(default_factory=State)
    told: list[Told] = field(default_factory=list)
    for_good: set[tuple[str, str]] = field(default_factory=set)  # rule and cause of what a first import held back
    sent: list[tuple[Rule, Told, timedelta]] = field(default_factory=list)  # with the age of the news

    def arrive(self, facts: list[Fact], now: datetime) -> None:
        """Fold, mark what was left, decide, put."""
        first = not self.facts
        self.facts |= {each.key: each for each in facts}
        self.state = state = fold(self.facts.values(), now=now)
        self.told = [
            replace(each, left=has_left(RULES[each.rule_id], each, state.status, state.sub_status))
            for each in self.told
        ]
        for decision in decide(self.situation(now, first_import=first), DEFAULT_RULES, self.told, now):
            cause = (decision.rule.id, decision.cause)
            if decision.reason is NotSent.FIRST_IMPORT:
                self.for_good.add(cause)
            if decision.send_at is not None and cause not in self.for_good:
                self.told.append(Told.of(decision.rule.id, decision.cause, decision.send_at, left=False))

    def situation(self, now: datetime, *, first_import: bool = False) -> Situation:
        to_recipient = [each for each in self.told if RULES[each.rule_id].audience is Audience.RECIPIENT]
        return Situation(
            self.state,
            Direction.OUTBOUND,
            live=True,
            address_known=dict.fromkeys(Audience, True),
            first_import=first_import,
            told_today=sum(now - each.at < timedelta(days=1) for each in to_recipient),
            told_total=len(to_recipient),
        )

    def send_due(self, now: datetime) -> None:
        """Send what is due, after the last check; what no longer holds is not told after all."""
        already = [told for _, told, _ in self.sent]
        for told in [each for each in self.told if each.at <= now and replace(each, left=False) not in already]:
            rule, state = RULES[told.rule_id], self.state
            if still_holds(rule, state.status, state.sub_status, state.decided_at, now):
                self.told.remove(told)
            elif state.decided_at is not None:
                self.sent.append((rule, replace(told, left=False), now - state.decided_at))


@dataclass(frozen=True)
class Step:
    """Some hours pass, then events arrive, each so many hours old; an earlier one may be withdrawn or return."""

    hours: float
    news: tuple[tuple[float, int, bool, bool], ...]
    toggled: int


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from([0, 0.5, 2, 5, 7, 14, 24, 50]),
        st.lists(
            st.tuples(
                st.sampled_from([0, 0, 0, 1, 3, 13, 30, 60, -3]),
                st.integers(0, len(MEANINGS) - 1),
                st.integers(0, 7).map(lambda n: n == 0),
                st.integers(0, 7).map(lambda n: n == 0),
            ),
            max_size=3,
        ).map(tuple),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=12,
)


def lived_through(steps: list[Step]) -> tuple[Ledger, datetime]:
    """The ledger after all steps, and the time then; T3 is checked at the first."""
    ledger, now = Ledger(), START
    for number, step in enumerate(steps):
        for _ in range(int(step.hours)):
            now += timedelta(hours=1)
            ledger.send_due(now)
        now += timedelta(hours=step.hours % 1)
        arriving = [
            Fact(f"{number}-{n}", now - timedelta(hours=age), None, *MEANINGS[meaning], weak=weak, doubtful=doubtful)
            for n, (age, meaning, weak, doubtful) in enumerate(step.news)
        ]
        known = list(ledger.facts.values())
        if step.toggled < len(known):
            arriving.append(known[step.toggled]._replace(withdrawn=not known[step.toggled].withdrawn))
        first = not ledger.facts
        ledger.arrive(arriving, now)
        if first:
            assert sum(RULES[told.rule_id].audience is Audience.RECIPIENT for told in ledger.told) <= 1
        ledger.send_due(now)
    return ledger, now


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_event_is_told_twice_nothing_old_is_told_and_nobody_is_flooded(steps: list[Step]) -> None:
    ledger, _ = lived_through(steps)

    causes = Counter(
        (told.rule_id, told.status, told.sub_status if rule.tells_pairs else None, told.event_key)
        for rule, told, _ in ledger.sent
    )
    assert set(causes.values()) <= {1}
    to_recipient = [(told, age) for rule, told, age in ledger.sent if rule.audience is Audience.RECIPIENT]
    for told, age in to_recipient:
        assert told.status is not None
        assert age <= LIMITS.get(told.status, timedelta(hours=48))
    assert len(to_recipient) <= 20
    assert sum(told.rule_id == "on_its_way" for told, _ in to_recipient) <= 1


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_a_fresh_settled_status_with_a_rule_is_told(steps: list[Step]) -> None:
    """Unless a message of the same rule and state went out within six hours, or the very event was told."""
    ledger, now = lived_through(steps)
    state = ledger.state
    if state.decided_at is None or now - state.decided_at > LIMITS.get(state.status, timedelta(hours=48)):
        return
    runs = [change.status for change in state.timeline]
    runs = [status for n, status in enumerate(runs) if n == 0 or runs[n - 1] is not status]
    for rule in DEFAULT_RULES:
        if rule.audience is Audience.RECIPIENT and (state.doubtful or ledger.situation(now).told_today >= 6):
            continue
        if rule.status is None or not rule.names(state.status, state.sub_status):
            continue
        if (rule.name == "failed_twice" and state.failed_attempts < 2) or (rule.once and runs.count(rule.status) > 1):
            continue
        mine = [told for told in ledger.told if told.rule_id == rule.id]
        told_before = any(
            not told.left or told.event_key == state.decided_by or now - told.at < timedelta(hours=6) or rule.once
            for told in mine
        )
        cause = f"{state.status}/{state.sub_status or '-'}:{state.decided_by}"
        assert told_before or (rule.id, cause) in ledger.for_good, (rule.name, state)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_asking_again_with_nothing_new_puts_nothing(steps: list[Step]) -> None:
    ledger, now = lived_through(steps)
    before = list(ledger.told)

    ledger.arrive([], now)

    assert ledger.told == before
