"""Asking OnTrac over real HTTP, of a stand-in that speaks its XML."""

from collections.abc import AsyncIterator

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.ontrac import OnTracStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused
from carriers.ontrac import OnTrac
from tests.carriers.line import Line, line

NUMBER, OTHER = "D10010000000011", "D10010000000026"


@pytest.fixture
async def ontrac() -> AsyncIterator[Line]:
    async with line(OnTrac(), OnTracStandIn) as made:
        yield made


async def test_many_numbers_are_one_call(ontrac: Line) -> None:
    """With account and password in the address."""
    [answer] = await ontrac.ask("D1001 0000 0000 11", OTHER)

    assert answer.numbers == ("D1001 0000 0000 11", OTHER)
    assert ontrac.stand_in.requests == [
        f"GET /OnTracServices.svc/V7/37/shipments?pw=ontrac-stand-in-secret&requestType=track&tn={NUMBER}%2C{OTHER}"
    ]


async def test_an_unknown_number_is_an_answer(ontrac: Line) -> None:
    """One for each."""
    ontrac.journey = ""

    assert [(each.number, each.not_found) for each in await ontrac.parcels(NUMBER, OTHER)] == [
        (NUMBER, True),
        (OTHER, True),
    ]


async def test_what_is_no_number_spoils_no_other(ontrac: Line) -> None:
    """The call about many is asked again in halves, until it stands alone."""
    wrong = OnTracStandIn.no_number
    parcels = await ontrac.parcels(NUMBER, wrong, OTHER)

    assert [(each.number, each.not_found) for each in parcels] == [(NUMBER, False), ("", True), (OTHER, False)]
    assert len(ontrac.stand_in.requests) == 5


@pytest.mark.parametrize(
    ("inside", "error"),
    [
        ("<Error>Invalid Username or Password</Error>", CredentialsRefused),
        ("<Error>Outside the Bounds of the Array</Error>", RequestRefused),
        ("<Error>Service Temporarily Unavailable</Error>", CarrierUnavailable),
        (
            "<Shipments><Shipment><Error>Service Temporarily Unavailable</Error></Shipment></Shipments>",
            CarrierUnavailable,
        ),
    ],
    ids=["credentials", "too many", "trouble", "trouble with the only number"],
)
async def test_an_error_inside_an_answer_has_its_name(ontrac: Line, inside: str, error: type[CarrierError]) -> None:
    """By its text, for it has no code."""
    body = f"<OnTracTrackingResult>{inside}</OnTracTrackingResult>".encode()
    assert type(await ontrac.refusal(NUMBER, Fault(body=body))) is error
