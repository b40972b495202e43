"""BRT's answers of both generations, as events."""

from datetime import UTC, date, datetime, timedelta

import pytest

from carriers.brt import Brt
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import refuses
from tests.carriers.newest import in_order
from tests.recorded import recorded, recordings

Meaning = tuple[Status, SubStatus | None] | None

OUT = (Status.OUT_FOR_DELIVERY, None)
DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)
LATEST: dict[str, Meaning] = {
    "delivered": DELIVERED,
    "out_for_delivery": OUT,
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "fermopoint": (Status.DELIVERED, SubStatus.COLLECTED),
    "unlisted_code": None,
    "text_only": None,
    "head_delivery": (Status.DELIVERED, None),
    "part_delivered": (Status.EXCEPTION, SubStatus.INCOMPLETE),
    "part_then_delivered": (Status.DELIVERED, None),
    "root_parcel_id_result": OUT,
    "root_bare": OUT,
    "single_event": OUT,
    "iso_times": DELIVERED,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
    "same_minute": OUT,
    "soap_delivered": DELIVERED,
    "hostile": DELIVERED,
}
NOTHING = {"error", "error_missing_header", "soap_ambiguous", "soap_legend"}
OTHER = {
    "many_parcels": [Parcel("084010123456"), Parcel("084010123457")],
    "no_event_yet": [Parcel("084010123456")],
    "bare_list": [Parcel("")],
    "not_found": [Parcel("", not_found=True)],
    "soap_not_found": [Parcel("", not_found=True)],
    "soap_shipment_id": [Parcel("084010123456")],
}


def parcel(name: str) -> Parcel:
    [found] = Brt().parse(recorded("brt", name))
    return found


def meanings(name: str) -> list[tuple[str, Meaning]]:
    return [(event.code, event.meaning) for event in parcel(name).events]


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_latest_event(answer: str, meaning: Meaning) -> None:
    """The newest event of each answer means what the recipient would say."""
    assert max(parcel(answer).events, key=in_order).meaning == meaning


@pytest.mark.parametrize("answer", sorted(NOTHING))
def test_an_error_or_a_legend_holds_no_parcel(answer: str) -> None:
    """Results below 0 and lists of the legend parse to nothing."""
    assert Brt().parse(recorded("brt", answer)) == []


@pytest.mark.parametrize(("answer", "parcels"), OTHER.items())
def test_parcels_of_an_answer(answer: str, parcels: list[Parcel]) -> None:
    """Unknown numbers, numbers without an event yet, looked-up numbers, several parcels."""
    assert [Parcel(each.number, not_found=each.not_found) for each in Brt().parse(recorded("brt", answer))] == parcels


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("brt")} == LATEST.keys() | NOTHING | OTHER.keys()


def test_a_whole_parcel() -> None:
    """Everything that an answer says, and nothing of the signer or of the free notes."""
    assert parcel("head_delivery") == Parcel(
        "084010123456",
        (
            TrackingEvent(
                Moment(
                    datetime(2026, 3, 4, 23, tzinfo=UTC),
                    "2026-03-05",
                    OffsetSource.CARRIER,
                    datetime(2026, 3, 5, 22, 59, 59, tzinfo=UTC),
                ),
                "data_consegna_merce",
                list="head",
                text="CONSEGNATA",
                status=Status.DELIVERED,
                row="head/data_consegna_merce",
            ),
            TrackingEvent(
                Moment(datetime(2026, 3, 5, 6, 30, tzinfo=UTC), "2026-03-05T07:30:00", OffsetSource.CARRIER),
                "MIC",
                text="IN CONSEGNA",
                status=Status.OUT_FOR_DELIVERY,
                row="MIC",
                place=Place(city="BOLOGNA", code="061"),
            ),
        ),
        service="ESPRESSO",
    )


def test_nothing_personal_is_kept() -> None:
    """The signer and the free notes stay in the raw body."""
    assert b"ROSSI" in recorded("brt", "delivered")
    assert "ROSSI" not in repr(parcel("delivered"))


def test_rest_and_soap_tell_the_same() -> None:
    """Both generations give the same parcel, so a shop may change over."""
    assert parcel("soap_delivered") == parcel("delivered")


def test_the_table_holds_the_whole_legend() -> None:
    """90 codes in BRT's legend, 703 twice for the branch that delivers; texts and the head have lists of their own."""
    lists = [within for within, _ in Brt.table]

    assert {within: lists.count(within) for within in lists} == {"": 90, "arrival branch": 1, "head": 1, "text": 21}


def test_arrival_counts_as_the_delivering_depot_only_at_the_branch_of_arrival() -> None:
    """703 at the branch named in the head is the delivering depot; anywhere else a doubtful arrival."""
    told = [
        (str(event.place), event.sub_status, event.doubtful, event.context)
        for event in parcel("delivered").events
        if event.code == "703"
    ]

    assert told == [
        ("BOLOGNA", SubStatus.AT_DESTINATION_DEPOT, False, "arrival branch"),
        ("VERONA", SubStatus.ARRIVED, True, ""),
    ]


def test_a_code_is_text_and_an_unlisted_one_moves_nothing() -> None:
    """ "1" is not "001", and a known text does not stand in for an unlisted code."""
    assert meanings("unlisted_code") == [("X99", None), ("1", None)]
    assert [event.unmapped for event in parcel("unlisted_code").events] == [True, True]


def test_a_text_decides_only_as_a_whole_and_only_without_a_code() -> None:
    """ "IN CONSEGNA" is no delivery and "CONSEGNATA A META'" is nobody's text."""
    assert [event.row for event in parcel("text_only").events] == [None, "text/in consegna", "text/ritirata"]


def test_the_date_of_delivery_in_the_head_is_told_once() -> None:
    """Beside 704, or beside the part delivery of that day, the head adds nothing."""
    assert [code for code, _ in meanings("delivered")][:2] == ["704", "MIC"]
    assert [code for code, _ in meanings("part_delivered")] == ["P", "MIC"]
    assert [code for code, _ in meanings("part_then_delivered")] == ["data_consegna_merce", "P", "MIC"]


def test_the_list_orders_events_of_one_minute() -> None:
    """BRT prints minutes, newest first: the later line has the higher number."""
    assert [(event.code, event.sequence) for event in parcel("same_minute").events] == [
        ("MIC", 2),
        ("G", 1),
        ("703", 0),
    ]


def test_times_are_read_in_every_form_and_an_empty_date_is_none() -> None:
    """Points, slashes and ISO; 0001-01-01 is how an AS/400 says "no date"."""
    assert [event.moment.local_time for event in parcel("iso_times").events] == [
        "2026-03-05T08:55:00",
        "2026-03-05T07:30:00",
    ]


def test_both_clock_changes() -> None:
    """The doubled hour of autumn is the earlier one, the missing one of spring is read with winter's offset."""
    assert [(event.moment.occurred_at.isoformat(), event.moment.until) for event in parcel("dst_nights").events] == [
        ("2026-10-25T00:30:00+00:00", None),
        ("2026-03-29T01:30:00+00:00", None),
        ("2026-03-28T23:00:00+00:00", datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)),
    ]


def test_the_planned_delivery() -> None:
    """A day with both its ends, or the two hours of a slot."""
    day = date(2026, 3, 4)
    start = datetime(2026, 3, 3, 23, tzinfo=UTC)

    assert parcel("delivered").eta == Eta(start, start + timedelta(days=1, seconds=-1), day)
    assert parcel("out_for_delivery").eta == Eta(
        datetime(2026, 3, 5, 8, tzinfo=UTC), datetime(2026, 3, 5, 12, tzinfo=UTC)
    )


def test_the_public_page_takes_shipment_ids_only() -> None:
    """Twelve digits."""
    assert Brt().tracking_url("084010123456") == "https://vas.brt.it/vas/sped_det_show.hsm?nspediz=084010123456"
    assert Brt().tracking_url("084010123456789") == ""


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "iso-8859-1"])
def test_an_answer_is_read_in_whatever_charset_it_is_written(charset: str) -> None:
    """BRT's JSON is not always UTF-8; its towns and wordings are the same all the same."""
    text = recorded("brt", "delivered").decode().replace("BOLOGNA", "FORLÌ")

    [parcel] = Brt().parse(text.encode(charset))

    assert "FORLÌ" in {event.place.city for event in parcel.events if event.place}
    assert parcel == Brt().parse(text.encode())[0]


test_another_body_is_refused = refuses(
    Brt(),
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"ttParcelIdResponse": 7}',
        b'{"trackResponse": {"shipment": []}}',
        b"<return><A/></return>",
        b"<ELENCO><SPEDIZIONE/></ELENCO>",
        b"<html><body>maintenance</body></html>",
        b"\xff\xfe\x00",
    ],
)
