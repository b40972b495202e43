"""FedEx: its answers as events."""

from collections import Counter
from datetime import UTC, date, datetime

import orjson
import pytest
from pydantic import ValidationError

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.fedex import Fedex, FedexCredentials
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "986578788855"
ABSENT = (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT)
DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)

LATEST = {
    "delivered": DELIVERED,
    "delivered_at_fedex_location": (Status.DELIVERED, SubStatus.COLLECTED),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),  # its derivedStatusCode says IT
    "failed_attempt": ABSENT,
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "ready_for_pickup": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "returning": (Status.EXCEPTION, SubStatus.RETURNING),
    "returned": (Status.RETURNED, None),
    "refused_by_text": (Status.EXCEPTION, SubStatus.REFUSED),
    "future_delivery_by_text": (Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
    "clearance": (Status.IN_TRANSIT, SubStatus.CUSTOMS),
    "exception_without_reason": (Status.FAILED_ATTEMPT, None),
    "reused_number": (Status.OUT_FOR_DELIVERY, None),
    "head_only": DELIVERED,
    "head_without_scans": (Status.EXCEPTION, SubStatus.CANCELLED),
    "nonsense_pickup_time": (Status.IN_TRANSIT, SubStatus.PICKED_UP),  # weak, so it moves nothing
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "date_only": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "push_new_event": ABSENT,
    "soap_delivered": DELIVERED,
    "soap_older": (Status.OUT_FOR_DELIVERY, None),  # no lists of details
    "scans_beside_error": (Status.IN_TRANSIT, SubStatus.PICKED_UP),  # as the reference's example: the scans hold
}
WITHOUT_EVENTS = {
    "not_found": [Parcel("111111111111", not_found=True)],
    "error": [],
    "error_of_the_number": [],
    "soap_error": [],
}
OTHERS = {"many_parcels", "hostile", "head_at_midnight", "soap_several", "soap_reused_number"}


def parcel_of(name: str) -> Parcel:
    [parcel] = Fedex().parse(recorded("fedex", name))
    return parcel


test_the_newest_event_means = newest_means(Fedex(), LATEST, alone=True)
test_answers_without_events = answers_are(Fedex(), WITHOUT_EVENTS)
"""An unknown number is told as such, though the answer is a 200; an error tells of no parcel."""


def test_every_fixture_is_named_here() -> None:
    """No recorded answer lies about unused."""
    assert {path.stem for path in recordings("fedex")} == LATEST.keys() | WITHOUT_EVENTS.keys() | OTHERS


def test_a_whole_parcel() -> None:
    """Every part of an answer lands where it belongs; who signed does not."""
    body = recorded("fedex", "delivered")
    [parcel] = Fedex().parse(body)

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
                code="DL",
                list="event",
                context="place RECEPTIONIST_OR_FRONT_DESK",
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="place/RECEPTIONIST_OR_FRONT_DESK",
                place=Place(city="PADOVA", postcode="35100", country="IT", code="PDOA"),
            ),
        ),
        service="FedEx International Priority",
    )
    assert [event.code for event in parcel.events] == ["DL", "OD", "AR", "PU", "OC"]
    assert b"CANARY" in body
    assert "CANARY" not in repr(parcel)


def test_many_parcels() -> None:
    """One parcel for each number, the unknown one too."""
    parcels = Fedex().parse(recorded("fedex", "many_parcels"))

    assert [(parcel.number, len(parcel.events), parcel.not_found) for parcel in parcels] == [
        (NUMBER, 5, False),
        ("122816215025810", 1, False),
        ("111111111111", 0, True),
    ]


def test_a_hostile_answer_is_read_as_far_as_it_goes() -> None:
    """Wrong types everywhere: nothing raises, nothing is made up."""
    parcel = parcel_of("hostile")

    assert (parcel.number, parcel.eta, parcel.pickup_point) == (NUMBER, None, "1")
    assert [(event.code, event.status, event.row, event.place) for event in parcel.events] == [
        ("", None, None, None),
        ("DE", Status.FAILED_ATTEMPT, "event/DE", None),
    ]


def test_a_reused_number_tells_its_newest_shipment() -> None:
    """The delivery of two years ago belongs to somebody else."""
    parcel = parcel_of("reused_number")

    assert [event.code for event in parcel.events] == ["OD", "AR", "PU", "OC"]
    assert parcel.note == "2 shipments bear this number; this is the newest"


def test_the_present_status_becomes_an_event_only_when_no_scan_tells_it() -> None:
    """`derivedCode` before `code`, at the time of the delivery; a midnight there stands for the day."""
    *_, timed = parcel_of("head_only").events
    *_, dated = parcel_of("head_at_midnight").events

    assert (timed.code, timed.context, timed.moment) == (
        "DL",
        "place RESIDENCE",
        Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
    )
    assert (dated.row, dated.moment) == (
        "event/DL",
        Moment(
            datetime(2026, 3, 11, 23, tzinfo=UTC),
            "2026-03-12",
            OffsetSource.GIVEN,
            datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("code", "reason", "words", "row", "doubtful"),
    [
        ("DE", "08", "Customer not available or business closed", "reason/08", False),
        ("DE", "015A", "", "reason/015A", False),
        ("DE", "07", "Refused", "text/refused", False),  # 007 is another code
        ("DE", "083", "", "reason/083", True),
        ("DE", "A52", "Available for pickup at: Padova", "text/available for pickup at", True),
        ("SE", "", "Business CLOSED due to holiday", "text/closed", False),
        ("SE", "XX", "Weather delay", "text/weather", False),
        ("SE", "XX", "Unable to deliver - incorrect address", "text/incorrect address", False),
        ("SE", "XX", "Something", "event/SE", True),
        ("OD", "08", "Refused", "event/OD", False),  # only exceptions are read by their reason
        ("ZZ", "08", "Refused", None, False),
    ],
)
def test_an_exception_means_its_reason(code: str, reason: str, words: str, row: str | None, doubtful: bool) -> None:
    """The reason's code decides, then its text, then the exception itself."""
    scan = {"date": "2026-03-12T10:00:00Z", "eventType": code, "exceptionCode": reason, "exceptionDescription": words}
    results = [{"trackingNumber": NUMBER, "trackResults": [{"scanEvents": [scan]}]}]
    [parcel] = Fedex().parse(orjson.dumps({"output": {"completeTrackResults": results}}))

    assert [(event.row, event.doubtful, event.context) for event in parcel.events] == [
        (row, doubtful, f"reason {reason}" if reason else "")
    ]


def test_a_delivery_is_a_return_only_after_a_scan_rs() -> None:
    """The same DL before the way back stays a delivery, and what decided is in its context."""
    body = orjson.loads(recorded("fedex", "returned"))
    scans = body["output"]["completeTrackResults"][0]["trackResults"][0]["scanEvents"]
    scans.append({"date": "2026-03-14T09:00:00+01:00", "eventType": "DL"})
    [parcel] = Fedex().parse(orjson.dumps(body))

    assert [(event.row, event.context) for event in parcel.events if event.code == "DL"] == [
        ("return/DL", "after RS"),
        ("place/SHIPPING_RECEIVING", "place SHIPPING_RECEIVING"),
    ]


def test_the_expected_delivery() -> None:
    """A window, an estimated time, and none once delivered."""
    assert parcel_of("out_for_delivery").eta == Eta(
        datetime(2026, 3, 12, 9, tzinfo=UTC), datetime(2026, 3, 12, 11, tzinfo=UTC)
    )
    assert parcel_of("failed_attempt").eta == Eta(latest=datetime(2026, 3, 13, 17, tzinfo=UTC))
    assert parcel_of("delivered").eta is None


def test_an_estimated_midnight_is_a_day() -> None:
    """A local midnight says nothing of the hour."""
    body = recorded("fedex", "failed_attempt").replace(b"2026-03-13T18:00:00", b"2026-03-13T00:00:00")
    [parcel] = Fedex().parse(body)

    assert parcel.eta == Eta(day=date(2026, 3, 13))


def test_where_it_waits_without_a_person() -> None:
    """The pickup point by name and street; no personal name."""
    assert parcel_of("ready_for_pickup").pickup_point == "FedEx Office, Via Roma 1, Padova"


def test_both_nights_of_the_clock_change() -> None:
    """Offsets are printed: the doubled hour of October is told apart, the missing one of March does no harm."""
    times = [
        (event.moment.local_time, event.moment.occurred_at.isoformat()) for event in parcel_of("dst_nights").events
    ]

    assert times == [
        ("2026-10-25T02:30:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-03-29T03:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29T01:30:00", "2026-03-29T00:30:00+00:00"),
    ]


def test_a_date_alone_spans_its_day() -> None:
    """Without zone it is read as UTC, and says so."""
    [event] = parcel_of("date_only").events

    assert event.moment == Moment(
        datetime(2026, 3, 12, tzinfo=UTC),
        "2026-03-12",
        OffsetSource.UNKNOWN,
        datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC),
    )


def test_a_whole_call_about_nothing_known() -> None:
    """The error NOT.FOUND.ERROR of a whole call is a number that FedEx does not know; other errors tell nothing."""
    bodies = [{"errors": [{"code": code, "message": "No"}]} for code in ("NOT.FOUND.ERROR", "FORBIDDEN.ERROR")]

    assert [Fedex().parse(orjson.dumps(body)) for body in bodies] == [[Parcel("", not_found=True)], []]


def test_the_table_is_whole() -> None:
    """As many rows as the sheet has codes, by list."""
    assert Counter(within for within, _ in Fedex.table) == {
        "event": 70,
        "reason": 14,
        "text": 12,
        "place": 15,
        "return": 1,
    }
    assert [(Fedex.table["event", code].status, Fedex.table["event", code].weak) for code in ("AO", "PU", "EP")] == [
        (None, False),
        (Status.IN_TRANSIT, True),
        (Status.AWAITING_PICKUP, True),
    ]


test_anothers_answer_is_unreadable = refuses(
    Fedex(),
    [
        b"",
        b"<output/>",
        b"[]",
        b"null",
        b'{"output": []}',
        b'{"output": {}}',
        b'{"errors": []}',
        b'{"errors": [{"code": "404"}]}',
        b'{"trackResponse": {"shipment": []}}',
        b'{"shipments": [{"id": "1"}]}',
    ],
)


def test_numbers_and_credentials() -> None:
    """FedEx's number forms; an unknown credential field is refused."""
    numbers = (
        "9865 7878 8855",
        "122816215025810",
        "9612019950078574025848",
        "DT123456789012",
        "1Z999AA10123456784",
        "123",
    )

    assert [Fedex().matches(number) for number in numbers] == [True, True, True, True, False, False]
    assert Fedex().tracking_url(NUMBER).endswith(NUMBER)
    with pytest.raises(ValidationError):
        FedexCredentials.model_validate({"api_key": "a", "secret_key": "b", "password": "c"})
