"""DHL Express: answers of the MyDHL API and of the older XML service in, meanings out; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.dhl_express import DhlExpressStandIn
from carriers.dhl_express import DhlExpress
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "collection": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "customs": (Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED),
    "back_to_the_depot": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "part_delivered": (Status.IN_TRANSIT, None),
    "pieces_alone": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "without_offset": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "dst_autumn_local": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "signed": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "unlisted_code": None,
    "hostile": None,
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "xml": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "xml_arrays": (Status.OUT_FOR_DELIVERY, None),
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "error": [],
    "xml_error": [],
}


def parsed(name: str) -> list[Parcel]:
    return DhlExpress().parse(recorded("dhl_express", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(DhlExpress(), LATEST)
test_a_problem_is_not_found_or_tells_of_no_parcel = answers_are(DhlExpress(), WHOLE)


def test_every_fixture_is_named_and_dhls_whole_list_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("dhl_express")} == {*LATEST, *WHOLE}
    assert [within for within, _ in DhlExpress.table] == [""] * 40 + ["part"] * 2


def test_an_event_happens_at_its_places_own_time_and_a_single_piece_is_another_name_of_the_shipment() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 5
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        "1234567891",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 11, 3, tzinfo=UTC), "2026-03-04T12:03:00", OffsetSource.GIVEN),
                code="OK",
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="OK",
                place=Place("Barcelona", country="ES", code="BCN"),
            ),
        ),
        Eta(datetime(2026, 3, 3, 23, tzinfo=UTC), datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC), date(2026, 3, 4)),
        aliases=("JD014600000000000001",),
    )


def test_a_delivery_is_not_the_shipments_while_another_piece_is_on_its_way() -> None:
    shipment, first, second = parsed("part_delivered")

    assert (shipment.events[0].code, shipment.events[0].row, shipment.events[0].doubtful) == ("OK", "part/OK", True)
    assert (first.number, first.events[0].row) == ("JD014600000000000001", "OK")
    assert (second.number, second.events[0].row) == ("JD014600000000000002", "AR")


def test_a_shipment_that_leaves_its_events_to_its_pieces_has_each_of_them_once() -> None:
    assert [event.code for event in parsed("pieces_alone")[0].events] == ["OK", "WC", "AR", "PU"]


def test_a_time_without_offset_is_its_places_and_unknown_where_a_country_keeps_several() -> None:
    [parcel] = parsed("without_offset")

    assert [event.moment for event in parcel.events] == [
        Moment(datetime(2026, 7, 2, 9, 41, tzinfo=UTC), "2026-07-02T09:41:00", OffsetSource.UNKNOWN),
        Moment(datetime(2026, 7, 2, 6, tzinfo=UTC), "2026-07-02T08:00:00", OffsetSource.PLACE),
        Moment(
            datetime(2026, 6, 30, 22, tzinfo=UTC),
            "2026-07-01",
            OffsetSource.PLACE,
            datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC),
        ),
    ]
    assert parcel.eta == Eta(latest=datetime(2026, 7, 2, 15, tzinfo=UTC))


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    after, before, spring = (event.moment for event in parsed("dst_nights")[0].events)

    assert after == Moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN)
    assert before == Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN)
    assert spring == Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE)


def test_who_signed_is_left_out() -> None:
    assert parsed("signed")[0].events[0].text == "Delivered"
    assert "ROSSI" not in str([parsed(name) for name in ("delivered", "signed", "xml")])


def test_the_soap_twin_of_the_older_xml_has_arrays_an_estimate_and_pieces_that_are_not_known() -> None:
    told, unknown = parsed("xml_arrays")

    assert [(event.code, str(event.place)) for event in told.events] == [("PU", "Milan, IT"), ("WC", "Barcelona, ES")]
    assert told.eta and told.eta.latest == datetime(2026, 3, 4, 22, 59, tzinfo=UTC)
    assert unknown == Parcel("JD014600001234567890", not_found=True)


def test_the_older_xml_tells_pieces_where_it_has_no_events_of_the_shipment() -> None:
    body = recorded("dhl_express", "xml").replace(b"ShipmentEvent>", b"PieceEvent>")
    piece = b"<Pieces><PieceInfo><PieceDetails><LicensePlate>JD014600001234567890</LicensePlate></PieceDetails>"
    body = body.replace(b"<PieceEvent>", b"</ShipmentInfo>%b<PieceEvent>" % piece, 1)
    body = body.replace(b"</PieceEvent></ShipmentInfo>", b"</PieceEvent></PieceInfo></Pieces>")
    [known, unknown] = DhlExpress().parse(body)

    assert {event.code for event in known.events} == {"PU", "OK"}
    assert known.aliases == ("JD014600001234567890",)
    assert unknown == parsed("xml")[1]


def test_the_older_xml_says_the_same_and_names_the_numbers_that_it_does_not_know() -> None:
    known, unknown = parsed("xml")

    assert [(event.row, event.moment.local_time, event.place) for event in known.events] == [
        ("PU", "2026-03-02T17:05:00", Place("Milan", country="IT", code="MIL")),
        ("OK", "2026-03-04T12:03:00", Place("Barcelona", country="ES", code="BCN")),
    ]
    assert unknown == Parcel("2345678906", not_found=True)


def test_an_answer_about_many_shipments_gives_each_its_own_parcel() -> None:
    assert [(parcel.number, parcel.events[0].row) for parcel in parsed("many_parcels")] == [
        ("1234567891", "WC"),
        ("2345678906", "PU"),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    DhlExpress(),
    [
        b"",
        b"[]",
        b"{}",
        b'{"shipments": 5}',
        b'{"shipments": [{"id": "1234567891", "service": "express"}]}',
        b'{"title": "No result found", "detail": "No shipment", "status": 404}',
        b"<html>maintenance</html>",
        b"<TrackResponse/>",
        b'{"shipments": [{"shipmentTrackingNumber": "1',
    ],
)


@pytest.mark.parametrize(
    ("number", "fits"),
    [("1234567891", True), ("12 3456 7891", True), ("1234567890", False), ("jd014600000000000001", None)],
)
def test_a_waybill_has_a_check_digit_and_a_piece_has_none(number: str, *, fits: bool | None) -> None:
    likeness = DhlExpress().likeness(number)

    assert likeness is not None
    assert likeness.check_digit is fits


async def test_waybills_are_asked_about_together_and_pieces_apart() -> None:
    async with line(DhlExpress(), DhlExpressStandIn) as dhl:
        answers = await dhl.ask("1234567891", "JD014600000000000007", "2345678906")
        parcels = [parcel for answer in answers for parcel in DhlExpress().parse(answer.body)]

    view = "trackingView=all-checkpoints&levelOfDetail=all"
    assert [answer.numbers for answer in answers] == [("1234567891", "2345678906"), ("JD014600000000000007",)]
    assert dhl.stand_in.requests == [
        f"GET /tracking?shipmentTrackingNumber=1234567891&shipmentTrackingNumber=2345678906&{view}",
        f"GET /tracking?pieceTrackingNumber=JD014600000000000007&{view}",
    ]
    assert [parcel.number for parcel in parcels[:2]] == ["1234567891", "2345678906"]
    assert parcels[2].aliases == ("JD014600000000000007",)


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(DhlExpress(), DhlExpressStandIn) as dhl:
        dhl.journey = ""

        assert await dhl.parcels("1234567891") == [Parcel("", not_found=True)]
