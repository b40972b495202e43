"""Aramex: answers of the global service and of South Africa's, and pushes in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.aramex import AramexStandIn
from app.demo.stand_ins.base import Fault
from carriers.aramex import Aramex
from carriers.base import CarrierError, CarrierUnavailable, RequestRefused, Verified
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "30000000001"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.RETURNED, None),
    "texts": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "zones": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "json_twin": (Status.OUT_FOR_DELIVERY, None),
    "push": (Status.OUT_FOR_DELIVERY, None),
    "south_africa": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True)],
    "south_africa_not_found": [Parcel("", not_found=True, note="Waybill not found")],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return Aramex().parse(recorded("aramex", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Aramex(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(Aramex(), WHOLE)


def test_every_fixture_is_named_and_every_row_is_doubtful() -> None:
    assert {path.stem for path in recordings("aramex")} == {*LATEST, *WHOLE}
    assert {row.doubtful for row in Aramex.table.values()} == {True}
    assert [within for within, _ in Aramex.table] == [""] * 3 + ["text"] * 54


def test_an_event_has_its_countrys_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 10, 20, tzinfo=UTC), "2026-03-04T13:20:00", OffsetSource.PLACE),
                code="SH005",
                context="text",
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                doubtful=True,
                row="text/delivered",
                place=Place("Amman", country="JO"),
            ),
        ),
    )
    assert "DOE" not in str(parsed("delivered"))


def test_the_json_twin_tells_the_same_with_wall_times_in_nets_form() -> None:
    told, unknown = parsed("json_twin")

    assert [event.moment for event in told.events] == [
        Moment(datetime(2026, 3, 4, 7, 10, tzinfo=UTC), "2026-03-04T10:10:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 3, 12, 0, tzinfo=UTC), "2026-03-03T16:00:00", OffsetSource.PLACE),
    ]
    assert unknown == Parcel("30000000009", not_found=True)
    assert Aramex().parse(b'{"HasErrors": true, "TrackingResults": [], "Notifications": [{"Code": "ERR01"}]}') == []


def test_the_first_phrase_decides_and_the_code_where_there_is_no_text() -> None:
    assert [event.row for event in parsed("texts")[0].events] == [
        "text/not delivered",
        "text/customs*documents",
        "text/released*customs",
        "SH005",
    ]


def test_a_time_is_that_of_its_places_country_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 5, 10, tzinfo=UTC), "2026-03-05T10:00:00", OffsetSource.UNKNOWN),
        Moment(datetime(2026, 3, 4, 10, tzinfo=UTC), "2026-03-04T10:00:00", OffsetSource.UNKNOWN),
    ]


def test_a_number_without_scans_is_known_all_the_same() -> None:
    assert [(parcel.number, len(parcel.events), parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, 1, False),
        ("30000000002", 0, False),
        ("30000000003", 0, True),
    ]


def test_south_africa_tells_its_own_time() -> None:
    assert [(event.moment.occurred_at, event.place) for event in parsed("south_africa")[0].events] == [
        (datetime(2026, 3, 4, 11, 20, tzinfo=UTC), Place("Cape Town", country="ZA")),
        (datetime(2026, 3, 4, 6, 10, tzinfo=UTC), Place("Cape Town", country="ZA")),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Aramex(), [b"", b"[]", b"{}", b"<html/>", b'{"Key": "1", "Value": 5}', b'{"status_code": 1}', b"<ShipmentTrackingR"]
)


async def test_numbers_are_asked_about_together_and_an_unknown_one_is_an_answer() -> None:
    async with line(Aramex(), AramexStandIn) as aramex:
        [answer] = await aramex.ask(NUMBER, "30000000002")
        aramex.journey = ""
        unknown = await aramex.parcels(NUMBER)

    assert [parcel.number for parcel in Aramex().parse(answer.body)] == [NUMBER, "30000000002"] == [*answer.numbers]
    assert unknown == [Parcel(NUMBER, not_found=True)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (recorded("aramex", "error").replace(b"ERR01", b"ERR52"), RequestRefused),
        (
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault/></s:Body></s:Envelope>',
            CarrierUnavailable,
        ),
    ],
)
async def test_an_error_inside_an_answer_has_its_name(body: bytes, error: type[CarrierError]) -> None:
    async with line(Aramex(), AramexStandIn) as aramex:
        assert type(await aramex.refusal(NUMBER, Fault(body=body))) is error


async def test_a_push_is_believed_for_its_address() -> None:
    async with line(Aramex(), AramexStandIn) as aramex:
        push = aramex.stand_in.push(NUMBER, "s3cret")

    assert push is not None
    assert Aramex().verify(push.headers, push.body, ["s3cret"]) == Verified()
    assert [event.status for event in Aramex().parse(push.body)[0].events] == [Status.DELIVERED]
