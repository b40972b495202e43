"""Canada Post: details and summaries in, meanings out; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.canada_post import CanadaPostStandIn
from carriers.base import CarrierError, CredentialsRefused, RateLimited, RequestRefused
from carriers.canada_post import CanadaPost
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

PIN = "7023210039414604"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "signed": None,
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "returned": (Status.RETURNED, None),
    "delivered_wrongly": (Status.OUT_FOR_DELIVERY, None),
    "customs": (Status.EXCEPTION, SubStatus.RETURNING),
    "unlisted_code": None,
    "zones": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return CanadaPost().parse(recorded("canada_post", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(CanadaPost(), LATEST)
test_an_answer_without_a_parcel_is_not_found_or_tells_of_none = answers_are(CanadaPost(), WHOLE)


def test_every_fixture_is_named_and_the_whole_list_stands_in_the_table() -> None:
    lists = [within for within, _ in CanadaPost.table]

    assert {path.stem for path in recordings("canada_post")} == {*LATEST, *WHOLE, "many_parcels"}
    assert (lists.count(""), len(lists)) == (205, 205 + 27)


def test_an_event_has_its_sites_time_and_names_nobody() -> None:
    [parcel] = parsed("delivered")

    assert len(parcel.events) == 4
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        PIN,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 15, 5, tzinfo=UTC), "2026-03-12T11:05:00", OffsetSource.GIVEN),
                code="1408",
                text="Item successfully delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="1408",
                place=Place("OTTAWA", state="ON", country="CA"),
            ),
        ),
        Eta(datetime(2026, 3, 12, tzinfo=UTC), datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC), date(2026, 3, 12)),
        service="Expedited Parcels",
    )
    assert "DOE" not in str(parsed("delivered"))


def test_a_signature_moves_nothing_and_a_code_is_the_same_with_and_without_zeros() -> None:
    assert [(event.code, event.row, event.status) for event in parsed("signed")[0].events] == [
        ("20", "20", None),
        ("1409", "1409", Status.DELIVERED),
    ]


def test_on_the_way_back_the_description_decides() -> None:
    [parcel] = parsed("returned")

    assert parcel.note == "returned as 7023210039414611"
    assert [(event.code, event.row, event.context) for event in parcel.events] == [
        ("1496", "home/returned to sender", "text"),
        ("174", "back/return*sender", "text"),
        ("1415", "1415", ""),
    ]
    assert [event.row for event in parsed("customs")[0].events] == ["import/refused", "4450", "810"]


def test_a_time_is_that_of_its_letters_or_its_province_also_in_the_nights_of_the_change() -> None:
    assert [event.moment for event in parsed("zones")[0].events] == [
        Moment(datetime(2026, 11, 1, 8, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 11, 1, 9, 30, tzinfo=UTC), "2026-11-01T01:30:00", OffsetSource.GIVEN),
        Moment(datetime(2026, 3, 8, 6, tzinfo=UTC), "2026-03-08T02:30:00", OffsetSource.PLACE),
        Moment(datetime(2026, 3, 5, 9, tzinfo=UTC), "2026-03-05T09:00:00", OffsetSource.UNKNOWN),
        Moment(
            datetime(2026, 3, 4, tzinfo=UTC),
            "2026-03-04",
            OffsetSource.UNKNOWN,
            datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC),
        ),
    ]


def test_a_summary_tells_the_days_of_delivery_and_attempt_and_what_its_description_says() -> None:
    first, second = parsed("many_parcels")

    assert [(event.code, event.row, event.moment.local_time, event.status) for event in first.events] == [
        ("DELIVERED", "description/successfully delivered", "2026-03-12T11:05:00", Status.DELIVERED),
        ("attempted-date", "summary/attempted-date", "2026-03-11", Status.FAILED_ATTEMPT),
    ]
    assert (second.number, [event.code for event in second.events]) == ("7023210039414611", ["INFO"])
    assert first.events[0].moment.occurred_at == datetime(2026, 3, 12, 15, 5, tzinfo=UTC)


def test_a_payment_of_type_out_is_no_delivery_and_the_day_of_delivery_is_an_event() -> None:
    body = recorded("canada_post", "many_parcels").replace(b"DELIVERED", b"OUT")
    [first, _] = CanadaPost().parse(body.replace(b"Item successfully delivered", b"Paiement CR - SPL"))

    assert [(event.code, event.status) for event in first.events] == [
        ("OUT", None),
        ("actual-delivery-date", Status.DELIVERED),
        ("attempted-date", Status.FAILED_ATTEMPT),
    ]


@pytest.mark.parametrize("name", ["delivered", "many_parcels", "not_found", "error"])
def test_an_answer_in_an_envelope_is_the_answer(name: str) -> None:
    bare = recorded("canada_post", name)
    inside = bare.partition(b"?>")[2] or bare
    body = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><t:response xmlns:t='t'>%b"

    assert CanadaPost().parse(body % inside + b"</t:response></s:Body></s:Envelope>") == parsed(name)


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    CanadaPost(), [b"", b"{}", b"<html/>", b"<messages/>", b"<TrackResponse/>", b"<tracking-detail><p"]
)


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(CanadaPost(), CanadaPostStandIn) as post:
        post.journey = ""

        assert await post.parcels(PIN) == [Parcel("", not_found=True)]


@pytest.mark.parametrize(
    ("code", "error"),
    [("E002", CredentialsRefused), ("AA004", CredentialsRefused), ("Server", RateLimited), ("9", RequestRefused)],
)
async def test_an_error_inside_an_answer_has_its_name(code: str, error: type[CarrierError]) -> None:
    body = f"<messages><message><code>{code}</code><description>No</description></message></messages>".encode()
    async with line(CanadaPost(), CanadaPostStandIn) as post:
        refusal = await post.refusal(PIN, Fault(body=body))

    assert type(refusal) is error
    assert getattr(refusal, "retry_after", 60.0) == 60.0
