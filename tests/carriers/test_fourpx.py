"""4PX: answers of its tracking page in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.fourpx import FourPx
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "4PX3000000000000CN"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),
    "returned": (Status.RETURNED, None),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "failures": (Status.EXCEPTION, SubStatus.LOST),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED),
    "zones": (Status.OUT_FOR_DELIVERY, None),
    "successes": None,
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel(NUMBER, not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return FourPx().parse(recorded("fourpx", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(FourPx(), LATEST)
test_no_tracks_are_not_found_and_an_error_tells_of_no_parcel = answers_are(FourPx(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("fourpx")} == {*LATEST, *WHOLE}
    assert len(FourPx.table) == 204
    assert sum(row.doubtful for row in FourPx.table.values()) == 30
    assert not FourPx().polls


def test_an_event_has_its_own_offset_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 8, 12, 31, tzinfo=UTC), "2026-03-08T13:31:00", OffsetSource.GIVEN),
                code="FPX_S_OK",
                text="Delivered, signed by",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="FPX_S_OK",
                place=Place("Utrecht"),
            ),
        ),
        onward="LX000000005NL",
        aliases=("LX000000005NL",),
    )


def test_a_success_is_not_always_a_delivery_nor_a_failure_an_attempt() -> None:
    assert [event.meaning for event in parsed("successes")[0].events[:3]] == [
        None,
        (Status.IN_TRANSIT, SubStatus.REROUTED),
        (Status.IN_TRANSIT, SubStatus.CUSTOMS),
    ]
    assert [event.meaning for event in parsed("failures")[0].events[:3]] == [
        (Status.EXCEPTION, SubStatus.LOST),
        (Status.EXCEPTION, SubStatus.DAMAGED),
        (Status.FAILED_ATTEMPT, SubStatus.ACCESS_DENIED),
    ]


def test_without_an_offset_a_times_zone_is_not_known_and_the_machines_time_tells_its_own() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 3, 29, 6, 10, tzinfo=UTC), "2026-03-29T06:10:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 6, 0, tzinfo=UTC), "2026-03-29T06:00:00", OffsetSource.UNKNOWN),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T03:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2026-03-29T01:30:00", OffsetSource.GIVEN),
    ]


def test_each_number_is_a_parcel() -> None:
    assert [(each.number, each.aliases, each.not_found) for each in parsed("many_parcels")] == [
        (NUMBER, ("LX000000005NL", "HAWB0000000001"), False),
        ("4PX3000000000001CN", (), True),
    ]
    assert FourPx().parse(b'{"result": 1, "message": "", "data": []}') == [Parcel("", not_found=True)]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    FourPx(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"result": 1, "data": []}', b'{"data": [{"queryCode": 1}]}', b'{"data": [{'],
)
