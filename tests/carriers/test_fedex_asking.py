"""Asking FedEx over real HTTP, of a stand-in that speaks its Track API; and its pushes."""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest

import pytest

from app.demo.journeys import JOURNEYS
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.fedex import WORDS, FedexStandIn
from carriers.base import (
    BadSignature,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RequestRefused,
    TrackingNumber,
)
from carriers.event import Parcel, keyed
from carriers.fedex import Fedex
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import Line, journey_named, line
from tests.recorded import recorded

NUMBER = "986578788855"


def parcel_of(name: str) -> Parcel:
    [parcel] = Fedex().parse(recorded("fedex", name))
    return parcel


DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)


@pytest.fixture
async def fedex() -> AsyncIterator[Line]:
    async with line(Fedex(), FedexStandIn) as made:
        yield made


async def test_every_journey_is_understood(fedex: Line) -> None:
    """Whatever the stand-in tells, each step has a status; a loss has no word. All in one call."""
    fedex.journey = None
    parcels = await fedex.parcels(*JOURNEYS, "111111111111")

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


async def test_the_question_names_the_days_around_the_shipping_date(fedex: Line) -> None:
    """Numbers are reused, so a known shipping date narrows the search; a plain number does as well."""
    shipped = TrackingNumber("DELIVERED", shipped_at=datetime(2026, 3, 9, 23, tzinfo=UTC))
    await fedex.ask(shipped, "HELD")

    assert isinstance(fedex.stand_in, FedexStandIn)
    assert fedex.stand_in.questions == [
        {
            "trackingNumberInfo": {"trackingNumber": "DELIVERED"},
            "shipDateBegin": "2026-02-22",
            "shipDateEnd": "2026-03-24",
        },
        {"trackingNumberInfo": {"trackingNumber": "HELD"}},
    ]


async def test_one_token_serves_many_calls(fedex: Line) -> None:
    """The token is kept for as long as it lives."""
    for _ in range(3):
        await fedex.ask(NUMBER)

    assert fedex.stand_in.requests == ["POST /oauth/token", *["POST /track/v1/trackingnumbers"] * 3]
    assert await Fedex().token(fedex.http, fedex.account()) == ("fedex-token-2", 3599.0)


async def test_another_carriers_credentials_are_refused(fedex: Line) -> None:
    """They are no FedEx's."""
    with pytest.raises(CredentialsRefused):
        await Fedex().token(fedex.http, replace(fedex.account(), credentials=Credentials()))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=400, body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"errors": [{"code": "SYSTEM.UNAVAILABLE.EXCEPTION"}]}'), CarrierUnavailable),
        (Fault(body=recorded("fedex", "error_of_the_number")), RequestRefused),
    ],
)
async def test_a_call_gone_wrong(fedex: Line, fault: Fault, error: type[CarrierError]) -> None:
    """An error of the carrier's own codes becomes the contract's error, also inside a 200."""
    await fedex.ask(NUMBER)

    assert type(await fedex.refusal(NUMBER, fault)) is error


async def test_a_whole_call_about_nothing_known(fedex: Line) -> None:
    """NOT.FOUND.ERROR says of one number that it is not known; of several it does not say which."""
    fault = Fault(status=404, body=b'{"errors": [{"code": "NOT.FOUND.ERROR"}]}')
    await fedex.ask(NUMBER)
    fedex.stand_in.faults += [fault, fault]

    assert await fedex.parcels("HELD") == [Parcel("", not_found=True)]
    with pytest.raises(RequestRefused):
        await fedex.ask("HELD", "LOST")


async def test_a_grant_without_token_is_no_answer(fedex: Line) -> None:
    """A token answer without token, or with a life that is no number."""
    for body in (b"{}", b'{"access_token": "a", "expires_in": "soon"}'):
        fedex.stand_in.faults.append(Fault(body=body))
        with pytest.raises(CarrierUnavailable):
            await Fedex().token(fedex.http, fedex.account())


def test_the_stand_ins_push_is_fedex() -> None:
    """Its push is signed and tells the history; none for an unknown number."""
    stand_in = FedexStandIn(journey_named)
    push = stand_in.push("PICKUP", "ours")
    assert push is not None
    Fedex().verify(push.headers, push.body, ["ours"])
    [parcel] = Fedex().parse(push.body)

    assert [event.code for event in parcel.events] == ["DL", "HL", "AF", "AR", "DP", "PU", "OC"]
    assert stand_in.push("nobody's", "ours") is None


def test_push_and_poll_tell_the_same_event() -> None:
    """The same scan has one key by either path."""
    [(pushed, _)] = keyed("fedex", NUMBER, parcel_of("push_new_event").events)

    assert pushed == next(iter(keyed("fedex", NUMBER, parcel_of("failed_attempt").events)))[0]


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
