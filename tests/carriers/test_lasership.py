"""LaserShip: answers of its old tracking page in, meanings out; it is not asked."""

from datetime import UTC, date, datetime

import orjson

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.lasership import LaserShip
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "LX10000001"
DUE = Eta(datetime(2026, 3, 4, 5, tzinfo=UTC), datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC), date(2026, 3, 4))
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "released": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "labels": (Status.OUT_FOR_DELIVERY, None),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "untyped": None,
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "no_events": [Parcel(NUMBER, eta=DUE, not_found=True)],
}


def parsed(name: str) -> list[Parcel]:
    return LaserShip().parse(recorded("lasership", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(LaserShip(), LATEST)
test_an_answer_without_events_is_no_news = answers_are(LaserShip(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("lasership")} == {*LATEST, *WHOLE}
    assert len(LaserShip.table) == 7
    assert not LaserShip().polls


def test_an_event_has_its_instant_and_its_local_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 15, 45, 34, tzinfo=UTC), "2026-03-04T10:45:34", OffsetSource.GIVEN),
                code="Delivered",
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="Delivered",
                place=Place("Hoboken", "07030", "NJ", "US", name="Front Door"),
            ),
        ),
    )
    assert "DOE" not in str(parcel)


def test_the_pieces_of_an_order_are_one_parcel_that_is_expected_until_it_is_there() -> None:
    [parcel] = parsed("out_for_delivery")

    assert (parcel.number, parcel.aliases, parcel.eta) == (NUMBER, ("LX10000002",), DUE)


def test_the_day_that_is_promised_is_the_destinations() -> None:
    said = orjson.loads(recorded("lasership", "out_for_delivery"))
    said["Destination"] = {"City": "Chicago", "State": "IL", "PostalCode": "60601", "Country": "US"}
    [parcel] = LaserShip().parse(orjson.dumps(said))

    assert parcel.eta == Eta(
        datetime(2026, 3, 4, 6, tzinfo=UTC), datetime(2026, 3, 5, 5, 59, 59, tzinfo=UTC), date(2026, 3, 4)
    )


def test_an_event_without_a_type_says_nothing_but_its_reason() -> None:
    untyped = parsed("untyped")[0].events[0]

    assert (untyped.unmapped, untyped.code, untyped.text) == (True, "", "Delivery Exception (Business closed)")


def test_without_utc_a_time_is_its_states_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "2026-03-08T02:30:00", OffsetSource.PLACE),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    LaserShip(),
    [b"", b"[]", b"{}", b"<html/>", b'{"Events": []}', b'{"OrderNumber": "1", "Events": [{"id": 1}]}', b'{"OrderNumb'],
)
