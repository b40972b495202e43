"""UPS: its answers and pushes as events, and its Track API over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import orjson
import pytest
from httpx import AsyncClient
from pydantic import SecretStr, ValidationError

from app.demo.journeys import JOURNEYS, Happened, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.ups import WORDS, UpsStandIn
from carriers.asking import TokenKeeper, ask
from carriers.base import (
    Account,
    BadSignature,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    UnreadablePayload,
)
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent, keyed
from carriers.ups import Ups, UpsCredentials
from carriers.vocabulary import Status, SubStatus
from tests.recorded import recorded, recordings

NUMBER = "1Z999AA10123456784"
OUT = (Status.OUT_FOR_DELIVERY, None)

LATEST = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": OUT,
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.RETURNED, None),
    "access_point": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),  # a type D that is not the recipient
    "locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "bare_delivered_at_access_point": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),  # only 040 says where
    "delivered_then_damage": (Status.EXCEPTION, SubStatus.DAMAGED),
    "claim_notice": (Status.IN_TRANSIT, None),  # weak: a notice without movement
    "unlisted_code": None,
    "unlisted_pair_listed_three_digits": (Status.EXCEPTION, SubStatus.REFUSED),
    "same_code_other_type": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),  # X/OT, after I/OT
    "head_only": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "local_time_only": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "date_only": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "postal": OUT,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "push_delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "push_new_date": None,
}
WITHOUT_EVENTS = {
    "not_found": [Parcel("1Z999AA10123456785", not_found=True)],
    "not_found_404": [Parcel("", not_found=True)],
    "error": [],
    "push_without_time": [Parcel(NUMBER)],
}
OTHERS = {"many_parcels", "hostile"}


def parcel_of(name: str) -> Parcel:
    [parcel] = Ups().parse(recorded("ups", name))
    return parcel


@pytest.mark.parametrize(("name", "meaning"), LATEST.items())
def test_the_newest_event_means(name: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the customer would say."""
    assert max(parcel_of(name).events, key=lambda event: event.moment.occurred_at).meaning == meaning


@pytest.mark.parametrize(("name", "parcels"), WITHOUT_EVENTS.items())
def test_answers_without_events(name: str, parcels: list[Parcel]) -> None:
    """An unknown number, a refusal and a push without any time."""
    assert Ups().parse(recorded("ups", name)) == parcels


def test_every_fixture_is_named_here() -> None:
    """No recorded answer lies about unused."""
    assert {path.stem for path in recordings("ups")} == LATEST.keys() | WITHOUT_EVENTS.keys() | OTHERS


def test_a_whole_parcel() -> None:
    """Every part of an answer lands where it belongs; the receiver's name and signature nowhere."""
    body = recorded("ups", "delivered")
    [parcel] = Ups().parse(body)

    assert replace(parcel, events=parcel.events[:2]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
                code="FS",
                list="D",
                context="statusCode 011",
                text="DELIVERED",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="D/FS",
                place=Place(city="Vicenza", country="IT"),
            ),
            TrackingEvent(
                # gmtTime "74700" has lost its leading zero
                Moment(datetime(2026, 3, 12, 7, 47, tzinfo=UTC), "2026-03-12T08:47:00", OffsetSource.GIVEN),
                code="OT",
                list="I",
                context="statusCode 021",
                text="Out For Delivery Today",
                status=Status.OUT_FOR_DELIVERY,
                row="I/OT",
                place=Place(city="Vicenza", country="IT"),
            ),
        ),
        aliases=("92055900100111152280003029",),
        service="UPS Standard",
    )
    assert len(parcel.events) == 5
    assert b"CANARY" in body
    assert "CANARY" not in repr(parcel)


def test_many_parcels() -> None:
    """Each package of a shipment is a parcel of its own, by its own number."""
    parcels = Ups().parse(recorded("ups", "many_parcels"))

    assert [(parcel.number, parcel.events[0].meaning, parcel.aliases) for parcel in parcels] == [
        (NUMBER, (Status.DELIVERED, SubStatus.TO_RECIPIENT), ()),
        ("1Z999AA10123456793", OUT, ()),
    ]


def test_a_hostile_answer_is_read_as_far_as_it_goes() -> None:
    """Wrong types everywhere: nothing raises, nothing is made up."""
    first, second = Ups().parse(recorded("ups", "hostile"))

    assert (first.number, first.aliases, first.eta, second) == ("12", ("3",), None, Parcel(""))
    assert [(event.moment.local_time, event.meaning, event.row) for event in first.events] == [
        ("2026-03-12T10:15:00", None, None),
        ("2026-03-12T10:15:00", None, None),
    ]


def test_a_rescheduled_day_comes_before_the_scheduled_one() -> None:
    """RDD is newer than SDD; once delivered nothing is expected any more."""
    assert parcel_of("out_for_delivery").eta == Eta(day=date(2026, 3, 13))
    assert parcel_of("push_new_date").eta == Eta(day=date(2026, 3, 14))
    assert parcel_of("delivered").eta is None
    assert parcel_of("push_delivered").eta is None


def test_push_and_poll_tell_the_same_event() -> None:
    """The same scan has one key by either path."""
    [(polled, _), *_] = keyed("ups", NUMBER, parcel_of("delivered").events)
    [(pushed, event)] = keyed("ups", NUMBER, parcel_of("push_delivered").events)

    assert pushed == polled
    assert event == parcel_of("delivered").events[0]


def test_a_pushs_offset_is_written_with_a_dot() -> None:
    """gmtOffset -04.00, and the local time as UPS prints it."""
    [event] = parcel_of("push_new_date").events

    assert event.moment == Moment(datetime(2026, 3, 11, 13, tzinfo=UTC), "2026-03-11T09:00:00", OffsetSource.GIVEN)
    assert (event.row, event.status) == ("U/UP", None)


def test_both_nights_of_the_clock_change() -> None:
    """The doubled hour of October is told apart by the gmt trio, the missing one of March does no harm."""
    times = [
        (event.moment.local_time, event.moment.occurred_at.isoformat()) for event in parcel_of("dst_nights").events
    ]

    assert times == [
        ("2026-10-25T02:30:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-03-29T03:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29T01:30:00", "2026-03-29T00:30:00+00:00"),
    ]


def test_local_time_alone_is_marked() -> None:
    """Without the gmt trio the zone is unknown; without a clock time the event spans its day."""
    [timed], [dated] = parcel_of("local_time_only").events, parcel_of("date_only").events

    assert timed.moment == Moment(
        datetime(2026, 3, 12, 10, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.UNKNOWN
    )
    assert dated.moment == Moment(
        datetime(2026, 3, 12, tzinfo=UTC),
        "2026-03-12",
        OffsetSource.UNKNOWN,
        datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC),
    )


def test_the_present_status_becomes_an_event_only_when_no_activity_tells_it() -> None:
    """A bare three-digit currentStatus, dated by the delivery; where the activity tells it, it is not repeated."""
    *_, head = parcel_of("head_only").events

    assert (head.list, head.code, head.row, head.moment.local_time) == (
        "statusCode",
        "011",
        "statusCode/011",
        "2026-03-12T10:15:00",
    )
    assert [event.code for event in parcel_of("delivered").events] == ["FS", "OT", "DS", "OR", "MP"]


@pytest.mark.parametrize(
    ("kind", "code", "three", "row"),
    [
        ("I", "DS", "", "I/DS"),
        ("X", "DS", "", "X/DS"),
        ("X", "01", "", "X/1"),  # a single digit, padded
        ("i", "ar", "", "I/AR"),
        ("P", "OR", "", "P/OR"),
        ("VT", "XD", "", "VT/XD"),
        ("IC", "XD", "", None),
        ("I", "ZZ", "21", "statusCode/021"),
        ("D", "ZZ", "", None),  # never by the type alone
        ("M", "", "", None),
        ("D", "FS", "034", "statusCode/034"),
        ("D", "M3", "040", "statusCode/040"),
        ("D", "2W", "040", "D/2W"),  # collected says more than the place
    ],
)
def test_type_and_code_then_the_three_digits(kind: str, code: str, three: str, row: str | None) -> None:
    """(type, code) decides, then the three-digit code."""
    status = {"type": kind, "code": code, "descriptionCode": three}
    body = {"trackingNumber": NUMBER, "localActivityDate": "20260312", "activityStatus": status}
    [parcel] = Ups().parse(orjson.dumps(body))

    assert [event.row for event in parcel.events] == [row]


def test_the_table_is_whole() -> None:
    """As many rows as the sheet has codes, by list; `no change` rows have no status."""
    counts: dict[str, int] = {}
    for kind, _ in Ups.table:
        counts[kind] = counts.get(kind, 0) + 1

    assert counts == {
        "I": 38,
        "M": 7,
        "MV": 1,
        "P": 5,
        "O": 4,
        "U": 3,
        "D": 155,
        "X": 687,
        "statusCode": 160,
        "post": 195,
        "VT": 2,
    }
    assert {key: Ups.table[key].status for key in [("I", "CA"), ("U", "PX"), ("statusCode", "000")]} == {
        ("I", "CA"): None,
        ("U", "PX"): None,
        ("statusCode", "000"): None,
    }
    assert (Ups.table["X", "2G"].weak, Ups.table["I", "DL"].doubtful, Ups.table["X", "54"].sub_status) == (
        True,
        True,
        SubStatus.DEPOT,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<trackResponse/>",
        b"[]",
        b"null",
        b'{"trackResponse": []}',
        b'{"output": {"completeTrackResults": []}}',
        b'{"errors": [{"code": "NOT.FOUND.ERROR"}]}',
        b'{"shipments": [{"id": "1"}]}',
    ],
)
def test_anothers_answer_is_unreadable(body: bytes) -> None:
    """What is not UPS's is refused, whatever it is."""
    with pytest.raises(UnreadablePayload):
        Ups().parse(body)


@pytest.mark.parametrize("headers", [{"credential": "ours"}, {"authorization": "Bearer ours"}, {}])
def test_a_push_with_our_credential_or_none_is_believed(headers: dict[str, str]) -> None:
    """UPS documents no signature: without a credential the token in the address has to do."""
    assert Ups().verify(headers, b"{}", ["other", "ours"]) == ("", None)


def test_a_push_with_another_credential_is_refused() -> None:
    """A credential that is not ours is not UPS's."""
    for headers in ({"credential": "theirs"}, {"authorization": "Bearer theirs"}, {"credential": "ours\u00e9"}):
        with pytest.raises(BadSignature):
            Ups().verify(headers, b"{}", ["ours"])


def test_numbers_and_credentials() -> None:
    """UPS's number forms; an unknown credential field is refused."""
    assert [
        Ups().matches(number) for number in ("1z 999 aa1 01 2345 6784", "H1234567890", "1R" + "7" * 26, "12345")
    ] == [
        True,
        True,
        True,
        False,
    ]
    assert Ups().tracking_url(NUMBER).endswith(NUMBER)
    with pytest.raises(ValidationError):
        UpsCredentials.model_validate({"client_id": "a", "client_secret": "b", "password": "c"})


# The Track API over real HTTP.


def told(number: str) -> list[Happened] | None:
    """A journey per number; none for a number that UPS does not know."""
    legs = JOURNEYS.get(number)
    start = datetime(2026, 3, 9, 8, tzinfo=UTC)
    return None if legs is None else so_far(legs, start, 1, start + timedelta(days=30))


class Desk(NamedTuple):
    stand_in: UpsStandIn
    http: AsyncClient
    account: Account

    async def ask(self, number: str = "DELIVERED", tokens: TokenKeeper | None = None) -> list[Parcel]:
        answers = await ask(Ups(), self.http, self.account, [number], tokens=tokens or TokenKeeper())
        return [parcel for answer in answers for parcel in Ups().parse(answer.body)]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    stand_in = UpsStandIn(told)
    credentials = UpsCredentials(
        client_id="stand-in", client_secret=SecretStr("ups-stand-in-secret"), merchant_id="A1B2C3"
    )
    async with serving(stand_in.app()) as address, AsyncClient(trust_env=False, timeout=5) as http:
        yield Desk(stand_in, http, Account(credentials, base_url=address))


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_every_journey_is_understood(desk: Desk, journey: str) -> None:
    """Whatever the stand-in tells, each step has a status."""
    [parcel] = await desk.ask(journey)

    assert parcel.number == journey
    assert len(parcel.events) == len(JOURNEYS[journey])
    assert [event for event in parcel.events if event.status is None] == []


def test_the_stand_in_has_a_word_for_each_step() -> None:
    """Each code it uses stands in the table, both the pair and the three digits."""
    keys = [[(kind, code), ("statusCode", three)] for kind, code, three, _ in WORDS.values()]

    assert [key for pair in keys for key in pair if key not in Ups.table] == []


async def test_one_token_serves_many_calls(desk: Desk) -> None:
    """The token is kept; `expires_in` is a string."""
    tokens = TokenKeeper()
    for _ in range(3):
        await desk.ask(tokens=tokens)

    assert desk.stand_in.granted == 1
    assert desk.stand_in.requests == [
        "POST /security/v1/oauth/token",
        *["GET /api/track/v1/details/DELIVERED?locale=en_US"] * 3,
    ]
    assert await Ups().token(desk.http, desk.account) == ("ups-token-2", 14399.0)


async def test_an_expired_token_is_renewed(desk: Desk) -> None:
    """A 401 gets a new token and the question is asked again, once."""
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.stand_in.tokens.clear()

    [parcel] = await desk.ask(tokens=tokens)

    assert parcel.events[0].status == Status.DELIVERED
    assert desk.stand_in.granted == 2


async def test_a_token_refused_in_a_good_answer_is_renewed(desk: Desk) -> None:
    """The code of an expired token counts, whatever the HTTP status."""
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.stand_in.faults.append(Fault(body=b'{"response": {"errors": [{"code": "251004", "message": "Expired"}]}}'))

    assert [parcel.number for parcel in await desk.ask(tokens=tokens)] == ["DELIVERED"]
    assert desk.stand_in.granted == 2


async def test_an_unknown_number(desk: Desk) -> None:
    """A 200 with a warning, or a 404."""
    assert await desk.ask("1Z999AA10123456785") == [Parcel("1Z999AA10123456785", not_found=True)]
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.stand_in.faults.append(Fault(status=404, body=recorded("ups", "not_found_404")))
    assert await desk.ask("1Z999AA10123456785", tokens) == [Parcel("", not_found=True)]


@pytest.mark.parametrize(
    "credentials", [UpsCredentials(client_id="stand-in", client_secret=SecretStr("wrong")), Credentials()]
)
async def test_wrong_credentials_are_refused(desk: Desk, credentials: Credentials) -> None:
    """A wrong secret, and another carrier's credentials."""
    with pytest.raises(CredentialsRefused):
        await Desk(desk.stand_in, desk.http, replace(desk.account, credentials=credentials)).ask()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429), RateLimited),
        (Fault(status=429, headers={"Retry-After": "7"}), RateLimited),
        (Fault(status=500), CarrierUnavailable),
        (Fault(status=503), CarrierUnavailable),
        (Fault(status=403), CredentialsRefused),
        (Fault(status=400, body=b'{"response": {"errors": [{"code": "TV0001"}]}}'), RequestRefused),
        (Fault(body=b'{"response": {"errors": [{"code": "TV0001"}]}}'), RequestRefused),
        (Fault(body=b'{"trackResponse": ', half=True), CarrierUnavailable),
        (Fault(body=b"<html>maintenance</html>"), UnreadablePayload),
        (Fault(hang=0.6), CarrierUnavailable),
    ],
)
async def test_a_call_gone_wrong(desk: Desk, fault: Fault, error: type[CarrierError]) -> None:
    """What HTTP says becomes the contract's error, with the wait if UPS names one."""
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.http.timeout = 0.2
    desk.stand_in.faults.append(fault)

    with pytest.raises(error) as raised:
        await desk.ask(tokens=tokens)

    assert type(raised.value) is error
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after == (7.0 if fault.headers else None)


async def test_a_grant_without_token_is_no_answer(desk: Desk) -> None:
    """A token answer without token, or with a life that is no number."""
    for body in (b"{}", b'{"access_token": "a", "expires_in": "soon"}'):
        desk.stand_in.faults.append(Fault(body=body))
        with pytest.raises(CarrierUnavailable):
            await Ups().token(desk.http, desk.account)


def test_the_stand_ins_push_is_ups() -> None:
    """Its push carries the credential and tells the newest step; none for an unknown number."""
    stand_in = UpsStandIn(told)
    push = stand_in.push("PICKUP", "ours")
    assert push is not None
    Ups().verify(push.headers, push.body, ["ours"])
    [parcel] = Ups().parse(push.body)

    assert [event.meaning for event in parcel.events] == [(Status.DELIVERED, SubStatus.COLLECTED)]
    assert stand_in.push("nobody's", "ours") is None
