"""Royal Mail: histories and summaries in, meanings out; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.royal_mail import RoyalMailStandIn
from carriers.base import CarrierError, CarrierUnavailable, RateLimited, RequestRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.royal_mail import RoyalMail
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "FQ087430672GB"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "waits_at_a_shop": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "missed": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "returned": (Status.RETURNED, None),
    "after_delivery": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "unlisted_code": None,
    "category": (Status.DELIVERED, None),
    "older": (Status.EXCEPTION, SubStatus.RETURNING),
    "times": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "head_alone": (Status.OUT_FOR_DELIVERY, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return RoyalMail().parse(recorded("royal_mail", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(RoyalMail(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(RoyalMail(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in RoyalMail.table]

    assert {path.stem for path in recordings("royal_mail")} == {*LATEST, *WHOLE}
    assert [lists.count(within) for within in ("", "older", "older form", "category")] == [46, 18, 3, 2]


def test_the_last_event_is_told_once_and_who_signed_not_at_all() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 11, 20, tzinfo=UTC), "2026-03-12T11:20:00", OffsetSource.GIVEN),
                code="EVKSF",
                text="Delivered to Safeplace",
                status=Status.DELIVERED,
                sub_status=SubStatus.SAFE_PLACE,
                row="EVKSF",
                place=Place(name="Stafford DO"),
            ),
        ),
        Eta(datetime(2026, 3, 12, 10, tzinfo=UTC), datetime(2026, 3, 12, 14, tzinfo=UTC), date(2026, 3, 12)),
        aliases=("090367574000000FE1E1B",),
        service="Tracked 24",
    )
    assert "DOE" not in str(parsed("delivered"))


def test_an_estimated_day_without_window_is_londons() -> None:
    assert parsed("waits_at_a_shop")[0].eta == Eta(
        datetime(2026, 7, 11, 23, tzinfo=UTC), datetime(2026, 7, 12, 22, 59, 59, tzinfo=UTC), date(2026, 7, 12)
    )


def test_the_category_tells_only_where_the_last_code_is_not_known_and_is_doubtful() -> None:
    told = parsed("category")[0].events

    assert [(event.code, event.row, event.doubtful) for event in told] == [
        ("DELIVERED", "category/DELIVERED", True),
        ("EVZZZ", None, False),
        ("EVDAC", "EVDAC", False),
    ]
    assert [event.list for event in parsed("waits_at_a_shop")[0].events] == ["", ""]
    assert [event.row for event in parsed("unlisted_code")[0].events] == [None, "EVDAC"]


def test_the_older_interfaces_codes_are_read_too() -> None:
    assert [event.row for event in parsed("older")[0].events] == [
        "older/RMW6",
        "older/RMW2",
        "older form/A",
        "older/RMPA",
    ]


def test_a_time_without_offset_is_londons_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("times")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T01:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T01:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T01:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T01:30:00", OffsetSource.CARRIER),
    ]


def test_a_summary_has_the_last_event_of_each_and_errors_of_single_items() -> None:
    assert [(parcel.number, parcel.not_found, len(parcel.events)) for parcel in parsed("many_parcels")] == [
        (NUMBER, False, 1),
        ("FQ087430673GB", True, 0),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    RoyalMail(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"mailPieces": 5}', b'{"status": 404, "title": "x"}', b'{"mailPieces": {"m'],
)


async def test_a_number_is_asked_for_without_its_blanks_and_an_unknown_one_is_an_answer() -> None:
    async with line(RoyalMail(), RoyalMailStandIn) as post:
        post.journey = ""

        assert await post.parcels("fq 0874 3067 2gb") == [Parcel("", not_found=True)]
        assert post.stand_in.requests == [f"GET /{NUMBER}/events"]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("E0009", 200, CarrierUnavailable), ("E0010", 200, RateLimited), ("E0004", 400, RequestRefused)],
)
async def test_an_error_inside_an_answer_has_its_name(code: str, status: int, error: type[CarrierError]) -> None:
    body = f'{{"httpCode": "{status}", "httpMessage": "x", "errors": [{{"errorCode": "{code}"}}]}}'.encode()
    async with line(RoyalMail(), RoyalMailStandIn) as post:
        assert type(await post.refusal(NUMBER, Fault(status, body=body))) is error
