"""Asking DPD over real HTTP, of a stand-in that speaks its SOAP; and its files as pushes."""

from collections.abc import AsyncIterator

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dpd import DpdStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused
from carriers.dpd import Dpd
from carriers.dpd_soap import LIFETIME, seconds_until
from carriers.event import Parcel
from carriers.vocabulary import Status
from tests.carriers.line import Line, line
from tests.recorded import recorded

NUMBER = "01234567890123"


@pytest.fixture
async def dpd() -> AsyncIterator[Line]:
    async with line(Dpd(), DpdStandIn) as made:
        yield made


@pytest.mark.parametrize("number", [NUMBER, f"{NUMBER}X", f"1234567{NUMBER}327056K", f"%001060{NUMBER}327056"])
async def test_the_number_is_cut_out_of_what_is_on_the_label(dpd: Line, number: str) -> None:
    """Check character, postcode, service and country are not asked about; the answer is about what was."""
    asked: list[str] = []
    known = dpd.stand_in.history
    dpd.stand_in.history = lambda each: asked.append(each) or known(each)  # type: ignore[func-returns-value]

    [answer] = await dpd.ask(number)

    assert (asked, answer.numbers) == ([NUMBER], (number,))
    assert dpd.stand_in.requests[-1] == "POST /soap/services/ParcelLifeCycleService/V2_0"


async def test_an_unknown_number_is_an_answer(dpd: Line) -> None:
    """A fault, under 500."""
    dpd.journey = ""

    assert await dpd.parcels(NUMBER) == [Parcel("", not_found=True, note="No parcel found")]


async def test_a_token_refused_by_a_fault_is_renewed(dpd: Line) -> None:
    """As one refused by 401."""
    await dpd.ask(NUMBER)
    assert isinstance(dpd.stand_in, DpdStandIn)
    dpd.stand_in.tokens.clear()

    assert len(await dpd.parcels(NUMBER)) == 1
    assert [request.split("/")[3] for request in dpd.stand_in.requests[2:]] == [
        "ParcelLifeCycleService",
        "LoginService",
        "ParcelLifeCycleService",
    ]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(500, body=recorded("dpd", "error_without_code")), CarrierUnavailable),
        (Fault(404), RequestRefused),
    ],
    ids=["a fault without code", "404"],
)
async def test_what_goes_wrong_has_its_name(dpd: Line, fault: Fault, error: type[CarrierError]) -> None:
    """What this service may mean by it."""
    await dpd.ask(NUMBER)
    assert type(await dpd.refusal(NUMBER, fault)) is error


@pytest.mark.parametrize(
    ("ends", "now", "seconds"),
    [
        ("2026-03-05T13:00:00.06", "Thu, 05 Mar 2026 11:00:00 GMT", 3600.06),
        ("2026-03-05T13:00:00", "Thu, 05 Mar 2026 10:30:00 GMT", 5400),
        ("2026-03-05T13:00:00", "", LIFETIME),
        ("", "Thu, 05 Mar 2026 10:30:00 GMT", LIFETIME),
        ("2026-03-05T13:00:00", "Fri, 06 Mar 2026 10:30:00 GMT", LIFETIME),
    ],
)
def test_a_token_lives_by_the_clock_of_the_answer(ends: str, now: str, seconds: float) -> None:
    """An hour where that makes no sense."""
    assert seconds_until(ends, now) == seconds


async def test_a_file_is_a_push(dpd: Line) -> None:
    """Believed for the hook's address."""
    push = dpd.stand_in.push(NUMBER, "")
    assert push is not None

    [parcel] = dpd.carrier.parse(push.body)
    assert (parcel.number, parcel.events[0].status) == (NUMBER, Status.DELIVERED)


async def test_nothing_in_a_login_breaks_the_envelope(dpd: Line) -> None:
    """It is refused as any wrong one."""
    with pytest.raises(CredentialsRefused, match="Authentication failure"):
        await dpd.ask(NUMBER, delis_id="<x>&")
