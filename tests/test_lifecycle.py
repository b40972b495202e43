"""The fold: a state that explains itself, and the cases that every implementation must pass."""

from datetime import timedelta

from app.lifecycle import Change, Reason, State, fold
from carriers.vocabulary import Status, SubStatus
from tests.histories import ABSENT, COLLECTED, DELIVERED, HELD, NOON, NOW, OUT, RETURNED, fact, on_day, standing


def test_a_shipment_without_events_is_pending() -> None:
    assert fold([], now=NOW) == State()


def test_the_whole_state_explains_itself() -> None:
    note = fact("note", 1, None)
    label = fact("label", 2, Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, weak=True)
    gone = fact("gone", 3, Status.DELIVERED, withdrawn=True)
    depot = fact("depot", 4, Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, doubtful=True)

    assert fold([depot, gone, label, note, COLLECTED], now=NOW) == State(
        status=Status.IN_TRANSIT,
        sub_status=SubStatus.AT_DESTINATION_DEPOT,
        since=COLLECTED.occurred_at,
        decided_by="depot",
        decided_at=depot.occurred_at,
        doubtful=True,
        set_aside={"note": Reason.NO_STATUS, "label": Reason.WEAK, "gone": Reason.WITHDRAWN},
        refold_at=None,
        failed_attempts=0,
        timeline=(
            Change(Status.IN_TRANSIT, SubStatus.PICKED_UP, "collected", COLLECTED.occurred_at),
            Change(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, "depot", depot.occurred_at),
        ),
        recycled=False,
        truncated=False,
    )


# The cases of reliability.md 3.7 that are the fold's.


def test_delivered_that_arrives_before_its_own_morning_stays() -> None:
    state = fold([DELIVERED, OUT], now=NOW)

    assert standing(state) == (Status.DELIVERED, SubStatus.TO_RECIPIENT)
    assert [change.key for change in state.timeline] == ["out", "delivered"]


def test_a_van_unloaded_after_the_delivery_changes_nothing() -> None:
    state = fold([OUT, DELIVERED, fact("unloaded", 26, Status.IN_TRANSIT, SubStatus.ARRIVED)], now=NOW)

    assert standing(state) == (Status.DELIVERED, SubStatus.TO_RECIPIENT)
    assert state.set_aside == {"unloaded": Reason.AFTER_DELIVERY}


def test_a_delivery_refused_next_day_comes_back() -> None:
    returning = fact("returning", 48, Status.EXCEPTION, SubStatus.RETURNING)

    assert standing(fold([DELIVERED, returning], now=NOW)) == (Status.EXCEPTION, SubStatus.RETURNING)
    assert standing(fold([DELIVERED, returning, RETURNED], now=NOW)) == (Status.RETURNED, None)


def test_a_withdrawn_delivery_leaves_the_last_strong_status() -> None:
    withdrawn = fact("delivered", 24, Status.DELIVERED, withdrawn=True)
    state = fold([COLLECTED, OUT, withdrawn], now=NOW)

    assert (state.status, state.decided_by) == (Status.OUT_FOR_DELIVERY, "out")
    assert state.set_aside == {"delivered": Reason.WITHDRAWN}


def test_the_same_event_by_two_paths_is_one_event() -> None:
    assert fold([COLLECTED, ABSENT, ABSENT, COLLECTED], now=NOW) == fold([COLLECTED, ABSENT], now=NOW)


def test_a_label_printed_after_the_collection_is_paperwork() -> None:
    label = fact("label", 1, Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, weak=True)
    state = fold([COLLECTED, label], now=NOW)

    assert (state.status, state.decided_by) == (Status.IN_TRANSIT, "collected")
    assert state.set_aside == {"label": Reason.WEAK}


def test_a_lost_parcel_is_found_again() -> None:
    lost = fact("lost", 10, Status.EXCEPTION, SubStatus.LOST)
    found = fact("found", 130, Status.OUT_FOR_DELIVERY)

    assert fold([COLLECTED, lost, found], now=NOW).status is Status.OUT_FOR_DELIVERY


def test_a_delivery_known_by_its_day_follows_the_round_of_that_day() -> None:
    state = fold([on_day("delivered", 1, Status.DELIVERED), OUT], now=NOW)

    assert state.status is Status.DELIVERED
    assert state.decided_at == on_day("delivered", 1, Status.DELIVERED).occurred_at


def test_an_event_three_hours_ahead_waits_then_applies() -> None:
    ahead = fact("ahead", 3, Status.OUT_FOR_DELIVERY)
    due = ahead.occurred_at - timedelta(minutes=10)

    waiting = fold([COLLECTED, ahead], now=NOON)
    assert (waiting.status, waiting.set_aside) == (Status.IN_TRANSIT, {"ahead": Reason.WAITING})
    assert waiting.refold_at == due

    applied = fold([COLLECTED, ahead], now=due)
    assert (applied.status, applied.set_aside, applied.refold_at) == (Status.OUT_FOR_DELIVERY, {}, None)


def test_a_recycled_number_leaves_the_old_shipment_as_it_was_and_lists_the_event() -> None:
    later = fact("later", 24 * 62, Status.IN_TRANSIT, SubStatus.PICKED_UP)
    again = fact("again", 24 * 63, Status.DELIVERED)
    state = fold([COLLECTED, DELIVERED, later, again], now=NOW)

    assert (state.status, state.decided_by, state.recycled) == (Status.DELIVERED, "delivered", True)
    assert state.set_aside == {"later": Reason.RECYCLED, "again": Reason.RECYCLED}


def test_a_second_exception_changes_the_sub_status_and_not_the_beginning() -> None:
    damaged = fact("damaged", 40, Status.EXCEPTION, SubStatus.DAMAGED)
    state = fold([HELD, damaged], now=NOW)

    assert standing(state) == (Status.EXCEPTION, SubStatus.DAMAGED)
    assert (state.since, state.decided_by) == (HELD.occurred_at, "damaged")
