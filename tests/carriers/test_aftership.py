"""AfterShip: recordings in, meanings out; its push; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.aftership import WORDS, AfterShipStandIn
from carriers.aftership import AfterShip
from carriers.base import RequestRefused, TrackingNumber
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.aggregated import Meaning, newest, pushed, told_in_full
from tests.carriers.line import line
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

S, U = Status, SubStatus
NUMBER = "1Z999AA10123456784"
LATEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, U.TO_RECIPIENT),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, U.HELD),
    "ready": (S.AVAILABLE_FOR_PICKUP, None),
    "absent": (S.FAILED_ATTEMPT, U.RECIPIENT_ABSENT),
    "announced": (S.AWAITING_PICKUP, U.INFO_RECEIVED),
    "returned": (S.RETURNED, None),
    "returned_by_flag": (S.RETURNED, None),
    "expired": (S.IN_TRANSIT, U.ARRIVED),
    "head_alone": (S.DELIVERED, None),
    "many_parcels": (S.DELIVERED, U.TO_RECIPIENT),
    "unlisted_subtag": (S.EXCEPTION, None),
    "unlisted_code": None,
    "push": (S.OUT_FOR_DELIVERY, None),
    "dst_nights": (S.IN_TRANSIT, U.DEPARTED),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "not_found_by_code": [Parcel("", not_found=True)],
    "created": [Parcel(NUMBER, not_found=True, service="Express")],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return AfterShip().parse(recorded("aftership", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(answer: str, meaning: Meaning) -> None:
    assert newest(AfterShip(), answer).meaning == meaning


test_an_answer_about_nothing_is_not_found_or_tells_of_no_parcel = answers_are(AfterShip(), WHOLE)


def test_every_fixture_is_named() -> None:
    assert {path.stem for path in recordings("aftership")} == {*LATEST, *WHOLE}


async def test_every_journey_is_understood_and_the_courier_is_named() -> None:
    await told_in_full(AfterShip(), AfterShipStandIn, NUMBER, WORDS)


async def test_a_push_is_known_by_its_signature() -> None:
    assert (await pushed(AfterShip(), AfterShipStandIn, NUMBER)).message_id == "event-1Z999AA10123456784-7"


def test_a_delivery_in_full() -> None:
    [parcel] = parsed("delivered")

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 4, 10, 5, tzinfo=UTC), "2026-03-04T11:05:00", OffsetSource.GIVEN),
        code="Delivered_003",
        list="aftership",
        text="Delivered",  # who signed is left out
        status=S.DELIVERED,
        sub_status=U.TO_RECIPIENT,
        row="aftership/Delivered_003",
        place=Place("Firenze", country="IT"),
    )
    assert parcel.eta == Eta(
        datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC), date(2026, 3, 4)
    )


def test_an_unlisted_sub_tag_keeps_its_code_and_means_what_its_tag_means() -> None:
    event = newest(AfterShip(), "unlisted_subtag")

    assert (event.code, event.list, event.row) == ("Exception_099", "aftership", "aftership tag/Exception")


def test_a_time_without_offset_is_that_of_the_place() -> None:
    assert [event.moment.occurred_at for event in parsed("dst_nights")[0].events] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    AfterShip(), [b"", b"[]", b"{}", b"<xml/>", b'{"meta": {"code": 200}, "data": {}}', b'{"tracking_number": "1"}']
)


async def test_one_that_is_there_by_another_courier_is_read() -> None:
    async with line(AfterShip(), AfterShipStandIn) as asked:
        await asked.parcels(TrackingNumber(NUMBER, courier="ups"))
        asked.stand_in.requests.clear()
        [parcel] = await asked.parcels(TrackingNumber(NUMBER, courier="fedex"))

        assert parcel.number == NUMBER
        assert [request.split("?")[0] for request in asked.stand_in.requests] == [
            "GET /trackings",
            "POST /trackings",
            "GET /trackings",
        ]


async def test_what_cannot_be_created_is_told() -> None:
    async with line(AfterShip(), AfterShipStandIn) as asked:
        with pytest.raises(RequestRefused, match="AfterShip says 4013"):
            await asked.parcels("")
