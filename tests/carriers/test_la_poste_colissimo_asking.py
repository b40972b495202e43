"""Asking La Poste over real HTTP, of a stand-in that speaks Suivi v2."""

from collections.abc import AsyncIterator

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.la_poste_colissimo import LaPosteStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RateLimited
from carriers.event import Parcel
from carriers.la_poste_colissimo import LaPosteColissimo
from tests.carriers.line import Line, line

NUMBER = "6A00000000001"


@pytest.fixture
async def la_poste() -> AsyncIterator[Line]:
    async with line(LaPosteColissimo(), LaPosteStandIn) as made:
        yield made


async def test_what_is_asked(la_poste: Line) -> None:
    """Several numbers in one path, and one answer that tells of each."""
    [answer] = await la_poste.ask(NUMBER, "6A 0000 0000 002")

    assert answer.numbers == (NUMBER, "6A 0000 0000 002")
    assert la_poste.stand_in.requests == [f"GET /suivi/v2/idships/{NUMBER},6A00000000002?lang=fr_FR"]
    assert [parcel.number for parcel in la_poste.carrier.parse(answer.body)] == [NUMBER, "6A00000000002"]


async def test_an_unknown_number_is_an_answer(la_poste: Line) -> None:
    """By HTTP 404."""
    la_poste.journey = ""

    assert await la_poste.parcels(NUMBER) == [
        Parcel(NUMBER, not_found=True, note="Votre suivi n'est pas encore disponible.")
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"code": "TOO_MANY_REQUESTS", "message": "x"}', RateLimited),
        (b'{"code": "UNAUTHORIZED", "message": "x"}', CredentialsRefused),
        (b'{"code": "RESOURCE_NOT_FOUND", "message": "x"}', CarrierUnavailable),
        (b'{"returnCode": 504}', CarrierUnavailable),
    ],
)
async def test_what_the_gateway_says_in_a_body_has_its_name(
    la_poste: Line, body: bytes, error: type[CarrierError]
) -> None:
    """Whatever the HTTP status beside it."""
    assert type(await la_poste.refusal(NUMBER, Fault(404, body=body))) is error
