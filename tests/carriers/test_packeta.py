"""Packeta: answers of `packetTracking` and `packetStatus` in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.packeta import PacketaStandIn
from carriers.base import RequestRefused
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.packeta import Packeta
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

READY = (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT)
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "collected": (Status.DELIVERED, SubStatus.COLLECTED),
    "ready": READY,
    "status": READY,
    "soap_history": READY,
    "soap_client": READY,
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.RETURNED, None),
    "partner": (Status.FAILED_ATTEMPT, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "soap_not_found": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return Packeta().parse(recorded("packeta", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Packeta(), LATEST)
test_a_fault_is_not_found_or_tells_of_no_parcel = answers_are(Packeta(), WHOLE)


def test_every_fixture_is_named_and_every_code_of_the_list_stands_in_the_table() -> None:
    codes = {int(code) for within, code in Packeta.table if not within}

    assert {path.stem for path in recordings("packeta")} == {*LATEST, *WHOLE}
    assert codes == {*range(1, 32), 999} - {8, 13}
    assert len(Packeta.table) == 31


def test_a_delivery_after_the_parcel_lay_ready_is_its_being_collected() -> None:
    assert parsed("collected")[0].events[-1] == TrackingEvent(
        Moment(datetime(2026, 3, 5, 16, 45, 12, tzinfo=UTC), "2026-03-05T17:45:12", OffsetSource.CARRIER),
        code="7",
        context="after 5",
        text="Doručena",
        status=Status.DELIVERED,
        sub_status=SubStatus.COLLECTED,
        row="7 after 5/7",
        place=Place(code="79"),
    )


def test_the_partners_number_is_another_of_the_parcel() -> None:
    [parcel] = parsed("partner")

    assert parcel.aliases == ("1234567890123",)
    assert [(event.code, event.status, event.sequence) for event in parcel.events[2:4]] == [
        ("6", Status.IN_TRANSIT, 0),
        ("31", None, 1),
    ]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment.occurred_at for event in parsed("dst_nights")[0].events] == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Packeta(),
    [
        b"",
        b"{}",
        b"[1]",
        b'{"record": [{"statusCode": 1}]}',
        b"<response/>",
        b"<html/>",
        b"<response><status>ok</status><result><id>1</id></result></response>",
        b"<response><status>ok",
    ],
)


async def test_a_number_is_asked_about_without_its_z_and_an_unknown_one_is_an_answer() -> None:
    async with line(Packeta(), PacketaStandIn) as packeta:
        [known] = await packeta.parcels("Z1234567890")
        packeta.journey = ""

        assert known.events
        assert await packeta.parcels("Z1234567890") == [Parcel("", not_found=True)]


async def test_another_fault_is_about_the_question() -> None:
    body = b"<response><status>fault</status><fault>ArgumentsFault</fault></response>"
    async with line(Packeta(), PacketaStandIn) as packeta:
        packeta.stand_in.faults.append(Fault(body=body))
        with pytest.raises(RequestRefused):
            await packeta.ask("1234567890")
