"""Yodel: records of a client's feed in, meanings out; it is not asked."""

from datetime import UTC, datetime

import pytest

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from carriers.yodel import Yodel
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "JD0000000000000017"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "neighbour": (Status.DELIVERED, SubStatus.TO_NEIGHBOUR),
    "safe_place": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.ADDRESS_ISSUE),
    "missed": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "failed": (Status.FAILED_ATTEMPT, None),
    "store": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "promised": (Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
    "feed": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
    "dst_nights": (Status.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel(NUMBER, not_found=True)]}


def parsed(name: str) -> list[Parcel]:
    return Yodel().parse(recorded("yodel", name))


test_the_newest_event_of_each_record_means_what_the_customer_would_say = newest_means(Yodel(), LATEST)
test_a_parcel_of_which_nothing_is_told_is_not_found = answers_are(Yodel(), WHOLE)


def test_every_fixture_is_named_and_every_row_is_doubtful() -> None:
    assert {path.stem for path in recordings("yodel")} == {*LATEST, *WHOLE}
    assert len(Yodel.table) == 30
    assert {row.doubtful for row in Yodel.table.values()} == {True}
    assert not Yodel().polls


def test_an_event_has_londons_time_its_code_and_its_depot() -> None:
    assert parsed("out_for_delivery")[0].events[-1] == TrackingEvent(
        Moment(datetime(2026, 3, 4, 8, 5, tzinfo=UTC), "2026-03-04T08:05:00", OffsetSource.CARRIER),
        code="OFD",
        context="text",
        text="Out for delivery",
        status=Status.OUT_FOR_DELIVERY,
        doubtful=True,
        row="text/out for delivery",
        place=Place(name="Hatfield"),
    )


def test_rows_of_a_feed_are_gathered_by_parcel_and_those_of_others_left_out() -> None:
    first, second = parsed("feed")

    assert [(first.number, len(first.events)), (second.number, len(second.events))] == [
        (NUMBER, 2),
        ("JJD0000000000000025", 1),
    ]
    assert second.events[0].moment.local_time == "2026-03-04"


def test_a_record_may_use_other_usual_names() -> None:
    body = b"""{"parcelNumber": "JD0000000000000017", "trackingEvents": [{"eventCode": "OFD", "Location": "Hatfield",
        "eventDescription": "Out for delivery", "eventDateTime": "2026-03-04T08:05:00"}]}"""

    assert Yodel().parse(body)[0].events == parsed("out_for_delivery")[0].events[-1:]


def test_two_labels_name_one_parcel() -> None:
    assert [(each.number, each.aliases) for each in parsed("many_parcels")] == [
        (NUMBER, ("JJD0000000000000017",)),
        ("JJD0000000000000025", ()),
    ]


def test_a_time_without_offset_is_londons_also_in_the_nights_of_the_change() -> None:
    assert sorted(event.moment.occurred_at for event in parsed("dst_nights")[0].events) == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Delivered to our store", "text/store"),
        ("Dropped off at a store", "text/dropped off"),
        ("Out for delivery from your local depot", "text/out for delivery"),
        ("Delivered to your local depot", "text/local depot"),
        ("Return delivered to sender", "text/return"),
        ("Label details received", "text/details received"),
    ],
)
def test_the_first_phrase_decides(text: str, row: str) -> None:
    body = f'{{"number": "{NUMBER}", "text": "{text}", "time": "2026-03-04T08:05:00"}}'

    assert Yodel().parse(body.encode())[0].events[0].row == row


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Yodel(),
    [
        *(b"", b"[]", b"{}", b"<xml/>", b'{"parcels": []}', b'{"number": "1Z999AA10123456784", "events": []}'),
        b'{"number": "JD0000000000000017"}',
        b'{"number": "JD0000000000000017", "eve',
    ],
)
