"""Asking DHL over real HTTP, of a stand-in that speaks its unified interface; and its pushes."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from app.demo.journeys import JOURNEYS
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dhl_unified import WORDS
from app.demo.stand_ins.dhl_unified import DhlUnified as StandIn
from carriers.base import (
    Account,
    BadSignature,
    RateLimited,
    RequestRefused,
    TrackingNumber,
    Verified,
)
from carriers.dhl_unified import DhlCredentials, DhlUnified
from carriers.event import Parcel
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import MEANT, journey_named

KEYS = DhlCredentials(api_key=SecretStr("stand-in-key"))


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn(journey_named)


@pytest.fixture
async def account(stand_in: StandIn) -> AsyncIterator[Account]:
    async with serving(stand_in.app()) as base:
        yield Account(KEYS, base_url=base)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=5) as client:
        yield client


@pytest.mark.parametrize("name", JOURNEYS)
async def test_every_journey_of_the_stand_in_is_understood(
    name: str, account: Account, http: httpx.AsyncClient
) -> None:
    [answer] = await DhlUnified().fetch(http, account, [name])
    [parcel] = DhlUnified().parse(answer.body)

    happened = [leg.step for leg in JOURNEYS[name] if leg.step in WORDS]
    assert (answer.numbers, parcel.number) == ((name,), name)
    assert [event.status for event in reversed(parcel.events)] == [MEANT[step] for step in happened]


async def test_the_question_names_the_division_the_language_and_the_postcode(
    stand_in: StandIn, account: Account, http: httpx.AsyncClient
) -> None:
    numbers = ["HELD", TrackingNumber("LOST", postcode="50100")]

    answers = await DhlUnified().fetch(http, account, numbers)

    assert [answer.numbers for answer in answers] == [("HELD",), ("LOST",)]
    assert stand_in.requests == [
        "GET /track/shipments?trackingNumber=HELD&service=express&language=en",
        "GET /track/shipments?trackingNumber=LOST&service=express&language=en&recipientPostalCode=50100",
    ]


async def test_a_number_that_dhl_or_this_division_does_not_know_is_not_found(
    account: Account, http: httpx.AsyncClient
) -> None:
    elsewhere = replace(account, credentials=DhlCredentials(api_key=SecretStr("stand-in-key"), service="parcel-de"))

    [unknown] = await DhlUnified().fetch(http, account, ["1234567891"])
    [other] = await DhlUnified().fetch(http, elsewhere, ["HELD"])

    assert DhlUnified().parse(unknown.body) == DhlUnified().parse(other.body) == [Parcel("", not_found=True)]


async def test_a_question_that_dhl_refuses_is_refused(
    stand_in: StandIn, account: Account, http: httpx.AsyncClient
) -> None:
    stand_in.faults.append(Fault(400))

    with pytest.raises(RequestRefused):
        await DhlUnified().fetch(http, account, ["HELD"])


async def test_a_limit_with_a_body_is_a_limit(stand_in: StandIn, account: Account, http: httpx.AsyncClient) -> None:
    stand_in.faults.append(Fault(429, body=b'{"status": 429}'))

    with pytest.raises(RateLimited) as raised:
        await DhlUnified().fetch(http, account, ["HELD"])

    assert raised.value.retry_after is None


def test_credentials_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError):
        DhlCredentials.model_validate({"api_key": "a", "service": "Not A Division"})


def test_a_push_is_believed_for_the_token_of_its_subscription() -> None:
    push = StandIn(journey_named).push("HELD", "s3cret")
    assert push is not None

    assert DhlUnified().verify(push.headers, push.body, ["old", "s3cret"]) == Verified()
    [parcel] = DhlUnified().parse(push.body)
    assert [event.meaning for event in parcel.events] == [(Status.EXCEPTION, SubStatus.HELD)]


@pytest.mark.parametrize("headers", [{}, {"x-hook-key": ""}, {"x-hook-key": "wrong"}, {"x-hook-key": "perché"}])
def test_a_push_without_the_right_token_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        DhlUnified().verify(headers, b"{}", ["s3cret", ""])


def test_no_secret_lets_no_push_in() -> None:
    with pytest.raises(BadSignature):
        DhlUnified().verify({"x-hook-key": ""}, b"{}", [])
