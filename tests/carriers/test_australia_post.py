"""Australia Post: answers of the shipping API's tracking in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.australia_post import AustraliaPostStandIn
from app.demo.stand_ins.base import Fault
from carriers.australia_post import AustraliaPost
from carriers.base import CarrierUnavailable
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "7XX1000634011427"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "today": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "returned": (Status.EXCEPTION, SubStatus.ADDRESS_ISSUE),
    "delivered_by_status": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "consignment": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "one_item": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "abroad": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel(NUMBER, not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return AustraliaPost().parse(recorded("australia_post", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(AustraliaPost(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(AustraliaPost(), WHOLE)


def test_every_fixture_is_named_and_every_status_and_text_stands_in_the_table() -> None:
    lists = [within for within, _ in AustraliaPost.table]

    assert {path.stem for path in recordings("australia_post")} == {*LATEST, *WHOLE}
    assert [lists.count(within) for within in ("status", "event", "part")] == [19, 37, 1]


def test_the_texts_of_today_are_known() -> None:
    [parcel] = parsed("today")

    assert [event.status for event in parcel.events] == [
        Status.DELIVERED,
        None,
        Status.OUT_FOR_DELIVERY,
        Status.IN_TRANSIT,
        Status.IN_TRANSIT,
        Status.AWAITING_PICKUP,
    ]
    assert not any(event.unmapped for event in parcel.events)


def test_an_event_has_its_text_and_its_town() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 3, 43, 9, tzinfo=UTC), "2026-03-12T14:43:09", OffsetSource.GIVEN),
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="event/^delivered",
                place=Place("ALEXANDRIA", state="NSW", country="AU"),
            ),
        ),
    )


def test_the_same_event_twice_is_one() -> None:
    assert len(parsed("out_for_delivery")[0].events) == 3


def test_a_status_tells_what_the_events_do_not() -> None:
    assert [event.row for event in parsed("delivered_by_status")[0].events][:2] == [
        "status/delivered in full",
        "event/^with australia post for delivery today",
    ]
    assert [(event.row, event.doubtful) for event in parsed("returned")[0].events][:2] == [
        ("status/cannot be delivered", True),
        (None, False),
    ]


def test_a_consignment_is_delivered_when_all_its_articles_are() -> None:
    asked, unknown, whole, first, second = parsed("many_parcels")

    assert (asked.number, unknown) == (NUMBER, Parcel("7XX1000634011428", not_found=True))
    assert (whole.number, [event.row for event in whole.events]) == (
        "7XX1000",
        ["part/delivered", "event/^with australia post for delivery today"],
    )
    assert [(each.number, each.events[0].status) for each in (first, second)] == [
        ("7XX1000FPP00001", Status.DELIVERED),
        ("7XX1000FPP00002", Status.OUT_FOR_DELIVERY),
    ]
    assert parsed("one_item")[0].aliases == ("7XX1000FPP00001",)


def test_a_time_keeps_its_offset_also_in_the_nights_of_the_change_and_is_unknown_without_one() -> None:
    assert [(event.moment, event.place) for event in parsed("abroad")[0].events] == [
        (
            Moment(datetime(2026, 10, 3, 16, 30, tzinfo=UTC), "2026-10-04T02:30:00", OffsetSource.GIVEN),
            Place("SINGAPORE"),
        ),
        (
            Moment(datetime(2026, 4, 4, 15, 30, tzinfo=UTC), "2026-04-05T02:30:00", OffsetSource.GIVEN),
            Place("SYDNEY (AU)"),
        ),
        (Moment(datetime(2026, 4, 4, 2, 30, tzinfo=UTC), "2026-04-04T02:30:00", OffsetSource.UNKNOWN), None),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    AustraliaPost(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"tracking_results": 5}', b'{"errors": [{"code": "1"}]}', b'{"tracking_re'],
)


def test_an_error_of_the_whole_answer_tells_of_no_parcel() -> None:
    assert AustraliaPost().parse(b'{"errors": [{"code": "API_002", "name": "Unauthorised"}]}') == []


async def test_numbers_are_asked_about_together_and_an_unknown_one_is_an_answer() -> None:
    async with line(AustraliaPost(), AustraliaPostStandIn) as post:
        [answer] = await post.ask(NUMBER, "7XX1000634011428")
        post.journey = ""
        unknown = await post.parcels(NUMBER)

    assert [parcel.number for parcel in AustraliaPost().parse(answer.body)] == [*answer.numbers]
    assert post.stand_in.requests[0] == f"GET /shipping/v1/track?tracking_ids={NUMBER}%2C7XX1000634011428"
    assert unknown == [Parcel(NUMBER, not_found=True)]


async def test_an_answer_of_errors_alone_is_none() -> None:
    async with line(AustraliaPost(), AustraliaPostStandIn) as post:
        post.stand_in.faults.append(Fault(body=recorded("australia_post", "error")))
        with pytest.raises(CarrierUnavailable):
            await post.ask(NUMBER)
