"""YunExpress: answers and pushes of its tracking service in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from carriers.yunexpress import YunExpress
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER, LOCAL = "YT2500000000000001", "00340000000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "attempt": (Status.FAILED_ATTEMPT, None),
    "ready": (Status.AVAILABLE_FOR_PICKUP, None),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "cancelled": (Status.EXCEPTION, SubStatus.CANCELLED),
    "summary": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "older": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "local_only": (Status.IN_TRANSIT, None),
    "push": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True)],
    "refused": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return YunExpress().parse(recorded("yunexpress", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(YunExpress(), LATEST)
test_a_number_is_not_found_in_two_ways_and_an_error_tells_of_no_parcel = answers_are(YunExpress(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in YunExpress.table]

    assert {path.stem for path in recordings("yunexpress")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "package", "customs text", "text")] == [11, 7, 4, 11]
    assert not YunExpress().polls


def test_an_event_has_its_instant_and_its_local_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[-1:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 7, 11, 10, tzinfo=UTC), "2026-03-07T12:10:00", OffsetSource.GIVEN),
                code="DELIVERED",
                text="Delivered, signed by",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="DELIVERED",
                place=Place("Köln", country="DE"),
            ),
        ),
        aliases=(LOCAL,),
        onward=LOCAL,
    )


def test_words_tell_what_the_nodes_do_not_and_never_what_an_unlisted_one_means() -> None:
    assert [(event.row, event.context) for event in parsed("attempt")[0].events[4:]] == [
        ("CUSTOMS_CLEARANCE", ""),
        ("customs text/clearance*complete", "text"),
        ("LAST_MILE_DELIVERY", ""),
        ("text/out for delivery", "text"),
        ("text/attempt", "text"),
    ]
    assert parsed("unlisted_code")[0].events[-1].row is None


def test_the_summary_speaks_of_an_end_that_no_event_tells_and_never_twice() -> None:
    head, *told = parsed("summary")[0].events

    assert (head.row, head.moment) == ("package/D", told[-1].moment)
    assert [event.list for name in ("delivered", "attempt", "held") for event in parsed(name)[0].events] == [""] * 26


def test_without_an_instant_the_local_time_is_its_countrys_if_that_has_one_zone() -> None:
    assert [event.moment for event in parsed("local_only")[0].events] == [
        Moment(datetime(2026, 3, 1, 12, 15, tzinfo=UTC), "2026-03-01T20:15:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 2, 20, 15, tzinfo=UTC), "2026-03-02T20:15:00", OffsetSource.UNKNOWN),
    ]


def test_a_parcel_on_its_way_is_expected_and_one_without_news_is_known() -> None:
    assert parsed("out_for_delivery")[0].eta == Eta(
        datetime(2026, 3, 7, 7, tzinfo=UTC), datetime(2026, 3, 8, 17, tzinfo=UTC)
    )
    assert [(each.number, each.aliases, each.not_found) for each in parsed("many_parcels")] == [
        (NUMBER, (LOCAL,), False),
        ("YT2500000000000002", (), False),
    ]


test_a_body_of_another_carrier_or_one_that_cannot_be_read_is_unreadable = refuses(
    YunExpress(),
    [
        *(b"", b"[]", b"{}", b"<xml/>", b'{"success": true}', b'{"success": true, "result": [{"id": 1}]}'),
        b'{"data_code": "tisPushData", "encrypted_data": "AAAA"}',
        b'{"success": true, "code": "0", "ms',
    ],
)
