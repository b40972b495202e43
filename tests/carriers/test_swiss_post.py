"""Swiss Post: what consumers see in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.swiss_post import SwissPost
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "990000000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.FAILED_ATTEMPT, None),
    "missed": (Status.FAILED_ATTEMPT, None),
    "customs": (Status.IN_TRANSIT, SubStatus.CUSTOMS),
    "returned": (Status.RETURNED, None),
    "many_parcels": (Status.IN_TRANSIT, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "timeline": None,
}
WHOLE: dict[str, list[Parcel]] = {"timeless": [Parcel(NUMBER)]}


def parsed(name: str) -> list[Parcel]:
    return SwissPost().parse(recorded("swiss_post", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(SwissPost(), LATEST)
test_a_state_that_has_no_time_is_no_event = answers_are(SwissPost(), WHOLE)


def test_every_fixture_is_named_and_every_state_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("swiss_post")} == {*LATEST, *WHOLE, "hostile"}
    assert len(SwissPost.table) == 8
    assert not SwissPost().polls


def test_the_state_is_an_event_beside_the_newest_whose_own_code_says_nothing() -> None:
    [parcel] = parsed("out_for_delivery")
    moment = Moment(datetime(2025, 3, 5, 6, 40, tzinfo=UTC), "2025-03-05T07:40:00", OffsetSource.GIVEN)
    place = Place("Zürich", "8001")

    assert parcel._replace(events=parcel.events[:2]) == Parcel(
        "",
        (
            TrackingEvent(
                moment, "IN_DELIVERY", status=Status.OUT_FOR_DELIVERY, row="IN_DELIVERY", place=place, sequence=1
            ),
            TrackingEvent(moment, "PARCEL.*.1.6", "event", place=place),
        ),
    )


def test_a_delivery_happens_when_the_item_was_delivered_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert [event.moment.local_time for event in parcel.events] == ["2026-03-04T10:28:29"]
    assert parcel.number == NUMBER
    assert "Rossi" not in str(parcel)


def test_a_timeline_keeps_its_words_and_moves_nothing() -> None:
    assert [(event.code, event.text, event.unmapped) for event in parsed("timeline")[0].events[2:]] == [
        ("NTF", "Verlad Fahrzeug", True),
        ("PST", "Zugestellt an Domiziladresse", True),
    ]


def test_what_is_only_believed_is_doubtful() -> None:
    assert [parsed(name)[0].events[0].doubtful for name in ("held", "returned", "missed")] == [True, True, False]


def test_an_offset_holds_and_without_one_zurichs_also_in_the_nights_of_the_change() -> None:
    assert [(event.moment.occurred_at, event.moment.offset_source) for event in parsed("dst_nights")[0].events[1:]] == [
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), OffsetSource.GIVEN),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), OffsetSource.CARRIER),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), OffsetSource.CARRIER),
    ]


def test_an_answer_about_many_items_gives_each_its_own_parcel() -> None:
    assert [parcel.number for parcel in parsed("many_parcels")] == [NUMBER, "990000000000000002"]


def test_wrong_types_are_left_out() -> None:
    assert [[(event.code, len(event.text)) for event in parcel.events] for parcel in parsed("hostile")] == [
        [],
        [("DELIVERED", 0), ("", 500)],
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    SwissPost(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"Data": []}', b'{"Data": [{"Identifier": "1"}]}', b'[{"globalStatus": "D'],
)
