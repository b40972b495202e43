"""Asking UPS over real HTTP, of a stand-in that speaks its Track API; and its pushes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.ups import WORDS, UpsStandIn
from carriers.base import (
    BadSignature,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RequestRefused,
)
from carriers.event import Moment, OffsetSource, Parcel, keyed
from carriers.ups import Ups
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import Line, journey_named, line
from tests.recorded import recorded

NUMBER = "1Z999AA10123456784"


def parcel_of(name: str) -> Parcel:
    [parcel] = Ups().parse(recorded("ups", name))
    return parcel


@pytest.fixture
async def ups() -> AsyncIterator[Line]:
    async with line(Ups(), UpsStandIn) as made:
        made.credentials = {"merchant_id": "A1B2C3"}
        yield made


def test_the_stand_in_has_a_word_for_each_step() -> None:
    """Each code it uses stands in the table, both the pair and the three digits."""
    keys = [[(kind, code), ("statusCode", three)] for kind, code, three, _ in WORDS.values()]

    assert [key for pair in keys for key in pair if key not in Ups.table] == []


async def test_one_token_serves_many_calls(ups: Line) -> None:
    """The token is kept; `expires_in` is a string."""
    for _ in range(3):
        await ups.ask(NUMBER)

    assert ups.stand_in.requests == [
        "POST /security/v1/oauth/token",
        *[f"GET /api/track/v1/details/{NUMBER}?locale=en_US"] * 3,
    ]
    assert await Ups().token(ups.http, ups.account()) == ("ups-token-2", 14399.0)


async def test_a_token_refused_in_a_good_answer_is_renewed(ups: Line) -> None:
    """The code of an expired token counts, whatever the HTTP status."""
    await ups.ask(NUMBER)
    ups.stand_in.faults.append(Fault(body=b'{"response": {"errors": [{"code": "251004", "message": "Expired"}]}}'))

    assert [parcel.number for parcel in await ups.parcels(NUMBER)] == [NUMBER]
    assert ups.stand_in.requests.count("POST /security/v1/oauth/token") == 2


async def test_an_unknown_number(ups: Line) -> None:
    """A 200 with a warning, or a 404."""
    ups.journey = ""
    assert await ups.parcels(NUMBER) == [Parcel(NUMBER, not_found=True)]
    ups.stand_in.faults.append(Fault(status=404, body=recorded("ups", "not_found_404")))
    assert await ups.parcels(NUMBER) == [Parcel("", not_found=True)]


async def test_another_carriers_credentials_are_refused(ups: Line) -> None:
    """They are no UPS's."""
    with pytest.raises(CredentialsRefused):
        await Ups().token(ups.http, replace(ups.account(), credentials=Credentials()))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=400, body=b'{"response": {"errors": [{"code": "TV0001"}]}}'), RequestRefused),
        (Fault(body=b'{"response": {"errors": [{"code": "TV0001"}]}}'), RequestRefused),
    ],
)
async def test_a_call_gone_wrong(ups: Line, fault: Fault, error: type[CarrierError]) -> None:
    """An error of the carrier's own codes becomes the contract's error, also inside a 200."""
    await ups.ask(NUMBER)

    assert type(await ups.refusal(NUMBER, fault)) is error


async def test_a_grant_without_token_is_no_answer(ups: Line) -> None:
    """A token answer without token, or with a life that is no number."""
    for body in (b"{}", b'{"access_token": "a", "expires_in": "soon"}'):
        ups.stand_in.faults.append(Fault(body=body))
        with pytest.raises(CarrierUnavailable):
            await Ups().token(ups.http, ups.account())


def test_the_stand_ins_push_is_ups() -> None:
    """Its push carries the credential and tells the newest step; none for an unknown number."""
    stand_in = UpsStandIn(journey_named)
    push = stand_in.push("PICKUP", "ours")
    assert push is not None
    Ups().verify(push.headers, push.body, ["ours"])
    [parcel] = Ups().parse(push.body)

    assert [event.meaning for event in parcel.events] == [(Status.DELIVERED, SubStatus.COLLECTED)]
    assert stand_in.push("nobody's", "ours") is None


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


@pytest.mark.parametrize("headers", [{"credential": "ours"}, {"authorization": "Bearer ours"}, {}])
def test_a_push_with_our_credential_or_none_is_believed(headers: dict[str, str]) -> None:
    """UPS documents no signature: without a credential the token in the address has to do."""
    assert Ups().verify(headers, b"{}", ["other", "ours"]) == ("", None)


def test_a_push_with_another_credential_is_refused() -> None:
    """A credential that is not ours is not UPS's."""
    for headers in ({"credential": "theirs"}, {"authorization": "Bearer theirs"}, {"credential": "ours\u00e9"}):
        with pytest.raises(BadSignature):
            Ups().verify(headers, b"{}", ["ours"])
