"""GLS Spain: answers of its service in, meanings out; and the way it is asked."""

from datetime import UTC, datetime
from operator import attrgetter

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.gls_spain import GlsSpainStandIn
from carriers.base import CarrierUnavailable
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.gls_spain import GlsSpain
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import refuses
from tests.recorded import recorded, recordings

NUMBER = "61000000000001"
UNKNOWN = Parcel("", not_found=True, note="No se encuentra la expedición")

LATEST: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.RETURNED, None),
    "parcel_shop": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "incident": (Status.EXCEPTION, None),
    "state_ahead": (Status.DELIVERED, None),
    "closed": None,
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "bare": (Status.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [UNKNOWN], "error": []}


def parsed(name: str) -> list[Parcel]:
    return GlsSpain().parse(recorded("gls_spain", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(
    answer: str, meaning: tuple[Status, SubStatus | None] | None
) -> None:
    told = [event for event in parsed(answer)[0].events if not event.list]

    assert max(told, key=attrgetter("moment.occurred_at", "sequence")).meaning == meaning


@pytest.mark.parametrize(("answer", "parcels"), WHOLE.items())
def test_an_error_is_not_found_or_tells_of_no_parcel(answer: str, parcels: list[Parcel]) -> None:
    assert parsed(answer) == parcels
    assert GlsSpain().parse(b"<expediciones/>") == [Parcel("", not_found=True)]


def test_every_fixture_is_named_and_every_state_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("gls_spain")} == {*LATEST, *WHOLE}
    assert len(GlsSpain.table) == 28


def test_an_event_happens_in_madrids_time_and_what_is_no_state_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[4:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="7",
                text="ENTREGADO",
                status=Status.DELIVERED,
                row="7",
                place=Place(name="MADRID"),
            ),
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="1",
                list="pod",
                place=Place(name="MADRID"),
                sequence=1,
            ),
        ),
        aliases=("100000001",),
    )
    assert "ROSSI" not in str(parcel)


def test_the_state_is_an_event_where_no_row_has_its_code() -> None:
    head, *others = parsed("state_ahead")[0].events

    assert (head.row, head.moment, head.sequence) == ("7", others[-1].moment, 1)
    state, *_, incident = parsed("incident")[0].events
    assert (state.row, incident.list, incident.text, incident.unmapped) == ("91", "incidencia", "AUSENTE", True)


def test_whatever_element_has_a_state_and_a_list_of_them_is_a_shipment() -> None:
    inside = recorded("gls_spain", "bare")
    [parcel] = GlsSpain().parse(b"<envio><codestado>7</codestado>" + inside + b"</envio>")

    assert [(event.code, event.sequence) for event in parcel.events] == [("7", 1), ("6", 0)]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


def test_an_answer_about_many_shipments_gives_each_its_own_parcel() -> None:
    assert [parcel.number for parcel in parsed("many_parcels")] == [NUMBER, "61000000000002"]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    GlsSpain(), [b"", b"{}", b"<html/>", b"<TrackResponse/>", b"<Error>x</Error>", b"<exped"]
)


async def test_an_unknown_number_and_a_wrong_client_id_get_the_same_answer() -> None:
    async with line(GlsSpain(), GlsSpainStandIn) as gls:
        assert await gls.parcels(NUMBER, uid="another") == [UNKNOWN]

        gls.journey = ""
        assert await gls.parcels(NUMBER) == [UNKNOWN]


async def test_any_other_error_is_the_services_trouble() -> None:
    async with line(GlsSpain(), GlsSpainStandIn) as gls:
        gls.stand_in.faults.append(Fault(body=recorded("gls_spain", "error")))
        with pytest.raises(CarrierUnavailable, match="Error interno"):
            await gls.ask(NUMBER)
