"""DPD Poland: events of InfoServices in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dpd_poland import DpdPolandStandIn
from carriers.base import CarrierUnavailable
from carriers.dpd_poland import DpdPoland
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "0000000000001U"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "refused": (Status.EXCEPTION, SubStatus.REFUSED),
    "locker": (Status.DELIVERED, SubStatus.COLLECTED),
    "notice": None,
    "many_parcels": (Status.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return DpdPoland().parse(recorded("dpd_poland", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(DpdPoland(), LATEST)
test_an_empty_list_is_not_found_and_a_fault_tells_of_no_parcel = answers_are(DpdPoland(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in DpdPoland.table]

    assert {path.stem for path in recordings("dpd_poland")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("", "family")] == [194, 10]


def test_an_event_happens_in_warsaws_time_at_its_depot_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 3, 20, tzinfo=UTC), "2026-03-03T12:03:20", OffsetSource.CARRIER),
                code="190101",
                text="Doręczona",
                status=Status.DELIVERED,
                row="190101",
                place=Place(country="PL", code="1301", name="Warszawa"),
            ),
        ),
    )
    assert "ROSSI" not in str(parcel)


def test_a_code_without_a_row_means_what_its_family_means() -> None:
    assert [parsed(name)[0].events[0].row for name in ("refused", "notice")] == ["family/2007", "family/5117"]
    assert [event.row for event in parsed("returned")[0].events[:2]] == ["500640", "200714"]


def test_the_customers_queue_tells_of_many_waybills_and_a_lost_zero_is_put_back() -> None:
    assert [(parcel.number, [event.row for event in parcel.events]) for parcel in parsed("many_parcels")] == [
        (NUMBER, ["170102", "family/0401"]),
        ("0000000000002U", ["family/0405"]),
    ]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
    ]


FAULT = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
<faultstring>Invalid</faultstring></s:Fault></s:Body></s:Envelope>"""


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    DpdPoland(), [b"", b"{}", b"<html/>", b"<return/>", FAULT, b"<return><eventsL"]
)


async def test_a_waybill_that_is_not_known_is_an_answer_and_another_fault_the_services_trouble() -> None:
    async with line(DpdPoland(), DpdPolandStandIn) as dpd:
        dpd.journey = ""
        assert await dpd.parcels(NUMBER) == [Parcel("", not_found=True)]

        dpd.stand_in.faults.append(Fault(500, body=FAULT))
        with pytest.raises(CarrierUnavailable, match="Invalid"):
            await dpd.ask(NUMBER)
