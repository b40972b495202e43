"""Correos: answers of the locator and of the page's search in, meanings out."""

import re
from datetime import UTC, datetime

import pytest

from carriers.correos import Correos
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "PQ4DEF0000000000000001X"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "failed_attempt": (Status.FAILED_ATTEMPT, None),
    "returned": (Status.RETURNED, None),
    "going_back": (Status.EXCEPTION, SubStatus.RETURNING),
    "cancelled_or_lost": (Status.EXCEPTION, SubStatus.LOST),
    "group_alone": (Status.EXCEPTION, SubStatus.CANCELLED),
    "contradicted": (Status.EXCEPTION, SubStatus.RETURNING),
    "unlisted_code": None,
    "date_only": (Status.IN_TRANSIT, None),
    "dst_nights": (Status.IN_TRANSIT, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "page": (Status.DELIVERED, None),
    "page_returned": (Status.RETURNED, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True)],
    "page_not_found": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return Correos().parse(recorded("correos", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Correos(), LATEST)
test_an_answer_without_events_is_not_found_or_tells_of_no_parcel = answers_are(Correos(), WHOLE)


def test_every_fixture_is_named_and_every_code_that_is_known_stands_in_the_table() -> None:
    lists = [within for within, _ in Correos.table]

    assert {path.stem for path in recordings("correos")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "phase", "text")] == [200, 4, 17]


def test_an_event_happens_at_its_unit_in_madrids_time_and_names_nobody() -> None:
    [parcel] = parsed("held")

    assert len(parcel.events) == 6
    assert parcel._replace(events=parcel.events[5:]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 14, tzinfo=UTC), "2026-03-03T15:00:00", OffsetSource.CARRIER),
                code="G01L020V",
                text="Disponible en oficina",
                status=Status.AVAILABLE_FOR_PICKUP,
                sub_status=SubStatus.POST_OFFICE,
                row="G01L020V",
                place=Place(name="MADRID OP"),
            ),
        ),
        pickup_point="MADRID OP",
    )
    assert "ROSSI" not in str(parcel)


@pytest.mark.parametrize(
    ("answer", "row", "context"),
    [("cancelled_or_lost", "text/extravi", "summary"), ("going_back", "text/devolucion", "summary")],
)
def test_in_a_group_the_summary_tells_more_and_is_doubtful(answer: str, row: str, context: str) -> None:
    event = parsed(answer)[0].events[-1]

    assert (event.row, event.context, event.doubtful) == (row, context, True)
    assert parsed("group_alone")[0].events[-1].row == "X160000V"


def test_codes_that_sources_contradict_each_other_on_end_nothing() -> None:
    assert [event.status for event in parsed("contradicted")[0].events[2:]] == [None, None, Status.EXCEPTION]


def test_on_the_page_the_summary_tells_incidents_and_else_the_phase_counts() -> None:
    assert [(event.row, event.status) for event in parsed("page")[0].events] == [
        ("phase/1", Status.AWAITING_PICKUP),
        ("phase/2", Status.IN_TRANSIT),
        ("phase/3", Status.OUT_FOR_DELIVERY),
        ("text/intento de entrega", Status.FAILED_ATTEMPT),
        ("phase/4", Status.DELIVERED),
    ]


def test_nights_of_the_clock_change_keep_the_printed_time_and_a_day_alone_its_ends() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]
    assert parsed("date_only")[0].events[1].moment.local_time == "2026-03-03"


def test_a_day_of_the_iso_form_is_read_as_well() -> None:
    body = re.sub(rb"(\d\d)/(\d\d)/(\d{4})", rb"\3-\2-\1", recorded("correos", "delivered"))

    assert Correos().parse(body) == parsed("delivered")


def test_an_expedition_is_answered_with_its_parcels() -> None:
    assert [parcel.number for parcel in parsed("many_parcels")] == [NUMBER, "PQ4DEF0000000000000002T"]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Correos(), [b"", b"[]", b"{}", b'{"shipment": [{"id": 1}]}', b"<html/>", b'[{"codEnvio": "1']
)
