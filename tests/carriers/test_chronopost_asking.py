"""Asking Chronopost over real HTTP, of a stand-in that speaks its XML."""

from collections.abc import AsyncIterator

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.chronopost import ChronopostStandIn
from carriers.base import CarrierError, CarrierUnavailable
from carriers.chronopost import Chronopost
from carriers.event import Parcel
from tests.carriers.line import Line, line
from tests.recorded import recorded

NUMBER = "XX000000001FR"


@pytest.fixture
async def chronopost() -> AsyncIterator[Line]:
    async with line(Chronopost(), ChronopostStandIn) as made:
        yield made


async def test_what_is_asked(chronopost: Line) -> None:
    """By GET, in French."""
    [answer] = await chronopost.ask("XX 0000 00001 FR")

    assert answer.numbers == ("XX 0000 00001 FR",)
    assert chronopost.stand_in.requests == [
        f"GET /tracking-cxf/TrackingServiceWS/trackSkybillV2?language=fr_FR&skybillNumber={NUMBER}"
    ]


async def test_an_unknown_number_is_an_answer(chronopost: Line) -> None:
    """Without events."""
    chronopost.journey = ""

    assert await chronopost.parcels(NUMBER) == [Parcel(NUMBER, not_found=True)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(403, body=b"<html>challenge</html>"),
        Fault(200, body=b"<!DOCTYPE html><html>challenge</html>"),
        Fault(200, body=recorded("chronopost", "error")),
    ],
    ids=["403", "a page", "an error code"],
)
async def test_the_filter_and_errors_of_the_service_are_no_answer(chronopost: Line, fault: Fault) -> None:
    """Ask again later; the number's status stays."""
    chronopost.stand_in.faults.append(fault)

    with pytest.raises(CarrierError) as raised:
        await chronopost.ask(NUMBER)

    assert type(raised.value) is CarrierUnavailable
