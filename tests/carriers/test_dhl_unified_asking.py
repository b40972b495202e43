"""Asking DHL over real HTTP, of a stand-in that speaks its unified interface; and its pushes."""

from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dhl_unified import DhlUnified as StandIn
from carriers.base import (
    BadSignature,
    RateLimited,
    RequestRefused,
    TrackingNumber,
    Verified,
)
from carriers.dhl_unified import DhlCredentials, DhlUnified
from carriers.event import Parcel
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import Line, journey_named, line


@pytest.fixture
async def dhl() -> AsyncIterator[Line]:
    async with line(DhlUnified(), StandIn) as made:
        yield made


async def test_the_question_names_the_division_the_language_and_the_postcode(dhl: Line) -> None:
    answers = await dhl.ask("ONE", TrackingNumber("OTHER", postcode="50100"))

    assert [answer.numbers for answer in answers] == [("ONE",), ("OTHER",)]
    assert dhl.stand_in.requests == [
        "GET /track/shipments?trackingNumber=ONE&service=express&language=en",
        "GET /track/shipments?trackingNumber=OTHER&service=express&language=en&recipientPostalCode=50100",
    ]


async def test_a_number_that_dhl_or_this_division_does_not_know_is_not_found(dhl: Line) -> None:
    other = await dhl.parcels("ONE", service="parcel-de")
    dhl.journey = ""
    unknown = await dhl.parcels("ONE")

    assert unknown == other == [Parcel("", not_found=True)]


async def test_a_question_that_dhl_refuses_is_refused(dhl: Line) -> None:
    assert type(await dhl.refusal("ONE", Fault(400))) is RequestRefused


async def test_a_limit_with_a_body_is_a_limit(dhl: Line) -> None:
    refusal = await dhl.refusal("ONE", Fault(429, body=b'{"status": 429}'))

    assert isinstance(refusal, RateLimited)
    assert refusal.retry_after is None


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
