"""Purolator: answers of the Tracking Service in, meanings out; and the way it is asked."""

import re
from datetime import UTC, date, datetime
from unittest.mock import ANY

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.purolator import PurolatorStandIn
from carriers.base import CarrierError, CarrierUnavailable, RequestRefused
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.purolator import Purolator
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.carriers.newest import newest
from tests.recorded import recorded, recordings

PIN = "320595463938"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "registered": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.DEPOT),
    "returned": (Status.EXCEPTION, SubStatus.REFUSED),
    "reasons": (Status.FAILED_ATTEMPT, None),
    "others": None,
    "zones": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "shipments": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Purolator().parse(recorded("purolator", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Purolator(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(Purolator(), WHOLE)


def test_every_fixture_is_named_and_every_type_stands_in_the_table() -> None:
    lists = [within for within, _ in Purolator.table]

    assert {path.stem for path in recordings("purolator")} == {*LATEST, *WHOLE}
    assert [lists.count(within) for within in ("", "Undeliverable", "Other")] == [6, 6, 11]


def test_a_scan_has_its_depots_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        PIN,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 14, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.PLACE),
                code="Delivery",
                text="Shipment delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="Delivery",
                place=Place("OTTAWA", state="ON", country="CA"),
            ),
        ),
    )
    assert "DOE" not in str([parsed(name) for name in ("delivered", "reasons")])


def test_the_text_tells_why_a_parcel_was_not_delivered_and_what_else_happened() -> None:
    [parcel] = parsed("others")

    assert [event.row for event in parsed("reasons")[0].events] == [
        "Undeliverable",
        "Undeliverable/address",
        "Undeliverable/closed",
        "Undeliverable/closed",
    ]
    assert parcel.aliases == ("320698578202",)
    assert [(event.row, event.weak, event.doubtful) for event in parcel.events] == [
        ("Other/new tracking number assigned", False, False),
        ("Other", True, True),
        ("Other/departed", False, False),
        ("Other/customs", True, False),
        ("InternationalOutbound", False, False),
    ]


def test_a_time_is_that_of_its_depots_province_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "2026-03-08T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 5, 9, tzinfo=UTC), "2026-03-05T09:00:00", OffsetSource.UNKNOWN),
        Moment(
            datetime(2026, 3, 4, 7, tzinfo=UTC),
            "2026-03-04",
            OffsetSource.PLACE,
            datetime(2026, 3, 5, 6, 59, 59, tzinfo=UTC),
        ),
    ]


@pytest.mark.parametrize(
    ("kind", "text", "meaning"),
    [
        ("Other", "On vehicle for delivery", (Status.OUT_FOR_DELIVERY, None)),
        ("Undeliverable", "Available for pickup at", (Status.AVAILABLE_FOR_PICKUP, SubStatus.DEPOT)),
    ],
)
def test_a_text_says_more_than_the_type_of_its_scan(
    kind: str, text: str, meaning: tuple[Status, SubStatus | None]
) -> None:
    body = recorded("purolator", "out_for_delivery").replace(b"OnDelivery", kind.encode())
    body = re.sub(rb"<Description>[^<]*", b"<Description>" + text.encode(), body)

    assert newest(Purolator().parse(body)).meaning == meaning


def test_the_proof_of_pick_up_promises_a_day() -> None:
    promise = b"<ScanDetails><CommitedDeliveryDate>2026-03-13</CommitedDeliveryDate></ScanDetails></Scan>"
    [parcel] = Purolator().parse(recorded("purolator", "out_for_delivery").replace(b"</Scan>", promise))

    assert parcel.eta and parcel.eta.day == date(2026, 3, 13)


def test_version_2_tells_packages_and_names_neither_people_nor_streets() -> None:
    told, unknown = parsed("shipments")

    assert [(event.row, event.text, event.moment.occurred_at, str(event.place)) for event in told.events] == [
        ("event/delivered", "Shipment delivered", datetime(2026, 3, 12, 17, 15, tzinfo=UTC), "VANCOUVER, BC, CA"),
        ("event/delay", "Mechanical delay", datetime(2026, 3, 11, 20, 52, 16, tzinfo=UTC), "MISSISSAUGA, ON, CA"),
        ("event/picked up by purolator", "Picked up by Purolator", datetime(2026, 3, 10, 14, 48, 28, tzinfo=UTC), ANY),
        ("event/shipment created", ANY, datetime(2026, 3, 10, 8, tzinfo=UTC), "None"),
    ]
    assert (told.number, told.aliases, told.eta and told.eta.day) == (PIN, (), date(2026, 3, 13))
    assert unknown == Parcel("320698578202", not_found=True)
    assert not {"DOE", "MAPLE"} & set(re.findall("[A-Z]+", str(told)))


def test_a_pin_without_scans_is_not_known() -> None:
    assert [(parcel.number, parcel.not_found) for parcel in parsed("many_parcels")] == [
        (PIN, False),
        ("320698578202", True),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Purolator(),
    [b"", b"{}", b"<html/>", b"<TrackResponse/>", b"<Envelope><Body/></Envelope>", b"<TrackingInformation><P"],
)


async def test_numbers_are_asked_about_together_and_an_unknown_one_is_an_answer() -> None:
    async with line(Purolator(), PurolatorStandIn) as purolator:
        [answer] = await purolator.ask(PIN, "320698578202")
        purolator.journey = ""
        unknown = await purolator.parcels(PIN, user_token="token")
        purolator.stand_in.faults.append(Fault(body=recorded("purolator", "not_found")))
        answers = await purolator.ask(PIN, "320698578202")

    assert [parcel.number for parcel in Purolator().parse(answer.body)] == [PIN, "320698578202"] == [*answer.numbers]
    assert unknown == [Parcel(PIN, not_found=True)]
    assert [each.numbers for each in answers] == [(PIN,), ("320698578202",)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (recorded("purolator", "error"), RequestRefused),
        (
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
            b"<faultstring>No</faultstring></s:Fault></s:Body></s:Envelope>",
            CarrierUnavailable,
        ),
    ],
)
async def test_an_error_inside_an_answer_has_its_name(body: bytes, error: type[CarrierError]) -> None:
    async with line(Purolator(), PurolatorStandIn) as purolator:
        assert type(await purolator.refusal(PIN, Fault(body=body))) is error
