"""Amazon Shipping: answers of Shipping v2 in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.amazon_shipping import AmazonShippingStandIn
from app.demo.stand_ins.base import Fault
from carriers.amazon_shipping import AmazonShipping
from carriers.base import CredentialsRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_NEIGHBOUR),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "damaged": (Status.EXCEPTION, SubStatus.DAMAGED),
    "two_attempts": (Status.OUT_FOR_DELIVERY, None),
    "returned": (Status.RETURNED, None),
    "returning": (Status.EXCEPTION, SubStatus.RETURNING),
    "summary_ahead": (Status.AVAILABLE_FOR_PICKUP, None),
    "summary_of_a_return": (Status.RETURNED, None),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),  # one a call: this is a payload without its wrapper
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "summary_alone": [Parcel("A1000000017", eta=Eta(latest=datetime(2026, 3, 5, 20, tzinfo=UTC)))],
    "not_found": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return AmazonShipping().parse(recorded("amazon_shipping", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(AmazonShipping(), LATEST)
test_an_answer_without_events_tells_of_none = answers_are(AmazonShipping(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in AmazonShipping.table]

    assert {path.stem for path in recordings("amazon_shipping")} == {*LATEST, *WHOLE}
    assert (lists.count(""), lists.count("summary"), lists.count("RETURNS"), len(lists)) == (15, 10, 8, 34 + 30)


def test_a_delivery_is_told_by_the_finest_detail_of_its_leg() -> None:
    [parcel] = parsed("delivered")

    assert [event.row for event in parcel.events] == [
        "ReadyForReceive",
        "PickupDone",
        "ArrivedAtCarrierFacility/ArrivedAtLocalFacility",
        "OutForDelivery",
        "Delivered/DeliveredToMailRoom",
    ]
    assert parcel._replace(events=parcel.events[-1:]) == Parcel(
        "A1000000017",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 11, 2, 5, tzinfo=UTC), "2026-03-04T11:02:05", OffsetSource.GIVEN),
                code="Delivered",
                context="FORWARD DeliveredToMailRoom",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_NEIGHBOUR,
                row="Delivered/DeliveredToMailRoom",
                place=Place("Rimini", "47921", country="IT"),
            ),
        ),
        Eta(latest=datetime(2026, 3, 5, 20, tzinfo=UTC)),
    )


def test_a_detail_speaks_of_the_newest_event_that_it_can_speak_of() -> None:
    assert [event.row for event in parsed("two_attempts")[0].events] == [
        "PickupDone",
        "OutForDelivery",
        "DeliveryAttempted",
        "DeliveryAttempted/BusinessClosed",
        "OutForDelivery",
    ]


def test_a_delivery_of_the_way_back_is_the_parcels_return_and_the_way_itself_doubtful() -> None:
    [parcel] = parsed("returned")

    assert [(event.row, event.doubtful) for event in parcel.events[-2:]] == [
        ("RETURNS/Departed", True),
        ("RETURNS/Delivered", False),
    ]
    assert parcel.note == "returned as A1000000099"
    assert parsed("out_for_delivery")[0].note == ""


def test_a_summary_that_no_event_tells_is_an_event_of_its_own() -> None:
    head, *events = parsed("summary_ahead")[0].events

    assert (head.row, head.moment, head.sequence) == ("summary/AwaitingCustomerPickup", events[-1].moment, 1)


def test_a_time_without_offset_is_its_places_own_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.PLACE),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    AmazonShipping(),
    [
        b"",
        b"<xml/>",
        b"[]",
        b"{}",
        b'{"payload": []}',
        b'{"trackingId": "1"}',
        b'{"errors": []}',
        b'{"errors": ["x"]}',
        b'{"transactionId": "x", "errors": [{"code": "NOT.FOUND"}]}',
        b'{"payload": {"trackingId": "A1',
    ],
)


async def test_one_parcel_a_call_of_the_italian_business() -> None:
    async with line(AmazonShipping(), AmazonShippingStandIn) as amazon:
        [answer] = await amazon.ask("A1000000017")
        elsewhere = await amazon.parcels("A1000000017", business="AmazonShipping_UK")
        amazon.journey = ""
        unknown = await amazon.parcels("A1000000017")

    assert answer.numbers == ("A1000000017",)
    assert amazon.stand_in.requests[1] == "GET /shipping/v2/tracking?trackingId=A1000000017&carrierId=AMAZON_IT"
    assert elsewhere == unknown == [Parcel("", not_found=True)]


async def test_a_refusal_of_the_grant_is_about_the_keys() -> None:
    async with line(AmazonShipping(), AmazonShippingStandIn) as amazon:
        amazon.stand_in.faults.append(Fault(400, body=b'{"error": "invalid_grant"}'))
        with pytest.raises(CredentialsRefused):
            await amazon.ask("A1000000017")


async def test_a_token_that_has_run_out_is_renewed() -> None:
    async with line(AmazonShipping(), AmazonShippingStandIn) as amazon:
        await amazon.ask("A1000000017")
        said = b'{"errors": [{"code": "Unauthorized", "details": "The access token you provided has expired."}]}'
        amazon.stand_in.faults.append(Fault(403, body=said))
        await amazon.ask("A1000000017")

    assert [request.split("?")[0] for request in amazon.stand_in.requests] == [
        "POST /auth/o2/token",
        "GET /shipping/v2/tracking",
        "GET /shipping/v2/tracking",
        "POST /auth/o2/token",
        "GET /shipping/v2/tracking",
    ]


def test_the_business_is_one_that_there_is() -> None:
    with pytest.raises(ValueError, match="business"):
        AmazonShipping.credentials.model_validate(
            {**AmazonShippingStandIn.credentials, "business": "AmazonShipping_XX"}
        )
