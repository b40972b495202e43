"""DHL Parcel Iberia: answers of CIMAPI in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dhl_parcel_iberia import DhlParcelIberiaStandIn
from carriers.base import RequestRefused
from carriers.dhl_parcel_iberia import DhlParcelIberia
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "0870000001"
UNKNOWN = Parcel("", not_found=True, note="El envío no existe")

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "in_transit": (Status.IN_TRANSIT, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "returned": (Status.RETURNED, None),
    "delayed": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "events_alone": (Status.IN_TRANSIT, None),
    "many_parcels": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [UNKNOWN], "error": []}


def parsed(name: str) -> list[Parcel]:
    return DhlParcelIberia().parse(recorded("dhl_parcel_iberia", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(DhlParcelIberia(), LATEST)


@pytest.mark.parametrize(("answer", "parcels"), WHOLE.items())
def test_an_error_is_not_found_or_tells_of_no_parcel(answer: str, parcels: list[Parcel]) -> None:
    assert parsed(answer) == parcels
    assert DhlParcelIberia().parse(b"[]") == [Parcel("", not_found=True)]


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in DhlParcelIberia.table]

    assert {path.stem for path in recordings("dhl_parcel_iberia")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "A text", "text")] == [3, 2, 13]


def test_an_event_happens_in_madrids_time_and_a_receipt_is_doubtful() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 3
    assert parcel._replace(events=parcel.events[2:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="R",
                text="Recibido",
                status=Status.DELIVERED,
                doubtful=True,
                row="R",
                place=Place(name="Bizkaia"),
            ),
        ),
        service="EUROPLUS DOM",
    )
    assert "ROSSI" not in str(parcel)


def test_a_text_tells_of_a_delay_and_of_codes_that_are_not_known() -> None:
    assert [(event.row, event.context, event.doubtful) for event in parsed("delayed")[0].events] == [
        ("A", "", False),
        ("T", "", False),
        ("A text/pospon", "text", True),
    ]
    assert [event.row for event in parsed("returned")[0].events[2:]] == ["text/rehus", "text/devuelt"]


def test_several_shipments_are_several_parcels_and_events_alone_have_no_number() -> None:
    assert [parcel.number for parcel in parsed("many_parcels")] == [NUMBER, "0870000002"]
    assert [parcel.number for parcel in parsed("events_alone")] == [""]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    DhlParcelIberia(), [b"", b"{}", b"[1]", b'{"Events": []}', b'[{"id": 1}]', b"<html/>", b'{"Message']
)


async def test_what_is_asked() -> None:
    async with line(DhlParcelIberia(), DhlParcelIberiaStandIn) as dhl:
        await dhl.ask(NUMBER)

    assert dhl.stand_in.requests[1] == f"GET /cimapi/api/v1/customer/track?id={NUMBER}&idioma=es&show=both"


async def test_a_number_that_is_not_known_is_an_answer_and_another_message_a_refusal() -> None:
    async with line(DhlParcelIberia(), DhlParcelIberiaStandIn) as dhl:
        dhl.journey = ""
        assert await dhl.parcels(NUMBER) == [UNKNOWN]

        dhl.stand_in.faults.append(Fault(404, body=b"<html/>"))
        assert await dhl.parcels(NUMBER) == [Parcel("", not_found=True)]

        for body in (recorded("dhl_parcel_iberia", "error"), b"{}"):
            dhl.stand_in.faults.append(Fault(400, body=body))
            with pytest.raises(RequestRefused):
                await dhl.ask(NUMBER)
