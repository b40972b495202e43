"""CTT Express: answers of `GetTracking` in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.ctt_express import CttExpressStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused
from carriers.ctt_express import CttExpress
from carriers.event import Eta, Moment, OffsetSource, Parcel, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "0000020000000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, None),
    "not_done": (Status.FAILED_ATTEMPT, None),
    "agency": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "returning": (Status.EXCEPTION, SubStatus.RETURNING),
    "returned": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "bare": (Status.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
    "other_name": (Status.OUT_FOR_DELIVERY, None),
    "rest_delivered": (Status.DELIVERED, None),
    "rest": None,  # the note comes last: it moves nothing
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True, note="7 El envío indicado no existe")],
    "error": [],
    "refused": [],
}


def parsed(name: str) -> list[Parcel]:
    return CttExpress().parse(recorded("ctt_express", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(CttExpress(), LATEST)
test_an_error_is_not_found_or_tells_of_no_parcel = answers_are(CttExpress(), WHOLE)


def test_every_fixture_is_named_and_every_state_stands_in_the_table() -> None:
    lists = [within for within, _ in CttExpress.table]

    assert {path.stem for path in recordings("ctt_express")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "rest", "rest incident", "rest note")] == [21, 16, 3, 1]


def test_an_incident_keeps_its_code_and_words_and_means_no_more() -> None:
    [parcel] = parsed("held")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        "",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 12, 10, tzinfo=UTC), "2026-03-03T13:10:00", OffsetSource.CARRIER),
                code="4",
                context="incident 12",
                text="INCIDENCIA (DIRECCION INCORRECTA)",
                status=Status.EXCEPTION,
                row="4",
            ),
        ),
    )


def test_the_newer_interface_tells_incidents_and_when_it_is_expected() -> None:
    [parcel], [delivered] = parsed("rest"), parsed("rest_delivered")

    assert (parcel.number, parcel.eta) == (
        "0082800082800000000017",
        Eta(latest=datetime(2026, 3, 5, 19, tzinfo=UTC)),
    )
    assert [(event.row, event.text) for event in parcel.events[-2:]] == [
        ("rest/1600", "Reparto fallido (Ausente)"),
        ("rest note/note", "Gestión interna"),
    ]
    assert delivered.eta is None
    assert "ROSSI" not in str(delivered)


def test_what_comes_later_in_the_list_is_later_also_at_the_same_time() -> None:
    composite, returned, *_ = parsed("returned")[0].events

    assert (composite.code, composite.sequence, composite.row) == ("99", 1, "99")
    assert (returned.code, returned.sequence, returned.meaning) == ("9", 0, (Status.RETURNED, None))


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "2026-10-25T03:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    CttExpress(),
    [b"", b"{}", b"<html/>", b"<Tracking>D10010000000011</Tracking>", b"<TrackResponse/>", b"<GetTrackingResult>"],
)


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(CttExpress(), CttExpressStandIn) as ctt:
        ctt.journey = ""

        assert await ctt.parcels(NUMBER) == [Parcel("", not_found=True, note="2 El envío no existe")]


@pytest.mark.parametrize(("answer", "error"), [("error", CarrierUnavailable), ("refused", CredentialsRefused)])
async def test_any_other_error_is_about_the_account_or_the_services_trouble(
    answer: str, error: type[CarrierError]
) -> None:
    async with line(CttExpress(), CttExpressStandIn) as ctt:
        assert type(await ctt.refusal(NUMBER, Fault(body=recorded("ctt_express", answer)))) is error
