"""Evri: its tracking's answers in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.evri import Evri
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "H000000000000017"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "neighbour": (Status.DELIVERED, SubStatus.TO_NEIGHBOUR),
    "porch": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "missed": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "shop": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "collected": (Status.DELIVERED, SubStatus.COLLECTED),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "news": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "returned": (Status.RETURNED, None),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "dst_nights": (Status.OUT_FOR_DELIVERY, None),
    "dst_autumn_local": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)]}


def parsed(name: str) -> list[Parcel]:
    return Evri().parse(recorded("evri", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Evri(), LATEST)
test_a_failure_is_not_found = answers_are(Evri(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in Evri.table]

    assert {path.stem for path in recordings("evri")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "point", "delivered text", "attempt text")] == [13, 7, 4, 3]
    assert not Evri().polls


def test_the_point_decides_before_the_stage_and_both_are_kept() -> None:
    newest, handed_in, announced = parsed("many_parcels")[0].events[:1], *parsed("neighbour")[0].events[2:]

    assert newest == (
        TrackingEvent(
            Moment(datetime(2026, 3, 11, 10, 15, tzinfo=UTC), "2026-03-11T10:15:00", OffsetSource.GIVEN),
            code="2/690",
            context="point 690",
            text="Dropped off at a ParcelShop",
            status=Status.IN_TRANSIT,
            sub_status=SubStatus.PICKED_UP,
            row="point/690",
        ),
    )
    assert (handed_in.row, announced.row) == ("point/690", "1")


def test_what_a_text_refined_says_so() -> None:
    assert [
        (event.code, event.context, event.row) for name in ("porch", "missed") for event in parsed(name)[0].events[:1]
    ] == [
        ("5_COURIER/124", "text", "delivered text/porch"),
        ("4_COURIER/125", "text", "attempt text/missed you"),
    ]


def test_a_parcel_goes_by_its_barcodes_and_names_no_sender() -> None:
    assert [(each.number, each.aliases) for each in parsed("many_parcels")] == [
        (NUMBER, ("0000000000000017",)),
        ("H000000000000018", ()),
    ]
    assert "Example Shop" not in str(parsed("many_parcels"))


def test_an_offset_holds_and_without_one_londons_also_in_the_nights_of_the_change() -> None:
    assert [event.moment.occurred_at for event in parsed("dst_nights")[0].events] == [
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Evri(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"results": []}', b'{"results": [{"id": 1}]}', b'{"results": 5, "failures": []}'],
)
