"""bpost: tracking of items in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.bpost import BpostStandIn
from carriers.base import CarrierUnavailable
from carriers.bpost import Bpost
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "323200000000000000000001"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, None),
    "returned": (Status.EXCEPTION, SubStatus.REFUSED),
    "delivery_time_alone": (Status.DELIVERED, None),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "dst_spring_local": (Status.IN_TRANSIT, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Bpost().parse(recorded("bpost", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Bpost(), LATEST)
test_an_answer_without_an_item_is_not_found_or_tells_of_no_parcel = answers_are(Bpost(), WHOLE)


def test_every_fixture_is_named_and_every_code_that_is_known_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("bpost")} == {*LATEST, *WHOLE}
    assert [within for within, _ in Bpost.table] == [""] * 22 + ["head"]


def test_a_delivery_is_told_once_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 3
    assert parcel._replace(events=parcel.events[2:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 9, 2, 11, tzinfo=UTC), "2026-03-03T10:02:11", OffsetSource.GIVEN),
                code="U01",
                text="DistributedNormally - regular",
                status=Status.DELIVERED,
                row="U01",
                place=Place("Liège"),
            ),
        ),
    )
    assert "ROSSI" not in str(parcel)


def test_a_time_of_delivery_that_no_state_tells_is_an_event_and_doubtful() -> None:
    head = parsed("delivery_time_alone")[0].events[0]

    assert (head.row, head.doubtful, head.moment.local_time) == ("head/deliveryTime", True, "2026-03-03T10:02:11")


def test_the_planned_window_and_the_point_are_told() -> None:
    assert parsed("out_for_delivery")[0].eta == Eta(
        datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 3, 3, 10, tzinfo=UTC)
    )
    assert parsed("held")[0].pickup_point == "LIBRAIRIE PROVA, Liège"


def test_nights_of_the_clock_change_keep_the_printed_time_and_without_offset_it_is_belgiums() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T03:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Bpost(), [b"", b"{}", b"<html/>", b"<TrackResponse/>", b"<itemTracking><item", b"No"]
)


async def test_an_unknown_item_is_an_answer_and_a_system_exception_is_bposts_trouble() -> None:
    async with line(Bpost(), BpostStandIn) as bpost:
        bpost.journey = ""
        assert await bpost.parcels(NUMBER) == [Parcel("", not_found=True)]

        bpost.stand_in.faults.append(Fault(body=recorded("bpost", "error")))
        with pytest.raises(CarrierUnavailable, match="Internal problem"):
            await bpost.ask(NUMBER)
