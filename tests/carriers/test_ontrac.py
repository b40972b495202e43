"""OnTrac: answers of its tracking in, meanings out."""

from datetime import UTC, date, datetime

import pytest

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.ontrac import OnTrac
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "D10010000000011"
DELIVERED_ID = "OK 2026-03-04T14:53:21"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "absent": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "depot": (Status.AVAILABLE_FOR_PICKUP, SubStatus.DEPOT),
    "returned": (Status.RETURNED, None),
    "taken_back": None,
    "delivered_again": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "wrong_address": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "flag_ahead": (Status.OUT_FOR_DELIVERY, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True, note="Invalid Tracking Number")],
    "error": [],
    "details": [Parcel(NUMBER)],
}


def parsed(name: str) -> list[Parcel]:
    return OnTrac().parse(recorded("ontrac", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(OnTrac(), LATEST)
test_an_answer_without_events_is_no_news_not_found_or_an_error = answers_are(OnTrac(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("ontrac")} == {*LATEST, *WHOLE}
    assert len(OnTrac.table) == 50


def test_an_event_happens_in_the_facilitys_time_and_names_nobody() -> None:
    [parcel] = parsed("out_for_delivery")
    midnight, last = datetime(2026, 3, 4, 8, tzinfo=UTC), datetime(2026, 3, 5, 7, 59, 59, tzinfo=UTC)

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 16, 10, 2, tzinfo=UTC), "2026-03-04T08:10:02", OffsetSource.PLACE),
                code="OD",
                text="Out for delivery.",
                status=Status.OUT_FOR_DELIVERY,
                row="OD",
                place=Place("RENO", "89502", "NV", "US", name="Reno"),
                id="OD 2026-03-04T08:10:02",
            ),
        ),
        Eta(midnight, last, date(2026, 3, 4)),
        aliases=("ORD-17",),
        service="C",
    )
    assert "ROSSI" not in str(parsed("delivered"))
    assert "MAIN STREET" not in str(parcel)
    assert parsed("delivered")[0].eta is None


@pytest.mark.parametrize("answer", ["taken_back", "wrong_address"])
def test_a_delivery_that_is_taken_back_is_withdrawn(answer: str) -> None:
    [parcel] = parsed(answer)

    assert parcel.withdrawn == (DELIVERED_ID,)
    assert Status.DELIVERED not in {event.status for event in parcel.events}
    assert DELIVERED_ID in {event.id for event in parsed("delivered")[0].events}


def test_what_is_delivered_afterwards_stands_and_what_is_told_twice_is_taken_back_once() -> None:
    [parcel] = parsed("delivered_again")

    assert parcel.withdrawn == ("CL 2026-03-04T15:00:00", DELIVERED_ID)
    assert [event.id for event in parcel.events if event.status is Status.DELIVERED] == ["OK 2026-03-05T11:00:00"]


def test_what_changed_its_meaning_is_doubtful() -> None:
    assert [parsed(name)[0].events[0].doubtful for name in ("absent", "depot", "returned", "held")] == [
        True,
        True,
        True,
        False,
    ]


def test_each_facility_has_its_zone_also_in_the_nights_of_the_change() -> None:
    assert [(event.moment.occurred_at, event.moment.offset_source) for event in parsed("dst_nights")[0].events] == [
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), OffsetSource.PLACE),
        (datetime(2026, 3, 8, 10, 30, tzinfo=UTC), OffsetSource.PLACE),
        (datetime(2026, 3, 4, 8, 30, tzinfo=UTC), OffsetSource.PLACE),
        (datetime(2026, 3, 3, 7, 30, tzinfo=UTC), OffsetSource.PLACE),
        (datetime(2026, 3, 2, 1, 30, tzinfo=UTC), OffsetSource.UNKNOWN),
    ]


def test_each_number_has_its_own_parcel_or_error() -> None:
    """An error that is not about the number says nothing of it."""
    assert [(parcel.number, parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, False),
        ("D10010000000026", False),
        ("D10010000000030", True),
    ]


@pytest.mark.parametrize(
    ("number", "fits"),
    [(NUMBER, True), ("D17543558315263", True), ("D10010000000110", True), ("D10010000000012", False)],
)
def test_the_check_digit_tells_a_slip_of_the_pen(number: str, fits: bool) -> None:
    likeness = OnTrac().likeness(number)

    assert likeness is not None
    assert likeness.check_digit is fits


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    OnTrac(), [b"", b"{}", b"<html/>", b"<OnTracRateResponse/>", b"<TrackResponse/>", b"<OnTracTrackingResult>"]
)
