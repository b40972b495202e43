"""Correos Express: states in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.correos_express import CorreosExpressStandIn
from carriers.base import CarrierUnavailable, CredentialsRefused
from carriers.correos_express import CorreosExpress
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "9930000000000001"
UNKNOWN = Parcel("", not_found=True, note="1 No existe el envío")

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "sheet": (Status.DELIVERED, None),
    "out_for_delivery": None,
    "held": (Status.EXCEPTION, SubStatus.CANCELLED),
    "returned": (Status.RETURNED, None),
    "head_ahead": (Status.DELIVERED, None),
    "other_names": (Status.DELIVERED, None),
    "unlisted_code": None,
    "dst_nights": (Status.DELIVERED, None),
    "soap": (Status.DELIVERED, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [UNKNOWN], "error": []}


def parsed(name: str) -> list[Parcel]:
    return CorreosExpress().parse(recorded("correos_express", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(CorreosExpress(), LATEST)


@pytest.mark.parametrize(("answer", "parcels"), WHOLE.items())
def test_an_error_is_not_found_or_tells_of_no_parcel(answer: str, parcels: list[Parcel]) -> None:
    assert parsed(answer) == parcels
    assert CorreosExpress().parse(b'{"error": 0, "estadoEnvios": []}') == [Parcel("", not_found=True)]
    assert CorreosExpress().parse(b'{"codigoRetorno": 500, "mensajeRetorno": "Error"}') == []


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("correos_express")} == {*LATEST, *WHOLE}
    assert [code for _, code in CorreosExpress.table] == ["1", "12", "13", "14", "15", "16", "17", "19", "31"]
    assert sum(row.doubtful for row in CorreosExpress.table.values()) == 7


def test_an_event_happens_in_madrids_time_and_the_same_state_is_told_once() -> None:
    [parcel] = parsed("delivered")

    assert [event.row for event in parcel.events] == ["1", None, "12"]
    assert parcel._replace(events=parcel.events[2:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="12",
                text="ENTREGADO",
                status=Status.DELIVERED,
                row="12",
                place=Place(name="MADRID"),
            ),
        ),
    )
    assert "ROSSI" not in str(parcel)


def test_the_shipments_state_is_an_event_where_the_list_lacks_it_and_lost_zeros_are_put_back() -> None:
    head = parsed("head_ahead")[0].events[-1]

    assert (head.row, head.moment.local_time) == ("12", "2026-03-03T09:05:00")


def test_states_of_one_day_without_a_time_keep_their_order() -> None:
    states = [f'{{"codEstado": "{code}", "fechaEstado": "03032026"}}' for code in ("1", "5", "12")]
    [parcel] = CorreosExpress().parse(f'{{"estadoEnvios": [{", ".join(states)}]}}'.encode())

    assert [(event.code, event.sequence) for event in parcel.events] == [("1", 0), ("5", 1), ("12", 2)]


def test_a_day_alone_is_a_day_and_the_nights_of_the_clock_change_keep_the_printed_time() -> None:
    [whole] = [event.moment for event in parsed("other_names")[0].events]
    nights = [event.moment for event in parsed("dst_nights")[0].events]

    assert (whole.local_time, whole.until) == ("2026-03-03", datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))
    assert nights == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    CorreosExpress(), [b"", b"[]", b"{}", b'{"error": 1}', b'{"estados": []}', b"<html/>", b'{"error']
)


async def test_an_error_inside_an_answer_is_of_the_number_the_user_or_the_service() -> None:
    async with line(CorreosExpress(), CorreosExpressStandIn) as correos:
        with pytest.raises(CredentialsRefused, match="no tiene permisos"):
            await correos.ask(NUMBER, customer_code="another")

        correos.stand_in.faults.append(Fault(body='{"error": 7, "mensajeError": "Avería"}'.encode("latin-1")))
        with pytest.raises(CarrierUnavailable, match="7 Avería"):
            await correos.ask(NUMBER)

        correos.journey = ""
        assert await correos.parcels(NUMBER) == [UNKNOWN]
