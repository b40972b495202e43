"""Austrian Post: its tracking page's answers in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.austrian_post import AustrianPost
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "RR123456785AT"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "parked": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, None),
    "absent": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "station": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "notified": (Status.AVAILABLE_FOR_PICKUP, None),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "bare": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "label_only": [Parcel(NUMBER)],
    "not_found": [Parcel("", not_found=True)],
    "error": [],
    "fault": [],
}


def parsed(name: str) -> list[Parcel]:
    return AustrianPost().parse(recorded("austrian_post", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(AustrianPost(), LATEST)
test_an_answer_without_events_is_no_news_not_found_or_an_error = answers_are(AustrianPost(), WHOLE)


def test_every_fixture_is_named_and_every_state_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("austrian_post")} == {*LATEST, *WHOLE}
    assert len(AustrianPost.table) == 20
    assert not AustrianPost().polls


def test_an_event_happens_in_viennas_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 10, 20, 31, tzinfo=UTC), "2026-03-04T11:20:31", OffsetSource.CARRIER),
                code="DELIVERED",
                text="Item delivered",
                status=Status.DELIVERED,
                row="DELIVERED",
                place=Place("Wien", "1000", country="AT"),
            ),
        ),
        aliases=("1000000000000000000001",),
    )
    assert "Example Shop" not in str(parcel)
    assert "Musterweg" not in str(parcel)


def test_a_key_is_read_in_either_spelling_and_what_is_only_believed_is_doubtful() -> None:
    assert {(event.code, event.row) for event in parsed("dst_nights")[0].events} == {
        ("IN_DISTRIBUTION", "IN_DISTRIBUTION")
    }
    assert [parsed(name)[0].events[0].doubtful for name in ("notified", "ready")] == [True, False]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    AustrianPost(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"data": {}}', b'{"data": null}', b'{"data": {"einzelsendung": {"status": "x"}}}'],
)
