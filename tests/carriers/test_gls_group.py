"""GLS Group: answers of Track And Trace in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.gls_group import GlsGroupStandIn
from carriers.base import CarrierUnavailable, RequestRefused
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.gls_group import GlsGroup
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "500000000012"
PROBLEM = b'{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No parcel"}'

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.FAILED_ATTEMPT, None),
    "returned": (Status.EXCEPTION, SubStatus.CANCELLED),
    "parcel_shop": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "shop_status_ahead": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "closed": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "unlisted_suffix": (Status.DELIVERED, None),
    "unlisted_code": None,
    "status_alone": (Status.AWAITING_PICKUP, SubStatus.PICKUP_SCHEDULED),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "page": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "page_nights": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "older_soap": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("500000000099", not_found=True)],
    "page_not_found": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return GlsGroup().parse(recorded("gls_group", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(GlsGroup(), LATEST)
test_an_entry_with_an_error_is_not_found_or_tells_of_no_parcel = answers_are(GlsGroup(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in GlsGroup.table]

    assert {path.stem for path in recordings("gls_group")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("status", "", "prefix")] == [12, 12, 7]


def test_an_event_that_says_what_the_status_says_is_told_once() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 5
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.GIVEN),
                code="DELIVD.NORMAL",
                text="The parcel has been delivered.",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="DELIVD.NORMAL",
                place=Place("Milano", "20100", country="IT"),
            ),
        ),
        aliases=("50000000001",),
    )


@pytest.mark.parametrize(
    ("answer", "row"),
    [("held", "status/NOTDELIVERED"), ("shop_status_ahead", "status/DELIVEREDPS"), ("closed", "DELIVD.NORMAL")],
)
def test_the_status_is_an_event_where_the_newest_one_says_something_else(answer: str, row: str) -> None:
    head, *others = parsed(answer)[0].events

    assert head.row == row
    assert all(event.list == "" for event in others)


def test_a_code_of_a_known_kind_is_doubtful() -> None:
    event = parsed("unlisted_suffix")[0].events[0]

    assert (event.code, event.row, event.doubtful) == ("DELIVD.LETTERBOX", "prefix/DELIVD", True)


def test_nights_of_the_clock_change_keep_the_printed_offset() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T03:30:00", OffsetSource.GIVEN),
    ]


def test_entries_that_failed_leave_the_others_as_they_are() -> None:
    assert [(parcel.number, parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, False),
        ("500000000099", True),
        ("ZFYMEBFT", False),
    ]


def test_faults_and_problems_tell_of_no_parcel() -> None:
    assert GlsGroup().parse(b'{"fault": {"faultstring": "Quota", "detail": {"errorcode": "policies"}}}') == []
    assert GlsGroup().parse(PROBLEM) == [Parcel("", not_found=True)]
    assert GlsGroup().parse(PROBLEM.replace(b"404", b"400")) == []


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    GlsGroup(), [b"", b"[]", b"{}", b'{"parcels": [{"trackingNumber": "1"}]}', b"<html/>", b'{"pa']
)


async def test_up_to_ten_numbers_are_asked_about_in_one_call() -> None:
    async with line(GlsGroup(), GlsGroupStandIn) as gls:
        parcels = await gls.parcels(NUMBER, "ZFYMEBFT")

    assert [parcel.number for parcel in parcels] == [NUMBER, "ZFYMEBFT"]
    assert gls.stand_in.requests[1:] == [
        f"GET /track-and-trace-v1/tracking/simple/trackids/{NUMBER},ZFYMEBFT?showEvents=true"
    ]


async def test_numbers_that_are_not_known_are_answers() -> None:
    async with line(GlsGroup(), GlsGroupStandIn) as gls:
        gls.journey = ""
        assert await gls.parcels(NUMBER) == [Parcel(NUMBER, not_found=True)]

        gls.stand_in.faults.append(Fault(404, body=PROBLEM))
        answers = await gls.ask(NUMBER, "ZFYMEBFT")

    assert [answer.numbers for answer in answers] == [(NUMBER,), ("ZFYMEBFT",)]


async def test_an_error_of_all_entries_has_its_name() -> None:
    async with line(GlsGroup(), GlsGroupStandIn) as gls:
        await gls.ask(NUMBER)
        for code, error in (("E_400_02", RequestRefused), ("E_500_01", CarrierUnavailable)):
            body = f'{{"parcels": [{{"requested": "{NUMBER}", "errorCode": "{code}"}}]}}'.encode()
            gls.stand_in.faults.append(Fault(body=body))
            with pytest.raises(error, match=code):
                await gls.ask(NUMBER)
