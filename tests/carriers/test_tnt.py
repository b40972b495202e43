"""TNT: ExpressConnect's answers in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.tnt import TntStandIn
from carriers.base import (
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RequestRefused,
    TrackingNumber,
)
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.tnt import Tnt
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, None),
    "returned": (Status.EXCEPTION, None),
    "delayed": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "delivered_without_its_event": (Status.DELIVERED, None),
    "summary_alone": (Status.DELIVERED, None),
    "unlisted_code": (Status.IN_TRANSIT, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "zones": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "repeated": (Status.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("123456782", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Tnt().parse(recorded("tnt", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Tnt(), LATEST)
test_an_answer_without_events_is_not_found_or_tells_of_no_parcel = answers_are(Tnt(), WHOLE)


def test_every_fixture_is_named_and_every_code_that_is_known_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("tnt")} == {*LATEST, *WHOLE}
    assert [within for within, _ in Tnt.table] == [""] * 10 + ["summary"] * 4


def test_a_delivery_is_told_once_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 5
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        "123456782",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 11, 3, tzinfo=UTC), "2026-03-04T12:03:00", OffsetSource.PLACE),
                code="OK",
                text="Delivered In Good Order.",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="OK",
                place=Place("Lyon", country="FR", code="LYS"),
            ),
        ),
    )
    assert "ROSSI" not in str(parcel)


@pytest.mark.parametrize(("answer", "code", "summary"), [("held", "HW", "EXC"), ("unlisted_code", "ZZ", "INT")])
def test_a_code_that_is_not_known_stays_raw_and_the_summary_tells_where_the_parcel_stands(
    answer: str, code: str, summary: str
) -> None:
    head, raw, *_ = parsed(answer)[0].events

    assert (raw.code, raw.status, raw.unmapped) == (code, None, True)
    assert (head.row, head.moment, head.sequence) == (f"summary/{summary}", raw.moment, raw.sequence + 1)


def test_a_summary_alone_happened_at_the_delivery_or_since_the_collection() -> None:
    assert [(parcel.events[0].row, parcel.events[0].moment.local_time) for parcel in parsed("summary_alone")] == [
        ("summary/DEL", "2026-03-04T12:03:00"),
        ("summary/INT", "2026-03-02"),
        ("summary/EXC", "2026-03-02"),
    ]
    assert parsed("delivered_without_its_event")[0].events[0].place == Place("LYON", country="FR")


def test_a_time_is_its_depots_own_where_that_can_be_told() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 7, 1, 8, tzinfo=UTC), "2026-07-01T09:00:00", OffsetSource.PLACE),
        Moment(datetime(2026, 6, 30, 9, tzinfo=UTC), "2026-06-30T09:00:00", OffsetSource.UNKNOWN),
        Moment(datetime(2026, 6, 29, 7, tzinfo=UTC), "2026-06-29T09:00:00", OffsetSource.PLACE),
        Moment(
            datetime(2026, 6, 28, tzinfo=UTC),
            "2026-06-28",
            OffsetSource.UNKNOWN,
            datetime(2026, 6, 28, 23, 59, 59, tzinfo=UTC),
        ),
    ]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.PLACE),
    ]


def test_the_same_scan_twice_is_one() -> None:
    assert [event.moment.local_time[11:16] for event in parsed("repeated")[0].events] == ["07:47", "07:49", "18:10"]


def test_an_answer_about_many_consignments_gives_each_its_own_parcel() -> None:
    assert [(parcel.number, parcel.not_found, parcel.aliases) for parcel in parsed("many_parcels")] == [
        ("123456782", False, ()),
        ("123456791", True, ()),
        ("GE123456805IT", False, ("98765",)),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Tnt(), [b"", b"{}", b"<TrackResponse/>", b"<html/>", b"<ELENCO/>", b"<TrackResponse><Cons"]
)


async def test_what_stays_in_the_country_is_asked_about_apart() -> None:
    here = TrackingNumber("123456782", country="IT")
    async with line(Tnt(), TntStandIn) as tnt:
        answers = await tnt.ask(here, "123456791", TrackingNumber("GE123456805IT", country="FR"))

    assert [answer.numbers for answer in answers] == [("123456782",), ("123456791", "GE123456805IT")]
    assert [parcel.number for answer in answers for parcel in Tnt().parse(answer.body)] == [
        "123456782",
        "123456791",
        "GE123456805IT",
    ]


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(Tnt(), TntStandIn) as tnt:
        tnt.journey = ""

        assert await tnt.parcels("123456782") == [Parcel("123456782", not_found=True)]


@pytest.mark.parametrize(
    ("code", "error"),
    [("0001", CarrierUnavailable), ("1001", RequestRefused), ("7002", CredentialsRefused), ("9001", RequestRefused)],
)
async def test_an_error_inside_an_answer_has_its_name(code: str, error: type[CarrierError]) -> None:
    body = f"<TrackResponse><Error><Code>{code}</Code><Message>No</Message></Error></TrackResponse>".encode()
    async with line(Tnt(), TntStandIn) as tnt:
        assert type(await tnt.refusal("123456782", Fault(body=body))) is error
