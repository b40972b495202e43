"""Paack: what its tracking page loads in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.event import Eta, Moment, OffsetSource, Parcel, TrackingEvent
from carriers.paack import Paack
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

WINDOW = Eta(datetime(2026, 3, 4, 15, tzinfo=UTC), datetime(2026, 3, 4, 17, tzinfo=UTC))
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, None),
    "address": (Status.EXCEPTION, SubStatus.ADDRESS_ISSUE),
    "appointment": (Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "collected": (Status.DELIVERED, SubStatus.COLLECTED),
    "returned": (Status.RETURNED, None),
    "active_alone": (Status.OUT_FOR_DELIVERY, None),
    "page": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)]}


def parsed(name: str) -> list[Parcel]:
    return Paack().parse(recorded("paack", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Paack(), LATEST)
test_a_page_without_an_order_is_not_found = answers_are(Paack(), WHOLE)


def test_every_fixture_is_named_and_every_label_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("paack")} == {*LATEST, *WHOLE}
    assert len(Paack.table) == 21
    assert not Paack().polls


def test_an_order_has_its_window_and_names_no_retailer() -> None:
    [parcel] = parsed("out_for_delivery")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        "ORD-17",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 14, 10, tzinfo=UTC), "2026-03-04T14:10:00", OffsetSource.GIVEN),
                code="inDelivery",
                status=Status.OUT_FOR_DELIVERY,
                row="inDelivery",
            ),
        ),
        WINDOW,
    )
    assert "Example Shop" not in str(parcel)
    assert parsed("delivered")[0].eta is None


def test_the_active_event_is_told_once_whether_the_list_has_it_or_not() -> None:
    assert parsed("active_alone") == parsed("out_for_delivery")


def test_numbers_are_milliseconds_also_when_written_as_text() -> None:
    assert [event.moment.occurred_at for event in parsed("page")[0].events] == [
        datetime(2026, 3, 4, 14, 10, tzinfo=UTC),
        datetime(2026, 3, 4, 6, tzinfo=UTC),
    ]
    assert parsed("appointment")[0].eta == Eta(
        datetime(2026, 3, 5, 14, tzinfo=UTC), datetime(2026, 3, 5, 16, tzinfo=UTC)
    )


def test_what_is_only_believed_is_doubtful_and_a_point_has_its_name() -> None:
    assert [parsed(name)[0].events[0].doubtful for name in ("returned", "appointment", "ready")] == [True, True, False]
    assert parsed("ready")[0].pickup_point == "Tabacchi Centrale"


def test_an_offset_holds_also_in_the_nights_of_the_change_and_without_one_no_zone_is_known() -> None:
    assert [(event.moment.occurred_at, event.moment.offset_source) for event in parsed("dst_nights")[0].events] == [
        (datetime(2026, 3, 4, 7, tzinfo=UTC), OffsetSource.UNKNOWN),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), OffsetSource.GIVEN),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), OffsetSource.GIVEN),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), OffsetSource.GIVEN),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Paack(), [b"", b"[]", b"{}", b"<xml/>", b'{"state": {}}', b'{"eventList": []}', b'{"orderTrackD']
)
