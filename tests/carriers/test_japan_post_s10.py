"""Japan Post's items, told in EMSEVT's codes or by the texts of the EMS page."""

from datetime import UTC, datetime

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.japan_post_s10 import JapanPost
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, newest_means
from tests.recorded import recorded, recordings

S, B = Status, SubStatus

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, B.CUSTOMS_HOLD),
    "dst_nights": (S.IN_TRANSIT, B.ARRIVED),
    "ready": (S.AVAILABLE_FOR_PICKUP, B.POST_OFFICE),
    "returned": (S.RETURNED, None),
    "texts_alone": (S.DELIVERED, B.TO_RECIPIENT),
    "many_parcels": (S.IN_TRANSIT, B.DEPARTED),
    "unlisted_code": None,
    "hostile": (S.IN_TRANSIT, B.ARRIVED),
}


def parcels(name: str) -> list[Parcel]:
    return JapanPost().parse(recorded("japan_post_s10", name))


test_newest_event = newest_means(JapanPost(), NEWEST)


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("japan_post_s10")} == {*NEWEST, "not_found"}


def test_an_event_in_whole() -> None:
    """A time is that of the office's country."""
    [parcel] = parcels("delivered")

    assert parcel.number == "EE123456785JP"
    assert parcel.events[-1] == TrackingEvent(
        Moment(datetime(2026, 3, 1, 9, 20, tzinfo=UTC), "2026-03-01T18:20:00", OffsetSource.PLACE),
        "EMA",
        text="Posted",
        status=S.IN_TRANSIT,
        sub_status=B.PICKED_UP,
        row="EMA",
        place=Place("Shinjuku", country="JP"),
    )


def test_a_text_decides_where_there_is_no_code() -> None:
    """Doubtfully, and only if it is one of the page's own."""
    assert [(event.list, event.code, event.row, event.doubtful) for event in parcels("texts_alone")[0].events] == [
        ("text", "delivered", "text/delivered", True),
        ("text", "arrived at post office", "text/arrived at post office", True),
        ("text", "something else", None, False),
        ("text", "posted", "text/posted", True),
    ]


def test_a_text_of_delivery_where_the_item_came_from_is_a_return() -> None:
    """As its code is, if the item was abroad."""
    body = recorded("japan_post_s10", "returned").replace(b'"EMI"', b"null")
    event = JapanPost().parse(body)[0].events[0]

    assert (event.row, event.status, event.doubtful) == ("back/delivered", S.RETURNED, True)


def test_an_item_without_events_is_not_found() -> None:
    """Alone and among others."""
    assert parcels("not_found") == [Parcel("EE123456785JP", not_found=True)]
    assert parcels("many_parcels")[1] == Parcel("RR123456785JP", not_found=True)


def test_the_numbers_of_japan_are_told_by_their_country() -> None:
    """A wrong check digit is seen; other countries' items, which Japan Post delivers, are accepted."""
    known = JapanPost()

    right, wrong = known.likeness("RR123456785JP"), known.likeness("RR123456786JP")
    assert (right and right.check_digit, wrong and wrong.check_digit) == (True, False)
    assert known.likeness("RB123456785GB") is None
    assert known.accepts("RB123456785GB")
