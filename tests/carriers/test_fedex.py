"""FedEx: its answers and pushes as events, and its Track API over real HTTP."""

from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from hmac import digest
from typing import NamedTuple

import orjson
import pytest
from httpx import AsyncClient
from pydantic import SecretStr, ValidationError

from app.demo.journeys import JOURNEYS, Happened, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.fedex import WORDS, FedexStandIn
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
    TrackingNumber,
    UnreadablePayload,
)
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent, keyed
from carriers.fedex import Fedex, FedexCredentials
from carriers.vocabulary import Status, SubStatus
from tests.recorded import recorded, recordings

NUMBER = "986578788855"
ABSENT = (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT)
DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)

LATEST = {
    "delivered": DELIVERED,
    "delivered_at_fedex_location": (Status.DELIVERED, SubStatus.COLLECTED),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),  # its derivedStatusCode says IT
    "failed_attempt": ABSENT,
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "ready_for_pickup": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "returning": (Status.EXCEPTION, SubStatus.RETURNING),
    "returned": (Status.RETURNED, None),
    "refused_by_text": (Status.EXCEPTION, SubStatus.REFUSED),
    "future_delivery_by_text": (Status.IN_TRANSIT, SubStatus.DELIVERY_SCHEDULED),
    "clearance": (Status.IN_TRANSIT, SubStatus.CUSTOMS),
    "exception_without_reason": (Status.FAILED_ATTEMPT, None),
    "reused_number": (Status.OUT_FOR_DELIVERY, None),
    "head_only": DELIVERED,
    "head_without_scans": (Status.EXCEPTION, SubStatus.CANCELLED),
    "nonsense_pickup_time": (Status.IN_TRANSIT, SubStatus.PICKED_UP),  # weak, so it moves nothing
    "unlisted_code": None,
    "dst_nights": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "date_only": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "push_new_event": ABSENT,
}
WITHOUT_EVENTS = {
    "not_found": [Parcel("111111111111", not_found=True)],
    "error": [],
    "error_of_the_number": [],
}
OTHERS = {"many_parcels", "hostile", "head_at_midnight"}


def parcel_of(name: str) -> Parcel:
    [parcel] = Fedex().parse(recorded("fedex", name))
    return parcel


@pytest.mark.parametrize(("name", "meaning"), LATEST.items())
def test_the_newest_event_means(name: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the customer would say."""
    assert max(parcel_of(name).events, key=lambda event: event.moment.occurred_at).meaning == meaning


@pytest.mark.parametrize(("name", "parcels"), WITHOUT_EVENTS.items())
def test_answers_without_events(name: str, parcels: list[Parcel]) -> None:
    """An unknown number is told as such, though the answer is a 200; an error tells of no parcel."""
    assert Fedex().parse(recorded("fedex", name)) == parcels


def test_every_fixture_is_named_here() -> None:
    """No recorded answer lies about unused."""
    assert {path.stem for path in recordings("fedex")} == LATEST.keys() | WITHOUT_EVENTS.keys() | OTHERS


def test_a_whole_parcel() -> None:
    """Every part of an answer lands where it belongs; who signed does not."""
    body = recorded("fedex", "delivered")
    [parcel] = Fedex().parse(body)

    assert replace(parcel, events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
                code="DL",
                list="event",
                context="place RECEPTIONIST_OR_FRONT_DESK",
                text="Delivered",
                status=Status.DELIVERED,
                sub_status=SubStatus.TO_RECIPIENT,
                row="place/RECEPTIONIST_OR_FRONT_DESK",
                place=Place(city="PADOVA", postcode="35100", country="IT", code="PDOA"),
            ),
        ),
        service="FedEx International Priority",
    )
    assert [event.code for event in parcel.events] == ["DL", "OD", "AR", "PU", "OC"]
    assert b"CANARY" in body
    assert "CANARY" not in repr(parcel)


def test_many_parcels() -> None:
    """One parcel for each number, the unknown one too."""
    parcels = Fedex().parse(recorded("fedex", "many_parcels"))

    assert [(parcel.number, len(parcel.events), parcel.not_found) for parcel in parcels] == [
        (NUMBER, 5, False),
        ("122816215025810", 1, False),
        ("111111111111", 0, True),
    ]


def test_a_hostile_answer_is_read_as_far_as_it_goes() -> None:
    """Wrong types everywhere: nothing raises, nothing is made up."""
    parcel = parcel_of("hostile")

    assert (parcel.number, parcel.eta, parcel.pickup_point) == (NUMBER, None, "1")
    assert [(event.code, event.status, event.row, event.place) for event in parcel.events] == [
        ("", None, None, None),
        ("DE", Status.FAILED_ATTEMPT, "event/DE", None),
    ]


def test_a_reused_number_tells_its_newest_shipment() -> None:
    """The delivery of two years ago belongs to somebody else."""
    parcel = parcel_of("reused_number")

    assert [event.code for event in parcel.events] == ["OD", "AR", "PU", "OC"]
    assert parcel.note == "2 shipments bear this number; this is the newest"


def test_the_present_status_becomes_an_event_only_when_no_scan_tells_it() -> None:
    """`derivedCode` before `code`, at the time of the delivery; a midnight there stands for the day."""
    *_, timed = parcel_of("head_only").events
    *_, dated = parcel_of("head_at_midnight").events

    assert (timed.code, timed.context, timed.moment) == (
        "DL",
        "place RESIDENCE",
        Moment(datetime(2026, 3, 12, 9, 15, tzinfo=UTC), "2026-03-12T10:15:00", OffsetSource.GIVEN),
    )
    assert (dated.row, dated.moment) == (
        "event/DL",
        Moment(
            datetime(2026, 3, 11, 23, tzinfo=UTC),
            "2026-03-12",
            OffsetSource.GIVEN,
            datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("code", "reason", "words", "row", "doubtful"),
    [
        ("DE", "08", "Customer not available or business closed", "reason/08", False),
        ("DE", "015A", "", "reason/015A", False),
        ("DE", "07", "Refused", "text/refused", False),  # 007 is another code
        ("DE", "083", "", "reason/083", True),
        ("DE", "A52", "Available for pickup at: Padova", "text/available for pickup at", True),
        ("SE", "", "Business CLOSED due to holiday", "text/closed", False),
        ("SE", "XX", "Weather delay", "text/weather", False),
        ("SE", "XX", "Unable to deliver - incorrect address", "text/incorrect address", False),
        ("SE", "XX", "Something", "event/SE", True),
        ("OD", "08", "Refused", "event/OD", False),  # only exceptions are read by their reason
        ("ZZ", "08", "Refused", None, False),
    ],
)
def test_an_exception_means_its_reason(code: str, reason: str, words: str, row: str | None, doubtful: bool) -> None:
    """The reason's code decides, then its text, then the exception itself."""
    scan = {"date": "2026-03-12T10:00:00Z", "eventType": code, "exceptionCode": reason, "exceptionDescription": words}
    results = [{"trackingNumber": NUMBER, "trackResults": [{"scanEvents": [scan]}]}]
    [parcel] = Fedex().parse(orjson.dumps({"output": {"completeTrackResults": results}}))

    assert [(event.row, event.doubtful, event.context) for event in parcel.events] == [
        (row, doubtful, f"reason {reason}" if reason else "")
    ]


def test_a_delivery_is_a_return_only_after_a_scan_rs() -> None:
    """The same DL before the way back stays a delivery, and what decided is in its context."""
    body = orjson.loads(recorded("fedex", "returned"))
    scans = body["output"]["completeTrackResults"][0]["trackResults"][0]["scanEvents"]
    scans.append({"date": "2026-03-14T09:00:00+01:00", "eventType": "DL"})
    [parcel] = Fedex().parse(orjson.dumps(body))

    assert [(event.row, event.context) for event in parcel.events if event.code == "DL"] == [
        ("return/DL", "after RS"),
        ("place/SHIPPING_RECEIVING", "place SHIPPING_RECEIVING"),
    ]


def test_the_expected_delivery() -> None:
    """A window, an estimated time, and none once delivered."""
    assert parcel_of("out_for_delivery").eta == Eta(
        datetime(2026, 3, 12, 9, tzinfo=UTC), datetime(2026, 3, 12, 11, tzinfo=UTC)
    )
    assert parcel_of("failed_attempt").eta == Eta(latest=datetime(2026, 3, 13, 17, tzinfo=UTC))
    assert parcel_of("delivered").eta is None


def test_an_estimated_midnight_is_a_day() -> None:
    """A local midnight says nothing of the hour."""
    body = recorded("fedex", "failed_attempt").replace(b"2026-03-13T18:00:00", b"2026-03-13T00:00:00")
    [parcel] = Fedex().parse(body)

    assert parcel.eta == Eta(day=date(2026, 3, 13))


def test_where_it_waits_without_a_person() -> None:
    """The pickup point by name and street; no personal name."""
    assert parcel_of("ready_for_pickup").pickup_point == "FedEx Office, Via Roma 1, Padova"


def test_push_and_poll_tell_the_same_event() -> None:
    """The same scan has one key by either path."""
    [(pushed, _)] = keyed("fedex", NUMBER, parcel_of("push_new_event").events)

    assert pushed == next(iter(keyed("fedex", NUMBER, parcel_of("failed_attempt").events)))[0]


def test_both_nights_of_the_clock_change() -> None:
    """Offsets are printed: the doubled hour of October is told apart, the missing one of March does no harm."""
    times = [
        (event.moment.local_time, event.moment.occurred_at.isoformat()) for event in parcel_of("dst_nights").events
    ]

    assert times == [
        ("2026-10-25T02:30:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-03-29T03:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29T01:30:00", "2026-03-29T00:30:00+00:00"),
    ]


def test_a_date_alone_spans_its_day() -> None:
    """Without zone it is read as UTC, and says so."""
    [event] = parcel_of("date_only").events

    assert event.moment == Moment(
        datetime(2026, 3, 12, tzinfo=UTC),
        "2026-03-12",
        OffsetSource.UNKNOWN,
        datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC),
    )


def test_the_table_is_whole() -> None:
    """As many rows as the sheet has codes, by list."""
    assert Counter(within for within, _ in Fedex.table) == {
        "event": 70,
        "reason": 14,
        "text": 12,
        "place": 15,
        "return": 1,
    }
    assert [(Fedex.table["event", code].status, Fedex.table["event", code].weak) for code in ("AO", "PU", "EP")] == [
        (None, False),
        (Status.IN_TRANSIT, True),
        (Status.AWAITING_PICKUP, True),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<output/>",
        b"[]",
        b"null",
        b'{"output": []}',
        b'{"output": {}}',
        b'{"errors": []}',
        b'{"errors": [{"code": "404"}]}',
        b'{"trackResponse": {"shipment": []}}',
        b'{"shipments": [{"id": "1"}]}',
    ],
)
def test_anothers_answer_is_unreadable(body: bytes) -> None:
    """What is not FedEx's is refused, whatever it is."""
    with pytest.raises(UnreadablePayload):
        Fedex().parse(body)


def test_a_signed_push_is_believed() -> None:
    """Base64 of the HMAC-SHA256 over the raw body, under any of the account's tokens."""
    body = recorded("fedex", "push_new_event")
    signature = b64encode(digest(b"ours", body, sha256)).decode()

    assert Fedex().verify({"fdx-signature": signature}, body, ["new", "ours"]) == ("", None)


@pytest.mark.parametrize("signature", [None, "", "x", "\u00e9", digest(b"ours", b"{}", sha256).hex()])
def test_an_unsigned_push_is_refused(signature: str | None) -> None:
    """A missing, broken or hexadecimal signature, and no secret at all."""
    headers = {} if signature is None else {"fdx-signature": signature}
    for secrets in (["ours"], [""], []):
        with pytest.raises(BadSignature):
            Fedex().verify(headers, b"{}", secrets)


def test_a_changed_body_is_refused() -> None:
    """The signature is over the raw bytes."""
    signature = b64encode(digest(b"ours", b"{}", sha256)).decode()

    with pytest.raises(BadSignature):
        Fedex().verify({"fdx-signature": signature}, b"{ }", ["ours"])


def test_numbers_and_credentials() -> None:
    """FedEx's number forms; an unknown credential field is refused."""
    numbers = (
        "9865 7878 8855",
        "122816215025810",
        "9612019950078574025848",
        "DT123456789012",
        "1Z999AA10123456784",
        "123",
    )

    assert [Fedex().matches(number) for number in numbers] == [True, True, True, True, False, False]
    assert Fedex().tracking_url(NUMBER).endswith(NUMBER)
    with pytest.raises(ValidationError):
        FedexCredentials.model_validate({"api_key": "a", "secret_key": "b", "password": "c"})


# The Track API over real HTTP.


def told(number: str) -> list[Happened] | None:
    """A journey per number; none for a number that FedEx does not know."""
    legs = JOURNEYS.get(number)
    start = datetime(2026, 3, 9, 8, tzinfo=UTC)
    return None if legs is None else so_far(legs, start, 1, start + timedelta(days=30))


class Desk(NamedTuple):
    stand_in: FedexStandIn
    http: AsyncClient
    account: Account

    async def ask(self, *numbers: str, tokens: TokenKeeper | None = None) -> list[Parcel]:
        asked = numbers or ("DELIVERED",)
        answers = await ask(Fedex(), self.http, self.account, asked, tokens=tokens or TokenKeeper())
        assert [answer.numbers for answer in answers] == [asked]
        return [parcel for answer in answers for parcel in Fedex().parse(answer.body)]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    stand_in = FedexStandIn(told)
    credentials = FedexCredentials(api_key="stand-in", secret_key=SecretStr("fedex-stand-in-secret"))
    async with serving(stand_in.app()) as address, AsyncClient(trust_env=False, timeout=5) as http:
        yield Desk(stand_in, http, Account(credentials, base_url=address))


async def test_every_journey_is_understood(desk: Desk) -> None:
    """Whatever the stand-in tells, each step has a status; a loss has no word. All in one call."""
    parcels = await desk.ask(*JOURNEYS, "111111111111")

    assert [(parcel.number, len(parcel.events), parcel.not_found) for parcel in parcels] == [
        *((name, sum(leg.step in WORDS for leg in legs), False) for name, legs in JOURNEYS.items()),
        ("111111111111", 0, True),
    ]
    assert [event for parcel in parcels for event in parcel.events if event.status is None] == []
    assert {parcel.number: parcel.events[0].meaning for parcel in parcels if parcel.events} == {
        "DELIVERED": DELIVERED,
        "HELD": (Status.EXCEPTION, SubStatus.HELD),
        "FAILED": DELIVERED,
        "RETURNED": (Status.RETURNED, None),
        "LOST": (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
        "DELAYED": DELIVERED,
        "PICKUP": (Status.DELIVERED, SubStatus.COLLECTED),
        "DAMAGED": (Status.EXCEPTION, SubStatus.DAMAGED),
        "REFUSED": (Status.RETURNED, None),
        "CUSTOMS": DELIVERED,
        "STALE": (Status.IN_TRANSIT, SubStatus.DEPARTED),
        "DISORDER": DELIVERED,
    }


async def test_the_question_names_the_days_around_the_shipping_date(desk: Desk) -> None:
    """Numbers are reused, so a known shipping date narrows the search; a plain number does as well."""
    shipped = TrackingNumber("DELIVERED", shipped_at=datetime(2026, 3, 9, 23, tzinfo=UTC))
    await desk.ask(shipped, "HELD")

    assert desk.stand_in.questions == [
        {
            "trackingNumberInfo": {"trackingNumber": "DELIVERED"},
            "shipDateBegin": "2026-02-22",
            "shipDateEnd": "2026-03-24",
        },
        {"trackingNumberInfo": {"trackingNumber": "HELD"}},
    ]


async def test_one_token_serves_many_calls(desk: Desk) -> None:
    """The token is kept for as long as it lives."""
    tokens = TokenKeeper()
    for _ in range(3):
        await desk.ask(tokens=tokens)

    assert desk.stand_in.requests == ["POST /oauth/token", *["POST /track/v1/trackingnumbers"] * 3]
    assert await Fedex().token(desk.http, desk.account) == ("fedex-token-2", 3599.0)


async def test_an_expired_token_is_renewed(desk: Desk) -> None:
    """A 401 gets a new token and the question is asked again, once."""
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.stand_in.tokens.clear()

    [parcel] = await desk.ask(tokens=tokens)

    assert parcel.events[0].status == Status.DELIVERED
    assert desk.stand_in.granted == 2


@pytest.mark.parametrize(
    "credentials", [FedexCredentials(api_key="stand-in", secret_key=SecretStr("wrong")), Credentials()]
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
        (Fault(status=400, body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"errors": [{"code": "SYSTEM.UNAVAILABLE.EXCEPTION"}]}'), CarrierUnavailable),
        (Fault(body=recorded("fedex", "error_of_the_number")), RequestRefused),
        (Fault(body=b'{"output": ', half=True), CarrierUnavailable),
        (Fault(body=b"<html>maintenance</html>"), UnreadablePayload),
        (Fault(hang=0.6), CarrierUnavailable),
    ],
)
async def test_a_call_gone_wrong(desk: Desk, fault: Fault, error: type[CarrierError]) -> None:
    """What HTTP says becomes the contract's error, with the wait if FedEx names one; so does an error in a 200."""
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
            await Fedex().token(desk.http, desk.account)


def test_the_stand_ins_push_is_fedex() -> None:
    """Its push is signed and tells the history; none for an unknown number."""
    stand_in = FedexStandIn(told)
    push = stand_in.push("PICKUP", "ours")
    assert push is not None
    Fedex().verify(push.headers, push.body, ["ours"])
    [parcel] = Fedex().parse(push.body)

    assert [event.code for event in parcel.events] == ["DL", "HL", "AF", "AR", "DP", "PU", "OC"]
    assert stand_in.push("nobody's", "ours") is None
