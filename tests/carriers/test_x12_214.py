"""Transaction sets 214, as parcels."""

from datetime import UTC, datetime

import pytest

from carriers.base import UnreadablePayload
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from carriers.x12_214 import X12Status
from tests.carriers.meanings import Meaning, newest_means
from tests.recorded import recorded, recordings

S, B = Status, SubStatus

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, B.HELD),
    "announced_then_autumn": (S.IN_TRANSIT, B.DEPARTED),
    "returned": (S.EXCEPTION, B.RETURNING),
    "reasons": (S.FAILED_ATTEMPT, B.RECIPIENT_ABSENT),
    "unlisted_code": None,
    "dst_nights": (S.IN_TRANSIT, B.DEPARTED),
    "hostile": (S.IN_TRANSIT, B.ARRIVED),
}


def parcels(name: str) -> list[Parcel]:
    return X12Status().parse(recorded("x12_214", name))


test_newest_event = newest_means(X12Status(), NEWEST)


def test_every_recording_is_named() -> None:
    """No fixture lies unread, and the table holds the three lists."""
    assert {path.stem for path in recordings("x12_214")} == {*NEWEST, "many_parcels", "error"}
    lists = [within for within, _ in X12Status.table]
    assert {each: lists.count(each) for each in lists} == {"": 41, "appointment": 2, "reason": 27}


def test_a_message_in_whole() -> None:
    """The carrier's tracking number is an alias, the shipper's reference is not; nobody is named."""
    [parcel] = parcels("delivered")

    assert (parcel.number, parcel.aliases, [event.code for event in parcel.events]) == (
        "PRO0001",
        ("TRK00001",),
        ["D1", "X1", "AF", "R1"],
    )
    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 5, 14, 55, tzinfo=UTC), "2026-03-05T08:55:00", OffsetSource.PLACE),
        "D1",
        status=S.DELIVERED,
        row="D1",
        place=Place("DALLAS", state="TX", country="US"),
    )
    assert "BIANCHI" not in repr(parcel)
    assert parcels("error") == []


def test_the_time_is_that_of_its_code_or_of_its_place() -> None:
    """A state with two zones tells none."""
    assert [
        (each.moment.occurred_at.isoformat()[:16], each.moment.offset_source)
        for each in parcels("delivered")[0].events[2:]
    ] == [
        ("2026-03-05T03:05", "given"),
        ("2026-03-03T11:05", "unknown"),
    ]
    assert [
        parcels(name)[0].events[0].moment.occurred_at.isoformat()[:16]
        for name in ("out_for_delivery", "held", "returned")
    ] == [
        "2026-03-05T13:42",
        "2026-03-05T08:42",
        "2026-03-09T15:00",
    ]


def test_an_appointment_or_estimate_is_the_expected_time_and_no_event() -> None:
    """The last that is told."""
    [parcel] = parcels("out_for_delivery")

    assert [event.code for event in parcel.events] == ["X1"]
    assert parcel.eta is not None
    assert parcel.eta.day is not None
    assert X12Status().parse(b"ST*214*1~B10*PRO1~LX*1~AT7***AB*NA*20260306*1400*UT~SE*5*1~") == [
        Parcel("PRO1", eta=Eta(latest=datetime(2026, 3, 6, 14, tzinfo=UTC)))
    ]


def test_a_reason_refines_what_it_may() -> None:
    """The same letters are another thing in each list; a reason that is not listed leaves the status as it is."""
    assert [(event.code, event.row) for event in parcels("reasons")[0].events] == [
        ("AP", "reason/AQ"),
        ("AH", "AH"),
        ("SD", "reason/AO"),
        ("A7", "A7"),
        ("X1", "X1"),
    ]


def test_a_message_about_many() -> None:
    """Each group's packages have its events; the shipment is known by the carrier's number."""
    assert [(each.number, each.aliases, [event.code for event in each.events]) for each in parcels("many_parcels")] == [
        ("PRO0001", ("TRK00001",), []),
        ("00095211100000000014", ("095211100000000014",), ["D1"]),
        ("00095211100000000021", ("095211100000000021",), ["X6"]),
        ("PKG00022", (), ["X6"]),
        ("PRO0002", (), ["AF"]),
        ("PRO0003", ("PKG00031",), ["SD"]),
    ]


def test_both_clock_changes() -> None:
    """The doubled hour is the earlier one, the missing one is read with winter's offset; a day is a day."""
    assert [event.moment.occurred_at.isoformat()[:16] for event in parcels("dst_nights")[0].events] == [
        "2026-11-01T05:30",
        "2026-03-08T08:30",
        "2026-03-06T23:00",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"ST",
        b"STAR",
        b"ST*214*1~B10*PRO1~",
        b"ST*850*1~BEG*00~SE*3*1~",
        b"ST*214*1~B10*PRO1~SE*3*1",
        b"ISA*00*" + b" " * 98 + b">~ST*214*1~SE*2*1~",
        b"ST*214*1~<html>~SE*2*1~",
    ],
    ids=lambda body: str(body[:20]),
)
def test_another_body_or_half_of_one_is_refused(body: bytes) -> None:
    """What is not whole is not read in part."""
    with pytest.raises(UnreadablePayload):
        X12Status().parse(body)
