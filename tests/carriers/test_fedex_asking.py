"""Asking FedEx over real HTTP, of a stand-in that speaks its Track API; and its pushes."""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from typing import NamedTuple

import pytest
from httpx import AsyncClient
from pydantic import SecretStr

from app.demo.journeys import JOURNEYS
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
    RequestRefused,
    TrackingNumber,
)
from carriers.event import Parcel, keyed
from carriers.fedex import Fedex, FedexCredentials
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import journey_named
from tests.recorded import recorded

NUMBER = "986578788855"


def parcel_of(name: str) -> Parcel:
    [parcel] = Fedex().parse(recorded("fedex", name))
    return parcel


DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)


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
    stand_in = FedexStandIn(journey_named)
    credentials = FedexCredentials(api_key="stand-in", secret_key=SecretStr("fedex-stand-in-secret"))
    async with serving(stand_in.app()) as address, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
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


async def test_another_carriers_credentials_are_refused(desk: Desk) -> None:
    """They are no FedEx's."""
    with pytest.raises(CredentialsRefused):
        await Desk(desk.stand_in, desk.http, replace(desk.account, credentials=Credentials())).ask()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=400, body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"transactionId": "1", "errors": [{"code": "BAD.REQUEST.ERROR"}]}'), RequestRefused),
        (Fault(body=b'{"errors": [{"code": "SYSTEM.UNAVAILABLE.EXCEPTION"}]}'), CarrierUnavailable),
        (Fault(body=recorded("fedex", "error_of_the_number")), RequestRefused),
    ],
)
async def test_a_call_gone_wrong(desk: Desk, fault: Fault, error: type[CarrierError]) -> None:
    """An error of the carrier's own codes becomes the contract's error, also inside a 200."""
    tokens = TokenKeeper()
    await desk.ask(tokens=tokens)
    desk.stand_in.faults.append(fault)

    with pytest.raises(error) as raised:
        await desk.ask(tokens=tokens)

    assert type(raised.value) is error


async def test_a_whole_call_about_nothing_known(desk: Desk) -> None:
    """NOT.FOUND.ERROR says of one number that it is not known; of several it does not say which."""
    tokens, fault = TokenKeeper(), Fault(status=404, body=b'{"errors": [{"code": "NOT.FOUND.ERROR"}]}')
    await desk.ask(tokens=tokens)
    desk.stand_in.faults += [fault, fault]

    assert await desk.ask("HELD", tokens=tokens) == [Parcel("", not_found=True)]
    with pytest.raises(RequestRefused):
        await desk.ask("HELD", "LOST", tokens=tokens)


async def test_a_grant_without_token_is_no_answer(desk: Desk) -> None:
    """A token answer without token, or with a life that is no number."""
    for body in (b"{}", b'{"access_token": "a", "expires_in": "soon"}'):
        desk.stand_in.faults.append(Fault(body=body))
        with pytest.raises(CarrierUnavailable):
            await Fedex().token(desk.http, desk.account)


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
