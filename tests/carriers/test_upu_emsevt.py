"""EMSEVT records of any post, as events."""

from datetime import UTC, datetime

import pytest

from carriers import parse
from carriers.base import UnreadablePayload
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.upu_emsevt import UpuEmsevt
from carriers.vocabulary import Status, SubStatus
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
ITEM = "RB123456785GB"

NEWEST: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, B.CUSTOMS_HOLD),
    "failed_attempt": (S.FAILED_ATTEMPT, None),
    "returned": (S.RETURNED, None),
    "delivered_at_home": (S.DELIVERED, None),
    "domestic": (S.DELIVERED, None),
    "many_parcels": (S.AVAILABLE_FOR_PICKUP, B.POST_OFFICE),
    "dst_nights": (S.IN_TRANSIT, B.ARRIVED),
    "unlisted_code": None,
    "hostile": (S.IN_TRANSIT, B.ARRIVED),
}


def parcels(name: str) -> list[Parcel]:
    return UpuEmsevt().parse(recorded("upu_emsevt", name))


def events(name: str) -> tuple[TrackingEvent, ...]:
    return parcels(name)[0].events


@pytest.mark.parametrize(("body", "meaning"), NEWEST.items())
def test_newest_event(body: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each item means what the recipient would say."""
    assert max(events(body), key=lambda event: event.moment.occurred_at).meaning == meaning


def test_every_recording_is_named() -> None:
    """No fixture lies unread, and the table holds the whole list."""
    assert {path.stem for path in recordings("upu_emsevt")} == {*NEWEST, "not_found"}
    lists = [within for within, _ in UpuEmsevt.table]
    assert {within: lists.count(within) for within in lists} == {"": 26, "back": 2, "home": 1, "text": 12}


def test_an_event_in_whole() -> None:
    """The office's code and country, its own time; who signed stays in the raw body."""
    first = events("delivered")[0]

    assert first == TrackingEvent(
        Moment(datetime(2026, 3, 6, 10, 5, tzinfo=UTC), "2026-03-06T11:05:00", OffsetSource.PLACE),
        "EMI",
        status=S.DELIVERED,
        row="EMI",
        place=Place(country="IT", code="ITMILA"),
    )
    assert "BIANCHI" not in repr(parcels("delivered"))


@pytest.mark.parametrize(
    ("body", "row", "doubtful"), [("returned", "back/EMI", False), ("delivered_at_home", "home/EMI", True)]
)
def test_a_delivery_where_the_item_came_from(body: str, row: str, doubtful: bool) -> None:
    """It is a return if the item was abroad; alone, who knows."""
    event = events(body)[0]

    assert (event.code, event.list, event.row, event.doubtful) == ("EMI", "", row, doubtful)
    assert row == f"{event.context}/EMI"
    assert events("domestic")[0].row == "EMI"


def test_a_record_that_comes_twice_is_one_event() -> None:
    """Its reason and action are shown."""
    assert [(event.code, event.text) for event in events("failed_attempt")] == [
        ("EMH", "reason 11, action C"),
        ("EMD", ""),
    ]


def test_items_of_one_body_are_parcels_of_their_own() -> None:
    """One that nothing is known of is not found."""
    assert [(each.number, len(each.events)) for each in parcels("many_parcels")] == [("CP123456785FR", 2), (ITEM, 1)]
    assert parcels("not_found") == [Parcel(ITEM, not_found=True)]


def test_both_clock_changes() -> None:
    """A country with several zones tells none, unless the time prints its offset."""
    assert [(event.moment.occurred_at.isoformat(), event.moment.offset_source) for event in events("dst_nights")] == [
        ("2026-10-25T00:30:00+00:00", "place"),
        ("2026-03-29T01:30:00+00:00", "place"),
        ("2026-03-28T02:30:00+00:00", "unknown"),
        ("2026-03-27T00:30:00+00:00", "given"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"<a/>",
        b'{"item": "1Z999AA10123456784", "event": "EMD"}',
        b'{"item": "RB123456785GB"}',
        b'{"number": "RB123456785GB", "events": 7}',
        b'[{"number": "RB123456785GB", "status": "delivered"}]',
    ],
)
def test_another_body_is_refused(body: bytes) -> None:
    """What is no record of a postal item is not read as one."""
    with pytest.raises(UnreadablePayload):
        parse("upu_emsevt", body)
