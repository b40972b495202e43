"""DHL Unified: answers of every division in, meanings out."""

import json
from datetime import UTC, date, datetime
from operator import attrgetter

import pytest
from pydantic import SecretStr

from carriers import detect
from carriers.dhl_unified import DhlCredentials, DhlUnified
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
KEYS = DhlCredentials(api_key=SecretStr("stand-in-key"))

LATEST: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "returned": (Status.RETURNED, None),
    "returned_by_text": (Status.RETURNED, None),
    "express_codes": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "parcel_de_out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "parcel_de_locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "europe_access_point": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "europe_access_point_by_text": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "europe_returned": (Status.RETURNED, None),
    "europe_delivered_unknown_words": (Status.DELIVERED, None),
    "freight_not_collected": (Status.AWAITING_PICKUP, SubStatus.PICKUP_FAILED),
    "dgf_customs_hold": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),
    "svb_returned": (Status.RETURNED, None),
    "svb_other": (Status.IN_TRANSIT, None),
    "head_alone": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    "head_without_its_event": (Status.DELIVERED, None),
    "numeric_id": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "time_frame": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "zones": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "place_in_head": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "signed": (Status.DELIVERED, None),
    "unlisted_code": None,
    "unlisted_group": None,
    "unknown": None,
    "hostile": None,
    "push": (Status.OUT_FOR_DELIVERY, None),
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "not_found_here": [Parcel("", not_found=True, note="also in: parcel-de")],
    "error": [],
    "quota": [],
    "push_validate": [],
    "push_ready": [],
    "push_failure": [],
}


def parsed(name: str) -> list[Parcel]:
    return DhlUnified().parse(recorded("dhl_unified", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(
    answer: str, meaning: tuple[Status, SubStatus | None] | None
) -> None:
    [parcel] = parsed(answer)

    assert max(parcel.events, key=attrgetter("moment.occurred_at")).meaning == meaning


test_an_answer_without_shipments_is_not_found_or_tells_of_no_parcel = answers_are(DhlUnified(), WHOLE)


def test_every_fixture_is_named_in_a_test() -> None:
    assert {path.stem for path in recordings("dhl_unified")} == {*LATEST, *WHOLE, "many_parcels"}


def test_a_text_decides_where_the_division_gives_no_code_and_the_head_is_not_told_twice() -> None:
    [parcel] = parsed("out_for_delivery")

    assert parcel == Parcel(
        "1234567891",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 8, 41, tzinfo=UTC), "2026-03-04T09:41:00", OffsetSource.PLACE),
                code="transit",
                list="statusCode",
                context="express transit",
                text="Shipment is out with courier for delivery",
                status=Status.OUT_FOR_DELIVERY,
                row="text/with deliver*courier",
                place=Place(city="BARCELONA", country="ES"),
            ),
            TrackingEvent(
                Moment(datetime(2026, 3, 2, 16, 5, tzinfo=UTC), "2026-03-02T17:05:00", OffsetSource.PLACE),
                code="transit",
                list="statusCode",
                context="express transit",
                text="Shipment picked up",
                status=Status.IN_TRANSIT,
                sub_status=SubStatus.PICKED_UP,
                row="text/shipment picked up",
                place=Place(city="MILAN", country="IT"),
            ),
        ),
        Eta(datetime(2026, 3, 3, 23, tzinfo=UTC), datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC), date(2026, 3, 4)),
        aliases=("JD014600001234567890",),
        service="EXPRESS WORLDWIDE",
        note="also in: parcel-de",
    )


def test_a_code_of_the_division_goes_before_its_group_and_its_text() -> None:
    events = parsed("express_codes")[0].events

    assert [(event.list, event.code, event.row) for event in events] == [
        ("express", code, f"express/{code}") for code in ("CC", "NH", "WC", "CR")
    ]
    assert [event.doubtful for event in events] == [True, False, False, False]


def test_a_head_that_has_no_event_of_its_own_becomes_one() -> None:
    assert [event.code for event in parsed("head_without_its_event")[0].events] == ["delivered", "transit"]


def test_dhl_s_delivered_is_doubtful_where_the_division_says_it_of_pickup_points_too() -> None:
    [unknown], [known] = parsed("europe_delivered_unknown_words"), parsed("europe_access_point_by_text")

    assert (unknown.events[0].row, unknown.events[0].doubtful) == ("ecommerce-europe/delivered", True)
    assert (known.events[0].row, known.events[0].doubtful) == (
        "text delivered/handed over to the access point",
        False,
    )


def test_an_unlisted_code_of_a_division_has_no_status_whatever_its_text_says() -> None:
    event = parsed("unlisted_code")[0].events[0]

    assert (event.list, event.code, event.status, event.row, event.unmapped) == ("express", "ZQ", None, None, True)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Die Sendung wurde in das Zustellfahrzeug geladen.", Status.OUT_FOR_DELIVERY),
        ("Die Sendung liegt zur Abholung bereit.", Status.AVAILABLE_FOR_PICKUP),
        ("Der Empfänger wurde nicht angetroffen.", Status.FAILED_ATTEMPT),
        ("Die Sendung wird zurückgesandt.", Status.EXCEPTION),
        ("Die Sendung wurde bearbeitet.", Status.IN_TRANSIT),
    ],
)
def test_german_texts_tell_what_the_group_does_not(text: str, status: Status) -> None:
    said = {"timestamp": "2026-03-04T12:16:00+01:00", "statusCode": "transit", "status": text}
    body = json.dumps({"shipments": [{"id": "1", "service": "parcel-de", "status": said, "events": [said]}]})
    [parcel] = DhlUnified().parse(body.encode())

    assert [event.status for event in parcel.events] == [status]


def test_unknown_is_a_listed_word_that_moves_nothing() -> None:
    event = parsed("unknown")[0].events[0]

    assert (event.status, event.row, event.unmapped) == (None, "statusCode/unknown", False)


def test_a_number_that_lost_its_zeros_gets_them_back_from_the_question() -> None:
    assert parsed("numeric_id")[0].number == "0012345678"


def test_a_time_frame_is_an_expected_delivery_with_both_ends() -> None:
    assert parsed("time_frame")[0].eta == Eta(datetime(2026, 3, 4, 8, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC))


def test_a_time_without_offset_is_local_to_its_place_and_unknown_where_a_country_keeps_several() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 3, 5, 12, tzinfo=UTC), "2026-03-05T12:00:00", OffsetSource.UNKNOWN),
        Moment(datetime(2026, 3, 4, 12, tzinfo=UTC), "2026-03-04T12:00:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 3, 11, tzinfo=UTC), "2026-03-03T12:00:00", OffsetSource.GIVEN),
        Moment(
            datetime(2026, 3, 1, 23, tzinfo=UTC),
            "2026-03-02",
            OffsetSource.PLACE,
            datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC),
        ),
    ]


def test_an_event_without_a_place_happened_where_the_head_says_of_the_same() -> None:
    """A country alone is enough for the time; what the head does not tell of stays without zone."""
    [parcel] = parsed("place_in_head")

    assert [(event.moment, event.place) for event in parcel.events] == [
        (
            Moment(datetime(2026, 11, 20, 9, 15, tzinfo=UTC), "2026-11-20T10:15:00", OffsetSource.PLACE),
            Place(country="DE"),
        ),
        (Moment(datetime(2026, 11, 19, 18, 40, tzinfo=UTC), "2026-11-19T18:40:00", OffsetSource.UNKNOWN), None),
    ]


def test_a_piece_is_found_here_as_at_dhl_express() -> None:
    """Its id begins with J and one letter or more."""
    assert {"dhl_express", "dhl_unified"} <= {carrier.slug for carrier in detect("JD014600006281230701")}


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    autumn, spring = (event.moment for event in parsed("dst_nights")[0].events)

    assert autumn == Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.PLACE)
    assert spring == Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE)


def test_the_name_of_who_signed_is_left_out() -> None:
    assert [event.text for event in parsed("signed")[0].events] == ["Delivered", "DELIVERED"]


def test_an_answer_about_many_shipments_gives_each_its_own_parcel() -> None:
    assert [(parcel.number, parcel.events[0].row) for parcel in parsed("many_parcels")] == [
        ("1234567891", "text/with deliver*courier"),
        ("00340434161094000001", "parcel-de/ZU"),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    DhlUnified(),
    [
        b"",
        b"<xml/>",
        b"[]",
        b"{}",
        b'{"shipments": 5}',
        b'{"shipments": [{"shipmentTrackingNumber": "1234567890", "status": "Success"}]}',
        b'{"scope": "subscription.push"}',
        b'{"title": "x", "status": 200}',
        b'{"return": {"outcome": "OK"}}',
        b'{"shipments": [{"id": "1',
    ],
)


def test_the_whole_of_each_list_stands_in_the_table() -> None:
    lists: dict[str, int] = {}
    for within, _ in DhlUnified.table:
        lists[within] = lists.get(within, 0) + 1

    assert lists == {
        "statusCode": 5,
        "express": 44,
        "parcel-de": 16,
        "ecommerce-europe": 162 + 1,  # and DHL's own "delivered", doubtful there
        "freight": 48,
        "dgf": 15,
        "svb": 14 + 1,
        "return": 1,
        "text delivered": 21,
        "text": 72 + 5,  # German ones
    }
