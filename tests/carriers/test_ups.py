"""UPS: its answers as events."""

from datetime import UTC, date, datetime

import orjson
import pytest
from pydantic import ValidationError

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.ups import Ups, UpsCredentials
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "1Z999AA10123456784"
OUT = (Status.OUT_FOR_DELIVERY, None)

LATEST = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": OUT,
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "dst_nights_local": OUT,  # without the gmt trio: in the zone of its place
    "returned": (Status.RETURNED, None),
    "access_point": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),  # a type D that is not the recipient
    "locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "bare_delivered_at_access_point": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),  # only 040 says where
    "delivered_then_damage": (Status.EXCEPTION, SubStatus.DAMAGED),
    "claim_notice": (Status.IN_TRANSIT, None),  # weak: a notice without movement
    "unlisted_code": None,
    "unlisted_pair_listed_three_digits": (Status.EXCEPTION, SubStatus.REFUSED),
    "same_code_other_type": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),  # X/OT, after I/OT
    "head_only": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "local_time_only": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "date_only": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "postal": OUT,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "push_delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "push_new_date": None,
    **dict.fromkeys(("older_xml", "older_json", "older_freight"), (Status.DELIVERED, SubStatus.TO_RECIPIENT)),
    "older_soap": (Status.FAILED_ATTEMPT, SubStatus.BUSINESS_CLOSED),
}
WITHOUT_EVENTS = {
    "not_found": [Parcel("1Z999AA10123456785", not_found=True)],
    "not_found_404": [Parcel("", not_found=True)],
    "error": [],
    "push_without_time": [Parcel(NUMBER)],
    "older_not_found": [Parcel("", not_found=True)],
    "older_error": [],
}
OTHERS = {"many_parcels", "hostile"}


def parcel_of(name: str) -> Parcel:
    [parcel] = Ups().parse(recorded("ups", name))
    return parcel


test_the_newest_event_means = newest_means(Ups(), LATEST, alone=True)
test_answers_without_events = answers_are(Ups(), WITHOUT_EVENTS)
"""An unknown number, a refusal and a push without any time."""


def test_every_fixture_is_named_here() -> None:
    """No recorded answer lies about unused."""
    assert {path.stem for path in recordings("ups")} == LATEST.keys() | WITHOUT_EVENTS.keys() | OTHERS


def test_a_whole_parcel() -> None:
    """Every part of an answer lands where it belongs; the receiver's name and signature nowhere."""
    body = recorded("ups", "delivered")
    [parcel] = Ups().parse(body)

    assert parcel._replace(events=parcel.events[:2]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
                code="FS",
                list="D",
                context="statusCode 011",
                text="DELIVERED",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="D/FS",
                place=Place(city="Vicenza", country="IT"),
            ),
            TrackingEvent(
                # gmtTime "74700" has lost its leading zero
                Moment(datetime(2026, 3, 12, 7, 47, tzinfo=UTC), "2026-03-12T08:47:00", OffsetSource.GIVEN),
                code="OT",
                list="I",
                context="statusCode 021",
                text="Out For Delivery Today",
                status=Status.OUT_FOR_DELIVERY,
                row="I/OT",
                place=Place(city="Vicenza", country="IT"),
            ),
        ),
        aliases=("92055900100111152280003029",),
        service="UPS Standard",
    )
    assert len(parcel.events) == 5
    assert b"CANARY" in body
    assert "CANARY" not in repr(parcel)


def test_many_parcels() -> None:
    """Each package of a shipment is a parcel of its own, by its own number."""
    parcels = Ups().parse(recorded("ups", "many_parcels"))

    assert [(parcel.number, parcel.events[0].meaning, parcel.aliases) for parcel in parcels] == [
        (NUMBER, (Status.DELIVERED, SubStatus.TO_RECIPIENT), ()),
        ("1Z999AA10123456793", OUT, ()),
    ]


def test_a_hostile_answer_is_read_as_far_as_it_goes() -> None:
    """Wrong types everywhere: nothing raises, nothing is made up."""
    first, second = Ups().parse(recorded("ups", "hostile"))

    assert (first.number, first.aliases, first.eta, second) == ("12", ("3",), None, Parcel(""))
    assert [(event.moment.local_time, event.meaning, event.row) for event in first.events] == [
        ("2026-03-12T10:15:00", None, None),
        ("2026-03-12T10:15:00", None, None),
    ]


def test_a_rescheduled_day_comes_before_the_scheduled_one() -> None:
    """RDD is newer than SDD; once delivered nothing is expected any more."""
    assert parcel_of("out_for_delivery").eta == Eta(day=date(2026, 3, 13))
    assert parcel_of("push_new_date").eta == Eta(day=date(2026, 3, 14))
    assert parcel_of("delivered").eta is None
    assert parcel_of("push_delivered").eta is None


def test_both_nights_of_the_clock_change() -> None:
    """The doubled hour of October is told apart by the gmt trio, the missing one of March does no harm."""
    times = [
        (event.moment.local_time, event.moment.occurred_at.isoformat()) for event in parcel_of("dst_nights").events
    ]

    assert times == [
        ("2026-10-25T02:30:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-03-29T03:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29T01:30:00", "2026-03-29T00:30:00+00:00"),
    ]


def test_local_time_alone_is_marked() -> None:
    """Without the gmt trio the zone is that of the place's country; without a clock time the event spans its day."""
    [timed], [dated] = parcel_of("local_time_only").events, parcel_of("date_only").events

    assert timed.moment == Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.PLACE)
    assert dated.moment == Moment(
        datetime(2026, 3, 11, 23, tzinfo=UTC),
        "2026-03-12",
        OffsetSource.PLACE,
        datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC),
    )


@pytest.mark.parametrize("pushed", [False, True])
@pytest.mark.parametrize(
    ("country", "hour", "source"), [("GB", 10, "place"), ("US", 10, "unknown"), ("", 10, "unknown")]
)
def test_the_zone_is_that_of_a_country_that_keeps_but_one(
    country: str, hour: int, source: str, *, pushed: bool
) -> None:
    """Pushed or asked, a wall time without the gmt trio is the place's; of a country of several zones it stays open."""
    status, where = {"type": "I", "code": "AR"}, {"city": "X", "countryCode": country}
    push = {
        "trackingNumber": NUMBER,
        "localActivityDate": "20260612",
        "localActivityTime": "101500",
        "activityLocation": where,
        "activityStatus": status,
    }
    activity = {"date": "20260612", "time": "101500", "status": status, "location": {"address": where}}
    answer = {"trackResponse": {"shipment": [{"package": [{"trackingNumber": NUMBER, "activity": [activity]}]}]}}

    [parcel] = Ups().parse(orjson.dumps(push if pushed else answer))

    [event] = parcel.events
    assert event.moment == Moment(
        datetime(2026, 6, 12, hour - (country == "GB"), 15, tzinfo=UTC), "2026-06-12T10:15:00", OffsetSource(source)
    )


def test_the_present_status_becomes_an_event_only_when_no_activity_tells_it() -> None:
    """A bare three-digit currentStatus, dated by the delivery; where the activity tells it, it is not repeated."""
    *_, head = parcel_of("head_only").events

    assert (head.list, head.code, head.row, head.moment.local_time) == (
        "statusCode",
        "011",
        "statusCode/011",
        "2026-03-12T10:15:00",
    )
    assert [event.code for event in parcel_of("delivered").events] == ["FS", "OT", "DS", "OR", "MP"]


@pytest.mark.parametrize(
    ("kind", "code", "three", "row"),
    [
        ("I", "DS", "", "I/DS"),
        ("X", "DS", "", "X/DS"),
        ("X", "01", "", "X/1"),  # a single digit, padded
        ("i", "ar", "", "I/AR"),
        ("P", "OR", "", "P/OR"),
        ("VT", "XD", "", "VT/XD"),
        ("IC", "XD", "", None),
        ("I", "ZZ", "21", "statusCode/021"),
        ("D", "ZZ", "", None),  # never by the type alone
        ("M", "", "", None),
        ("D", "FS", "034", "statusCode/034"),
        ("D", "M3", "040", "statusCode/040"),
        ("D", "2W", "040", "D/2W"),  # collected says more than the place
    ],
)
def test_type_and_code_then_the_three_digits(kind: str, code: str, three: str, row: str | None) -> None:
    """(type, code) decides, then the three-digit code."""
    status = {"type": kind, "code": code, "descriptionCode": three}
    body = {"trackingNumber": NUMBER, "localActivityDate": "20260312", "activityStatus": status}
    [parcel] = Ups().parse(orjson.dumps(body))

    assert [event.row for event in parcel.events] == [row]


def test_the_table_is_whole() -> None:
    """As many rows as the sheet has codes, by list; `no change` rows have no status."""
    counts: dict[str, int] = {}
    for kind, _ in Ups.table:
        counts[kind] = counts.get(kind, 0) + 1

    assert counts == {
        "I": 38,
        "M": 7,
        "MV": 1,
        "P": 5,
        "O": 4,
        "U": 3,
        "D": 156,
        "X": 687,
        "statusCode": 160,
        "post": 195,
        "VT": 2,
    }
    assert {key: Ups.table[key].status for key in [("I", "CA"), ("U", "PX"), ("statusCode", "000")]} == {
        ("I", "CA"): None,
        ("U", "PX"): None,
        ("statusCode", "000"): None,
    }
    assert (Ups.table["X", "2G"].weak, Ups.table["I", "DL"].doubtful, Ups.table["X", "54"].sub_status) == (
        True,
        True,
        SubStatus.DEPOT,
    )


test_anothers_answer_is_unreadable = refuses(
    Ups(),
    [
        b"",
        b"<trackResponse/>",
        b"[]",
        b"null",
        b'{"trackResponse": []}',
        b'{"output": {"completeTrackResults": []}}',
        b'{"errors": [{"code": "NOT.FOUND.ERROR"}]}',
        b'{"shipments": [{"id": "1"}]}',
    ],
)


def test_numbers_and_credentials() -> None:
    """UPS's number forms; an unknown credential field is refused."""
    assert [
        Ups().matches(number) for number in ("1z 999 aa1 01 2345 6784", "H1234567890", "1R" + "7" * 26, "12345")
    ] == [
        True,
        True,
        True,
        False,
    ]
    assert Ups().tracking_url(NUMBER).endswith(NUMBER)
    with pytest.raises(ValidationError):
        UpsCredentials.model_validate({"client_id": "a", "client_secret": "b", "password": "c"})
