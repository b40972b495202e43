"""InPost: answers and pushes of the group's API and of ShipX in, meanings out."""

from datetime import UTC, datetime

import orjson

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.inpost import InPost
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "620000000000001234567890"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.COLLECTED),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "reminder": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "reminder_at_a_shop": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "returned": (Status.RETURNED, None),
    "return_shipment": (Status.RETURNED, None),
    "unlisted_code": None,
    "offsets": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "push": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "shipx_ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "shipx_collected": (Status.DELIVERED, SubStatus.COLLECTED),
    "shipx_door": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "shipx_head_alone": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "shipx_push": (Status.DELIVERED, None),
    "shipx_push_confirmed": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "shipx_not_found": [Parcel("", not_found=True)],
    "shipx_push_unnumbered": [],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return InPost().parse(recorded("inpost", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(InPost(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(InPost(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in InPost.table]

    assert {path.stem for path in recordings("inpost")} == {*LATEST, *WHOLE}
    assert (lists.count("group"), lists.count("shipx"), len(lists)) == (119, 56, 119 + 56 + 5)


def test_an_event_happens_where_the_parcel_waits_and_names_nobody() -> None:
    [parcel] = parsed("ready")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 7, 31, 12, 120000, UTC), "2026-03-04T07:31:12", OffsetSource.GIVEN),
                code="LMD.1005",
                list="group",
                status=Status.AVAILABLE_FOR_PICKUP,
                sub_status=SubStatus.LOCKER,
                row="group/LMD.1005",
                place=Place("Bologna", "40100", country="IT", code="IT_BOL01M", name="BOL01M"),
            ),
        ),
        pickup_point="BOL01M, Via Prova 1, 40100 Bologna",
    )
    assert "ROSSI" not in str(parsed("delivered"))


def test_a_reminder_leaves_the_parcel_where_it_is() -> None:
    assert parsed("reminder")[0].events[0].context == "at LOCKER_POINT"
    assert parsed("reminder_at_a_shop")[0].events[0].row == "group at PUDO_POINT/LMD.9001"


def test_the_delivery_of_a_return_is_its_coming_home_and_doubtful() -> None:
    event = parsed("return_shipment")[0].events[0]

    assert (event.code, event.row, event.context, event.doubtful) == (
        "EOL.1001",
        "group return/delivered",
        "RETURN",
        True,
    )


def test_the_number_of_the_way_back_is_noted() -> None:
    assert parsed("returned")[0].note == "returned as 620000000000009999999999"


def test_whatever_offset_is_sent_holds_and_without_one_that_of_the_place_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("offsets")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 10, 25, 0, 15, tzinfo=UTC), "2026-10-25T02:15:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 2, 15, 2, 1, tzinfo=UTC), "2026-03-02T15:02:01", OffsetSource.UNKNOWN),
    ]


def test_shipx_s_delivered_is_a_collection_where_the_parcel_waited() -> None:
    rows = [parsed(name)[0].events[0].row for name in ("shipx_collected", "shipx_door", "shipx_push")]

    assert rows == ["shipx point/delivered", "shipx door/delivered", "shipx/delivered"]
    assert parsed("shipx_ready")[0].pickup_point == "BOL01M"


def test_a_push_s_time_is_read_though_it_is_not_iso() -> None:
    assert parsed("shipx_push")[0].events[0].moment == Moment(
        datetime(2026, 3, 4, 7, 31, 12, tzinfo=UTC), "2026-03-04T08:31:12", OffsetSource.GIVEN
    )


def test_a_parcel_without_a_word_is_not_known_beside_those_that_are() -> None:
    assert [(parcel.number, parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, False),
        ("JJ000000012", False),
        ("JJ000000013", True),
    ]


def test_a_parcel_without_its_wrapper_and_events_in_a_list_are_read_alike() -> None:
    [parcel] = orjson.loads(recorded("inpost", "ready"))["parcels"]

    assert InPost().parse(orjson.dumps(parcel)) == InPost().parse(orjson.dumps([parcel])) == parsed("ready")
    assert InPost().parse(orjson.dumps(parcel["events"])) == parsed("ready")


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    InPost(),
    [
        b"",
        b"<xml/>",
        b"[]",
        b"{}",
        b'{"parcels": 5}',
        b'{"parcels": [{"requested": "1", "unitno": "2"}]}',
        b'{"tracking_number": "1"}',
        b'{"title": "No result found", "detail": "x", "status": 404}',
        b'{"parcels": [{"trackingNumber": "1',
    ],
)
