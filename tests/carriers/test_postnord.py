"""PostNord: answers of Track and Trace v5 and v7 in, meanings out; and the way it is asked."""

from datetime import UTC, datetime
from operator import attrgetter

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.postnord import PostNordStandIn
from carriers.base import RequestRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.postnord import PostNord
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "00370000000000000017"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "refused": (Status.EXCEPTION, SubStatus.REFUSED),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "v7": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "head_alone": (Status.DELIVERED, None),
    "many_parcels": (Status.DELIVERED, None),
    "zones": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "xml": (Status.IN_TRANSIT, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True)],
    "not_found_by_fault": [Parcel("", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return PostNord().parse(recorded("postnord", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(PostNord(), LATEST)
test_an_answer_without_shipments_is_not_found_or_tells_of_no_parcel = answers_are(PostNord(), WHOLE)


def test_every_fixture_is_named_and_every_word_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("postnord")} == {*LATEST, *WHOLE}
    assert len(PostNord.table) == 16


def test_en_route_is_the_round_only_with_its_code() -> None:
    [parcel] = parsed("out_for_delivery")

    assert parcel.events[1:] == (
        TrackingEvent(
            Moment(datetime(2026, 3, 3, 3, 12, tzinfo=UTC), "2026-03-03T04:12:00", OffsetSource.PLACE),
            code="EN_ROUTE 102",
            text="The item has been sorted",
            status=Status.IN_TRANSIT,
            row="EN_ROUTE",
            place=Place("Malmö", "21124", country="SE", name="Malmö terminal"),
        ),
        TrackingEvent(
            Moment(datetime(2026, 3, 4, 6, 30, tzinfo=UTC), "2026-03-04T07:30:00", OffsetSource.PLACE),
            code="EN_ROUTE 113",
            context="113",
            text="The item is out for delivery",
            status=Status.OUT_FOR_DELIVERY,
            row="with code/EN_ROUTE 113",
            place=Place("Malmö", "21124", country="SE", name="Malmö terminal"),
        ),
    )
    assert parcel.eta == Eta(latest=datetime(2026, 3, 4, 15, tzinfo=UTC))
    assert "ANNA" not in str(parcel)


def test_each_item_is_a_parcel_whose_shipment_is_another_number() -> None:
    assert [(each.number, each.aliases, len(each.events)) for each in parsed("many_parcels")] == [
        (NUMBER, ("41234567890",), 2),
        ("00370000000000000024", ("41234567890",), 2),
        ("UA000000017SE", (), 0),
    ]


def test_an_items_status_without_an_event_is_one_after_the_newest() -> None:
    *_, event, head = sorted(parsed("head_alone")[0].events, key=attrgetter("moment.occurred_at", "sequence"))

    assert (head.code, head.moment, head.sequence) == ("DELIVERED", event.moment, 1)


def test_a_time_is_that_of_the_events_country_else_swedens() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 3, 3, 7, tzinfo=UTC), "2026-03-03T09:00:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 3, 8, tzinfo=UTC), "2026-03-03T09:00:00", OffsetSource.CARRIER),
    ]
    assert [event.moment.occurred_at for event in parsed("dst_nights")[0].events] == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ]


def test_the_place_where_it_waits_is_named() -> None:
    assert parsed("ready")[0].pickup_point == "ICA Lund"


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    PostNord(),
    [
        b"",
        b"[]",
        b"{}",
        b"<xml/>",
        b'{"shipments": [{"id": "1"}]}',
        b'{"shipments": 5}',
        b'{"compositeFault": {}}',
        b'{"TrackingInformationResponse": {"shipments": [',
    ],
)


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(PostNord(), PostNordStandIn) as postnord:
        postnord.journey = ""
        assert await postnord.parcels(NUMBER) == [Parcel("", not_found=True)]

        assert "locale=en" in postnord.stand_in.requests[0]


async def test_a_fault_about_the_question_is_told() -> None:
    async with line(PostNord(), PostNordStandIn) as postnord:
        postnord.stand_in.faults.append(Fault(400, body=recorded("postnord", "error")))
        with pytest.raises(RequestRefused):
            await postnord.ask(NUMBER)
