"""Bring: answers of Tracking API v2 and Event Cast's pushes in, meanings out; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.bring import BringStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused
from carriers.bring import Bring
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent, event_key
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "370000000000000000"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.IN_TRANSIT, SubStatus.DELAYED),
    "returned": (Status.RETURNED, None),
    "dst_nights": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "answer": (Status.OUT_FOR_DELIVERY, None),
    "push": (Status.OUT_FOR_DELIVERY, None),
    "ready": None,
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return Bring().parse(recorded("bring", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(Bring(), LATEST)
test_an_error_is_not_found_or_tells_of_no_parcel = answers_are(Bring(), WHOLE)


def test_every_fixture_is_named_and_every_status_stands_in_the_table() -> None:
    assert {path.stem for path in recordings("bring")} == {*LATEST, *WHOLE}
    assert len(Bring.table) == 19


def test_the_answer_in_xml_tells_the_same() -> None:
    [parcel] = parsed("answer")

    assert (parcel.number, parcel.aliases, parcel.service) == (NUMBER, ("70000000000000001",), "Business parcel")
    assert parcel.eta and parcel.eta.day == date(2026, 3, 6)
    assert parcel.events[0].moment.occurred_at == datetime(2026, 3, 5, 8, 56, 58, tzinfo=UTC)
    assert parcel.events[0].place == Place("SKIEN", "3702", country="NO")
    assert Bring().parse(b"No shipments found\n") == [Parcel("", not_found=True)]


def test_a_package_is_a_parcel_with_its_consignments_number_and_nobodys_name() -> None:
    [parcel] = parsed("out_for_delivery")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 7, 10, tzinfo=UTC), "2026-03-04T08:10:00", OffsetSource.GIVEN),
                code="TRANSPORT_TO_RECIPIENT",
                text="Loaded for delivery.",
                status=Status.OUT_FOR_DELIVERY,
                row="TRANSPORT_TO_RECIPIENT",
                place=Place("OSLO", "0150", country="NO"),
                by_instant=True,
            ),
        ),
        Eta(
            datetime(2026, 3, 3, 23, tzinfo=UTC),
            datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC),
            date(2026, 3, 4),
        ),
        aliases=("70000000000000001",),
        service="Pick-up parcel",
    )
    assert "NORDMANN" not in str(parsed("delivered"))


def test_each_package_of_a_consignment_is_a_parcel() -> None:
    assert [(each.number, each.aliases) for each in parsed("many_parcels")] == [
        (NUMBER, ("70000000000000001",)),
        ("370000000000000017", ("70000000000000001",)),
    ]


def test_a_consignment_that_is_told_counts_beside_one_that_is_not_known() -> None:
    body = b'{"consignmentSet": [{"consignmentId": "70000000000000001", "packageSet": []}, {"error": {"code": 404}}]}'

    assert Bring().parse(body) == [Parcel("70000000000000001")]


def test_a_push_and_a_poll_tell_the_same_event() -> None:
    keys = {event_key("bring", NUMBER, parsed(name)[0].events[0]) for name in ("push", "out_for_delivery")}

    assert len(keys) == 1


def test_waiting_says_neither_locker_nor_shop_and_a_notice_nothing() -> None:
    notice, ready, *_ = parsed("ready")[0].events

    assert (notice.status, notice.row) == (None, "NOTIFICATION_SENT")
    assert ready.meaning == (Status.AVAILABLE_FOR_PICKUP, None)


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Bring(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"consignmentSet": [{"id": "1"}]}', b'{"status": "x"}', b'{"consignmentSet": [{"'],
)


async def test_the_stand_ins_push_tells_its_newest_step() -> None:
    async with line(Bring(), BringStandIn) as bring:
        push = bring.stand_in.push(NUMBER, "")

    assert push is not None
    assert [event.status for event in Bring().parse(push.body)[0].events] == [Status.DELIVERED]


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(Bring(), BringStandIn) as bring:
        bring.journey = ""

        assert await bring.parcels(NUMBER) == [Parcel("", not_found=True)]


@pytest.mark.parametrize(
    ("code", "error"), [(400, RequestRefused), (401, CredentialsRefused), (503, CarrierUnavailable)]
)
async def test_an_error_inside_an_answer_has_its_name(code: int, error: type[CarrierError]) -> None:
    body = b'{"consignmentSet": [{"error": {"code": %d, "message": "No"}}]}' % code
    async with line(Bring(), BringStandIn) as bring:
        assert type(await bring.refusal(NUMBER, Fault(body=body))) is error
