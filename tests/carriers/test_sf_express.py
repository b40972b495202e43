"""SF Express: answers of its platform and pushed routes in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import orjson
import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.sf_express import SfExpressStandIn
from carriers.base import (
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
)
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent, event_key
from carriers.sf_express import NO_ROUTES, SfExpress, digest
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "SF1000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "problem": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "older": (Status.OUT_FOR_DELIVERY, None),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "push": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "customs": None,
    "unlisted_code": None,
    "older_interface": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "older_push": (Status.IN_TRANSIT, SubStatus.PICKED_UP),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True, note=NO_ROUTES)],
    "older_not_found": [Parcel("", not_found=True, note=NO_ROUTES)],
    "older_error": [],
    "error": [],
    "refused": [],
}


def parsed(name: str) -> list[Parcel]:
    return SfExpress().parse(recorded("sf_express", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(SfExpress(), LATEST)
test_an_answer_without_routes_says_why_and_an_error_tells_of_no_parcel = answers_are(SfExpress(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in SfExpress.table]

    assert {path.stem for path in recordings("sf_express")} == {*LATEST, *WHOLE}
    assert (lists.count("secondary"), lists.count("")) == (13, 22)


def test_an_event_has_chinas_time_and_names_nobody() -> None:
    newest = parsed("delivered")[0].events[-1]

    assert newest == TrackingEvent(
        Moment(datetime(2026, 3, 4, 2, 12, 40, tzinfo=UTC), "2026-03-04T10:12:40", OffsetSource.CARRIER),
        code="80",
        context="secondary 401",
        text="已签收",
        status=Status.DELIVERED,
        sub_status=SubStatus.TO_RECIPIENT,
        row="secondary/401",
        place=Place("杭州市"),
    )
    assert parsed("older")[0].events[1].text == "快件交给，正在派送途中（联系电话：）"


def test_the_secondary_code_decides_and_the_operation_says_it_finer_or_alone() -> None:
    assert [(event.row, event.doubtful) for event in parsed("problem")[0].events] == [
        ("secondary/101", False),
        ("secondary/201/30", False),
        ("secondary/201/31", False),
        ("secondary/201/36", False),
        ("secondary/1301", True),
    ]
    assert [event.row for event in parsed("older")[0].events] == ["50", "44", "204"]
    assert [event.row for event in parsed("customs")[0].events] == ["secondary/204", "secondary/205", "648"]


def test_one_event_is_the_same_pushed_and_polled() -> None:
    pushed, polled = (parsed(name)[0].events[0] for name in ("push", "delivered"))

    assert event_key("sf_express", NUMBER, pushed) == event_key("sf_express", NUMBER, polled)
    bare = orjson.dumps(orjson.loads(recorded("sf_express", "push"))["Body"])
    assert SfExpress().parse(bare) == parsed("push")
    assert [(each.number, len(each.events)) for each in parsed("push")] == [(NUMBER, 2), ("SF1000000000002", 1)]


def test_each_waybill_is_a_parcel_and_one_without_routes_is_not_found() -> None:
    assert [(each.number, len(each.events), each.not_found) for each in parsed("many_parcels")] == [
        (NUMBER, 4, False),
        ("SF1000000000002", 0, True),
        ("100000000003", 1, False),
    ]


def test_an_answer_is_read_whether_its_data_is_a_string_or_not_or_stands_alone() -> None:
    said = orjson.loads(recorded("sf_express", "delivered"))
    inner = orjson.loads(said["apiResultData"])

    assert SfExpress().parse(orjson.dumps({**said, "apiResultData": inner})) == parsed("delivered")
    assert SfExpress().parse(orjson.dumps(inner)) == parsed("delivered")


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    SfExpress(),
    [
        *(b"", b"[]", b"{}", b"<xml/>", b'{"success": true}', b'{"apiResultCode": "A1000"}', b'{"apiResultCode": "A1'),
        b'{"apiResultCode": "A1000", "apiResultData": "{"}',
    ],
)


def test_the_digest_is_over_what_java_would_encode() -> None:
    """Over `%7B%22a%22%3A%22b+c*%7E%22%7D1word`, by OpenSSL."""
    assert digest('{"a":"b c*~"}', "1", "word") == "2T+C6nYfWhvW7OPeKrd6vw=="


async def test_numbers_are_asked_about_together_and_an_unknown_one_is_an_answer() -> None:
    async with line(SfExpress(), SfExpressStandIn) as sf:
        [answer] = await sf.ask(NUMBER, "SF1000000000002", phone_digits="1234")
        sf.journey = ""
        unknown = await sf.parcels(NUMBER)

    assert [parcel.number for parcel in SfExpress().parse(answer.body)] == [*answer.numbers]
    assert unknown == [Parcel(NUMBER, not_found=True, note=NO_ROUTES)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"apiResultCode": "A1001"}', RequestRefused),
        (b'{"apiResultCode": "A1004"}', CredentialsRefused),
        (b'{"apiResultCode": "A1005"}', RateLimited),
        (b'{"apiResultCode": "A1099"}', CarrierUnavailable),
        (recorded("sf_express", "refused"), RequestRefused),
    ],
)
async def test_an_error_inside_an_answer_has_its_name(body: bytes, error: type[CarrierError]) -> None:
    async with line(SfExpress(), SfExpressStandIn) as sf:
        assert type(await sf.refusal(NUMBER, Fault(body=body))) is error
