"""Nacex: lines of its web service in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.journeys import JOURNEYS
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.nacex import WORDS, NacexStandIn
from carriers.base import CarrierUnavailable
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.nacex import Nacex
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import MEANT, line
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

NUMBER, CODE = "2800/00000001", "000000001"
HASH = "2998ce3a19e38e2184d3a058f6294efa"  # of the stand-in's password
UNKNOWN = Parcel("", not_found=True, note="Expedición no encontrada")

STATE: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, None),
    "returned": (Status.EXCEPTION, None),
    "day_alone": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "spring_night": (Status.IN_TRANSIT, None),
    "autumn_night": (Status.IN_TRANSIT, None),
    "hostile": (Status.EXCEPTION, None),
}
TOLD_IN_FULL = {"history"}
WHOLE: dict[str, list[Parcel]] = {"not_found": [UNKNOWN], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Nacex().parse(recorded("nacex", name))


@pytest.mark.parametrize(("answer", "meaning"), STATE.items())
def test_the_state_of_each_answer_means_what_the_customer_would_say(
    answer: str, meaning: tuple[Status, SubStatus | None] | None
) -> None:
    [parcel] = parsed(answer)

    assert [event.meaning for event in parcel.events if not event.list] == [meaning]


test_an_error_is_not_found_or_tells_of_no_parcel = answers_are(Nacex(), WHOLE)


def test_every_fixture_is_named_and_every_state_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("nacex")} == {*STATE, *WHOLE, *TOLD_IN_FULL}
    assert len(Nacex.table) == 5


def test_a_history_is_read_in_full() -> None:
    [parcel] = parsed("history")

    assert [(event.row, str(event.place), event.moment.local_time) for event in parcel.events] == [
        ("REPARTO", "BARCELONA", "2026-03-05T10:12:00"),
        (None, "MADRID", "2026-03-04T22:40:00"),
        ("RECOGIDO", "MADRID", "2026-03-04T18:02:00"),
    ]


def test_a_delivery_happens_in_madrids_time_and_names_nobody() -> None:
    assert parsed("delivered") == [
        Parcel(
            CODE,
            (
                TrackingEvent(
                    Moment(datetime(2026, 3, 3, 11, 3, tzinfo=UTC), "2026-03-03T12:03:00", OffsetSource.CARRIER),
                    code="OK",
                    text="OK",
                    status=Status.DELIVERED,
                    row="OK",
                ),
            ),
            aliases=(NUMBER,),
        )
    ]


def test_an_incident_has_its_remarks_and_another_expedition_says_nothing() -> None:
    incident, other = parsed("returned")[0].events

    assert (incident.text, incident.context, incident.row) == ("REHUSADO", "code 103", "INCIDENCIA")
    assert (other.list, other.code, other.text, other.unmapped) == ("D", "OK", "OK", True)


def test_a_day_alone_is_a_day_and_nights_of_the_clock_change_keep_the_printed_time() -> None:
    names = ("day_alone", "spring_night", "autumn_night")

    assert [parsed(name)[0].events[0].moment for name in names] == [
        Moment(
            datetime(2026, 3, 2, 23, tzinfo=UTC),
            "2026-03-03",
            OffsetSource.CARRIER,
            datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC),
        ),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


def test_the_fields_come_by_soap_as_well() -> None:
    fields = recorded("nacex", "delivered").split(b"|")
    inside = b"".join(b"<result>" + field + b"</result>" for field in fields)
    answer = b'<n:getEstadoExpedicionResponse xmlns:n="urn:soap/types">' + inside + b"</n:getEstadoExpedicionResponse>"

    assert Nacex().parse(answer) == parsed("delivered")


def test_text_in_latin_1_is_read_as_well() -> None:
    assert Nacex().parse("ERROR|Expedición no encontrada".encode("latin-1")) == [UNKNOWN]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Nacex(),
    [
        b"",
        b"{}",
        b"<html/>",
        b"<getEstadoExpedicionResponse/>",
        b"1|2|3|4|5",
        b"D|000000002|06/03/2026|10:00||OK",
        b"000000001|03/0",
        b"\n" * 9,
    ],
)


test_a_text_beyond_the_bounds_is_unreadable = refuses(Nacex(), [b"x" * (4 * 1024 * 1024 + 1), b"x\n" * 10_001])


async def test_the_last_state_of_every_journey_of_the_stand_in_is_understood() -> None:
    async with line(Nacex(), NacexStandIn) as nacex:
        for nacex.journey, legs in JOURNEYS.items():
            [parcel] = await nacex.parcels(NUMBER)
            told = [MEANT[leg.step] for leg in legs if leg.step in WORDS]

            assert ([event.status for event in parcel.events], parcel.aliases) == (told[-1:], (NUMBER,))


async def test_a_number_is_a_code_or_branch_and_waybill_and_the_password_goes_as_its_hash() -> None:
    async with line(Nacex(), NacexStandIn) as nacex:
        await nacex.ask(NUMBER)
        await nacex.ask(CODE, password=HASH)

    question = f"GET /nacex_ws/ws?method=getEstadoExpedicion&user=STANDIN&pass={HASH.upper()}&data="
    assert nacex.stand_in.requests == [
        f"{question}origen%3D2800%7Calbaran%3D00000001",
        f"{question}expe_codigo%3D000000001",
    ]


async def test_an_error_is_of_the_number_or_of_the_service() -> None:
    async with line(Nacex(), NacexStandIn) as nacex:
        nacex.journey = ""
        assert await nacex.parcels(NUMBER) == [UNKNOWN]

        nacex.stand_in.faults.append(Fault(body=b"ERROR|Servicio parado"))
        with pytest.raises(CarrierUnavailable, match="Servicio parado"):
            await nacex.ask(NUMBER)
