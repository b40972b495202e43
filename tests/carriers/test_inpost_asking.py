"""Asking InPost over real HTTP, of a stand-in that speaks the group's API and ShipX; and its pushes."""

import hmac
from base64 import b64encode
from hashlib import sha256
from typing import ClassVar

import pytest

from app.demo.stand_ins.inpost import SHIPX, InPostStandIn
from carriers.base import BadSignature, CredentialsRefused, Verified
from carriers.event import Parcel
from carriers.inpost import InPost
from carriers.vocabulary import Status
from tests.carriers.line import line, misunderstood
from tests.recorded import recorded

NUMBER = "620000000000001234567890"
PUSH = recorded("inpost", "push")
STAMP = {"x-inpost-timestamp": "2026-03-04T07:31:13Z", "x-inpost-event-id": "7"}


def signature(said: bytes, secret: str = "s3cret") -> str:
    return b64encode(hmac.digest(secret.encode(), said, sha256)).decode()


async def test_every_journey_of_shipx_is_understood() -> None:
    async with line(InPost(), InPostStandIn) as inpost:
        inpost.credentials = {"client_id": "", "client_secret": "organisation"}

        assert await misunderstood(inpost, NUMBER, SHIPX) == {}


async def test_numbers_are_asked_about_together() -> None:
    async with line(InPost(), InPostStandIn) as inpost:
        [answer] = await inpost.ask(NUMBER, "JJ000000012")

    assert [parcel.number for parcel in InPost().parse(answer.body)] == [NUMBER, "JJ000000012"] == [*answer.numbers]
    assert inpost.stand_in.requests[1:] == [f"GET /tracking/v1/parcels?trackingNumbers={NUMBER}%2CJJ000000012"]


async def test_shipx_is_asked_in_italy_and_then_in_poland() -> None:
    async with line(InPost(), InPostStandIn) as italy, line(InPost(), InPostStandIn) as poland:

        class Both(InPost):
            """ShipX of two countries, here."""

            shipx: ClassVar[tuple[str, ...]] = (italy.base_url, poland.base_url)

        italy.carrier, italy.base_url = Both(), ""
        italy.credentials = {"client_id": ""}
        [here] = await italy.parcels(NUMBER)
        italy.journey = ""
        [there] = await italy.parcels(NUMBER)
        poland.journey = ""
        [nowhere] = await italy.parcels(NUMBER)

    assert here.events == there.events
    assert nowhere == Parcel("", not_found=True)
    assert italy.stand_in.requests == [f"GET /v1/tracking/{NUMBER}"] * 3
    assert poland.stand_in.requests == [f"GET /v1/tracking/{NUMBER}"] * 2


async def test_an_unknown_number_is_an_answer() -> None:
    async with line(InPost(), InPostStandIn) as inpost:
        inpost.journey = ""

        assert await inpost.parcels(NUMBER) == [Parcel("", not_found=True)]


async def test_an_oauth_refusal_is_about_the_keys() -> None:
    async with line(InPost(), InPostStandIn) as inpost:
        with pytest.raises(CredentialsRefused):
            await inpost.ask(NUMBER, client_id="another")


@pytest.mark.parametrize(
    "headers",
    [
        {**STAMP, "x-inpost-signature": signature(PUSH)},
        {**STAMP, "x-inpost-signature": signature(STAMP["x-inpost-timestamp"].encode() + b"." + PUSH)},
        {**STAMP, "authorization": f"Basic {b64encode(b'inpost:s3cret').decode()}"},
        {**STAMP, "x-hook-key": "s3cret"},
    ],
    ids=["body", "time and body", "basic", "key"],
)
def test_a_push_is_believed_in_each_way_that_can_be_agreed(headers: dict[str, str]) -> None:
    assert InPost().verify(headers, PUSH, ["new", "s3cret"]) == Verified("7")


@pytest.mark.parametrize(
    "headers",
    [
        STAMP,
        {**STAMP, "x-inpost-signature": signature(PUSH, "another")},
        {**STAMP, "x-inpost-signature": signature(PUSH + b" ")},
        {**STAMP, "x-inpost-signature": "perché"},
        {**STAMP, "authorization": "Basic %%%"},
        {"x-hook-key": "wrong"},
    ],
)
@pytest.mark.parametrize("secrets", [[], [""], ["s3cret"]])
def test_a_push_without_the_right_signature_is_refused(headers: dict[str, str], secrets: list[str]) -> None:
    with pytest.raises(BadSignature):
        InPost().verify(headers, PUSH, secrets)


def test_shipx_signs_nothing_but_its_pushes_are_not_the_groups() -> None:
    push = recorded("inpost", "shipx_push")

    assert InPost().verify({"user-agent": "ShipX"}, push, ["s3cret"]) == Verified()
    for headers, body in ((STAMP, push), ({}, PUSH), ({}, b""), ({}, b"[]")):
        with pytest.raises(BadSignature):
            InPost().verify(headers, body, ["s3cret"])


async def test_the_stand_ins_push_tells_its_newest_step() -> None:
    async with line(InPost(), InPostStandIn) as inpost:
        push = inpost.stand_in.push(NUMBER, "s3cret")

    assert push is not None
    assert InPost().verify(push.headers, push.body, ["s3cret"]).message_id == f"{NUMBER}#EOL.1001#7"
    assert [event.status for event in InPost().parse(push.body)[0].events] == [Status.DELIVERED]
