"""PostNL: answers of the Status API in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.postnl import PostNlStandIn
from carriers.asking import TokenKeeper, resolve
from carriers.base import Account, AmbiguousReference, RequestRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.postnl import PostNl
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "3SABCD000000001"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.BUSINESS_CLOSED),
    "returned": (Status.RETURNED, None),
    "going_back": (Status.EXCEPTION, SubStatus.RETURNING),
    "locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "collected_in_phase_4": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "current_status": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "app_code": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "updated": (Status.OUT_FOR_DELIVERY, None),
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "plurals": (Status.OUT_FOR_DELIVERY, None),
    "soap": (Status.DELIVERED, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel("", not_found=True, note="No shipments found for 3SABCD000000099")],
    "no_signature": [],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return PostNl().parse(recorded("postnl", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(PostNl(), LATEST)
test_an_answer_without_a_shipment_is_not_found_or_tells_of_no_parcel = answers_are(PostNl(), WHOLE)


def test_every_fixture_is_named_and_the_whole_of_each_list_stands_in_the_table() -> None:
    lists = [within for within, _ in PostNl.table]

    assert {path.stem for path in recordings("postnl")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("status", "event", "app")] == [26, 287, 24]


def test_an_observation_tells_what_its_status_says_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert [event.code for event in parcel.events] == ["I01", "J05", "J01", "B01", "A01"]
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="I01",
                list="event",
                text="Shipment delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="event/I01",
                place=Place(code="160000"),
            ),
        ),
        service="003085",
    )
    assert "ROSSI" not in str(parcel)


def test_a_status_is_an_event_where_its_observation_is_not_listed() -> None:
    status, raw, *_ = parsed("held")[0].events

    assert (status.row, status.doubtful, status.sequence) == ("status/21", True, 1)
    assert (raw.code, raw.unmapped, raw.moment) == ("V99", True, status.moment)


def test_when_it_comes_is_told() -> None:
    assert parsed("out_for_delivery")[0].eta == Eta(
        datetime(2026, 3, 3, 10, 30, tzinfo=UTC), datetime(2026, 3, 3, 12, 30, tzinfo=UTC)
    )


def test_updated_shipments_are_told_by_their_statuses_in_whatever_form_of_time() -> None:
    assert [
        (parcel.number, [(event.row, event.moment.local_time) for event in parcel.events])
        for parcel in parsed("updated")
    ] == [
        (NUMBER, [("status/7", "2026-03-03T08:41:00"), ("status/5", "2026-03-03T02:10:00")]),
        ("3SABCD000000002", [("status/2", "2026-03-02T18:10:00")]),
    ]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
    ]


def test_each_piece_has_its_own_events() -> None:
    assert [(parcel.number, len(parcel.events)) for parcel in parsed("many_parcels")] == [
        (NUMBER, 4),
        ("3SABCD000000002", 1),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    PostNl(), [b"", b"[]", b"{}", b'{"CurrentStatus": {"Shipment": {}}}', b'{"fault": {}}', b"<html/>", b'{"Curr']
)


async def test_what_is_asked() -> None:
    async with line(PostNl(), PostNlStandIn) as postnl:
        await postnl.ask(NUMBER)

    assert postnl.stand_in.requests[0] == f"GET /shipment/v2/status/barcode/{NUMBER}?detail=true&language=EN"


async def test_a_barcode_that_is_not_known_is_an_answer() -> None:
    async with line(PostNl(), PostNlStandIn) as postnl:
        postnl.journey = ""

        assert [parcel.not_found for parcel in await postnl.parcels(NUMBER)] == [True]


async def test_a_reference_of_the_customers_leads_to_its_barcode() -> None:
    async with line(PostNl(), PostNlStandIn) as postnl:
        postnl.stand_in.references = {"ORD-1": (NUMBER,), "ORD-2": (NUMBER, "3SABCD000000002")}

        async def number(reference: str, **credentials: str) -> str:
            known = PostNl.credentials.model_validate({**postnl.stand_in.credentials, **credentials})
            account = Account(known, base_url=postnl.base_url)
            return await resolve(PostNl(), postnl.http, account, reference, tokens=TokenKeeper())

        assert (await number("ORD-1"), await number("ORD-9")) == (NUMBER, "")
        with pytest.raises(AmbiguousReference, match=f"several parcels by it: {NUMBER}, 3SABCD000000002"):
            await number("ORD-2")
        with pytest.raises(RequestRefused, match="`customer_code` and `customer_number` are needed"):
            await number("ORD-1", customer_code="")
