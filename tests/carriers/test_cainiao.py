"""Cainiao: answers of its tracking page and of the seller interface in, meanings out; it is not asked."""

from datetime import UTC, datetime

from carriers.cainiao import Cainiao
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "LP00000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),
    "attempt": (Status.FAILED_ATTEMPT, None),
    "pickup": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "collected": (Status.DELIVERED, SubStatus.COLLECTED),
    "returned": (Status.RETURNED, None),
    "families": (Status.EXCEPTION, SubStatus.RETURNING),
    "twice": (Status.OUT_FOR_DELIVERY, None),
    "summary": (Status.DELIVERED, None),
    "seller": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.CUSTOMS),
    "zones": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel(NUMBER, not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Cainiao().parse(recorded("cainiao", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Cainiao(), LATEST)
test_no_details_are_not_found_and_an_error_tells_of_no_parcel = answers_are(Cainiao(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in Cainiao.table]

    assert {path.stem for path in recordings("cainiao")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "family", "summary")] == [107, 6, 6]
    assert not Cainiao().polls


def test_an_event_has_its_own_zone_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 7, 11, 10, tzinfo=UTC), "2026-03-07T12:10:00", OffsetSource.GIVEN),
                code="GTMS_SIGNED",
                text="Delivered, signed by",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="GTMS_SIGNED",
            ),
        ),
        aliases=("LX000000005IT",),
        onward="LX000000005IT",
    )
    assert "ROSSI" not in str(parsed("seller"))


def test_a_family_decides_where_a_code_is_not_listed_itself() -> None:
    assert [(event.row, event.context) for event in reversed(parsed("families")[0].events)] == [
        ("family/SC_*_FAILURE", "family"),
        ("family/LH_*_FAILURE", "family"),
        ("family/GTMS_STA_*ADDRESS*", "family"),
        ("family/*_STA_SIGN_FAILURE", "family"),
        ("family/GSTA_*_FAIL", "family"),
        ("RT_INBOUND", ""),
        ("family/RT_*", "family"),
    ]


def test_what_is_told_twice_counts_once_and_minutes_later_again() -> None:
    rounds = [event for event in parsed("twice")[0].events if event.code == "GTMS_DO_DEPART"]

    assert [event.moment.local_time for event in rounds] == ["2026-03-07T09:04:00", "2026-03-07T09:00:00"]


def test_the_summary_speaks_where_the_newest_event_says_nothing() -> None:
    head, note, *_ = parsed("summary")[0].events

    assert (head.row, head.moment, note.row) == ("summary/DELIVERED", note.moment, None)
    assert len(parsed("unlisted_code")[0].events) == 6


def test_without_an_instant_the_printed_time_counts_and_without_a_zone_chinas() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T03:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29T09:00:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2026-03-29T01:30:00", OffsetSource.GIVEN),
    ]


def test_each_number_is_a_parcel() -> None:
    assert [(each.number, each.aliases, each.not_found) for each in parsed("many_parcels")] == [
        (NUMBER, ("LX000000005IT",), False),
        ("LP00000000000002", (), True),
    ]
    assert Cainiao().parse(b'{"success": true, "module": []}') == [Parcel("", not_found=True)]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Cainiao(), [b"", b"[]", b"{}", b"<html>captcha</html>", b'{"success": true}', b'{"module": []}', b'{"success": tr']
)
