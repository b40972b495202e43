"""IFTSTA messages, as parcels."""

from datetime import UTC, date, datetime

import pytest

from carriers.base import UnreadablePayload
from carriers.edifact_iftsta import EdifactIftsta
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, newest_means
from tests.recorded import recorded, recordings

S, B = Status, SubStatus

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.IN_TRANSIT, None),  # Recommendation 24 has no word for it
    "held": (S.EXCEPTION, B.HELD),
    "returned": (S.EXCEPTION, B.RETURNING),
    "reasons": (S.FAILED_ATTEMPT, B.RECIPIENT_ABSENT),
    "many_parcels": (S.IN_TRANSIT, B.PICKED_UP),
    "unlisted_code": None,
    "own_codes": None,
    "release_character": (S.IN_TRANSIT, B.DELAYED),
    "dst_nights": (S.IN_TRANSIT, None),
    "repeated": (S.DELIVERED, None),
    "hostile": (S.IN_TRANSIT, B.ARRIVED),
}


def parcels(name: str) -> list[Parcel]:
    return EdifactIftsta().parse(recorded("edifact_iftsta", name))


def parsed(text: str, charset: str = "utf-8") -> list[Parcel]:
    return EdifactIftsta().parse(text.encode(charset))


test_newest_event = newest_means(EdifactIftsta(), NEWEST)


def test_every_recording_is_named() -> None:
    """No fixture lies unread, and the table holds both lists."""
    assert {path.stem for path in recordings("edifact_iftsta")} == {*NEWEST, "error"}
    lists = [within for within, _ in EdifactIftsta.table]
    assert {each: lists.count(each) for each in lists} == {"": 103, "reason": 59}


def test_a_message_in_whole() -> None:
    """The carrier's other numbers are aliases, the customer's are not; free text stays in the raw body."""
    [parcel] = parcels("delivered")

    assert (parcel.number, parcel.aliases, len(parcel.events)) == ("CONS0001", ("WB123456",), 3)
    assert parcel.events[-1] == TrackingEvent(
        Moment(datetime(2026, 3, 5, 16, 30, tzinfo=UTC), "2026-03-05T17:30:00", OffsetSource.PLACE),
        "13",
        status=S.IN_TRANSIT,
        sub_status=B.PICKED_UP,
        row="13",
        place=Place("Milano", country="IT", code="ITMIL"),
    )
    assert "BIANCHI" not in repr(parcel)
    assert parcels("error") == []


def test_a_reason_refines_what_it_may() -> None:
    """The first that means something, of the UN's list; one that is not listed leaves the status as it is."""
    assert [(event.code, event.row, event.context) for event in parcels("reasons")[0].events] == [
        ("23", "reason/6", "reason 6"),
        ("23", "reason/7", "reason 7"),
        ("21", "21", ""),
        ("23", "23", ""),
        ("20", "20", ""),
    ]


def test_codes_of_another_list_are_not_the_un_s() -> None:
    """A carrier's own, or of another category."""
    assert [(event.list, event.code, event.row) for event in parcels("own_codes")[0].events] == [
        ("own CARRIERX 87", "21", None),
        ("category 5", "21", None),
        ("", "21", "21"),
    ]


def test_a_message_about_many() -> None:
    """Of several packages each has its own events; a single one is the consignment by another number."""
    found = parcels("many_parcels")

    assert [(each.number, each.aliases, [event.code for event in each.events]) for each in found] == [
        ("CONS0001", (), ["13"]),
        ("095211100000000014", ("00095211100000000014",), ["21", "31", "13"]),
        ("095211100000000021", ("00095211100000000021",), ["31", "13"]),
        ("CONS0002", ("PKG00042",), ["49"]),
        ("CONS0003", (), ["21"]),
        ("CONS0004", (), ["3"]),
    ]
    assert found[-1].events[0].moment.local_time == "2026-03-08T10:00:00"


def test_formats_of_times() -> None:
    """With an offset, with a zone's letters, a day alone; the expected delivery."""
    assert [event.moment.occurred_at.isoformat() for event in parcels("held")[0].events] == [
        "2026-03-07T07:42:00+00:00",
        "2026-03-06T08:42:00+00:00",
    ]
    day = parcels("returned")[0].events[0].moment
    assert (day.local_time, day.until) == ("2026-03-09", datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC))
    start, end = datetime(2026, 3, 6, 23, tzinfo=UTC), datetime(2026, 3, 7, 22, 59, 59, tzinfo=UTC)
    assert parcels("out_for_delivery")[0].eta == Eta(start, end, date(2026, 3, 7))


@pytest.mark.parametrize("codes", [("13", "31", "21"), ("21", "31", "13")])
def test_statuses_of_one_instant_keep_the_message_s_order(codes: tuple[str, ...]) -> None:
    """Which its ends tell; the delivery is the newest in either."""
    times = {"13": "202603050800", "31": "202603070900", "21": "202603070900"}
    said = "".join(f"STS+1+{code}'DTM+7:{times[code]}:203'" for code in codes)
    [parcel] = parsed(f"UNH+1+IFTSTA:D:99B:UN'CNI+1+CONS1'{said}UNT+9+1'")

    assert [(event.code, event.sequence) for event in parcel.events] == [("21", 1), ("31", 0), ("13", 0)]


def test_both_clock_changes() -> None:
    """In the zone of the place; a country with several tells none."""
    assert [
        (event.moment.occurred_at.isoformat(), event.moment.offset_source) for event in parcels("dst_nights")[0].events
    ] == [
        ("2026-10-25T00:30:00+00:00", "place"),
        ("2026-03-29T01:30:00+00:00", "place"),
        ("2026-03-28T02:30:00+00:00", "unknown"),
    ]


def test_marks_are_those_that_the_message_names() -> None:
    """Released ones are text; a status that comes twice is one event."""
    [event] = parcels("release_character")[0].events

    assert (event.text, event.place) == ("Driver's van, 10:30 + ? min", Place("Sant'Angelo", code="X"))
    assert [event.code for event in parcels("repeated")[0].events] == ["21"]


def test_the_charset_is_that_of_the_head() -> None:
    """UNOC is ISO 8859-1."""
    said = "UNH+1+IFTSTA:D:99B:UN'CNI+1+CONS1'STS+1+21:::Übergabe'DTM+7:20260307:102'UNT+5+1'UNZ+1+1'"

    assert parsed(f"UNB+UNOC:3+A+B+260305:0915+1'{said}", "iso8859-1")[0].events[0].text == "Übergabe"
    assert parsed(f"UNB+UNOY:3+A+B+260305:0915+1'{said}")[0].events[0].text == "Übergabe"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "UNB",
        "UNB+UNOC:3+A+B'",
        "UNH+1+IFTSTA:D:99B:UN'CNI+1+CONS1'",
        "UNH+1+IFTSTA:D:99B:UN'CNI+1+CONS1'UNT+3+1",
        "UNH+1+IFTSTA:D:99B:UN'UNH+2+IFTSTA:D:99B:UN'UNT+2+2'",
        "UNH+1+ORDERS:D:99B:UN'BGM+1'UNT+3+1'",
        "UNA::::::UNH+1+IFTSTA'",
        "UNH+1+IFTSTA:D:99B:UN'<html>'UNT+2+1'",
        "UNH+1+IFTSTA:D:99B:UN'" + "A'" * 100_001,
    ],
    ids=lambda body: body[:24],
)
def test_another_body_or_half_of_one_is_refused(body: str) -> None:
    """What is not whole is not read in part."""
    with pytest.raises(UnreadablePayload):
        parsed(body)
