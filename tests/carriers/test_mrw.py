"""MRW: answers of its tracking service in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.mrw import MrwStandIn
from carriers.base import CarrierUnavailable
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.mrw import Mrw
from carriers.vocabulary import Status
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "020000000001"
UNKNOWN = Parcel("", not_found=True, note="No se encontraron resultados")

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "sheet": (Status.DELIVERED, None),
    "without_subscriber": (Status.DELIVERED, None),
    "out_for_delivery": None,
    "held": None,
    "returned": None,
    "unlisted_code": None,
    "many_parcels": (Status.DELIVERED, None),
    "dst_nights": (Status.DELIVERED, None),
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [UNKNOWN], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Mrw().parse(recorded("mrw", name))


test_the_newest_event_means_what_the_customer_would_say_if_it_is_a_delivery_and_else_nothing = newest_means(
    Mrw(), LATEST
)


@pytest.mark.parametrize(("answer", "parcels"), WHOLE.items())
def test_a_message_is_not_found_or_tells_of_no_parcel(answer: str, parcels: list[Parcel]) -> None:
    assert parsed(answer) == parcels
    assert Mrw().parse(b"<GetEnviosResult/>") == [Parcel("", not_found=True)]


def test_every_fixture_is_named_and_the_only_code_that_is_known_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("mrw")} == {*LATEST, *WHOLE, "hostile"}
    assert [code for _, code in Mrw.table] == ["00"]


def test_a_delivery_has_madrids_time_another_state_that_of_its_publication_and_nobody_is_named() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[:2]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, tzinfo=UTC), "2026-03-03T12:03:00", OffsetSource.CARRIER),
                code="00",
                text="ENTREGADO",
                status=Status.DELIVERED,
                row="00",
            ),
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 7, 10, 0, 123456, tzinfo=UTC), "2026-03-03T08:10:00", OffsetSource.GIVEN),
                code="16",
                text="En reparto",
            ),
        ),
    )
    assert "ROSSI" not in str(parcel)


def test_several_numbers_are_several_parcels_and_wrong_types_are_passed_over() -> None:
    assert [(parcel.number, len(parcel.events)) for parcel in parsed("many_parcels")] == [
        (NUMBER, 1),
        ("020000000002", 1),
    ]
    assert [event.text[:2] for parcel in parsed("hostile") for event in parcel.events] == ["ññ"]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Mrw(), [b"", b"{}", b"<html/>", b"<Seguimiento/>", b"<exp><Estado>00</Estado></exp>", b"<Seg"]
)


async def test_a_message_inside_an_answer_is_of_the_number_or_of_the_service() -> None:
    async with line(Mrw(), MrwStandIn) as mrw:
        mrw.journey = ""
        assert await mrw.parcels(NUMBER) == [UNKNOWN]

        body = recorded("mrw", "not_found").replace(b"No se encontraron resultados", b"Error interno")
        mrw.stand_in.faults.append(Fault(body=body))
        with pytest.raises(CarrierUnavailable, match="Error interno"):
            await mrw.ask(NUMBER)
