"""Spring GDS: answers of `TrackShipment` in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import orjson
import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.spring_gds import SpringStandIn
from carriers.base import RequestRefused
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.spring_gds import SpringGds
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "LX000000017NL"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, None),
    "country": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "returned": (Status.RETURNED, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "ready": None,
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return SpringGds().parse(recorded("spring_gds", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(SpringGds(), LATEST)
test_an_error_is_not_found_or_tells_of_no_parcel = answers_are(SpringGds(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("spring_gds")} == {*LATEST, *WHOLE}
    assert len(SpringGds.table) == 37


def test_the_stamp_holds_and_the_partners_words_stand_beside_springs() -> None:
    [parcel] = parsed("out_for_delivery")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 4, 53, 20, tzinfo=UTC), "2026-03-04T05:53:20", OffsetSource.GIVEN),
                code="9301",
                context="partner X1",
                text="OUT FOR DELIVERY (Item out for delivery)",
                status=Status.OUT_FOR_DELIVERY,
                row="9301",
                place=Place("TORONTO", "L5T1R8", "ON", "CA"),
            ),
        ),
        service="PPTT",
    )
    assert "JANE" not in str(parcel)
    assert parsed("delivered")[0].aliases == ("7000000000000017",)


def test_nights_of_the_clock_change_are_told_by_the_stamp() -> None:
    assert sorted(event.moment.occurred_at for event in parsed("dst_nights")[0].events) == [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


def test_information_is_nothing_and_the_country_of_destination_no_delivery() -> None:
    information, waiting, *_ = parsed("ready")[0].events

    assert (information.row, information.status) == ("9999", None)
    assert (waiting.meaning, waiting.doubtful) == ((Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT), True)
    assert parsed("country")[0].events[0].doubtful


def test_without_a_stamp_the_printed_time_is_all_there_is() -> None:
    said = orjson.loads(recorded("spring_gds", "held"))
    for event in said["Shipment"]["Events"]:
        del event["Timestamp"]

    assert SpringGds().parse(orjson.dumps(said))[0].events[0].moment == Moment(
        datetime(2026, 3, 4, 16, tzinfo=UTC), "2026-03-04T16:00:00", OffsetSource.UNKNOWN
    )


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    SpringGds(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"Shipment": {"id": 1}}', b'{"ErrorLevel": 0}', b'{"ErrorLevel": 0, "Sh'],
)


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(SpringGds(), SpringStandIn) as spring:
        spring.journey = ""

        assert await spring.parcels(NUMBER) == [Parcel("", not_found=True)]


async def test_another_error_is_about_the_question() -> None:
    async with line(SpringGds(), SpringStandIn) as spring:
        spring.stand_in.faults.append(Fault(body=b'{"ErrorLevel": 10, "Error": "Invalid Command"}'))
        with pytest.raises(RequestRefused):
            await spring.ask(NUMBER)
