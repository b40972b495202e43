"""USPS: answers and notifications of Tracking 3.0 in, meanings out; and the way it is asked."""

import json
from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.usps import UspsStandIn
from carriers.base import CredentialsRefused, TrackingNumber, Verified
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.usps import Usps
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "9400109104250532908587"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "returned": (Status.RETURNED, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
    "refined": (Status.DELIVERED, SubStatus.COLLECTED),
    "from_abroad": (Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED),
    "times": (Status.OUT_FOR_DELIVERY, None),
    "summary": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "web_tools": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "web_tools_sentences": (Status.OUT_FOR_DELIVERY, None),
    "twin": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "push": (Status.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Usps().parse(recorded("usps", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Usps(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(Usps(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in Usps.table]

    assert {path.stem for path in recordings("usps")} == {*LATEST, *WHOLE}
    assert (lists.count(""), lists.count("text")) == (61, 83)


def test_an_event_has_its_own_instant_and_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 17, 58, 40, tzinfo=UTC), "2026-03-12T13:58:00", OffsetSource.GIVEN),
                code="01",
                context="text",
                text="Delivered, In/At Mailbox",
                status=Status.DELIVERED,
                sub_status=SubStatus.SAFE_PLACE,
                row="text/^delivered, in/at mailbox",
                place=Place("TAMPA", "33602", "FL", "US"),
            ),
        ),
        Eta(datetime(2026, 3, 12, tzinfo=UTC), datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC), date(2026, 3, 12)),
        service="USPS Ground Advantage",
    )
    assert "DOE" not in str(parsed("delivered"))


def test_the_text_refines_a_delivery_and_says_what_a_foreign_code_means() -> None:
    assert [(event.row, event.doubtful) for event in parsed("refined")[0].events] == [
        ("text/^delivered, individual picked up", False),
        ("text/^delivered to agent for final delivery", True),
        ("text/^delivered, parcel locker", True),
        ("text/^delivered, neighbor", False),
        ("01", False),
    ]
    assert [(event.code, event.row, event.place) for event in parsed("from_abroad")[0].events] == [
        ("", "text/^customs clearance processing complete", Place("ISC NEW YORK NY(USPS)", country="US")),
        ("EME", "text/^held in customs", Place("TAMPA", "33602", "FL", "US")),
        ("EMA", "text/^acceptance", Place("MILANO", country="IT")),
    ]


def test_the_instant_is_gmts_whatever_the_local_time_claims_also_in_the_night_of_the_change() -> None:
    assert [event.moment for event in parsed("times")[0].events] == [
        Moment(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 7, 1, 17, tzinfo=UTC), "2026-07-01T10:00:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 6, 30, 15, tzinfo=UTC), "2026-06-30T10:00:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 6, 29, 23, tzinfo=UTC), "2026-06-29T18:00:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 6, 29, 14, tzinfo=UTC), "2026-06-29T10:00:00", OffsetSource.PLACE),
        Moment(datetime(2026, 6, 28, 14, tzinfo=UTC), "2026-06-28T14:00:00", OffsetSource.GIVEN),
    ]


def test_a_time_without_gmts_is_that_of_its_place_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "2026-03-08T02:30:00", OffsetSource.PLACE),
    ]


def test_web_tools_tell_the_same_in_xml_with_the_times_of_their_places() -> None:
    told, unknown = parsed("web_tools")

    assert (told.number, told.service, unknown) == (
        NUMBER,
        "First-Class Package Service",
        Parcel("9400109104250532908594", not_found=True),
    )
    assert [
        (event.code, event.row, event.moment.occurred_at.isoformat(), str(event.place)) for event in told.events
    ] == [
        ("01", "text/^delivered, in/at mailbox", "2026-04-28T13:01:00+00:00", "TAMPA, FL, US"),
        ("", "text/^customs clearance", "2026-04-26T01:15:00+00:00", "IT"),
        ("GX", "GX", "2026-04-23T05:00:00+00:00", "ARGYLE, TX, US"),
    ]
    assert (told.eta and told.eta.day, "DOE" in str(told)) == (date(2026, 4, 28), False)


def test_web_tools_sentences_are_events_and_their_errors_tell_of_no_parcel() -> None:
    told, unknown = parsed("web_tools_sentences")

    assert [(event.row, event.moment.local_time, str(event.place)) for event in told.events] == [
        ("text/^out for delivery", "2026-01-27T08:13:00", "DES MOINES, IA, US"),
        ("text/^sorting complete", "2026-01-27T08:03:00", "DES MOINES, IA, US"),
        ("text/^electronic shipping info received", "2026-01-25", "None"),
    ]
    assert unknown.not_found
    assert (
        Usps().parse(b"<Error><Number>80040B1A</Number><Description>Authorization failure</Description></Error>") == []
    )


def test_their_twin_in_json_has_a_sentence_or_fields() -> None:
    fields = {"EventTime": "7:31 am", "EventDate": "February 15, 2026", "EventCity": "RICHMOND", "EventState": "VA"}
    info = {"@ID": NUMBER, "TrackSummary": fields | {"Event": "USPS in possession of item", "EventCode": "03"}}
    [sentence], [listed] = parsed("twin"), Usps().parse(json.dumps({"TrackResults": {"TrackInfo": [info]}}).encode())

    assert [(each.number, each.events[0].moment) for each in (sentence, listed)] == 2 * [
        (NUMBER, Moment(datetime(2026, 2, 15, 12, 31, tzinfo=UTC), "2026-02-15T07:31:00", OffsetSource.PLACE))
    ]
    assert listed.events[0].row == "03"


def test_a_products_name_is_without_its_marks() -> None:
    body = recorded("usps", "delivered").replace(b"USPS Ground Advantage", b"Priority Mail<SUP>&reg;</SUP>")

    assert Usps().parse(body)[0].service.startswith("Priority Mail")
    assert not {"<", "&"} & set(Usps().parse(body)[0].service)


def test_sentences_of_a_summary_are_events_and_the_head_is_one_where_none_has_its_time() -> None:
    assert [(event.text, event.moment.local_time, event.row) for event in parsed("summary")[0].events] == [
        ("Delivered, In/At Mailbox", "2026-03-12T13:58:00", "text/^delivered, in/at mailbox"),
        ("Out for Delivery", "2026-03-12T09:10:00", "text/^out for delivery"),
        ("Arrived at USPS Regional Facility", "2026-03-11T04:02:00", "text/^arrived"),
        ("Shipping Label Created, USPS Awaiting Item", "2026-03-09", "text/^shipping label created"),
    ]


def test_what_the_system_adds_by_itself_is_weak() -> None:
    assert {code for (within, code), row in Usps.table.items() if row.weak and row.status is Status.IN_TRANSIT} == {
        *("NT", "TL", "71"),
        *("^customs clearance processing complete", "^inbound out of customs", "^released from us customs"),
        *("^customs clearance", "^inbound into customs", "^redelivery scheduled", "^rescheduled to next delivery day"),
    }


def test_items_of_one_answer_are_parcels_of_their_own() -> None:
    assert [(parcel.number, parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, False),
        ("9400109104250532908594", False),
        ("9400109104250532908600", True),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Usps(),
    [
        b"",
        b"[]",
        b"{}",
        b"<xml/>",
        b'{"trackingNumber": "1"}',
        b'{"error": {"code": "404"}}',
        b'{"parcels": [{"trackingNumber": "1", "status": "x"}]}',
        b'{"trackingNumber": "94001',
    ],
)


@pytest.mark.parametrize(
    ("number", "fits"),
    [(NUMBER, True), (f"42033602{NUMBER}", True), (f"420336021234{NUMBER}", True), (f"{NUMBER[:-1]}8", False)],
)
def test_a_label_is_told_by_its_check_digit_also_behind_its_postcode(number: str, *, fits: bool) -> None:
    like = Usps().likeness(number)

    assert like is not None
    assert like.check_digit is fits


async def test_one_number_is_asked_for_in_detail_and_several_together() -> None:
    async with line(Usps(), UspsStandIn) as usps:
        await usps.ask(TrackingNumber(NUMBER, postcode="33602-1234"))
        [answer] = await usps.ask(NUMBER, "9400109104250532908594")

    assert answer.numbers == (NUMBER, "9400109104250532908594")
    assert [parcel.number for parcel in Usps().parse(answer.body)] == [*answer.numbers]
    assert usps.stand_in.requests[1:] == [
        f"GET /tracking/v3/tracking/{NUMBER}?expand=DETAIL&destinationZIPCode=33602",
        "POST /tracking/v3r2/tracking",
    ]


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(Usps(), UspsStandIn) as usps:
        usps.journey = ""

        assert await usps.parcels(NUMBER) == [Parcel("", not_found=True)]
        assert await usps.parcels(NUMBER, "1") == [Parcel(NUMBER, not_found=True), Parcel("1", not_found=True)]


async def test_a_400_to_the_grant_is_about_the_keys() -> None:
    async with line(Usps(), UspsStandIn) as usps:
        usps.stand_in.faults.append(Fault(400))
        with pytest.raises(CredentialsRefused):
            await usps.ask(NUMBER)


async def test_a_notification_is_believed_for_its_address() -> None:
    async with line(Usps(), UspsStandIn) as usps:
        push = usps.stand_in.push(NUMBER, "s3cret")

    assert push is not None
    assert Usps().verify({**push.headers, "x-hmac": "?"}, push.body, ["s3cret"]) == Verified()
    assert [event.meaning for event in Usps().parse(push.body)[0].events] == [(Status.DELIVERED, SubStatus.SAFE_PLACE)]
