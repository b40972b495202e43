"""SEUR: situations in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.seur import SeurStandIn
from carriers.base import CredentialsRefused
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.seur import Seur
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "F1000001"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "absent": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "accounting": None,
    "lost": (Status.EXCEPTION, SubStatus.LOST),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "simplified": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "older_soap": (Status.DELIVERED, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "collection_alone": [Parcel("", not_found=True)],
    "older_not_found": [Parcel("", not_found=True)],
    "older_error": [],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return Seur().parse(recorded("seur", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Seur(), LATEST)
test_an_answer_without_a_shipment_is_not_found_or_tells_of_no_parcel = answers_are(Seur(), WHOLE)


def test_every_fixture_is_named_and_every_code_that_is_known_stands_in_the_table() -> None:
    lists = [within for within, _ in Seur.table]

    assert {path.stem for path in recordings("seur")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "family")] == [160, 5]


def test_the_first_letter_of_a_code_tells_nothing() -> None:
    body = recorded("seur", "simplified").replace(b"LI578", b"SI578")

    assert [event.row for event in Seur().parse(body)[0].events] == ["LI578"]


def test_a_situation_happens_in_madrids_time() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[3:]) == Parcel(
        "",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="LL001",
                text="ENTREGADO",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="LL001",
            ),
        ),
    )


def test_a_code_without_a_row_means_what_its_family_means() -> None:
    assert [event.row for event in parsed("accounting")[0].events] == ["LL001", "family/LK5", "family/LM", "family/LL"]
    assert (parsed("delivered")[0].events[1].row, parsed("lost")[0].events[-1].row) == ("family/LI3", "LK535")


def test_what_several_entries_tell_is_told_once_and_a_collection_is_no_shipment() -> None:
    assert [event.code for event in parsed("many_parcels")[0].events] == ["LC101", "LC001"]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.GIVEN),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Seur(), [b"", b"[]", b"{}", b'{"data": [{"id": "1"}]}', b'{"errors": [1]}', b"<html/>"]
)


async def test_what_is_asked() -> None:
    async with line(Seur(), SeurStandIn) as seur:
        await seur.ask(NUMBER)

    assert seur.stand_in.requests[1] == (
        "GET /pic/v1/tracking-services/extended"
        f"?refType=REFERENCE&ref={NUMBER}&idNumber=B00000000&accountNumber=10001&businessUnit=30"
    )


async def test_a_reference_that_is_not_known_is_an_answer() -> None:
    async with line(Seur(), SeurStandIn) as seur:
        seur.journey = ""

        assert await seur.parcels(NUMBER) == [Parcel("", not_found=True)]


async def test_keys_are_refused_by_400_too() -> None:
    async with line(Seur(), SeurStandIn) as seur:
        seur.stand_in.faults.append(Fault(400, body=b'{"error": "invalid_grant"}'))
        with pytest.raises(CredentialsRefused):
            await seur.ask(NUMBER)
