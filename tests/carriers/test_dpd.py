"""DPD's parcel life cycle, SCANINFO files and German page, as events."""

from datetime import UTC, datetime

import pytest

from carriers.base import UnreadablePayload
from carriers.dpd import Dpd
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
OUT = (S.OUT_FOR_DELIVERY, None)

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": OUT,
    "failed_attempt": (S.FAILED_ATTEMPT, None),
    "shop": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "dst_nights": (S.IN_TRANSIT, None),
    "unlisted_code": None,
    "page": OUT,
    "page_head": (S.DELIVERED, None),
    "page_without_scans": (S.IN_TRANSIT, None),
    "held": (S.EXCEPTION, B.HELD),
    "returned": (S.RETURNED, None),
    "hostile": (S.DELIVERED, None),
    "file_without_head": OUT,
}
OTHER = {
    "not_found": [Parcel("", not_found=True, note="No data for this parcel")],
    "page_not_found": [Parcel("", not_found=True)],
    "error": [],
    "error_without_code": [],
}


def parcel(name: str) -> Parcel:
    [found] = Dpd().parse(recorded("dpd", name))
    return found


def told(name: str) -> list[tuple[str, str, str | None]]:
    """List, code and row, newest first."""
    return [(event.list, event.code, event.row) for event in parcel(name).events]


test_newest_event = newest_means(Dpd(), NEWEST, alone=True)
test_answers_without_parcels = answers_are(Dpd(), OTHER)
"""A fault is an unknown parcel, unless it is about the login or has no code."""


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("dpd")} == {*NEWEST, *OTHER, "many_parcels"}


def test_phases_to_come_are_not_read() -> None:
    """Everything that an answer says of those reached; midnight and noon as the United States write them."""
    [first, *others] = parcel("out_for_delivery").events

    assert first == TrackingEvent(
        Moment(datetime(2026, 3, 5, 7, 30, tzinfo=UTC), "2026-03-05T08:30:00", OffsetSource.CARRIER),
        "Courier",
        "status",
        text="Parcel out for delivery",
        status=S.OUT_FOR_DELIVERY,
        row="status/Courier",
        place=Place(city="Mechelen", country="BE"),
    )
    assert [(event.code, event.moment.local_time, event.doubtful) for event in others] == [
        ("Depot", "2026-03-05T06:09:55", False),
        ("PickedUp", "2026-03-04T00:05:10", True),
        ("SHIPMENT", "2026-03-03T17:20:00", False),
    ]
    assert parcel("delivered").events[0].moment.local_time == "2026-03-05T12:15:00"


def test_a_file_tells_of_many_parcels() -> None:
    """In any order and with repetitions; what scan 13 means, the service tells."""
    found = Dpd().parse(recorded("dpd", "many_parcels"))

    assert [(each.number, each.service, [event.row for event in each.events]) for each in found] == [
        ("01234567890123", "327", ["scan/13", "scan/03", "scan/05"]),
        ("01234567890124", "332", ["scan service/13 332"]),
        ("01234567890125", "337", ["scan service/13 337", "scan/23"]),
        ("01234567890126", "101", ["scan/18"]),
    ]
    assert [each.events[0].meaning for each in found] == [
        (S.DELIVERED, None),
        (S.RETURNED, None),
        (S.DELIVERED, B.COLLECTED),
        None,
    ]
    assert found[0].events[0].place == Place(code="0150")
    assert found[1].events[0].context == "service 332"


def test_geopost_s_letters_are_a_list_of_their_own() -> None:
    """Beside the numbers, in the same column and field."""
    assert told("file_without_head") == [("geopost", "DLO", "geopost/DLO"), ("geopost", "ORI", "geopost/ORI")]
    assert told("held") == [("geopost", "DODEX", "geopost/DODEX"), ("scan", "05", "scan/05")]


def test_the_page_s_life_cycle_is_told_where_no_scan_tells_it() -> None:
    """Its present phase beside scans, all that are reached without any."""
    assert told("page") == [("scan", "03", "scan/03"), ("scan", "05", "scan/05")]
    assert told("page_head") == [("status", "DELIVERED", "status/DELIVERED"), ("scan", "05", "scan/05")]
    assert [code for _, code, _ in told("page_without_scans")] == ["ON_THE_ROAD", "SHIPMENT"]


@pytest.mark.parametrize("answer", ["delivered", "many_parcels"])
def test_nothing_personal_is_kept(answer: str) -> None:
    """Who received a parcel stays in the raw body."""
    assert b"BIANCHI" in recorded("dpd", answer).upper()
    assert "BIANCHI" not in repr(Dpd().parse(recorded("dpd", answer))).upper()


def test_both_clock_changes() -> None:
    """The doubled hour of autumn is the earlier one, the missing one of spring is read with winter's offset."""
    assert [event.moment.occurred_at.isoformat() for event in parcel("dst_nights").events] == [
        "2026-10-25T00:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
        "2026-03-27T23:00:00+00:00",
    ]


def test_the_table_holds_every_code() -> None:
    """17 scans, 11 words and 40 of Geopost's; four more for the services that change a delivery."""
    lists = [within for within, _ in Dpd.table]

    assert {within: lists.count(within) for within in lists} == {
        "scan": 17,
        "status": 11,
        "geopost": 40,
        "scan service": 4,
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<html/>",
        b"PARCELNO;SCAN_CODE\n",
        b"12345;13;0150;20260305081200",
        b"\0\1",
        b'"' + b"x" * 200_000,
        b"01234567890123;13;0150;20260305081200\n" * 10_001,
        b'<e:Fault xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><detail><f><errorCode>1</errorCode></f></detail></e:Fault>',
    ],
    ids=lambda body: str(body[:12]),
)
def test_another_body_is_refused(body: bytes) -> None:
    """What DPD did not write is not read as DPD's."""
    with pytest.raises(UnreadablePayload):
        Dpd().parse(body)
