"""DHL Paket's Parcel DE Tracking, as events."""

import re
from datetime import UTC, datetime

from carriers.dhl_parcel_de import DhlParcelDe
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
NUMBER = "00340434161094000001"
OUT = (S.OUT_FOR_DELIVERY, None)

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, B.TO_RECIPIENT),
    "out_for_delivery": OUT,
    "held": (S.EXCEPTION, B.HELD),
    "failed_attempt": (S.FAILED_ATTEMPT, B.RECIPIENT_ABSENT),
    "returned": (S.RETURNED, None),
    "locker": (S.AVAILABLE_FOR_PICKUP, B.LOCKER),
    "shop_hand_in": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "disposed": (S.EXCEPTION, B.SEIZED),
    "taken_back": None,
    "ttpro_alone": (S.IN_TRANSIT, B.ARRIVED),
    "unlisted_reason": None,
    "unlisted_code": None,
    "head_alone": OUT,
    "same_minute": (S.IN_TRANSIT, None),
    "abroad": (S.IN_TRANSIT, B.ARRIVED),
    "dst_nights": (S.IN_TRANSIT, B.ARRIVED),
}
OTHER = {
    "not_found": [Parcel("", not_found=True, note="No data found")],
    "not_yet": [Parcel("", not_found=True, note="No electronic data yet")],
    "error": [],
}


def parcel(name: str) -> Parcel:
    [found] = DhlParcelDe().parse(recorded("dhl_parcel_de", name))
    return found


test_newest_event = newest_means(DhlParcelDe(), NEWEST, alone=True)
test_answers_without_parcels = answers_are(DhlParcelDe(), OTHER)
"""No data, and none yet, is not found; an error tells of no parcel."""


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("dhl_parcel_de")} == {*NEWEST, *OTHER, "many_parcels", "hostile"}


def test_a_whole_parcel() -> None:
    """Everything that an answer says but names; the present status is told once."""
    [first, *others] = parcel("out_for_delivery").events

    assert parcel("out_for_delivery")._replace(events=()) == Parcel(NUMBER, service="DHL PAKET")
    assert first == TrackingEvent(
        Moment(datetime(2026, 3, 5, 7, 47, tzinfo=UTC), "2026-03-05T08:47:00", OffsetSource.CARRIER),
        "LDTMV MVMTV/PO",
        "ice",
        text="Loaded onto delivery vehicle",
        status=S.OUT_FOR_DELIVERY,
        row="ice/LDTMV MVMTV/PO",
        place=Place(city="Bonn", country="DE"),
        id="2026-03-05T08:47:00 LDTMV MVMTV/PO",
    )
    assert [event.row for event in others] == ["ice/SHRCU NRQRD/ES", "ice/PARCV NRQRD/VA"]


def test_a_delivery_on_the_way_home_is_a_return() -> None:
    """By the event's own flag."""
    [event, *_] = parcel("returned").events

    assert (event.row, event.context, event.code) == ("return/delivered", "return", "DLVRD ACCPT/ZU")


def test_the_driver_takes_an_event_back() -> None:
    """It is withdrawn, also where it was told before, and the head does not tell it again."""
    told = parcel("taken_back")

    assert [event.code for event in told.events] == [
        "STORN NRQRD/DD",
        "LDTMV MVMTV/PO",
        "SHRCU NRQRD/ES",
        "PARCV NRQRD/VA",
    ]
    assert told.withdrawn == (parcel("delivered").events[0].id,) == ("2026-03-05T11:02:00 DLVRD ACCPT/ZU",)


def test_an_unlisted_reason_means_what_the_listed_ones_agree_upon() -> None:
    """Doubtful; where they do not agree, as in deliveries, there is no status. A disposal's ZU is no delivery."""
    assert [(event.code, event.row, event.doubtful) for event in parcel("unlisted_reason").events] == [
        ("DLVRD ZZZZZ/ZU", None, False),
        ("DSPSD ZZZZZ/ZU", "ice ttpro/DSPSD ZU", True),
        ("MVARR ZZZZZ/EE", "ice ttpro/MVARR EE", True),
    ]


def test_a_present_status_without_event_becomes_one() -> None:
    """Its place is not told."""
    [event, *_] = parcel("head_alone").events

    assert (event.code, event.place, event.moment.local_time) == ("LDTMV MVMTV/PO", None, "2026-03-05T08:47:00")


def test_events_of_one_minute_keep_their_order() -> None:
    """A repeated one is told once."""
    assert [(event.code, event.sequence) for event in parcel("same_minute").events] == [
        ("SRTED NRQRD/PO", 1),
        ("ULFMV UNLDD/EE", 0),
    ]


def test_abroad_the_time_is_that_of_the_place() -> None:
    """None is known for a country of several zones; names of countries may be German."""
    assert [(event.moment.occurred_at.hour, event.moment.offset_source) for event in parcel("abroad").events] == [
        (13, OffsetSource.PLACE),
        (13, OffsetSource.UNKNOWN),
        (10, OffsetSource.PLACE),
    ]


def test_a_time_of_the_iso_form_is_read_as_well() -> None:
    body = re.sub(rb"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d)", rb"\3-\2-\1T\4:00", recorded("dhl_parcel_de", "delivered"))

    assert DhlParcelDe().parse(body) == DhlParcelDe().parse(recorded("dhl_parcel_de", "delivered"))


def test_both_clock_changes() -> None:
    """The doubled hour of autumn is the earlier one, the missing one of spring is read with winter's offset."""
    assert [event.moment.occurred_at.isoformat() for event in parcel("dst_nights").events] == [
        "2026-10-25T00:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
    ]


def test_several_parcels() -> None:
    """One of them unknown; what is no number at all is left out."""
    found = DhlParcelDe().parse(recorded("dhl_parcel_de", "many_parcels"))

    assert [(each.number, each.not_found, len(each.events)) for each in found] == [
        (NUMBER, False, 3),
        ("00340434161094000002", True, 0),
        ("123456789012", False, 1),
    ]


def test_nonsense_in_a_valid_envelope() -> None:
    """Read as far as it makes sense: codes in small letters, a day without a good hour."""
    first, second = DhlParcelDe().parse(recorded("dhl_parcel_de", "hostile"))

    assert [(event.code, event.status, len(event.text)) for event in first.events] == [
        ("LDTMV MVMTV/PO", S.OUT_FOR_DELIVERY, 500),
        ("STORN /DD", None, 0),
    ]
    assert second == Parcel("")


def test_nothing_personal_is_kept() -> None:
    """The recipient's name stays in the raw body."""
    assert b"Bianchi" in recorded("dhl_parcel_de", "delivered")
    assert "Bianchi" not in repr(parcel("delivered"))


def test_the_table_holds_every_code() -> None:
    """338 combinations and 16 TTpro codes; 73 rows are for reasons that are not listed."""
    lists = [within for within, _ in DhlParcelDe.table]

    assert {within: lists.count(within) for within in lists} == {"ice": 338, "ttpro": 16, "ice ttpro": 73, "return": 1}


test_another_body_is_refused = refuses(
    DhlParcelDe(), [b"", b"{}", b"<data/>", b'<data name="signaturelist" code="0"/>', b"<html/>"]
)
